"""Beads JSONL, one record a line: read without losing a word of it, written as it came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from gastown_tui.model import bead as beads
from gastown_tui.model.bead import FIELDS, Bead
from gastown_tui.model.formats.draft import LONGEST_ID, Draft, Fault, Numbered, Reading
from gastown_tui.model.formats.places import Wrong, offset_of, text_of, value_of, wrong

NAME = "beads"
_TEXTS = [field.name for field in FIELDS if field.kind == "text"]
_NUMBERS = [field.name for field in FIELDS if field.kind == "minutes"]
_STAND_IN = "x-0"


def read(data: bytes) -> Reading:
    """Every record of a file; lines that are none are faults, tombstones and other kinds of line are skipped."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    skipped: list[str] = []
    lines: dict[str, int] = {}
    numbered = Numbered()
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            text = text_of(raw).strip("\r")
            values = _checked(text)
        except Wrong as error:
            faults.append(Fault(number, error.offset + 1, error.what))
            continue
        id = str(values.get("id") or "")
        if why := _passed_over(values):
            skipped.append(f"line {number}: {id or 'it'} is {why}")
        elif id and id in lines:
            faults.append(Fault(number, offset_of(text, "id") + 1, f"{id} was on line {lines[id]} already"))
        else:
            lines[id] = number
            drafts.append(Draft(text, number, "" if id else numbered(_known_by(values))))
    return Reading(NAME, tuple(drafts), tuple(faults), tuple(skipped))


def _known_by(values: dict[str, Any]) -> str:
    """What a record without an id is known by: its title."""
    return "title:" + hashlib.sha256(str(values["title"]).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _passed_over(values: dict[str, Any]) -> str:
    if values.get("status") == "tombstone":
        return "a tombstone"
    kind = values.get("_type", "issue")
    return "" if kind == "issue" else f"no issue but a {kind}"


def _checked(text: str) -> dict[str, Any]:
    """The record's values; raises Wrong where the town could not keep it."""
    values = value_of(text)
    if not isinstance(values, dict):
        raise Wrong(0, "a record is one JSON object")
    try:
        beads.foreign(text.encode("utf-8", "surrogatepass"), _STAND_IN)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise wrong(text, error) from None
    for name, why in _amiss(values):
        raise Wrong(offset_of(text, name), f"{name}: {why}")
    return values


def _amiss(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the types alone do not say."""
    if not values["title"].strip():
        yield "title", "it is empty"
    id = values.get("id", _STAND_IN)
    if not id or len(id) > LONGEST_ID or not id.isprintable() or " " in id:
        yield "id", f"an id is one word of at most {LONGEST_ID} characters"
    priority = values.get("priority")
    if priority is not None and not 0 <= priority <= 4:
        yield "priority", f"it is 0 to 4, not {priority}"
    for name in _TEXTS:
        if not isinstance(values.get(name, ""), str | None):
            yield name, "text is wanted"
    for name in _NUMBERS:
        if not isinstance(values.get(name, 0), int | float | None):
            yield name, "a number is wanted"


def write(found: Iterable[Bead], *, town: bool = False) -> Iterator[bytes]:
    """One line a bead, by id; `town` adds what the town knows under `metadata.gt`."""
    for bead in sorted(found, key=lambda bead: bead.id):
        yield beads.written(bead, town=town) + b"\n"
