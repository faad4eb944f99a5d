"""`u`, `U` and ctrl+r: what is asked for, what is said, and why a key cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Work
from gastown_tui.model.orders import Order
from gastown_tui.model.town import Town
from tests.cockpit.driving import Driven, drive
from tests.cockpit.fixtures import todo_app
from tests.cockpit.fixtures.links import FixtureLink


@dataclass
class Answering(FixtureLink):
    """A link that answers as the engine does."""

    titles: list[str] = field(default_factory=list)

    async def ask(self, order: Order) -> Any:
        await super().ask(order)
        return {"orders": [{"title": title} for title in self.titles]}


def link(*marked: tuple[e.AnyEvent, str, str, str]) -> Answering:
    """A town with orders (event, the order's name, its title, why it is final) behind it."""
    known = todo_app.link()
    town: Town = known.town
    for event, name, title, final in marked:
        asked = e.Asked(town.seq + 1, name, title, final)
        town = town.after(e.Record(town.seq + 1, todo_app.NOW, "overseer", event, asked))
    return Answering(town, known.config, known.notes, known.feeds, known.spools)


def idle(town: Town) -> str:
    """A bead nobody has."""
    return min(bead.id for bead in town.beads.values() if bead.work.stage == "idle" and bead.status == "open")


BEAD = idle(todo_app.link().town)


def test_u_takes_back_the_order_that_was_seen_and_says_how_to_have_it_again() -> None:
    at = link((e.BeadMoved(BEAD, "close"), "close_bead", f"close {BEAD}", ""))
    at.titles = [f"close {BEAD}"]

    async def script(it: Driven) -> None:
        await it.press("u")
        assert f"undid: close {BEAD} · ctrl+r redoes" in it.text()
        at.titles = ["close a", "file 'b'"]
        await it.press("2", "u")
        assert "undid 2 orders: close a, file 'b' · ctrl+r redoes" in it.text()

    drive(at, script)
    seq = at.town.seq
    assert at.asked == [o.Undo(1, entry=seq), o.Undo(2, entry=seq)]


def test_what_cannot_be_undone_says_why_and_is_passed_over_by_another_key() -> None:
    at = link(
        (e.BeadMoved(BEAD, "close"), "close_bead", f"close {BEAD}", ""),
        (e.Said("overseer", "Hello"), "tell_mayor", "tell the Mayor 'Hello'", "what was said cannot be unsaid"),
    )
    at.titles = [f"close {BEAD}"]

    async def script(it: Driven) -> None:
        await it.press("u")
        assert "\"tell the Mayor 'Hello'\": what was said cannot be unsaid; U passes it over" in it.text()
        assert at.asked == []
        await it.press("U")
        assert f"undid: close {BEAD}" in it.text()

    drive(at, script)
    assert at.asked == [o.Undo(1, entry=at.town.seq, skip=True)]


def test_ctrl_r_takes_the_undoing_back() -> None:
    closed = link((e.BeadMoved(BEAD, "close"), "close_bead", f"close {BEAD}", ""))
    entry = closed.town.seq
    at = link(
        (e.BeadMoved(BEAD, "close"), "close_bead", f"close {BEAD}", ""),
        (e.Undone(entry, f"close {BEAD}"), "undo", f"close {BEAD}", ""),
    )
    town = at.town
    reopened = e.Record(town.seq + 1, todo_app.NOW, "overseer", e.BeadMoved(BEAD, "reopen"), e.Asked(town.seq))
    at.town, at.titles = town.after(reopened), [f"close {BEAD}"]

    async def script(it: Driven) -> None:
        await it.press("u")
        assert "you ordered nothing that could be undone" in it.text()
        await it.press("ctrl+r")
        assert f"redid: close {BEAD} · u undoes" in it.text()

    drive(at, script)
    assert at.asked == [o.Redo(1, entry=town.seq)]


def test_with_nothing_behind_each_key_says_so() -> None:
    at = link()

    async def script(it: Driven) -> None:
        for key, why in (("u", "you ordered nothing"), ("U", "you ordered nothing"), ("ctrl+r", "nothing was undone")):
            await it.press(key)
            assert why in it.text()

    drive(at, script)
    assert at.asked == []


def test_a_large_order_is_looked_into_by_the_engine_and_not_by_every_drawing() -> None:
    many = tuple(
        beads.make(f"td-many{number}", "One of many", "2026-11-21T00:00:00Z", work=Work(approved=True))
        for number in range(101)
    )
    at = link((e.BeadsImported("many.jsonl", "beads", many), "import_beads", "import 101 beads", ""))
    changed = e.Record(at.town.seq + 1, todo_app.NOW, "mayor", e.BeadMoved(many[0].id, "close"))
    seq, at.town, at.titles = at.town.seq, at.town.after(changed), ["import 101 beads"]

    async def script(it: Driven) -> None:
        await it.press("u")

    drive(at, script)
    assert at.asked == [o.Undo(1, entry=seq)]


LANDED = min(bead.id for bead in todo_app.link().town.beads.values() if bead.work.stage == "landed")


@dataclass
class Telling(FixtureLink):
    """A link that says what taking a landing back would do."""

    conflict: dict[str, Any] | None = None

    async def ask(self, order: Order) -> Any:
        await super().ask(order)
        assert isinstance(order, o.UndoLanding)
        return {
            "landings": [{"bead": LANDED, "again": order.again}], "tip": "t1", "conflict": self.conflict,
            "lines": [f"take back {LANDED} \x1b[31mRed", "  changes 1 file: a.py", "  CONFLICTS with nothing"],
            "question": "Take this landing back?", "done": [f"td-v takes {LANDED} back"],
        }  # fmt: skip


def telling(*events: e.AnyEvent) -> Telling:
    """The fixture's town after some events, behind such a link."""
    known = todo_app.link()
    town: Town = known.town
    for event in events:
        town = town.after(e.Record(town.seq + 1, todo_app.NOW, "engine", event))
    return Telling(town, known.config, known.notes, known.feeds, known.spools)


def test_u_on_what_landed_says_what_it_does_and_asks() -> None:
    at = telling()

    async def script(it: Driven) -> None:
        it.screen.desk.open("bead", LANDED)
        await it.press("u")
        shown = it.text()
        assert f"take back {LANDED} \ufffd[31mRed" in shown and "changes 1 file: a.py" in shown
        assert "Take this landing back?" in shown and "Take a landing back" in shown
        await it.press("escape")
        assert "Take this landing back?" not in it.text() and len(at.asked) == 1
        await it.press("u", "y")
        assert f"td-v takes {LANDED} back" in it.text()
        at.conflict = {"bead": LANDED, "beads": [], "paths": []}
        await it.press("u", "enter")

    drive(at, script)
    dry = o.UndoLanding((LANDED,), dry_run=True)
    yes = o.UndoLanding((LANDED,), tip="t1")
    assert at.asked == [dry, dry, yes, dry, o.UndoLanding((LANDED,), polecat=True, tip="t1")]


def test_what_was_taken_back_is_landed_again_by_the_key_that_redoes() -> None:
    epoch = todo_app.link().town.beads[LANDED].work.epoch
    at = telling(e.LandingUndone(LANDED, epoch, "td-v", "m", f"undone/{LANDED}-e1", "s"))

    async def script(it: Driven) -> None:
        it.screen.desk.open("bead", LANDED)
        await it.press("ctrl+r")
        assert "Land it again" in it.text()
        await it.press("y")

    drive(at, script)
    again = o.UndoLanding((LANDED,), again=True, tip="t1")
    assert at.asked == [o.UndoLanding((LANDED,), again=True, dry_run=True), again]
