"""Orders that take orders back: undo and redo, by new events, all of it or nothing."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from gastown_tui.engine import minutes
from gastown_tui.engine.books import Books
from gastown_tui.engine.desk import Desk, handles, takes
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.errors import Illegal, Refused, Usage
from gastown_tui.model.events import Record
from gastown_tui.model.orders import OVERSEER, Caller
from gastown_tui.model.touching import touched
from gastown_tui.model.town import Town
from gastown_tui.model.undoing import undo
from gastown_tui.model.undoing.entries import Entry


class Step(NamedTuple):
    """One order that is taken back: by which events, and what that does in words."""

    entry: Entry
    events: list[e.AnyEvent]
    changes: list[str]
    notes: list[str]


@handles(o.Undo)
async def undo_(desk: Desk, order: o.Undo, caller: Caller) -> Any:
    return await _take_back(desk.base.books, order, "undo")


@handles(o.Redo)
async def redo(desk: Desk, order: o.Redo, caller: Caller) -> Any:
    return await _take_back(desk.base.books, order, "redo")


async def _take_back(books: Books, order: o.Undo | o.Redo, verb: str) -> Any:
    """Plan on the town as it is now and write at once: nothing comes between the look and the act."""
    town = books.pending
    if order.count < 1:
        raise Usage(f"{order.count} orders cannot be taken back.", f"gt {verb} 2 takes back the last two.")
    known = undo.stack(town, verb == "redo")
    if not known:
        why = "No order of yours changed anything yet." if verb == "undo" else "A new order ends what can be redone."
        raise Refused(f"There is nothing to {verb}.", why)
    if order.entry and known[0].seq != order.entry:
        title = f"What would be {verb}ne now is another order: {known[0].title}."
        raise Refused(title, f"Nothing was changed. Look again: gt {verb} --dry-run")
    steps, after = _planned(books, town, known, order, verb)
    if not order.dry_run and (asking := minutes.current(OVERSEER)) is not None:
        written = []
        for step in steps:
            asking.begin(step.entry.title)
            written.append(books.write(OVERSEER, *step.events))
        for done in written:
            await asyncio.shield(done)
    left = undo.stack(after, verb == "redo")
    return {
        "orders": [
            {"entry": s.entry.seq, "title": s.entry.title, "at": s.entry.at, "changes": s.changes, "notes": s.notes}
            for s in steps
        ],
        "dry_run": order.dry_run, "entry": known[0].seq, "left": len(left), "next": left[0].title if left else "",
    }  # fmt: skip


def _planned(
    books: Books, town: Town, known: list[Entry], order: o.Undo | o.Redo, verb: str
) -> tuple[list[Step], Town]:
    steps: list[Step] = []
    for place, entry in enumerate(known):
        if len(steps) == order.count:
            break
        try:
            events = undo.back(town, entry)
            after = undo.folded(town, events, entry)
        except (undo.Stuck, Illegal) as error:
            if order.skip:
                continue
            stuck = error if isinstance(error, undo.Stuck) else undo.Stuck(entry, error.title.rstrip("."))
            raise _refusal(books, stuck, entry, known[place + 1 :], len(steps), verb) from error
        steps.append(Step(entry, events, takes.changes(town, after, events), takes.notes(town, entry)))
        town = after
    if not steps:
        raise Refused(f"None of the last {len(known)} orders can be {verb}ne.", "See why: gt undo --list")
    return steps, town


def _refusal(books: Books, stuck: undo.Stuck, entry: Entry, older: list[Entry], done: int, verb: str) -> Refused:
    """The refusal with who came between, and how to go on to what can be taken back."""
    title = stuck.title
    by = [record for record in books.recent(entry.seq) if _took(record, entry, stuck.beads)]
    if by and "since" in stuck.why:
        what = str(by[-1].event.__struct_config__.tag).replace("_", " ")
        title = f"{title.rstrip('.')} (by {by[-1].who}: {what})."
    ways = [stuck.hint]
    if done:
        ways.append(f"gt {verb} {done} stops before it.")
    elif older:
        ways.append(f"To pass it over: gt {verb} --skip")
    return Refused(title, "\n".join(ways))


def _took(record: Record, entry: Entry, beads: tuple[str, ...]) -> bool:
    mine = record.order is not None and record.order.first == entry.seq
    return not mine and any(kind == "beads" and key in beads for kind, key in touched(record, {}))
