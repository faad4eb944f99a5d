"""Covers secrets in what is shown in pieces: the rows of a screen, and the output of a terminal as it comes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from gastown_tui.redact.finding import find, may_hold, redact

_EDGE = 8
"""Cells a program may leave free at the right edge where it wraps a line by itself."""

_FRAME = " \t│┃|>⎿•·"
_HELD = 8 * 1024
_RUN = re.compile(r"[^\s\x00-\x1f<>]{0,4096}+")
"""Read backwards from the end."""

_ENDED = re.compile("(?:\x1b\\[[0-9;:?<=>!]{0,40}[A-Za-z])+\\Z")
_ESCAPE = re.compile("\x1b(?:\\[[0-9;:?<=>!]{0,40}[A-Za-z]?|[]P_^X][^\x07\x1b]{0,200}|.)?\\Z")
_GIVES = re.compile(
    r"(?:passwor[dt]s?|passwd|passphrase|pwd|secret|token|key|credentials?|authorization|bearer|basic|lease)"
    r"[\\\"'`\]]{0,8}[ \t]{0,4}[:=>]{0,2}[ \t]{0,4}(?:bearer|basic|token)?[ \t]{0,4}\Z", re.I,
)  # fmt: skip
_BEGUN = "-----BEGIN"
_OVER = re.compile(r"-----END[^\n]{0,60}?-----")


class Cover(NamedTuple):
    """Characters `start` to before `end` of a row, and what stands there instead, as long as they are."""

    start: int
    end: int
    text: str


def covers(rows: Sequence[str], columns: int) -> dict[int, list[Cover]]:
    """What to cover on a screen, by row; a secret that is wrapped at the edge is followed to the next row.

    Args:
        rows: the screen from the top, blanks at the ends or not.
        columns: its width in cells.
    """
    out: dict[int, list[Cover]] = {}
    for pieces in (_lines(rows), _unwrapped(rows, columns)):
        text = "".join(part for _, _, part in pieces)
        starts, length = [], 0
        for _, _, part in pieces:
            starts.append(length)
            length += len(part)
        for kind, start, end in find(text):
            _place(out, pieces, starts, kind, start, end)
    return out


def covered(row: str, spots: Sequence[Cover]) -> str:
    """A row with some of it covered, as long as it was."""
    for start, end, text in spots:
        row = row[:start] + text + row[end:]
    return row


def screen(rows: Sequence[str], columns: int) -> list[str]:
    """A screen's rows with every secret covered, each as long as it was."""
    spots = covers(rows, columns)
    return [covered(row, spots.get(number, ())) for number, row in enumerate(rows)]


_Piece = tuple[int, int, str]
"""A part of a row: its number, where in it the part begins, the part with what joins it to the next."""


def _lines(rows: Sequence[str]) -> list[_Piece]:
    return [(number, len(row) - len(row.lstrip(_FRAME)), row.strip(_FRAME) + "\n") for number, row in enumerate(rows)]


def _unwrapped(rows: Sequence[str], columns: int) -> list[_Piece]:
    """The rows as one text in which a row that reaches the right edge goes on in the next without a break."""
    out: list[_Piece] = []
    joined = False
    for number, row in enumerate(rows):
        inner = row.strip(_FRAME)
        start = len(row) - len(row.lstrip(_FRAME)) if joined else 0
        joined = bool(inner) and len(row.rstrip(_FRAME)) >= columns - _EDGE
        part = row[start:].rstrip(_FRAME)
        out.append((number, start, part if joined else part + "\n"))
    return out


def _place(
    out: dict[int, list[Cover]], pieces: list[_Piece], starts: list[int], kind: str, start: int, end: int
) -> None:
    label = f"[redacted: {kind}]"
    for number in range(bisect_right(starts, start) - 1, len(pieces)):
        if starts[number] >= end:
            return
        row, offset, part = pieces[number]
        first, last = max(start - starts[number], 0), min(end - starts[number], len(part.rstrip("\n")))
        if first < last:
            size = last - first
            text, label = label[:size].ljust(size, "·"), label[size:]
            out.setdefault(row, []).append(Cover(offset + first, offset + last, text))


class Stream:
    """A terminal's text that comes in pieces cut anywhere: what may be the beginning of a secret waits for the rest."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown now, without secrets."""
        whole = self._held + text
        at = _safe(whole)
        self._held = whole[at:]
        return redact(whole[:at])

    def end(self) -> str:
        """What was still held back, without secrets."""
        rest, self._held = redact(self._held), ""
        return rest


def _safe(text: str) -> int:
    """How far a text may be shown before its next piece is known."""
    window = max(0, len(text) - _HELD)
    begun = text.rfind(_BEGUN, window)
    over = _OVER.search(text, begun) if begun >= 0 else None
    if over is not None:
        return max(over.end(), _before_a_run(text, window))
    return begun if begun >= 0 else _before_a_run(text, window)


def _before_a_run(text: str, window: int) -> int:
    """Where what stands at the end, and may go on, begins."""
    near = max(window, len(text) - 256)
    ended = _ENDED.search(text, near)
    if ended is None and (escape := _ESCAPE.search(text, near)) is not None:
        return escape.start()
    end = len(text) if ended is None else ended.start()
    at = end - _run_before(text, end, window)
    if (given := _GIVES.search(text, max(window, at - 64), at)) is not None:
        return given.start() - _run_before(text, given.start(), window)
    whole_frame = ended is not None and not may_hold(text[at:end])
    return len(text) if whole_frame else at


def _run_before(text: str, end: int, window: int) -> int:
    """How many characters without a blank stand right before a place."""
    run = _RUN.match(text[max(window, end - 4096) : end][::-1])
    return run.end() if run is not None else 0
