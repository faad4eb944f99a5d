"""A red tip stops the queue and blames no bead; flaky tests are listed; what broke a gate is found."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.config import Gate
from gastown_tui.engine.gating import kept
from gastown_tui.engine.refinery.tip import FILE, MENDS, RED
from gastown_tui.model import events as e
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.orders import Answer, Bisect, CreateBead, RunGate, Sling, UndoLanding
from tests.engine.desks import ground, quiet
from tests.engine.towns import GREEN, Running, founded, note, rehearse, running
from tests.support import rigs

GATE = Gate("green", f"{GREEN} || {{ echo 'FAILED tests/test_red.py::test_it - no'; exit 1; }}", 60.0)


async def held(town: Running) -> str:
    """Wait for the red tip to hold the queue, and for the question; its id."""
    await town.until(lambda t: RED in t.holds, "the queue to be held")
    await town.until(lambda t: any(n.kind == RED for n in t.needs.values()), "the question")
    return next(n.id for n in town.town.needs.values() if n.kind == RED)


def test_a_red_tip_holds_the_queue_and_a_bead_that_mends_it_goes_through(tmp_path: Path) -> None:
    """Whoever was red on it is not to blame: it waits, and lands when the tip is green again."""

    async def story() -> None:
        place = founded(tmp_path, {"README.md": "x\n", "RED": "red\n"}, gates=(GATE,))
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            id = await held(town)
            need = town.town.needs[id]
            assert need.title.startswith("green is red on main at ")
            assert need.title.endswith(": tests/test_red.py::test_it") and need.choices[1] == FILE
            assert town.bead(bead).work.returns == () and town.bead(bead).work.stage == "refinery"
            await town.until(lambda t: t.queue[bead].why == need.title, "why it waits to be said")
            assert town.engine.notes["tip"].startswith("red: tests/test_red.py::test_it")
            made = await town.engine.ask(
                CreateBead("Mend it", rehearse("run rm RED\ncommit Mend\ndone Mended"), labels=(MENDS,), priority=0)
            )
            await town.engine.ask(Sling(made["bead"]))
            await town.landed(made["bead"], bead, seconds=60.0)
            assert RED not in town.town.holds and not any(n.kind == RED for n in town.town.needs.values())
            assert town.bead(bead).work.returns == ()

    asyncio.run(story())


def test_a_landing_that_made_the_tip_red_can_be_taken_back(tmp_path: Path) -> None:
    """That is what gt bisect proposes; what takes another back is tested once, is not blamed, and waits as others."""

    async def story() -> None:
        place = founded(tmp_path, gates=(Gate("any", "true"),))
        async with running(place) as town:
            good, bad = [await town.do(rehearse(note(name))) for name in ("good", "bad")]
            await town.landed(good, bad, seconds=60.0)
            town.engine.config = dataclasses.replace(town.engine.config, gates=(Gate("late", "test ! -e bad"),))
            await held(town)
            other = str((await town.engine.ask(UndoLanding((good,))))["filed"])
            await town.until(lambda t: other in t.queue and t.queue[other].alone is False, "it to be red", 60.0)
            back = str((await town.engine.ask(UndoLanding((bad,))))["filed"])
            await town.until(lambda t: t.beads[bad].work.stage == "idle", "it to be taken back", 60.0)
            await town.until(lambda t: t.beads[good].work.stage == "idle", "the other, too", 60.0)
            assert RED not in town.town.holds and not town.town.needs
            assert town.bead(back).work.returns == town.bead(other).work.returns == ()

    asyncio.run(story())


def test_a_tip_that_others_made_green_lets_the_queue_go_on(tmp_path: Path) -> None:
    """Nobody has to say so."""

    async def story() -> None:
        place = founded(tmp_path, {"README.md": "x\n", "RED": "red\n"}, gates=(GATE,))
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await held(town)
            rigs.commit(place.root, {"RED": None}, "Mend by hand")
            await town.until(lambda t: any(n.kind == "tip" for n in t.needs.values()), "the move to be seen")
            moved = next(n.id for n in town.town.needs.values() if n.kind == "tip")
            await town.engine.ask(Answer(moved, "go on"))
            await town.landed(bead, seconds=60.0)
            assert RED not in town.town.holds and town.town.runs

    asyncio.run(story())


def test_a_bead_to_mend_the_tip_is_filed_on_demand(tmp_path: Path) -> None:
    """It goes at once, before all others, and knows what is red."""

    async def story() -> None:
        async with quiet(ground(founded(tmp_path)), tmp_path / "journal") as town:
            said, choices = "unit: test_it\n  no", ("keep holding", FILE)
            ask = e.Need("n1", RED, "green is red on main", 1.0, said, choices, about=RED)
            await town.tell(e.Held(RED, "green is red on main"), e.Escalated(ask))
            await town.ask(Answer("n1", FILE))
            (bead,) = town.town.beads.values()
            assert (bead.priority, bead.labels, bead.work.approved, bead.work.go) == (0, (MENDS,), True, True)
            assert bead.title == "Mend: green is red on main" and "unit: test_it" in bead.description
            assert not town.town.needs

    asyncio.run(story())


def test_a_test_that_is_red_and_then_green_on_the_same_tree_is_listed(tmp_path: Path) -> None:
    """The bead lands, and nobody is told that it was to blame."""
    red = "echo 'FAILED tests/test_x.py::test_y - no'; exit 1"
    flaky = f"test -e {tmp_path}/once || {{ touch {tmp_path}/once; {red}; }}"

    async def story() -> None:
        async with running(founded(tmp_path, gates=(Gate("unit", flaky, 60.0),), slots=1)) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.landed(bead, seconds=60.0)
            (flake,) = town.town.flaky.values()
            assert (flake.gate, flake.test, flake.times) == ("unit", "tests/test_x.py::test_y", 1)
            assert town.bead(bead).work.returns == ()

    asyncio.run(story())


async def ended(town: Running, answer: dict[str, Any]) -> kept.KeptRun:
    """Wait for a run that was begun by an order; what is kept of it."""
    await town.until(lambda t: answer["run"] not in t.testing, f"run {answer['run']} to end", 60.0)
    found = kept.read(town.place, answer["run"])
    assert found is not None
    return found


def test_gates_run_on_demand_and_what_broke_one_is_found(tmp_path: Path) -> None:
    """A gate that came later: beads landed alone or together, what is known by then is not run again."""

    async def story() -> None:
        place = founded(tmp_path, gates=(Gate("any", "true"),))
        async with running(place) as town:
            beads = [await town.do(rehearse(note(name))) for name in ("a", "bad", "c", "d")]
            await town.landed(*beads, seconds=60.0)
            late = Gate("late", "test ! -e bad || { echo 'FAILED t.py::no_bad - bad is there'; exit 1; }")
            town.engine.config = dataclasses.replace(town.engine.config, gates=(Gate("any", "true"), late))
            first = await ended(town, await town.engine.ask(RunGate("late")))
            assert (first.ok, first.kind, [g.name for g in first.gates]) == (False, "asked", ["late"])
            runs = 0
            while (step := await town.engine.ask(Bisect("late")))["state"] == "testing":
                await ended(town, step)
                runs += 1
            assert (step["state"], step["bead"], step["first"]) == ("found", beads[1], "t.py::no_bad")
            assert step["agent"] == town.bead(beads[1]).assignee and step["run"] > 0 and runs <= 4
            again = await town.engine.ask(Bisect("late"))
            assert again == step
            whole = await ended(town, await town.engine.ask(RunGate(all=True)))
            assert [(g.name, g.ok) for g in whole.gates] == [("any", True), ("late", False)]
            assert (await town.engine.ask(Bisect("any")))["state"] == "green"

    asyncio.run(story())


def test_what_cannot_be_run_is_refused_with_what_there_is(tmp_path: Path) -> None:
    """No gate of that name, no bead, nothing handed in, or a run under way already."""

    async def story() -> None:
        async with quiet(ground(founded(tmp_path)), tmp_path / "journal") as town:
            await town.tell(e.TipMoved("0" * 40, town.desk.base.repo.tip("refs/heads/main"), True))
            await town.ask(CreateBead("One"))
            (bead,) = town.town.beads
            name = town.desk.base.config.gates[0].name
            for order, kind, word in (
                (RunGate(), Usage, name), (RunGate("x", all=True), Usage, name), (RunGate("nope"), Refused, name),
                (Bisect("nope"), Refused, name), (RunGate(name, bead), Refused, "nothing handed in"),
                (RunGate(name, "nope"), Refused, "no bead"),
            ):  # fmt: skip
                with pytest.raises(kind, match=word):
                    await town.ask(order)
            begun = await town.ask(RunGate(name))
            assert town.town.testing[begun["run"]].slot == 0
            with pytest.raises(Refused, match=f"run {begun['run']}"):
                await town.ask(RunGate(all=True))

    asyncio.run(story())
