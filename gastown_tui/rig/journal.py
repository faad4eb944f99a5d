"""The journal: what was acknowledged, as checked JSON lines that survive a kill at any instant."""

from __future__ import annotations

import itertools
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.errors import Damaged, cannot_write
from gastown_tui.world import Files

SEGMENT_BYTES = 4 * 1024 * 1024
"""A segment this long is followed by a new one, so that `trim` can give disk back."""

_NAME = re.compile(r"(\d+)\.jsonl")


def encode(seq: int, data: bytes) -> bytes:
    """One line: CRC-32 of the rest (8 hexadecimal digits), the number, the JSON, a newline."""
    body = b"%d %s" % (seq, data)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> tuple[int, bytes] | None:
    """Number and JSON of a whole line (without its newline), or None when it does not check."""
    body = line[9:]
    if line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(body):
        return None
    seq, _, data = body.partition(b" ")
    return (int(seq), data) if seq.isdigit() else None


class Journal:
    """Numbered lines in segments `<first number>.jsonl`. One thread appends; each group is one write and one sync."""

    def __init__(
        self, folder: Path, files: Files, *, segment_bytes: int = SEGMENT_BYTES, readonly: bool = False
    ) -> None:
        """Open or make the journal; a torn last line is cut off (`cut` says how many bytes).

        With `readonly` nothing is made or cut, a last line that is torn (or just being written) is passed over, and
        `append` and `trim` are refused: for a process that does not hold the town's lock.

        Raises:
            Damaged: a bad line with a good one after it: that is no torn write, and nothing is cut.
            CannotWrite: the folder cannot be made, or the torn line not be cut.
        """
        self.folder = folder
        self.last = 0
        self.cut = 0
        self._files = files
        self._limit = segment_bytes
        self._fd = -1
        self._size = 0
        self._broken: OSError | None = None
        self._readonly = readonly
        if readonly:
            return
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, mode=0o700)
                files.sync_folder(folder.parent)
            self._open_last()
        except OSError as error:
            raise cannot_write(str(folder), error) from error

    def segments(self) -> list[tuple[int, Path]]:
        """First number and path of each segment, oldest first."""
        found = ((_NAME.fullmatch(path.name), path) for path in self.folder.iterdir())
        return sorted((int(match[1]), path) for match, path in found if match)

    def _open_last(self) -> None:
        segments = self.segments()
        while segments:
            first, path = segments.pop()
            data = path.read_bytes()
            good, self.last = _good(data, path, first)
            if good < len(data):
                self.cut = len(data) - good
                with path.open("r+b") as file:
                    file.truncate(good)
                    self._files.sync(file.fileno())
            if good or not segments:
                self.last = self.last or first - 1
                self._use(path, good)
                return
            # A segment that was made and never written: the one before it is the last.
            path.unlink()
            self._files.sync_folder(self.folder)

    def _use(self, path: Path, size: int, flags: int = 0) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size = fd, size

    def append(self, lines: Sequence[tuple[int, bytes]]) -> None:
        """Make a group durable, or leave the journal as it was.

        Args:
            lines: numbers, each one above the last, with one JSON value each (no newline in it).

        Raises:
            CannotWrite: the disk refused; nothing of the group is kept.
            ValueError: numbers out of order or a newline: a mistake of the caller, nothing was written.
        """
        if not lines:
            return
        self._may_write()
        _check(lines, self.last)
        if self._broken is not None:
            raise cannot_write("The journal (until the engine is started again)", self._broken)
        block = b"".join(encode(seq, data) for seq, data in lines)
        first = lines[0][0]
        made: Path | None = None
        try:
            if self._fd < 0 or self._size >= self._limit or first != self.last + 1:
                made = self.folder / f"{first}.jsonl"
                self._use(made, 0, os.O_CREAT | os.O_TRUNC)
            self._files.append(self._fd, block)
            self._files.sync(self._fd)
            if made is not None:
                self._files.sync_folder(self.folder)
        except OSError as error:
            self._undo(made)
            raise cannot_write("The journal", error) from error
        self._size += len(block)
        self.last = lines[-1][0]

    def _may_write(self) -> None:
        if self._readonly:
            raise ValueError("this journal was opened to be read only")

    def _undo(self, made: Path | None) -> None:
        """Cut a refused group off again: a line nobody was promised must not come back after a crash."""
        try:
            if self._fd >= 0:
                os.ftruncate(self._fd, self._size)
            if made is not None:
                self._reopen(made)
        except OSError as error:
            self._broken = error

    def _reopen(self, made: Path) -> None:
        made.unlink(missing_ok=True)
        os.close(self._fd)
        self._fd, self._size = -1, 0
        if segments := self.segments():
            path = segments[-1][1]
            self._use(path, path.stat().st_size)

    def replay(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Every line numbered above `after`, in order.

        Raises:
            Damaged: a bad line, or numbers missing between `after` and the journal's last.
        """
        expected = after + 1
        segments = self.segments() if self.folder.is_dir() else []
        for place, (first, path) in enumerate(segments):
            if place + 1 < len(segments) and segments[place + 1][0] <= expected:
                continue
            for seq, data in self._lines(path, first, last=place + 1 == len(segments)):
                if seq < expected:
                    continue
                if seq != expected:
                    raise _damaged(path, f"it goes on at {seq} where {expected} should be")
                expected += 1
                yield seq, data

    def _lines(self, path: Path, first: int, last: bool) -> Iterator[tuple[int, bytes]]:
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise GasTownError(
                f"{path} went away while it was read: the engine trims behind the ledger.", "Try again."
            ) from error
        if self._readonly and last:
            data = data[: _good(data, path, first)[0]]
        return _lines(data, path, first)

    def trim(self, upto: int) -> None:
        """Remove the segments whose lines are all numbered `upto` or less; the one being written stays."""
        self._may_write()
        segments = self.segments()
        pairs = itertools.pairwise(segments)
        gone = [path for (_, path), (following, _) in pairs if following <= upto + 1]
        for path in gone:
            path.unlink()
        if gone:
            self._files.sync_folder(self.folder)

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _check(lines: Sequence[tuple[int, bytes]], last: int) -> None:
    first = lines[0][0]
    if first <= last or any(seq != first + n for n, (seq, _) in enumerate(lines)):
        raise ValueError(f"journal numbers out of order: {lines[0][0]}..{lines[-1][0]} after {last}")
    if any(b"\n" in data for _, data in lines):
        raise ValueError("a journal line holds a newline")


def _good(data: bytes, path: Path, first: int) -> tuple[int, int]:
    """Length of the part that checks, and its last number; the rest must be one torn write."""
    good, last, expected = 0, 0, first
    while (end := data.find(b"\n", good)) >= 0:
        line = decode(data[good:end])
        if line is None or line[0] != expected:
            break
        good, last, expected = end + 1, line[0], expected + 1
    if any(decode(line) for line in data[good:].split(b"\n")[1:]):
        raise _damaged(path, f"the line after number {last} does not check, yet good ones follow")
    return good, last


def _lines(data: bytes, path: Path, first: int) -> Iterator[tuple[int, bytes]]:
    expected = first
    *whole, rest = data.split(b"\n")
    for raw in whole if not rest else [*whole, b""]:
        line = decode(raw)
        if line is None or line[0] != expected:
            raise _damaged(path, f"the line for number {expected} does not check")
        expected += 1
        yield line


def _damaged(path: Path, what: str) -> Damaged:
    hint = "Nothing was cut or changed. Copy the folder, then restore it from a backup or ask for help with that file."
    return Damaged(f"The journal {path} is damaged: {what}.", hint)
