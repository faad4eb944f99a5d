"""Refs that moved without us are noticed, our own moves are not."""

from __future__ import annotations

from gastown_tui.rig.repository import Repository
from gastown_tui.rig.watch import Tips
from tests.rig.conftest import Git


def test_foreign_moves_are_reported_once(git: Git, repo: Repository) -> None:
    tips = Tips(repo, ["main", "gt-ledger", "gone"])
    old = git.tip("main")
    assert tips.changed() == []
    new = git.commit("by hand", {"x": "x"})
    git("update-ref", "refs/heads/gt-ledger", new)
    assert sorted(tips.changed()) == [("gt-ledger", None, new), ("main", old, new)]
    assert tips.changed() == [] and tips.at("main") == new


def test_packing_refs_is_no_move_and_deleting_is(git: Git, repo: Repository) -> None:
    git("branch", "topic")
    tips = Tips(repo, ["main", "topic"])
    git("pack-refs", "--all")
    git("gc", "--quiet")
    assert tips.changed() == []
    git("branch", "-D", "topic")
    assert tips.changed() == [("topic", git.tip("main"), None)]


def test_our_own_moves_are_known_and_one_on_top_of_them_is_not(git: Git, repo: Repository) -> None:
    tips = Tips(repo, ["main"])
    ours = git.commit("landed", {"x": "x"})
    tips.know("main", ours)
    assert tips.changed() == []
    tips.know("main", ours)
    theirs = git.commit("by hand", {"y": "y"})
    assert tips.changed() == [("main", ours, theirs)]
