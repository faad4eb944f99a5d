"""Keeps what the overseer's orders changed while they are folded, and folds what takes them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from immutables import Map

from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import GasTownError, Illegal
from gastown_tui.model.folding import case
from gastown_tui.model.merge import MergeRequest
from gastown_tui.model.state import State
from gastown_tui.model.touching import touched
from gastown_tui.model.undoing import entries
from gastown_tui.model.undoing.entries import SHAPES, WORK, Change, Entry, Part

S = TypeVar("S", bound=State)
_Parts = Map[tuple[str, str], Change]
_NOTHING: _Parts = Map()
UNDO, REDO = "undo", "redo"
_WISHES = e.MergeFirst | e.MergeHeld | e.Restored
SETTLED = frozenset({"idle", "dropped", "landed"})
"""Stages in which nobody works on a bead."""


def noted(before: State, after: S, record: e.Record) -> S:
    """The town that also knows what a record of one of the overseer's orders changed."""
    order = record.order
    if order is None:
        return after
    undo, lines = _dropped(after, order.drops) if order.drops else (after.undo, {})
    told, changes = isinstance(record.event, e.Said), _changes(before, after, record)
    entry = undo.get(order.first)
    if entry is None:
        redo = order.name == UNDO
        name = "undone" if redo else "done"
        lines[name] = (*lines.get(name, getattr(after, name)), order.first)
        parts = _NOTHING.update(changes)
        entry = Entry(order.first, record.at, order.name, order.title, order.final, redo, told, parts)
    else:
        entry = msgspec.structs.replace(entry, told=told or entry.told, parts=_with(entry.parts, changes))
    return after.with_(undo=undo.set(entry.seq, entry), **lines)


def _changes(before: State, after: State, record: e.Record) -> dict[tuple[str, str], Change]:
    """What became of each part of the town that can be put back."""
    out = {}
    for part in dict.fromkeys(touched(record, after.agents)):
        if part[0] not in SHAPES or (part[0] == "queue" and not isinstance(record.event, _WISHES)):
            continue
        if (change := entries.difference(found(before, *part), found(after, *part))) is not None:
            out[part] = change
    return out


def _with(parts: _Parts, changes: dict[tuple[str, str], Change]) -> _Parts:
    """What an order changed, after one more of its records."""
    for part, change in changes.items():
        known = parts.get(part)
        both = change if known is None else entries.merged(known, change)
        parts = parts.delete(part) if both is None else parts.set(part, both)
    return parts


def _dropped(town: State, seqs: tuple[int, ...]) -> tuple[Map[int, Entry], dict[str, tuple[int, ...]]]:
    """The orders that can be undone or redone without some, and the lines of them that change: `done`, `undone`.

    The oldest of hundreds goes quickly.
    """
    undo = town.undo
    for seq in seqs:
        undo = undo.delete(seq) if seq in undo else undo
    if town.done[: len(seqs)] == seqs:
        return undo, {"done": town.done[len(seqs) :]}
    lines = {"done": town.done, "undone": town.undone}
    return undo, {name: tuple(n for n in line if n not in seqs) for name, line in lines.items()}


def with_undo(town: S, undo: Mapping[int, Entry]) -> S:
    """The town with exactly these orders that can be undone or redone, and the line of each, oldest first."""
    line = sorted(undo)
    done, undone = (tuple(seq for seq in line if undo[seq].redo is redo) for redo in (False, True))
    return town.with_(undo=Map(undo), done=done, undone=undone)


def found(town: State, kind: str, key: str) -> Part | None:
    """A part of the town that can be put back, if it is there."""
    part: Part | None = getattr(town, SHAPES[kind][0]).get(key)
    return part


@case(e.Undone)
def undone(town: S, event: e.Undone, record: e.Record) -> S:
    return _taken(town, event.entry, False)


@case(e.Redone)
def redone(town: S, event: e.Redone, record: e.Record) -> S:
    return _taken(town, event.entry, True)


def _taken(town: S, seq: int, redo: bool) -> S:
    entry = town.undo.get(seq)
    if entry is None or entry.redo is not redo:
        raise Illegal(f"There is no order {seq} to {REDO if redo else UNDO}.", "See what there is with: gt undo --list")
    undo, lines = _dropped(town, (seq,))
    return town.with_(undo=undo, **lines)


@case(e.Restored)
def restored(town: S, event: e.Restored, record: e.Record) -> S:
    kind, key = next(((k, key) for k, (_, name, _) in SHAPES.items() if (key := getattr(event, name))), ("", ""))
    if not kind:
        raise Illegal("Nothing is named that could be put back.", "Nothing was changed.")
    old = found(town, kind, key)
    if event.removed:
        if old is None or isinstance(old, MergeRequest):
            raise Illegal(f"There is no {SHAPES[kind][1]} {key}.", "Nothing was changed.")
        return _removed(town, kind, key, old)
    try:
        new = entries.made(kind, key, event.fields) if old is None else entries.applied(old, event.fields, event.gone)
    except (msgspec.DecodeError, GasTownError, KeyError, TypeError) as error:
        raise Illegal(f"{key} was not put back: {error}.", "Nothing was changed.") from error
    if isinstance(new, Bead):
        _belongs_to_nobody(town, old if isinstance(old, Bead) else None, new, event)
        opened = isinstance(old, Bead) and old.status == "closed" != new.status and "closed_at" not in event.fields
        return town.put(new.changed(closed_at="") if opened else new)
    if isinstance(new, MergeRequest) and (not isinstance(old, MergeRequest) or town.beads[key].work.landing):
        raise Illegal(f"{key} is {'landing' if old is not None else 'not in the queue'}.", "Nothing was changed.")
    if isinstance(new, MergeRequest) and not event.fields.keys() <= entries.WISHES:
        raise Illegal(f"Of {key} in the queue only the overseer's wishes can be put back.", "Nothing was changed.")
    name = SHAPES[kind][0]
    return town.with_(**{name: getattr(town, name).set(key, new)})


def _removed(town: S, kind: str, key: str, old: Part) -> S:
    if not isinstance(old, Bead):
        name = SHAPES[kind][0]
        return town.with_(**{name: getattr(town, name).delete(key)})
    if old.work.epoch or old.work.lease is not None or any(agent.bead == key for agent in town.agents.values()):
        raise Illegal(f"{key} is {old.work.stage}, and somebody had it: it cannot go.", "Nothing was changed.")
    if any(need.bead == key for need in town.needs.values()):
        raise Illegal(f"Something about {key} waits for an answer: it cannot go.", "See it with: gt status")
    return town.without(key)


def _belongs_to_nobody(town: State, old: Bead | None, new: Bead, event: e.Restored) -> None:
    """Refuse to put back what would take a bead from whoever has it, or give it to somebody."""
    if old is not None and not any(name == "status" or name.startswith(WORK) for name in event.fields):
        return
    was, now = old.work if old is not None else new.work, new.work
    whose = {was.stage, now.stage} - SETTLED
    leased = now.lease is not None and now.stage != "landed"
    if whose or leased or was.landing or now.landing or now.epoch != was.epoch:
        raise Illegal(f"{new.id} is {was.stage}: somebody else took it further.", "Nothing was changed.")
    held = any(need.kind == "bead" and need.bead == new.id for need in town.needs.values())
    fits = (new.status == "closed") == (now.stage != "idle") and (now.stage == "landed") == bool(now.landed)
    if not fits or (now.held and not held):
        raise Illegal(f"{new.id} cannot be {new.status} and {now.stage}.", "Nothing was changed.")
