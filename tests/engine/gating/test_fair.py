"""What cannot be tested is no change's fault, unless it works without the change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from gastown_tui.config import Gate, Services, WorktreeSettings
from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import flaky, kept
from gastown_tui.engine.gating.fair import fairly
from gastown_tui.engine.gating.tested import Tested, unready
from gastown_tui.engine.refinery import tip
from gastown_tui.engine.refinery.tip import RED
from gastown_tui.model.merge import TestRun
from gastown_tui.model.town import Town
from tests.engine.gating.ground import ground, run
from tests.engine.towns import founded, note, rehearse, running
from tests.support import rigs

SLOT = "refinery-1"
GREEN = (Gate("unit", "true"),)


def change(base: Base) -> TestRun:
    """A run of a commit that adds a file BAD to the tip."""
    old = base.repo.tip("refs/heads/main")
    root = base.place.root
    rigs.git(root, "switch", "-q", "-c", "side")
    new = rigs.commit(root, {"BAD": "x\n"}, "Add BAD")
    rigs.git(root, "switch", "-q", "main")
    return replace(run(base, 3, new, "train", "td-a"), base=old)


def judged(base: Base, one: TestRun, *, mends: bool = False) -> Tested:
    return asyncio.run(fairly(base, one, SLOT, mends=mends))


def test_a_set_up_that_fails_once_is_tried_in_a_new_slot(tmp_path: Path) -> None:
    """Nothing of the old slot is left to be in its way again."""
    first = f"{{ touch {tmp_path}/once; mkdir -p node_modules; exit 1; }}"
    command = f"test -e {tmp_path}/once && test ! -e node_modules || {first}"
    setup = WorktreeSettings(setup=(command,))
    with ground(tmp_path, {".gitignore": "node_modules\n"}, gates=GREEN, worktree=setup) as base:
        found = judged(base, change(base))
        assert found.ok and not found.excused
        assert base.feed.lines()[0].text == "set-up did not work: once more in a new slot"


def test_a_set_up_that_works_without_the_change_is_the_changes_fault(tmp_path: Path) -> None:
    """It is red like any gate, with what the set-up printed."""
    setup = WorktreeSettings(setup=("test ! -e BAD || { echo no such package; exit 3; }",))
    with ground(tmp_path, gates=GREEN, worktree=setup) as base:
        found = judged(base, change(base))
        assert (found.ok, found.unready, found.excused) == (False, "set-up", False)
        record = found.record(5.0)
        assert (record.gate, record.beads, record.log) == ("set-up", ("td-a",), "3/set-up.log")
        assert record.failed.startswith("set-up: ") and record.failed.endswith("no such package")
        assert "no such package" in (kept.folder(base.place) / "3" / "set-up.log").read_text()
        assert [path.name for path in kept.folder(base.place).iterdir()] == ["3"]


@pytest.mark.parametrize("what", ["set-up", "unit"])
def test_what_works_on_the_bare_tip_neither_is_nobodys_fault(tmp_path: Path, what: str) -> None:
    """The verdict is the tip's; of a bead that is to mend it, it is its own."""
    setup = WorktreeSettings(setup=("exit 4",) if what == "set-up" else ())
    gates = (Gate("unit", "true", services=Services("exit 4", "true") if what == "unit" else Services()),)
    with ground(tmp_path, gates=gates, worktree=setup) as base:
        one = change(base)
        found = judged(base, one)
        assert (found.unready, found.excused) == (what, True)
        over = found.of_tip(5.0, "tree")
        assert (over.tree, over.kind, over.beads, over.commit, over.ok) == ("tree", "all", (), one.base, False)
        assert unready(over) and not judged(base, one, mends=True).excused
        green = replace(over, ok=True, number=9)
        assert flaky.noticed(Town().with_(runs=Town().runs.set("tree", over)), green) == []


def test_the_queue_waits_until_what_gates_need_works_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is sent back, the overseer is told, and it goes on by itself."""
    monkeypatch.setattr(tip, "AGAIN", 0.0)
    (tmp_path / "broken").touch()
    serving = Services(f"test ! -e {tmp_path}/broken", "true")

    async def story() -> None:
        place = founded(tmp_path, gates=(Gate("unit", "true", services=serving),), slots=1)
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: any(n.kind == RED for n in t.needs.values()), "the question")
            need = next(n for n in town.town.needs.values() if n.kind == RED)
            assert need.title.startswith("the services of unit do not come up on main at ")
            assert "its services did not come up" in need.question and "No change is to blame" in need.question
            assert town.bead(bead).work.stage == "refinery" and town.bead(bead).work.returns == ()
            (tmp_path / "broken").unlink()
            await town.landed(bead)
            assert not town.town.needs and not town.town.flaky and town.bead(bead).work.returns == ()

    asyncio.run(story())
