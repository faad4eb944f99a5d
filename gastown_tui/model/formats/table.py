"""CSV: a row a bead, with the columns of the field table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from gastown_tui.model.bead import FIELDS, Bead

NAME = "csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What the writer of the standard library writes into: one row at a time."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> None:
        """Take a part of the row."""
        self._text += text

    def taken(self) -> bytes:
        """The row, which is then forgotten."""
        text, self._text = self._text, ""
        return text.encode()


def write(found: Iterable[Bead]) -> Iterator[bytes]:
    """A header, then one row a bead, by id (RFC 4180).

    A cell that a spreadsheet would run as a formula has an apostrophe in front.
    """
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([field.name for field in FIELDS])
    yield line.taken()
    for bead in sorted(found, key=lambda bead: bead.id):
        writer.writerow([_cell(field.kind, _value(bead, field.name, field.hot)) for field in FIELDS])
        yield line.taken()


def _value(bead: Bead, name: str, hot: bool) -> Any:
    return getattr(bead, name) if hot else bead.cold(name)


def _cell(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "edges":
        text = " ".join(f"{edge.type}:{edge.depends_on_id}" for edge in value)
    else:
        text = ",".join(value) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and kind not in ("priority", "minutes") else text
