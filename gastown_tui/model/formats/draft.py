"""What a reader of a format makes of a file: drafts of beads, and what is wrong or left out, each with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from gastown_tui.model.events import Entry

DEEPEST = 100
"""Levels of nesting a record may have; Beads' own records have four."""

LONGEST_ID = 200


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bead as it came in.

    Args:
        record: a JSON object in the shape of Beads; the town names it where it has no `id`.
        line: where it begins in its file, from 1.
        origin: what it is known by at its source where that is not its id, so that it is found again next time.
        made: the record was made up by a reader from another format, rather than written by Beads.
        files: paths it is about, from the top of the repository.
        needs: origins in the same import, or ids, of what must be closed first.
        parent: the origin in the same import of the bead this one is a part of.
        history: what happened to it before, oldest first.
    """

    record: str
    line: int = 0
    origin: str = ""
    made: bool = False
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    parent: str = ""
    history: tuple[Entry, ...] = ()

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that differ when the draft does, wherever in its file it stands."""
        same = msgspec.structs.replace(self, line=0, history=())
        return hashlib.sha256(msgspec.json.encode(same)).hexdigest()[:12]


def record_of(values: Mapping[str, Any]) -> str:
    """A made record as JSON; what is empty is left out."""
    return msgspec.json.encode({k: v for k, v in values.items() if v not in (None, "", (), [])}).decode()


class Fault(NamedTuple):
    """What is wrong at a line and column (both from 1; in characters) of a file."""

    line: int
    column: int
    what: str
    file: str = ""


class Reading(msgspec.Struct, frozen=True):
    """What was read: `skipped` says in words what was passed over, and `notes` what else a person should know."""

    format: str
    drafts: tuple[Draft, ...] = ()
    faults: tuple[Fault, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Numbered:
    """Tells things of the same name apart by how often the name came before: `a`, `a#2`, `a#3`."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        """The name, with its number from the second time on."""
        count = self._seen[name] = self._seen.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"
