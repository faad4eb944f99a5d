"""Any orders, undone and done again, give the same town; and what agents did in between is never touched."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from immutables import Map

from gastown_tui.engine.base import Base
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Bead, Review
from gastown_tui.model.convoy import Plan, PlannedBead
from gastown_tui.model.errors import GasTownError, Illegal
from gastown_tui.model.town import Town, encode_part, parts, restore, scalars
from gastown_tui.model.undoing import undo
from tests.engine.desks import Quiet, ground, quiet
from tests.engine.towns import founded
from tests.model.stories import lease

TEXT = st.text(max_size=6)
PICK = st.integers(0, 7)
CHANGES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text("abc", min_size=1, max_size=3), "priority": st.integers(0, 4), "description": TEXT,
        "labels": st.lists(TEXT, max_size=2), "estimated_minutes": st.none() | st.integers(0, 90),
        "status": st.sampled_from(["open", "deferred", "blocked", "pinned"]), "assignee": TEXT,
    },
)  # fmt: skip
ORDER = st.one_of(
    st.tuples(st.just("create"), PICK, CHANGES),
    st.tuples(st.just("update"), st.lists(PICK, min_size=1, max_size=3), CHANGES),
    st.tuples(st.sampled_from(["close", "reopen", "sling"]), st.lists(PICK, min_size=1, max_size=3), TEXT),
    st.tuples(st.sampled_from(["plan", "approve", "approve", "edit", "drop"]), PICK, TEXT),
)
AGENT = st.tuples(st.sampled_from(["give", "on", "on", "on", "spend", "hold", "retry"]), PICK, st.booleans())
SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """A founded town's ground, made once."""
    return ground(founded(tmp_path_factory.mktemp("town")))


def _picked(town: Town, numbers: int | list[int]) -> tuple[str, ...]:
    ids = sorted(town.beads)
    wanted = [numbers] if isinstance(numbers, int) else numbers
    return tuple(ids[number % len(ids)] for number in wanted) if ids else ()


def ordered(town: Town, kind: str, which: Any, more: Any) -> o.Order:
    """An order on the town as it is; many are refused."""
    ids = _picked(town, which)
    drafts = sorted(town.drafts) or ["p0"]
    plan = Plan(f"Plan {more}", (PlannedBead("a", f"A {more}"), PlannedBead("b", "B", needs=("a",))))
    if kind == "create":
        needs = ids if which % 2 else ()
        return o.CreateBead(more.get("title", "One"), description=more.get("description", ""), needs=needs)
    if kind == "update":
        return o.UpdateBead(changes=more, beads=ids)
    if kind in ("close", "reopen"):
        return (o.CloseBead if kind == "close" else o.ReopenBead)(beads=ids)
    if kind == "sling":
        return o.Sling(ids[0] if ids else "")
    chosen = drafts[which % len(drafts)]
    both: dict[str, o.Order] = {
        "plan": o.SubmitPlan(plan), "approve": o.ApprovePlan(chosen), "edit": o.EditPlan(chosen, plan),
        "drop": o.DropPlan(chosen),
    }  # fmt: skip
    return both[kind]


async def asked(desk: Quiet, kind: str, which: Any, more: Any) -> bool:
    """Ask for it; whether there is one more to undo."""
    before = undo.stack(desk.town)
    try:
        await desk.ask(ordered(desk.town, kind, which, more))
    except GasTownError:
        return False
    return undo.stack(desk.town)[:1] != before[:1]


def seen(town: Town) -> tuple[Any, ...]:
    """What must come back: everything but the list itself, numbers and dates."""
    plain = {id: msgspec.structs.replace(bead, updated_at="") for id, bead in town.beads.items()}
    maps = (town.drafts, town.convoys, town.needs, town.columns, town.open_needs, town.going, town.agents, town.queue)
    return (Map(plain), *maps)


def whole(desk: Quiet) -> None:
    """Journal and ledger tell of this very town, and its indexes are those of its beads."""
    town = desk.town
    assert desk.replayed() == town
    written = ((kind, key, encode_part(town, kind, key) or b"") for kind, key in parts(town))
    assert restore(scalars(town), written) == town


