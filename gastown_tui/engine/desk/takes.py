"""What taking an order back changes, in words: the lines a person reads before they say yes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gastown_tui.model import events as e
from gastown_tui.model.bead import FIELDS, Bead
from gastown_tui.model.town import Town
from gastown_tui.model.undoing import undo
from gastown_tui.model.undoing.entries import EXTRA, Entry, value
from gastown_tui.text import clip, count, one_line

_SHOWN = 6
_WIDE = 40
_TEXTS = frozenset(field.name for field in FIELDS if field.kind in ("text", "edges"))
_LABELS = {field.name: field.label.lower() for field in FIELDS}
_IMPLIED = frozenset({"closed_at", "close_reason", "assignee"})
"""Follow from the status, which is said."""


def changes(before: Town, after: Town, events: list[e.AnyEvent]) -> list[str]:
    """One clean line for each part that changes; many that go the same way share one."""
    going = [x.bead for x in events if isinstance(x, e.Restored) and x.removed and x.bead]
    coming = [x.bead for x in events if isinstance(x, e.Restored) and x.bead and x.bead not in before.beads]
    lines = [*_flock(going, before, "goes", "go"), *_flock(coming, after, "comes back", "come back")]
    named = {x.bead for x in events if isinstance(x, e.Restored)}
    same = sorted(id for id in named if id in before.beads and id in after.beads)
    told = [line for id in same if (line := _differs(before.beads[id], after.beads[id]))]
    lines += told if len(told) <= _SHOWN else [*told[:_SHOWN], f"and {count(len(told) - _SHOWN, 'bead')} more"]
    for event in events:
        if isinstance(event, e.Restored) and not event.bead:
            lines.append(_other(before, after, event))
    return [one_line(line) for line in lines]


def notes(town: Town, entry: Entry) -> list[str]:
    """What does not come back with the order."""
    found = [f"{id} waits for a new polecat; what the last one did is kept on its branch" for id in undo.ended(entry)]
    if entry.told:
        found.append("what the Mayor was told stays said")
    for kind, key in sorted(entry.parts):
        bead = town.beads.get(key) if kind == "beads" else None
        if bead is not None and bead.work.lease is not None:
            found.append(f"{bead.assignee} has {bead.id}, and may have read it as it was")
    return [one_line(line) for line in found]


def _flock(ids: list[str], town: Town, one: str, many: str) -> Iterator[str]:
    if len(ids) == 1:
        yield f"{ids[0]} {one}: {town.beads[ids[0]].title}"
    elif ids:
        rest = ", …" if len(ids) > _SHOWN else ""
        yield f"{count(len(ids), 'bead')} {many}: {', '.join(ids[:_SHOWN])}{rest}"


def _differs(old: Bead, new: Bead) -> str:
    """`td-1: priority P1 → P2, status closed → open`."""
    said = []
    names = [name for name in Bead.__struct_fields__ if name not in ("id", "work", "extra", "updated_at")]
    extra = sorted(old.raw().keys() | new.raw().keys())
    for name in [name for name in names if name not in _IMPLIED] + [EXTRA + name for name in extra]:
        was, now = value(old, name), value(new, name)
        if was == now:
            continue
        plain = name.removeprefix(EXTRA)
        label = _LABELS.get(plain, plain)
        said.append(f"{label} as it was" if plain in _TEXTS else f"{label} {_short(was)} → {_short(now)}")
    if not said and old.assignee != new.assignee:
        said.append(f"assignee {old.assignee or 'nobody'} → {new.assignee or 'nobody'}")
    if old.work.go != new.work.go:
        said.append("may be slung" if new.work.go else "is not slung any more")
    if new.work.landed and not old.work.landed:
        said.append(f"landed as {new.work.landed[:9]}, as before")
    return f"{new.id}: {', '.join(said)}" if said else ""


def _short(raw: msgspec.Raw | None) -> str:
    if raw is None:
        return "none"
    found = msgspec.json.decode(raw)
    text = ", ".join(map(str, found)) if isinstance(found, list) else str(found)
    return clip(one_line(text), _WIDE) or "none"


def _other(before: Town, after: Town, event: e.Restored) -> str:
    if event.plan:
        old, new = before.drafts.get(event.plan), after.drafts.get(event.plan)
        if old is None or new is None:
            return f"plan {event.plan} {'goes' if new is None else 'comes back'}"
        how = f"{old.state} → {new.state}" if old.state != new.state else f"revision {old.revision} → {new.revision}"
        return f"plan {event.plan}: {how}"
    if event.convoy:
        return f"convoy {event.convoy} {'goes' if event.removed else 'comes back'}"
    if event.merge:
        entry = after.queue[event.merge]
        return f"{event.merge} in the queue: {f'held ({entry.hold})' if entry.hold else 'as it was'}"
    need = after.needs.get(event.need)
    return f"{event.need} is settled again" if need is None else f"{event.need} is asked again: {need.title}"
