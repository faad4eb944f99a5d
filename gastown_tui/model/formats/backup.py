"""A Gas Town backup: five JSONL files, joined into records with their edges, labels, comments and history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gastown_tui.model.events import Entry
from gastown_tui.model.formats import beads_jsonl
from gastown_tui.model.formats.draft import Draft, Fault, Reading
from gastown_tui.model.formats.places import Wrong, text_of, wrong

PARTS = ("issues", "dependencies", "labels", "comments", "events")
"""What the files are called before `.jsonl`; only the first must be there."""

Raw = msgspec.Raw


class _Label(msgspec.Struct):
    issue_id: str
    label: str


class _Comment(msgspec.Struct):
    issue_id: str


class _Edge(msgspec.Struct):
    issue_id: str
    depends_on_id: str


class _Happened(msgspec.Struct):
    issue_id: str
    event_type: str
    created_at: str
    actor: str = ""
    old_value: str | None = None
    new_value: str | None = None
    comment: str | None = None


_SHAPES: dict[str, type] = {"dependencies": _Edge, "labels": _Label, "comments": _Comment, "events": _Happened}


def read(files: Mapping[str, bytes]) -> Reading:
    """A board out of its files, by the names of PARTS; what belongs to no bead of it is counted and left out."""
    board = beads_jsonl.read(files["issues"])
    faults = list(board.faults)
    joined: dict[str, dict[str, list[Any]]] = {}
    for part, shape in _SHAPES.items():
        joined[part] = defaultdict(list)
        for number, raw, found in _rows(files.get(part, b""), part, shape, faults):
            item: Any = raw
            if isinstance(found, _Label):
                item = found.label
            elif isinstance(found, _Happened):
                item = _entry(found, number, faults)
            joined[part][found.issue_id].append(item)
    drafts = tuple(_joined(draft, joined) for draft in board.drafts)
    known = {_id(draft) for draft in board.drafts}
    notes = []
    for part, by_id in joined.items():
        if lost := sum(len(rows) for id, rows in by_id.items() if id not in known):
            notes.append(f"{part}: {lost} about beads that are not on the board, left out")
    return Reading("beads", drafts, tuple(faults), board.skipped, tuple(notes))


def _rows(data: bytes, part: str, shape: type, faults: list[Fault]) -> Iterator[tuple[int, Raw, Any]]:
    """Number, JSON and fields of each line that is as it should be."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            text = text_of(line)
            try:
                yield number, Raw(line), msgspec.json.decode(line, type=shape)
            except (msgspec.DecodeError, RecursionError) as error:
                raise wrong(text, error) from None
        except Wrong as error:
            faults.append(Fault(number, error.offset + 1, error.what, part))


def _entry(found: _Happened, number: int, faults: list[Fault]) -> Entry | None:
    """An audit event; of the old record only the fields that changed are kept."""
    try:
        at = datetime.fromisoformat(found.created_at).timestamp()
    except ValueError:
        faults.append(Fault(number, 1, f"created_at: {found.created_at[:40]!r} is no time", "events"))
        return None
    old, new = found.old_value or "", found.new_value or ""
    before, after = _object(old), _object(new)
    if before is not None:
        names = after.keys() if after is not None else {"status"}
        old = msgspec.json.encode({k: v for k, v in before.items() if k in names}).decode()
    return Entry(at, found.actor, found.event_type, "" if old == "{}" else old, new, found.comment or "")


def _object(text: str) -> dict[str, Raw] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Raw])
    except (msgspec.DecodeError, RecursionError):
        return None


def _id(draft: Draft) -> str:
    return msgspec.json.decode(draft.record, type=dict[str, Any]).get("id", "") if not draft.origin else ""


def _joined(draft: Draft, joined: Mapping[str, Mapping[str, list[Any]]]) -> Draft:
    """A record with what other files have of it, after what it says itself."""
    values = msgspec.json.decode(draft.record, type=dict[str, Raw])
    id = _id(draft)
    for part in ("labels", "dependencies", "comments"):
        if found := joined[part].get(id):
            own = msgspec.json.decode(values[part], type=list[Raw] | None) if part in values else None
            values[part] = Raw(msgspec.json.encode([*(own or ()), *found]))
    history = sorted((entry for entry in joined["events"].get(id, ()) if entry is not None), key=lambda x: x.at)
    record = msgspec.json.encode({name: values[name] for name in _places(values)}).decode()
    return msgspec.structs.replace(draft, record=record, history=tuple(history))


def _places(values: Mapping[str, Raw]) -> list[str]:
    """Names in the order they came; where that was by name, the new ones stand by name too."""
    names = list(values)
    head = [name for name in names if name not in ("labels", "dependencies", "comments")]
    return sorted(names) if head == sorted(head) else names
