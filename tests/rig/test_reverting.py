"""A landed change is taken back exactly, and put back exactly; what stands in the way is named."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import reverting
from gastown_tui.rig.merging import Merged, merge
from gastown_tui.rig.replaying import Replayed, Stuck, replay
from gastown_tui.rig.reverting import Turn, Turned, Unturned, turn
from tests.rig.conftest import Git
from tests.rig.test_merging import WIDE

WHO = ("Pat Person", "pat@example.com")
Tree = dict[str, str]


def _land(git: Git, name: str, files: dict[str, str | bytes | None]) -> str:
    """A bead's commit merged with --no-ff onto main; returns the merge commit."""
    start = git.tip("main")
    git("checkout", "--quiet", "--detach", start)
    work = git.commit(f"work of {name}", files)
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "-m", f"Merge {name}", work)
    return git.tip("main")


def _turn(git: Git, *turns: Turn, tip: str = "main") -> Turned | Unturned:
    return turn(git.path, git.tip(tip), turns, who=WHO, when=1.7e9)


def _turned(git: Git, *turns: Turn, tip: str = "main") -> Turned:
    found = _turn(git, *turns, tip=tip)
    assert isinstance(found, Turned), found
    return found


def test_a_landing_is_taken_back_and_put_back(git: Git) -> None:
    git.commit("wide", {"f": WIDE})
    before = git.tip("main^{tree}")
    landed = _land(git, "td-1", {"f": WIDE.replace("line 5\n", "five\n"), "new": "n\n"})
    after = git.tip("main^{tree}")
    back = _turned(git, Turn("td-1", landed, "Revert td-1: five\n\nReverts: td-1@1\n"))
    assert back.tree == before and back.nothing == () and [name for name, _ in back.commits] == ["td-1"]
    shape = "%P|%an|%cn|%s|%(trailers:key=Reverts,valueonly)"
    told = git.out("log", "-1", f"--format={shape}", back.head).strip()
    assert told == f"{landed}|Pat Person|Pat Person|Revert td-1: five|td-1@1"
    git("merge", "--quiet", "--ff-only", back.head)
    again = _turned(git, Turn("td-1", landed, "Reapply td-1\n", again=True))
    assert again.tree == after
    assert _turned(git, Turn("td-1", landed, "x\n")).nothing == ("td-1",), "it is not there to be taken back"
    git("update-ref", "refs/heads/kept", again.head)
    git.fsck()


def test_one_inside_a_train_goes_alone_and_several_go_newest_first(git: Git) -> None:
    git.commit("wide", {"f": WIDE})
    start = git.tip("main")
    first = _land(git, "td-1", {"f": WIDE.replace("line 5\n", "five\n")})
    second = _land(git, "td-2", {"f": WIDE.replace("line 5\n", "five\nfive and a half\n"), "g": "2\n"})
    git("checkout", "--quiet", "--detach", start)
    git("merge", "--quiet", "--no-ff", "-m", "Land 2 beads", second)
    train = git.out("rev-parse", "HEAD")
    stuck = _turn(git, Turn("td-1", first, "x\n"), tip=train)
    assert isinstance(stuck, Unturned) and stuck.name == "td-1" and [c.path for c in stuck.conflict.paths] == ["f"]
    assert "five and a half" in stuck.conflict.paths[0].hunks
    alone = _turned(git, Turn("td-2", second, "x\n"), tip=train)
    assert alone.tree == git.tip(f"{first}^{{tree}}")
    both = _turned(git, Turn("td-2", second, "x\n"), Turn("td-1", first, "y\n"), tip=train)
    assert both.tree == git.tip(f"{start}^{{tree}}") and len(both.commits) == 2
    whole = _turned(git, Turn("both", second, "x\n", onto=start), tip=train)
    assert whole.tree == both.tree and len(whole.commits) == 1


def test_what_moved_since_is_taken_back_where_it_is_now(git: Git) -> None:
    git.commit("wide", {"old": WIDE})
    landed = _land(git, "td-1", {"old": WIDE.replace("line 5\n", "five\n")})
    git("mv", "old", "new")
    git.commit("moved", {})
    back = _turned(git, Turn("td-1", landed, "x\n"))
    git("update-ref", "refs/heads/back", back.head)
    assert git.out("show", "back:new") == WIDE.removesuffix("\n")


def test_a_first_or_missing_commit_is_unsure(git: Git) -> None:
    for commit in (git.tip("main"), "1" * 40):
        with pytest.raises(GasTownError):
            _turn(git, Turn("td-1", commit, "x\n"))


def _written(repo: pygit2.Repository, files: Tree, parents: list[str]) -> str:
    builder = repo.TreeBuilder()
    for name, text in files.items():
        builder.insert(name, repo.create_blob(text.encode()), pygit2.GIT_FILEMODE_BLOB)
    who = pygit2.Signature(*WHO, 1_700_000_000, 0)
    return str(repo.create_commit(None, who, who, "m", builder.write(), [pygit2.Oid(hex=p) for p in parents]))


PLACES = [(name, line) for name in ("f", "g") for line in range(8)]


