"""The overseer's orders taken back: what comes back, what does not and why, and what a crash leaves of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gastown_tui.door import snapshot
from gastown_tui.engine.base import Base
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.agent import MAYOR
from gastown_tui.model.bead import Review
from gastown_tui.model.convoy import Plan, PlannedBead
from gastown_tui.model.errors import GasTownError, Refused, Usage
from gastown_tui.model.orders import Caller
from gastown_tui.model.town import encode_part, parts, restore, scalars
from gastown_tui.model.undoing import undo
from tests.engine.desks import Quiet, ground, quiet
from tests.engine.towns import founded
from tests.model.stories import lease

PLAN = Plan("JWT auth", (PlannedBead("a", "Schema"), PlannedBead("b", "Login", needs=("a",))))
Story = Callable[[Quiet], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A founded town's ground, made once."""
    return ground(founded(tmp_path_factory.mktemp("town")))


@pytest.fixture
def play(base: Base, tmp_path: Path) -> Play:
    """Play a story at a desk of its own; whatever came of it, journal and ledger know the same town."""

    async def whole(story: Story) -> None:
        async with quiet(base, tmp_path / "journal") as desk:
            await story(desk)
            await desk.tell(e.Said("mayor", "the end"))
            town = desk.town
        assert desk.replayed() == town
        records = ((kind, key, encode_part(town, kind, key) or b"") for kind, key in parts(town))
        assert restore(scalars(town), records) == town
        assert snapshot.read(snapshot.lines(town)) == town, "a second cockpit sees the same list"

    return lambda story: asyncio.run(whole(story))


async def filed(desk: Quiet, title: str = "One", **fields: Any) -> str:
    """File a bead."""
    return str((await desk.ask(o.CreateBead(title, **fields)))["bead"])


async def slung(desk: Quiet, id: str) -> None:
    """An engine's round gives the bead to a polecat that starts."""
    epoch = desk.books.pending.beads[id].work.epoch + 1
    name = f"opal{desk.books.pending.seq}"
    started = e.AgentStarted(name, "polecat", "s", "rehearsal", 9, 9, bead=id, epoch=epoch)
    await desk.tell(e.Slung(id, lease(id, epoch, name)), started)


async def refused(desk: Quiet, order: o.Order, says: str) -> GasTownError:
    """The order is refused in such words, and nothing at all was changed."""
    before = desk.books.pending
    with pytest.raises(GasTownError, match=says) as refusal:
        await desk.ask(order)
    assert desk.books.pending is before
    return refusal.value


