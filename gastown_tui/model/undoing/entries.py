"""One of the overseer's orders as it can be taken back: what it changed of the town, part by part."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import msgspec
from immutables import Map

from gastown_tui.model import bead as beads
from gastown_tui.model.bead import Bead, Work
from gastown_tui.model.convoy import Convoy, Draft
from gastown_tui.model.events import Need
from gastown_tui.model.merge import MergeRequest

Raw = msgspec.Raw
Fields = dict[str, Raw]
"""Values as JSON text, by name; a bead's are its own fields, `work:NAME`, and `extra:NAME` for all others."""

Part = Bead | Draft | Convoy | Need | MergeRequest
SHAPES: dict[str, tuple[str, str, type]] = {
    "beads": ("beads", "bead", Bead), "plans": ("drafts", "plan", Draft), "convoys": ("convoys", "convoy", Convoy),
    "needs": ("needs", "need", Need), "queue": ("queue", "merge", MergeRequest),
}  # fmt: skip
"""Kind of part that can be put back → the town's map of it, what an event calls it, and its type."""

WORK, EXTRA, WHOLE = "work:", "extra:", "record"
SILENT = frozenset({"closed_at", "work:since"})
"""Put back, and never a reason to refuse: dates follow from other fields."""

WISHES = frozenset({"hold", "first"})
"""What of an entry of the queue is the overseer's own; all else is the Refinery's."""

_encode = msgspec.json.Encoder().encode
_APART = frozenset({"work", "extra", "updated_at"})
"""Fields of a bead that are looked into, or follow from others."""

_TYPES: dict[type, dict[str, Any]] = {
    shape: {f.name: f.type for f in msgspec.structs.fields(shape)}
    for shape in (Bead, Work, Draft, Convoy, Need, MergeRequest)
}


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one part. `before` is None where it was not there, `after` where it is there no more.

    `epoch` and `stage` are where it stood afterwards, if that matters: a plan's are its revision and state.
    """

    before: Fields | None = None
    after: Fields | None = None
    epoch: int = 0
    stage: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One order: the number of its first record, when, its name in the table, and what it is called in words.

    `final` says why it cannot be undone; `redo` that it is an undoing, which `gt redo` takes back.
    """

    seq: int
    at: float
    name: str
    title: str
    final: str = ""
    redo: bool = False
    told: bool = False
    parts: Map[tuple[str, str], Change] = Map()


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry as it stands in the ledger; parts are named `kind/key`."""

    seq: int
    at: float
    name: str
    title: str
    final: str = ""
    redo: bool = False
    told: bool = False
    parts: dict[str, Change] = {}


def kept(entry: Entry) -> Kept:
    """An entry in the ledger's shape."""
    values = {name: getattr(entry, name) for name in Kept.__struct_fields__}
    return Kept(**{**values, "parts": {"/".join(part): change for part, change in entry.parts.items()}})


def unkept(found: Kept) -> Entry:
    """The entry of a record in the ledger; raises ValueError where a part has no name."""
    values = {name: getattr(found, name) for name in Kept.__struct_fields__}
    parts: Map[tuple[str, str], Change] = Map((_named(name), _compact(change)) for name, change in found.parts.items())
    return Entry(**{**values, "parts": parts})


def _compact(change: Change) -> Change:
    """Values as one line again: the ledger's are indented, and texts are compared."""
    before, after = (
        None
        if fields is None
        else {name: Raw(msgspec.json.format(bytes(raw), indent=-1)) for name, raw in fields.items()}
        for fields in (change.before, change.after)
    )
    return msgspec.structs.replace(change, before=before, after=after)


def _named(part: str) -> tuple[str, str]:
    kind, key = part.split("/", 1)
    return kind, key


def whole(part: Part) -> Fields:
    """All of a part: a bead as its record in the ledger, anything else field by field."""
    if isinstance(part, Bead):
        return {WHOLE: Raw(msgspec.json.encode(beads.parts(part), order="sorted"))}
    return {name: _raw(getattr(part, name)) for name in part.__struct_fields__}


def value(part: Part, name: str) -> Raw | None:
    """One field of a part; None where a bead does not have it."""
    if isinstance(part, Bead) and name.startswith(EXTRA):
        return part.raw().get(name.removeprefix(EXTRA))
    if isinstance(part, Bead) and name.startswith(WORK):
        return _raw(getattr(part.work, name.removeprefix(WORK)))
    return _raw(getattr(part, name))