@given(orders=st.lists(ORDER, max_size=25), steps=st.lists(st.integers(1, 4), max_size=6))
@SLOW
def test_undone_and_done_again_is_as_it_was(base: Base, orders: list[Any], steps: list[int]) -> None:
    """After each order a picture; undoing shows them backwards, redoing forwards, in steps of any size."""

    async def story(folder: Path) -> None:
        async with quiet(base, folder / "journal") as desk:
            pictures = [seen(desk.town)]
            pictures += [seen(desk.town) for order in orders if await asked(desk, *order)]
            place = last = len(pictures) - 1
            for number, step in enumerate([*steps, last, last]):
                back = number % 2 == 0
                room = place if back else last - place
                if room:
                    await desk.ask((o.Undo if back else o.Redo)(min(step, room)))
                    place += -min(step, room) if back else min(step, room)
                assert seen(desk.town) == pictures[place]
            if place:
                await desk.ask(o.Undo(place))
            assert seen(desk.town) == pictures[0] and not desk.town.beads
            whole(desk)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder)))


async def happens(desk: Quiet, kind: str, which: int, ok: bool) -> None:
    """An agent, or the engine, does something; it may not fit."""
    town = desk.town
    busy = [id for id in sorted(town.beads) if town.beads[id].work.lease is not None and not town.beads[id].work.landed]
    ready = sorted(bead.id for bead in town.ready())
    some = ready if kind == "give" else busy
    if not some:
        return
    bead = town.beads[some[which % len(some)]]
    work, need = bead.work, e.Need(f"n{which}", "bead", "stuck", 1.0, choices=("retry", "drop"), bead=bead.id)
    commit = work.commit or "c" * 9
    usual: dict[str, e.AnyEvent] = {
        "working": e.Submitted(bead.id, work.epoch, f"c{town.seq}", 1),
        "sheriff": e.Checked(bead.id, work.epoch, Review("sheriff", ok, commit, "red")),
        "witness": e.Reviewed(bead.id, work.epoch, Review("witness", ok, commit, "no")),
        "refinery": e.LandingBegun(bead.id, work.epoch, f"m{town.seq}", town.tip),
    }
    many: dict[str, list[e.AnyEvent]] = {
        "give": [e.Slung(bead.id, lease(bead.id, work.epoch + 1, f"opal{town.seq}"))],
        "on": [e.Landed(bead.id, work.epoch, work.landing)]
        if work.landing
        else [usual.get(work.stage, e.Escalated(need))],
        "spend": [e.Spent(bead.assignee, "polecat", 0.25, bead.id)],
        "hold": [e.Escalated(need)],
        "retry": [e.Answered(n.id, "retry", bead=n.bead) for n in town.needs.values() if n.bead == bead.id],
    }
    if work.stage == "refinery" and kind == "on" and not work.landing:
        many["on"].insert(0, e.MergeTurned(bead.id, "allowed"))
    try:
        await desk.tell(*many[kind])
    except Illegal:
        return


def theirs(bead: Bead) -> Any:
    """What of a bead is not the overseer's to take back while somebody has it, or had it since."""
    work = bead.work
    return work.epoch, work.lease, work.commit, work.reviews, work.returns, work.landing, work.cost_usd, work.stage


@given(mixed=st.lists(st.tuples(ORDER, st.lists(AGENT, max_size=4), st.sampled_from([0, 0, 1, 2, 3])), max_size=12))
@SLOW
def test_what_agents_do_in_between_is_never_taken_back(base: Base, mixed: list[Any]) -> None:
    """Each undo takes back what is the overseer's own, or is refused and changes nothing at all."""

    async def story(folder: Path) -> None:
        async with quiet(base, folder / "journal") as desk:
            await desk.ask(o.CreateBead("The first"))
            for order, doings, turn in mixed:
                await asked(desk, *order)
                for doing in doings:
                    await happens(desk, *doing)
                backs: list[o.Undo | o.Redo] = [o.Undo(skip=turn == 2), o.Redo(), o.Undo(2)]
                for back in backs[:turn]:
                    await tried(desk, back)
            whole(desk)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder)))


async def tried(desk: Quiet, back: o.Undo | o.Redo) -> None:
    """Undo, or be refused; either way whoever has a bead has it still, and what landed or was spent is so still."""
    before = desk.books.pending
    redo = isinstance(back, o.Redo)
    foreseen = undo.outlook(before, redo)
    try:
        await desk.ask(back)
    except GasTownError as refusal:
        assert refusal.title and desk.books.pending is before
        assert not foreseen or any(why for _, why in foreseen[: back.count]) or not any(not why for _, why in foreseen)
        return
    after = desk.town
    for name in ("agents", "queue", "costs", "runs"):
        assert getattr(after, name) == getattr(before, name)
    for id, bead in before.beads.items():
        if bead.work.lease is not None and not bead.work.landed:
            assert theirs(after.beads[id]) == theirs(bead)
        elif id in after.beads:
            assert after.beads[id].work.epoch == bead.work.epoch
            assert after.beads[id].work.cost_usd == bead.work.cost_usd
        else:
            assert not any(agent.bead == id for agent in after.agents.values())