def test_one_order_about_many_beads_is_undone_as_one(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        ids = [await filed(desk, f"Bead {n}", priority=n) for n in range(4)]
        await desk.ask(o.UpdateBead(changes={"priority": 1}, beads=tuple(ids)))
        answer = await desk.ask(o.Undo())
        assert [order["title"] for order in answer["orders"]] == ["set priority of 4 beads to 1"]
        assert f"{ids[0]}: priority 1 → 0" in answer["orders"][0]["changes"]
        assert [desk.town.beads[id].priority for id in ids] == [0, 1, 2, 3]
        assert (await desk.ask(o.Redo()))["left"] == 0
        assert [desk.town.beads[id].priority for id in ids] == [1, 1, 1, 1]
        await desk.ask(o.CloseBead(beads=(ids[0], ids[1], ids[0]), reason="twice named, closed once"))
        assert undo.stack(desk.town)[0].title == "close 2 beads"
        await desk.ask(o.Undo())
        assert {desk.town.beads[id].status for id in ids} == {"open"}

    play(story)


def test_what_is_said_before_is_what_is_done_and_a_look_changes_nothing(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk, "\x1b[31mOne\nbead", description="old")
        await desk.ask(o.UpdateBead(id, {"description": "new", "status": "deferred"}))
        before = desk.books.pending
        said = await desk.ask(o.Undo(2, dry_run=True))
        assert desk.books.pending is before and said["dry_run"]
        done = await desk.ask(o.Undo(2))
        assert said["orders"] == done["orders"]
        assert done["orders"][0]["changes"] == [f"{id}: status deferred → open, description as it was"]
        assert done["orders"][1]["changes"] == [f"{id} goes: \ufffd[31mOne bead"]
        assert id not in desk.town.beads and not desk.town.columns

    play(story)


def test_a_plan_nobody_started_is_a_draft_again_and_can_be_approved_anew(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        plan = (await desk.ask(o.SubmitPlan(PLAN), Caller(MAYOR, "mayor")))["plan"]
        await desk.ask(o.ApprovePlan(plan))
        made = set(desk.town.beads)
        answer = await desk.ask(o.Undo())
        assert answer["orders"][0]["title"] == "approve plan 'JWT auth' (2 beads)" and answer["left"] == 0
        assert not desk.town.beads and not desk.town.convoys and desk.town.drafts[plan].state == "draft"
        await desk.ask(o.ApprovePlan(plan))
        assert set(desk.town.beads) == made and undo.stack(desk.town, redo=True) == []
        await slung(desk, desk.town.ready()[0].id)
        refusal = await refused(desk, o.Undo(), "was slung and opal.* has it")
        assert "gt bead close" in refusal.hint

    play(story)


def test_what_somebody_took_further_is_kept_and_named(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        await desk.ask(o.Sling(id))
        assert (await desk.ask(o.Undo()))["orders"][0]["changes"] == [f"{id}: is not slung any more"]
        await desk.ask(o.Redo())
        await slung(desk, id)
        await refused(desk, o.Undo(), f'Cannot undo "sling {id}": {id} was slung')
        for event in (
            e.Submitted(id, 1, "c" * 40, 1), e.Checked(id, 1, Review("sheriff", True, "c" * 40)),
            e.Reviewed(id, 1, Review("witness", True, "c" * 40)), e.MergeTurned(id, "allowed"),
            e.LandingBegun(id, 1, "d" * 40, desk.books.pending.tip),
        ):  # fmt: skip
            await desk.tell(event)
        await refused(desk, o.Undo(), "it is with the refinery")
        await desk.tell(e.Landed(id, 1, "d" * 40))
        assert f"gt undo {id}" in (await refused(desk, o.Undo(), "landed as ddddddddd")).hint
        await desk.ask(o.ReopenBead(id))
        assert not desk.town.beads[id].work.landed
        await desk.ask(o.Undo())
        assert desk.town.beads[id].work.landed == "d" * 40 and desk.town.beads[id].status == "closed"

    play(story)


def test_fields_come_back_beneath_a_polecat_and_its_lease_stays(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk, priority=3)
        await desk.ask(o.UpdateBead(id, {"priority": 0}))
        await desk.tell(e.BeadApproved(id))
        await slung(desk, id)
        await desk.tell(e.Spent(desk.town.beads[id].assignee, "polecat", 0.5, id))
        work = desk.town.beads[id].work
        answer = await desk.ask(o.Undo())
        assert "may have read it as it was" in answer["orders"][0]["notes"][0]
        assert desk.town.beads[id].priority == 3 and desk.town.beads[id].work == work

    play(story)


def test_a_close_that_ended_a_polecat_leaves_the_bead_to_the_next(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        await slung(desk, id)
        await desk.tell(e.Escalated(e.Need("n1", "bead", "it came back", 1.0, choices=("retry", "drop"), bead=id)))
        await desk.ask(o.Answer("n1", "drop"))
        assert desk.town.beads[id].status == "closed"
        answer = await desk.ask(o.Undo())
        bead = desk.town.beads[id]
        assert (bead.status, bead.work.stage, bead.work.lease, bead.work.held) == ("open", "idle", None, "")
        assert bead.work.epoch == 1 and not desk.town.needs and desk.town.column(bead) == "ready"
        assert answer["orders"][0]["notes"] == [
            f"{id} waits for a new polecat; what the last one did is kept on its branch"
        ]
        await desk.ask(o.Redo())
        assert desk.town.beads[id].status == "closed"

    play(story)


def test_what_was_said_cannot_be_unsaid_and_can_be_passed_over(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        await desk.ask(o.TellMayor("Hello"))
        refusal = await refused(desk, o.Undo(), "Cannot undo \"tell the Mayor 'Hello'\": what was said")
        assert "gt undo --skip" in refusal.hint
        await desk.ask(o.Undo(skip=True))
        assert id not in desk.town.beads
        await refused(desk, o.Undo(skip=True), "None of the last 1")
        plan = (await desk.ask(o.SubmitPlan(PLAN), Caller(MAYOR, "mayor")))["plan"]
        await desk.ask(o.DropPlan(plan, "No new tables"))
        assert (await desk.ask(o.Undo()))["orders"][0]["notes"] == ["what the Mayor was told stays said"]
        assert desk.town.drafts[plan].state == "draft"

    play(story)


def test_an_answer_somebody_acts_on_stands_and_another_comes_back(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        await slung(desk, id)
        polecat = desk.town.beads[id].assignee
        for number, kind, choices in (1, "bead", ("retry", "drop")), (2, "trouble", ("go on", "leave it")):
            need = e.Need(f"n{number}", kind, "What now?", 1.0, choices=choices, bead=id, agent=polecat)
            await desk.tell(e.Escalated(need))
        await desk.ask(o.Answer("n2", "leave it"))
        assert (await desk.ask(o.Undo()))["orders"][0]["changes"] == ["n2 is asked again: What now?"]
        await desk.ask(o.Answer("n1", "retry"))
        await refused(desk, o.Undo(), f"{polecat} was sent on with {id}")

    play(story)


def test_the_order_that_was_looked_at_is_the_one_that_is_undone(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        await refused(desk, o.Undo(), "There is nothing to undo")
        await refused(desk, o.Redo(), "There is nothing to redo")
        await filed(desk, "One")
        seen = (await desk.ask(o.Undo(dry_run=True)))["entry"]
        two = await filed(desk, "Two")
        await refused(desk, o.Undo(entry=seen), "is another order: file 'Two'")
        with pytest.raises(Usage):
            await desk.ask(o.Undo(0))
        both = await asyncio.gather(desk.ask(o.Undo()), desk.ask(o.Undo()))
        assert [answer["orders"][0]["title"] for answer in both] == ["file 'Two'", "file 'One'"]
        assert not desk.town.beads
        await desk.ask(o.Redo(2))
        assert two in desk.town.beads and undo.stack(desk.town, redo=True) == []

    play(story)


def test_three_are_undone_or_none(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        first, second = await filed(desk, "One"), await filed(desk, "Two")
        await desk.tell(e.BeadApproved(first))
        await slung(desk, first)
        await desk.ask(o.UpdateBead(second, {"title": "Zwei"}))
        assert "gt undo 2 stops before it." in (await refused(desk, o.Undo(3), "file 'One'")).hint
        assert len((await desk.ask(o.Undo(2)))["orders"]) == 2

    play(story)


def test_a_bead_others_came_to_lean_on_stays(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        edge = beads.Dependency("rg-zzz", id)
        await desk.tell(e.BeadCreated(beads.make("rg-zzz", "Later", "", dependencies=(edge,))), who="mayor")
        await refused(desk, o.Undo(), f"rg-zzz came to depend on {id}")
        await desk.tell(e.BeadChanged("rg-zzz", {"dependencies": None}))
        await desk.tell(e.Escalated(e.Need("n7", "question", "Why?", 1.0, bead=id)))
        await refused(desk, o.Undo(), f"n7 asks you about {id}")

    play(story)


def test_a_field_another_changed_since_is_named_with_who_did(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        await desk.ask(o.UpdateBead(id, {"title": "Mine"}))
        await desk.tell(e.BeadChanged(id, {"title": "Theirs"}), who="mayor")
        await refused(desk, o.Undo(), rf"the title of {id} was changed since \(by mayor: bead changed\)\.")

    play(story)


def test_what_agents_and_the_engine_write_is_never_an_order_of_the_overseer(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        await desk.ask(o.CreateBead("Found on the way"), Caller("polecat", "opal"))
        await desk.tell(e.Said("mayor", "Hello"), e.Held("dispatch", "why"))
        with pytest.raises(Refused):
            await desk.ask(o.Undo(), Caller("polecat", "opal"))
        assert not desk.town.undo

    play(story)


def test_only_so_many_orders_are_kept_and_what_agents_do_takes_no_room(play: Play) -> None:
    async def story(desk: Quiet) -> None:
        id = await filed(desk)
        for number in range(undo.MOST + 20):
            await desk.ask(o.UpdateBead(id, {"priority": number % 5}))
            await desk.tell(e.Said("mayor", "Well"))
        await desk.ask(o.UpdateBead(id, {"priority": 4}))
        await desk.ask(o.UpdateBead(id, {"priority": 4}))
        assert len(desk.town.undo) == undo.MOST
        assert len(undo.stack(desk.town)) == undo.MOST - 2, "an order that changed nothing is not one to undo"

    play(story)


def test_a_crash_between_an_order_and_its_undoing_keeps_the_list(base: Base, tmp_path: Path) -> None:
    """The next engine reads the list from the journal, undoes, and the one after it redoes."""

    async def story() -> None:
        async with quiet(base, tmp_path / "journal") as desk:
            id = await filed(desk)
            await desk.ask(o.UpdateBead(id, {"notes": "x", "priority": 1}))
            bead = desk.town.beads[id]
        async with quiet(base, tmp_path / "journal", desk.replayed()) as desk:
            await desk.ask(o.Undo(2))
            assert not desk.town.beads
        async with quiet(base, tmp_path / "journal", desk.replayed()) as desk:
            await desk.ask(o.Redo(2))
            again = desk.town.beads[id]
            assert msgspec.structs.replace(again, updated_at=bead.updated_at) == bead

    asyncio.run(story())