def applied(part: Part, fields: Fields, gone: tuple[str, ...] = ()) -> Part:
    """A part with fields set, and others taken out. Raises msgspec.ValidationError or KeyError for what is no field."""
    if not isinstance(part, Bead):
        return msgspec.structs.replace(part, **_typed(type(part), fields))
    own = {name: raw for name, raw in fields.items() if not name.startswith((WORK, EXTRA))}
    work = {name.removeprefix(WORK): raw for name, raw in fields.items() if name.startswith(WORK)}
    extra = {name.removeprefix(EXTRA): raw for name, raw in fields.items() if name.startswith(EXTRA)}
    left = tuple(name.removeprefix(EXTRA) for name in gone)
    part = msgspec.structs.replace(part, **_typed(Bead, own))
    part = part.working(**_typed(Work, work)) if work else part
    return part.with_raw(extra, left) if extra or left else part


def made(kind: str, key: str, fields: Fields) -> Part:
    """A part from all of it; raises as `applied`, or GasTownError."""
    if kind == "beads":
        return beads.decode(bytes(fields[WHOLE]))
    shape = SHAPES[kind][2]
    part: Part = shape(**_typed(shape, fields))
    return part


def _typed(shape: type, fields: Fields) -> dict[str, Any]:
    types = _TYPES[shape]
    return {name: msgspec.json.decode(raw, type=types[name]) for name, raw in fields.items()}


def _raw(value: Any) -> Raw:
    return Raw(_encode(value))


def difference(old: Part | None, new: Part | None) -> Change | None:
    """What became of a part; None when nothing did."""
    if old is new or (old is None and new is None):
        return None
    epoch, stage = _stand(new)
    if old is None:
        return Change(None, {}, epoch, stage)
    if new is None:
        return Change(whole(old), None)
    before: Fields = {}
    after: Fields = {}
    _differ(old, new, "", before, after)
    if isinstance(old, Bead) and isinstance(new, Bead):
        if old.work is not new.work:
            _differ(old.work, new.work, WORK, before, after)
        if old.extra != new.extra:
            was, now = old.raw(), new.raw()
            for name in was.keys() | now.keys():
                if was.get(name) != now.get(name):
                    before.update({EXTRA + name: was[name].copy()} if name in was else {})
                    after.update({EXTRA + name: now[name].copy()} if name in now else {})
        if not any(name == "status" or name.startswith(WORK) for name in before):
            epoch, stage = 0, ""
    return Change(before, after, epoch, stage) if before or after else None


def _stand(part: Part | None) -> tuple[int, str]:
    """What must still be so when the order is undone: nobody else took the part further."""
    if isinstance(part, Bead):
        return part.work.epoch, part.work.stage
    return (part.revision, part.state) if isinstance(part, Draft) else (0, "")


def _differ(old: msgspec.Struct, new: msgspec.Struct, prefix: str, before: Fields, after: Fields) -> None:
    others = map(operator.is_not, msgspec.structs.astuple(old), msgspec.structs.astuple(new))
    for name in itertools.compress(old.__struct_fields__, others):
        was, now = getattr(old, name), getattr(new, name)
        if was != now and name not in _APART:
            before[prefix + name], after[prefix + name] = _raw(was), _raw(now)


def merged(first: Change, then: Change) -> Change | None:
    """Two changes of a part, one after the other, as one; None when they cancel out."""
    if first.before is None:
        return None if then.after is None else Change(None, {}, then.epoch or first.epoch, then.stage or first.stage)
    was = first.after or {}
    if then.after is None and WHOLE in (then.before or {}):
        gone = tuple(was.keys() - first.before.keys())
        return Change(whole(applied(made("beads", "", then.before or {}), first.before, gone)), None)
    before = {**{k: v for k, v in (then.before or {}).items() if k not in was}, **first.before}
    if then.after is None:
        return Change(before, None)
    after = {**{k: v for k, v in was.items() if k not in (then.before or {})}, **then.after}
    for name in [name for name in before if before[name] == after.get(name)]:
        del before[name], after[name]
    if not before and not after:
        return None
    return Change(before, after, then.epoch or first.epoch, then.stage or first.stage)
