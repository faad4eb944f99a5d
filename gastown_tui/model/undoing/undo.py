"""What taking back an order would do to the town as it is now, or why it can no longer be taken back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Draft
from gastown_tui.model.errors import Illegal, Refused
from gastown_tui.model.orders import ORDERS, OVERSEER
from gastown_tui.model.state import State
from gastown_tui.model.town import Town
from gastown_tui.model.undoing import entries
from gastown_tui.model.undoing.entries import SHAPES, SILENT, WORK, Change, Entry, Fields
from gastown_tui.model.undoing.noting import REDO, SETTLED, UNDO, found

MOST = 100
"""How many of the last orders can be undone."""

_NAMED = 3
_STAGE, _HELD = WORK + "stage", WORK + "held"
_LEFT_OUT = frozenset(WORK + name for name in ("lease", "landing", "held", "since"))


class Stuck(Refused):
    """An order that can no longer be taken back; `beads` are those that somebody else changed, where it is known."""

    def __init__(self, entry: Entry, why: str, instead: str = "", beads: tuple[str, ...] = ()) -> None:
        verb = REDO if entry.redo else UNDO
        super().__init__(f'Cannot {verb} "{entry.title}": {why}.', instead or "Nothing was changed.")
        self.why = why
        self.beads = beads


class _Off(Exception):
    """Why one part cannot be put back, and what to do instead."""

    def __init__(self, key: str, why: str, instead: str = "") -> None:
        super().__init__(why)
        self.key, self.why, self.instead = key, why, instead


def stack(town: State, redo: bool = False) -> list[Entry]:
    """The orders that `gt undo` (or `gt redo`) looks at, newest first: those that changed something."""
    known = (entry for entry in town.undo.values() if entry.redo is redo and (entry.parts or entry.final))
    return sorted(known, key=lambda entry: -entry.seq)


def drops(town: State, final: bool) -> tuple[int, ...]:
    """The numbers of the entries that go when a new order comes: what could be redone, and the oldest beyond MOST."""
    old = town.done[: max(0, len(town.done) + 1 - MOST)]
    return old if final else (*old, *town.undone)


def back(town: State, entry: Entry) -> list[e.AnyEvent]:
    """The events that take an order back, and nothing that anybody else did.

    Raises:
        Stuck: it cannot be taken back now, and why.
    """
    if entry.final:
        row = ORDERS.get(entry.name)
        raise Stuck(entry, entry.final, row.instead if row is not None else "")
    events: list[e.AnyEvent] = [(e.Redone if entry.redo else e.Undone)(entry.seq, entry.title)]
    off: list[_Off] = []
    for part, change in _ordered(entry):
        try:
            events += _put_back(town, entry, *part, change)
        except _Off as why:
            off.append(why)
    if off:
        raise Stuck(entry, _together(off, len(entry.parts)), off[0].instead, tuple(one.key for one in off))
    return events


def folded(town: Town, events: Iterable[e.AnyEvent], entry: Entry) -> Town:
    """The town once such events were written; raises Illegal."""
    first = town.seq + 1
    for event in events:
        mark = e.Asked(first) if town.seq >= first else e.Asked(first, REDO if entry.redo else UNDO, entry.title)
        town = town.after(e.Record(town.seq + 1, town.at, OVERSEER, event, mark))
    return town


def outlook(town: Town, redo: bool) -> list[tuple[Entry, str]]:
    """The orders of `stack`, each with why it cannot be taken back once those above it were; "" where it can."""
    out: list[tuple[Entry, str]] = []
    for entry in stack(town, redo):
        try:
            town = folded(town, back(town, entry), entry)
        except Stuck as stuck:
            out.append((entry, stuck.why))
        except Illegal as error:
            out.append((entry, error.title.rstrip(".")))
        else:
            out.append((entry, ""))
    return out


def _ordered(entry: Entry) -> list[tuple[tuple[str, str], Change]]:
    """Needs before the beads they hold, and always the same order."""
    kinds = ("needs", "beads", "queue", "convoys", "plans")
    return sorted(entry.parts.items(), key=lambda item: (kinds.index(item[0][0]), item[0][1]))


def _together(off: list[_Off], parts: int) -> str:
    if len(off) == 1:
        return off[0].why
    rest = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    return f"{len(off)} of {parts} went on since: " + "; ".join(one.why for one in off[:_NAMED]) + rest


def _put_back(town: State, entry: Entry, kind: str, key: str, change: Change) -> Iterable[e.AnyEvent]:
    now = found(town, kind, key)
    name = SHAPES[kind][1]
    if change.after is None:
        if now is not None:
            raise _Off(key, f"there is another {name} {key} by now")
        return [] if _moot(entry, kind, change) else [_restored(kind, key, change.before or {})]
    if now is None:
        raise _Off(key, f"{key} left the queue" if kind == "queue" else f"{name} {key} is gone")
    if change.before is None:
        if isinstance(now, Bead):
            _stands_alone(town, entry, now, change)
        elif isinstance(now, Draft) and (now.revision, now.state) != (change.epoch, change.stage):
            raise _Off(key, f"plan {key} is {now.state}, revision {now.revision}, by {now.by}")
        return [_restored(kind, key, {}, removed=True)]
    if change.stage and isinstance(now, Bead):
        _where_it_was(now, change)
    for field in sorted((change.before.keys() | change.after.keys()) - SILENT):
        if entries.value(now, field) != change.after.get(field):
            label = field.partition(":")[2] or field
            raise _Off(key, f"the {label.replace('_', ' ')} of {key} was changed since")
    before = _idle(change.before) if isinstance(now, Bead) else change.before
    if before.get(_HELD, msgspec.Raw(b'""')) != msgspec.Raw(b'""'):
        before = {**before, _HELD: msgspec.Raw(msgspec.json.encode(_holding(town, entry, key)))}
    gone = tuple(sorted(change.after.keys() - change.before.keys()))
    return [_restored(kind, key, before, gone)]


def _restored(kind: str, key: str, fields: Fields, gone: tuple[str, ...] = (), removed: bool = False) -> e.Restored:
    return e.Restored(**{SHAPES[kind][1]: key}, fields=fields, gone=gone, removed=removed)


def _stands_alone(town: State, entry: Entry, bead: Bead, change: Change) -> None:
    """A bead that was filed may go again while nobody had it and nothing hangs on it."""
    _where_it_was(bead, change)
    leaning = {*town.dependants.get(bead.id, ()), *town.children.get(bead.id, ())}
    if others := sorted(id for id in leaning if ("beads", id) not in entry.parts):
        instead = f"Nothing was changed. It can be closed: gt bead close {bead.id}"
        raise _Off(bead.id, f"{', '.join(others[:_NAMED])} came to depend on {bead.id}", instead)
    if asks := sorted(need.id for need in town.needs.values() if need.bead == bead.id):
        raise _Off(bead.id, f"{asks[0]} asks you about {bead.id}", f"Answer it first: gt answer {asks[0]}")


def _where_it_was(bead: Bead, change: Change) -> None:
    """Whoever was given the bead since keeps it; what has landed stays landed."""
    work = bead.work
    if (work.epoch, work.stage) == (change.epoch, change.stage):
        return
    if work.stage == "landed":
        instead = f"Nothing was changed. To take it out of the code: gt undo {bead.id}"
        raise _Off(bead.id, f"{bead.id} landed as {work.landed[:9]}", instead)
    if work.stage not in SETTLED:
        where = "has it" if work.stage == "working" else f"handed it in; it is with the {work.stage}"
        instead = f"Nothing was changed. To end the work, keeping what there is: gt bead close {bead.id}"
        raise _Off(bead.id, f"{bead.id} was slung and {bead.assignee} {where}", instead)
    if work.epoch != change.epoch:
        raise _Off(bead.id, f"{bead.id} was slung to {bead.assignee} since", f"See it with: gt bead show {bead.id}")
    raise _Off(bead.id, f"{bead.id} is {bead.status} by now", f"See how with: gt log {bead.id}")


def _idle(before: Fields) -> Fields:
    """Where a bead goes that somebody had: open again, for whoever comes next, as a release leaves it."""
    stage = msgspec.json.decode(before[_STAGE], type=str) if _STAGE in before else "idle"
    if stage in SETTLED:
        return before
    kept = {name: raw for name, raw in before.items() if name not in _LEFT_OUT}
    return {**kept, _STAGE: msgspec.Raw(b'"idle"'), "status": msgspec.Raw(b'"open"')}


def ended(entry: Entry) -> list[str]:
    """The beads of an entry that somebody had when it was given: undone, they wait for a new polecat."""
    return [
        key for (kind, key), change in _ordered(entry)
        if kind == "beads" and change.before is not None and _idle(change.before) is not change.before
    ]  # fmt: skip


def _moot(entry: Entry, kind: str, change: Change) -> bool:
    """Whether a question is about a polecat that has gone with the order: it is not asked again."""
    bead = msgspec.json.decode((change.before or {}).get("bead", b'""'), type=str)
    return kind == "needs" and bead in ended(entry)


def _holding(town: State, entry: Entry, bead: str) -> str:
    """What holds a bead, of the questions there are and those that come back."""
    titles = [need.title for need in town.needs.values() if need.kind == "bead" and need.bead == bead]
    for (kind, key), change in _ordered(entry):
        if kind == "needs" and change.after is None and change.before is not None:
            need = entries.made(kind, key, change.before)
            if isinstance(need, e.Need) and need.kind == "bead" and need.bead == bead:
                titles.append(need.title)
    return min(titles, default="")
