"""Looks through a journal that may be damaged: what can be read, what cannot, and whether a flipped bit explains it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from gastown_tui.rig.segments import decode, encode, goes_on, segments

_LONGEST = 16 * 1024
"""Bytes of a line up to which every bit is tried: below that CRC-32 tells any flipped bit from any other."""


@dataclass(frozen=True)
class Fault:
    """A place in the journal that does not read back; `mended` is the line as it was when one flipped bit explains it.

    `first` and `last` are the numbers that are not readable there, as far as the lines around tell.
    """

    path: Path
    first: int
    last: int
    what: str
    mended: tuple[int, bytes] | None = None


@dataclass
class Survey:
    """The lines of a journal by number, and every place that does not read back (a torn end is no fault)."""

    lines: dict[int, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def after(self, seq: int) -> Iterator[tuple[int, bytes]]:
        """The lines above a number, in order, up to the first one that is not there."""
        while (data := self.lines.get(seq := seq + 1)) is not None:
            yield seq, data

    def unread(self, seq: int) -> list[Fault]:
        """The faults that hide a line above a number."""
        return [fault for fault in self.faults if fault.last > seq and fault.mended is None]


def survey(folder: Path) -> Survey:
    """Read every segment; nothing is changed. Raises OSError when a file cannot be read at all."""
    found = Survey()
    known = segments(folder)
    for (first, path), following in zip_longest(known, known[1:]):
        _look(found, path, first, following[0] if following else None)
    return found


def _look(found: Survey, path: Path, first: int, end: int | None) -> None:
    *raw, _ = path.read_bytes().split(b"\n")
    checked = (n for n, line in enumerate(raw) if decode(line) and (end is not None or not goes_on(line)))
    last_good = max(checked, default=-1)
    expected = first
    for number, line in enumerate(raw[: last_good + 1]):
        if end is not None and expected >= end:
            return
        read = decode(line)
        if read is not None and read[0] == expected:
            found.lines[expected] = read[1]
            expected += 1
        elif read is not None and read[0] > expected:
            _missing(found, path, expected, read[0] - 1)
            found.lines[read[0]] = read[1]
            expected = read[0] + 1
        elif read is None and (was := flipped(line, expected)) is not None:
            what = f"line {number + 1} has a flipped bit"
            found.faults.append(Fault(path, expected, expected, what, was))
            found.lines[expected] = was[1]
            expected += 1
    if end is not None and expected < end:
        _missing(found, path, expected, end - 1)


def _missing(found: Survey, path: Path, first: int, last: int) -> None:
    many = f"records {first} to {last} are" if last > first else f"record {first} is"
    found.faults.append(Fault(path, first, last, f"{many} not readable"))


def flipped(line: bytes, seq: int) -> tuple[int, bytes] | None:
    """The line as it was before one of its bits flipped, when it then checks and has this number."""
    if len(line) > _LONGEST:
        return None
    tried = bytearray(line)
    for place in range(len(tried)):
        for bit in range(8):
            tried[place] ^= 1 << bit
            if (read := decode(bytes(tried))) is not None and read[0] == seq and b"\n" not in tried:
                return read
            tried[place] ^= 1 << bit
    return None


def whole(lines: dict[int, bytes], first: int, end: int | None = None) -> bytes:
    """A segment that begins at `first`: the lines from there on, as far as they follow each other, up to `end`."""
    block = []
    while first != end and (data := lines.get(first)) is not None:
        block.append(encode(first, data))
        first += 1
    return b"".join(block)
