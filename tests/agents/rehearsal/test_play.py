"""The to-do play: three troubles that arise from the diffs in any order, and an application that works at the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from gastown_tui.agents.rehearsal import files, play
from gastown_tui.agents.rehearsal.mayor import waves
from gastown_tui.cli.demo_verify import verify
from tests.agents.rehearsal.stage import Stage
from tests.agents.rehearsal.weave import Weave, git

BEADS = play.plan("todo")["beads"]
FIRST = [bead["key"] for bead in BEADS if not bead["needs"]]


def order(choose: Callable[[list[str]], str]) -> list[str]:
    """The beads' keys in an order that respects their needs."""
    landed: list[str] = []
    while len(landed) < len(BEADS):
        ready = [bead["key"] for bead in BEADS if bead["key"] not in landed and set(bead["needs"]) <= set(landed)]
        landed.append(choose(ready))
    return landed


ORDERS = {
    "as planned": order(lambda ready: ready[0]),
    "backwards": order(lambda ready: ready[-1]),
    "late": order(random.Random(3).choice),
}


def woven(folder: Path, keys: list[str], dice: random.Random) -> Weave:
    """Land all beads in this order; those that need others start from any tip that held what they need."""
    weave = Weave(folder)
    tips = [(frozenset[str](), weave.begin())]
    needs = {bead["key"]: frozenset(bead["needs"]) for bead in BEADS}
    for number, key in enumerate(keys, 1):
        bases = [tip for landed, tip in tips if needs[key] <= landed]
        weave.work(key, dice.choice(bases) if needs[key] else tips[0][1])
        weave.land(key)
        tips.append((frozenset(keys[:number]), weave.tip()))
    return weave


@pytest.mark.parametrize("name", ORDERS)
def test_three_troubles_in_any_order_and_it_works(name: str, tmp_path: Path) -> None:
    keys = ORDERS[name]
    weave = woven(tmp_path / "todo", keys, random.Random(name))
    assert weave.rejected == ["tokens"]
    assert weave.conflicts == [max("passwords", "token-settings", key=keys.index)]
    assert weave.red == [max("context", "forms", key=keys.index)]
    verdict = verify(weave.root, weave.tip(), tmp_path / "verify")
    assert verdict.ok, verdict.checks


def test_the_flawed_commit_corrected_beforehand_is_approved(tmp_path: Path) -> None:
    weave = Weave(tmp_path / "todo")
    weave.work("tokens", weave.begin())
    rejected = weave.judged("tokens")
    assert rejected.decision == "REJECT"
    row = (weave.root / "app/tokens.py").read_text().split("!= _sign")[0].count("\n") + 1
    assert f"app/tokens.py:{row}:" in rejected.reason
    assert "hmac.compare_digest" in rejected.reason
    mending = weave.script("tokens").back("witness", 1)
    assert mending is not None
    weave.perform(mending)
    assert weave.judged("tokens").decision == "APPROVE"


def test_troubles_need_nothing_so_that_all_start_from_the_same_base() -> None:
    assert {"tokens", "passwords", "token-settings", "context", "forms"} == set(FIRST)


def test_one_after_the_other_there_is_no_conflict_and_it_works_too(tmp_path: Path) -> None:
    weave = Weave(tmp_path / "todo")
    weave.begin()
    for key in ORDERS["as planned"]:
        weave.work(key, weave.tip())
        weave.land(key)
    assert weave.conflicts == []
    assert weave.green()


def test_steps_done_again_after_all_change_nothing(tmp_path: Path) -> None:
    weave = Weave(tmp_path / "todo")
    base = weave.begin()
    for key in FIRST:
        weave.work(key, base)
        tree = weave.tip(f"{key}^{{tree}}")
        for step in weave.script(key).first or ():
            if step.verb in {"write", "append", "replace"}:
                edit = files.plan(step, str(weave.root))
                assert not edit.trouble, (step, edit.trouble)
                files.save(edit.path, edit.new)
        git(weave.root, "add", "-A")
        assert git(weave.root, "write-tree").strip() == tree, key


def test_the_plan_says_what_the_parts_do(tmp_path: Path) -> None:
    keys = [bead["key"] for bead in BEADS]
    assert len(keys) == len(set(keys)) >= 8
    assert len(waves(BEADS)) >= 3
    for bead in BEADS:
        assert set(bead["needs"]) <= set(keys)
        part = play.part(f"todo/{bead['key']}")
        assert part is not None
        changed = {row.split()[1] for row in part.steps.splitlines() if row.split()[:1] in (["write"], ["append"])}
        changed |= {row.split()[1] for row in part.steps.splitlines() if row.startswith("replace ")}
        assert changed == set(bead["files"]), bead["key"]


def test_the_seed_is_green(tmp_path: Path) -> None:
    weave = Weave(tmp_path / "todo")
    weave.begin()
    assert weave.green()
    assert not git(weave.root, "status", "--porcelain")


def test_a_part_is_a_name_and_nothing_else() -> None:
    for name in ("todo", "todo/nothing", "../todo/tokens", "todo/../../secret", "todo/tokens/steps", ""):
        assert play.part(name) is None, name
    assert play.answering("Please add JWT to this todo APP") == "todo"
    assert play.answering("Add JWT") is None
    assert play.answering(play.prompt("todo")) == "todo"


def test_a_worker_plays_its_part_and_mends_what_comes_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage")
    play.seed("todo", stage.tree)
    stage.commit("A to-do list")
    bead = next(bead for bead in BEADS if bead["key"] == "tokens")
    stage.run(f"# Bead gt-1: {bead['title']}\n\n{bead['description']}\n")
    assert stage.titles()[0] == "Issue and read HS256 tokens with the standard library alone"
    assert "!= _sign(" in (stage.tree / "app/tokens.py").read_text()
    stage.run("Sent back by the witness (1 of 3).\n\napp/tokens.py:32: use hmac.compare_digest.\n", resume=True)
    assert "compare_digest" in (stage.tree / "app/tokens.py").read_text()
    assert len(stage.asked()) == 2
    failed = [line for line in stage.lines() if line.get("toolUseResult", {}).get("stderr")]
    assert not failed, failed
    assert not git(stage.tree, "status", "--porcelain")