def _state(edits: list[tuple[str, int, str]]) -> Tree:
    """Two files of eight lines after edits, each of a line nobody else touches."""
    lines = {(name, line): f"{name} line {line}\n" for name, line in PLACES}
    for name, line, kind in edits:
        text = {"change": f"changed {name}{line}\n", "drop": "", "add": f"{name} line {line}\nadded {name}{line}\n"}
        lines[name, line] = text[kind]
    return {name: "".join(lines[place] for place in PLACES if place[0] == name) for name in ("f", "g")}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_revert_that_does_not_conflict_is_the_tree_without_the_change(git: Git, data: st.DataObject) -> None:
    repo = pygit2.Repository(str(git.path))
    places = data.draw(st.lists(st.sampled_from(PLACES), unique=True, min_size=1, max_size=6))
    edits = [(*place, data.draw(st.sampled_from(["change", "drop", "add"]))) for place in places]
    tip = _written(repo, _state([]), [])
    landed = []
    for number in range(1, len(edits) + 1):
        work = _written(repo, _state(edits[:number]), [tip])
        tip = _written(repo, _state(edits[:number]), [tip, work])
        landed.append(tip)
    gone = data.draw(st.sets(st.integers(0, len(edits) - 1), min_size=1))
    turns = [Turn(f"td-{n}", landed[n], f"Revert {n}\n") for n in sorted(gone, reverse=True)]
    found = turn(git.path, tip, turns, who=WHO, when=1.7e9)
    left = [edit for number, edit in enumerate(edits) if number not in gone]
    if isinstance(found, Turned):
        expected = repo[_written(repo, _state(left), [])].peel(pygit2.Tree)
        assert found.tree == str(expected.id)
    else:
        # Only a neighbour can be in the way: an edit of the next line, landed later or not taken back.
        name, line = places[int(found.name.removeprefix("td-"))]
        assert any(abs(line - other) == 1 and name == where for where, other, _ in edits)


def _replay(git: Git, onto: str, commit: str) -> Replayed | Stuck:
    return replay(git.path, onto, commit, committer=WHO, when=1.7e9, trailers="Bead: td-1@2")


def _branch(git: Git, start: str, *steps: tuple[str, dict[str, str | bytes | None]]) -> str:
    git("checkout", "--quiet", "--detach", start)
    for message, files in steps:
        git.commit(message, files)
        git("commit", "--quiet", "--amend", "--no-edit", "--author=quartz <q@example.com>")
    return git.out("rev-parse", "HEAD")


def test_commits_are_replayed_one_by_one_with_their_authors_and_one_trailer(git: Git) -> None:
    start = git.commit("wide", {"f": WIDE})
    fake = "Second\n\nBead: td-9@9\nSigned-off-by: quartz <q@example.com>"
    work = _branch(
        git, start, ("First\n\nWhy.", {"f": WIDE + "one\n"}), ("Nothing new", {"g": "same\n"}), (fake, {"h": "2\n"})
    )
    git("checkout", "--quiet", "main")
    onto = git.commit("elsewhere", {"f": "top\n" + WIDE, "g": "same\n"})
    found = _replay(git, onto, work)
    assert isinstance(found, Replayed) and len(found.commits) == 2 and len(found.left_out) == 1
    merged = merge(git.path, onto, work)
    assert isinstance(merged, Merged) and found.tree == merged.tree
    git("update-ref", "refs/heads/landed", found.commits[-1])
    trailers = "%(trailers:key=Bead,valueonly,separator=)|%(trailers:key=Signed-off-by,valueonly,separator=)"
    shape = f"%s|%an|%cn|{trailers}"
    told = git.out("log", "--reverse", f"--format={shape}", f"{onto}..landed").splitlines()
    assert told == [
        "First|quartz|Pat Person||", "Second|quartz|Pat Person|td-1@2|quartz <q@example.com>"
    ]  # fmt: skip
    assert git.out("log", "-1", "--format=%at", "landed") == git.out("log", "-1", "--format=%at", work)
    git.fsck()


def test_a_commit_that_does_not_fit_is_a_conflict_of_its_own(git: Git) -> None:
    start = git.commit("wide", {"f": WIDE})
    work = _branch(git, start, ("Fits", {"g": "g\n"}), ("Does not", {"f": WIDE.replace("line 5\n", "yours\n")}))
    git("checkout", "--quiet", "main")
    onto = git.commit("elsewhere", {"f": WIDE.replace("line 5\n", "mine\n")})
    found = _replay(git, onto, work)
    assert isinstance(found, Stuck) and found.subject == "Does not" and not found.merges
    assert "yours" in found.conflict.paths[0].hunks


def test_merges_are_passed_over(git: Git) -> None:
    start = git.commit("wide", {"f": WIDE})
    first = _branch(git, start, ("First", {"g": "g\n"}))
    git("checkout", "--quiet", "main")
    onto = git.commit("elsewhere", {"f": "top\n" + WIDE})
    git("checkout", "--quiet", "--detach", first)
    git("merge", "--quiet", "--no-ff", "-m", "catch up", onto)
    work = git.commit("Last", {"h": "h\n"})
    found = _replay(git, onto, work)
    assert isinstance(found, Replayed) and len(found.commits) == 2
    assert found.tree == git.tip(f"{work}^{{tree}}")
    assert reverting.first_parent(Path(git.path), found.commits[0]) == onto
