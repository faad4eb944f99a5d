"""The journal: what was acknowledged, as checked JSON lines that survive a kill at any instant, a group all or none."""

from __future__ import annotations

import errno
import itertools
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.errors import Damaged, cannot_write
from gastown_tui.rig.segments import damaged, decode, encode, good, segments, whole
from gastown_tui.rig.segments import lines as lines_of
from gastown_tui.world import Files

log = logging.getLogger(__name__)

SEGMENT_BYTES = 4 * 1024 * 1024
"""A segment this long is followed by a new one, so that `trim` can give disk back."""

_TAIL_BYTES = 64 * 1024
"""More than any file system's block: what a failed sync may have taken with it (see `_renew`)."""

_PROBE = ".probe"


class Journal:
    """Numbered lines in segments `<first number>.jsonl`. One thread appends; each group is one write and one sync.

    A segment ends where the next one begins: what stands behind that in it was written again in the next, or refused.
    """

    def __init__(
        self, folder: Path, files: Files, *, segment_bytes: int = SEGMENT_BYTES, readonly: bool = False
    ) -> None:
        """Open or make the journal; a torn last group is cut off (`cut` says how many bytes).

        With `readonly` nothing is made or cut, a last group that is torn (or just being written) is passed over, and
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
        self._tail: deque[tuple[int, bytes]] = deque()
        self._tail_size = 0
        self._suspect = False
        self._readonly = readonly
        if readonly:
            return
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, mode=0o700)
                files.sync_folder(folder.parent)
            for leftover in folder.glob(".*"):
                leftover.unlink()
            self._open_last()
        except OSError as error:
            raise cannot_write(f"The journal {folder}", error) from error

    def segments(self) -> list[tuple[int, Path]]:
        """First number and path of each segment, oldest first."""
        return segments(self.folder)

    def _open_last(self) -> None:
        found = self.segments()
        while found:
            first, path = found.pop()
            data = path.read_bytes()
            length, self.last = good(data, path, first)
            if length < len(data):
                self.cut = len(data) - length
                with path.open("r+b") as file:
                    file.truncate(length)
                    self._files.sync(file.fileno())
            if length or not found:
                self.last = self.last or first - 1
                self._use(path, length)
                begin = data.rfind(b"\n", 0, max(0, length - _TAIL_BYTES)) + 1
                self._remember(line for raw in data[begin:length].split(b"\n") if (line := decode(raw)))
                return
            # A segment that was made and never written: the one before it is the last.
            path.unlink()
            self._files.sync_folder(self.folder)

    def _use(self, path: Path, size: int, flags: int = 0) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
        self._leave()
        self._fd, self._size = fd, size

    def _leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size, self._tail_size = -1, 0, 0
        self._tail.clear()

    def _remember(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Keep the end of the segment at hand: the lines a failed sync could take away."""
        for line in lines:
            self._tail.append(line)
            self._tail_size += len(line[1])
        while self._tail and self._tail_size - len(self._tail[0][1]) > _TAIL_BYTES:
            self._tail_size -= len(self._tail.popleft()[1])

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
        end = lines[-1][0]
        block = b"".join(encode(seq, data, more=seq != end) for seq, data in lines)
        try:
            if self._suspect:
                self._renew()
            self._put(lines[0][0], block)
        except OSError as error:
            raise cannot_write("The journal", error) from error
        self._size += len(block)
        self.last = end
        self._remember(lines)

    def _may_write(self) -> None:
        if self._readonly:
            raise ValueError("this journal was opened to be read only")

    def _put(self, first: int, block: bytes) -> None:
        made: Path | None = None
        if self._fd >= 0 and os.fstat(self._fd).st_nlink == 0:
            self._suspect = True
            raise OSError(errno.ENOENT, "its file was removed from the folder")
        if self._fd < 0 or self._size >= self._limit or first != self.last + 1:
            made = self.folder / f"{first}.jsonl"
            self._use(made, 0, os.O_CREAT | os.O_TRUNC)
        try:
            self._files.append(self._fd, block)
        except OSError:
            self._cut_back(made)
            raise
        try:
            self._files.sync(self._fd)
            if made is not None:
                self._files.sync_folder(self.folder)
        except OSError:
            self._cut_back(made)
            self._suspect = True
            raise

    def _cut_back(self, made: Path | None) -> None:
        """Cut a refused group off again: a line nobody was promised must not come back after a crash."""
        try:
            os.ftruncate(self._fd, self._size)
            self._files.sync(self._fd)
            if made is not None:
                made.unlink(missing_ok=True)
                self._leave()
                self._files.sync_folder(self.folder)
        except OSError as error:
            log.error("the refused end of the journal could not be cut off yet: %s", error)
            self._suspect = True

    def _renew(self) -> None:
        """Go on in a new file that begins with the acknowledged lines of the old one's last blocks.

        After a failed sync the kernel may have dropped the dirty pages and call them clean, so that the next sync of
        that file succeeds and means nothing (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX
        ATC 2020; PostgreSQL's "fsyncgate", LWN 752063). Only what is written anew, to another file, can be believed.
        """
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, mode=0o700)
        kept = list(self._tail)
        self._leave()
        if kept:
            block = b"".join(encode(seq, data) for seq, data in kept)
            path = self.folder / f"{kept[0][0]}.jsonl"
            try:
                self._files.replace(path, block)
                self._files.sync_folder(self.folder)
                self._use(path, len(block))
            finally:
                self._remember(kept)
        else:
            # Nothing acknowledged stands in it: whatever follows `last` was refused.
            for first, path in self.segments():
                if first > self.last:
                    path.unlink()
            self._files.sync_folder(self.folder)
        self._suspect = False

    def probe(self) -> None:
        """See whether the disk takes writes again, and mend what a failed one left. Raises CannotWrite."""
        self._may_write()
        path = self.folder / _PROBE
        try:
            if self._suspect:
                self._renew()
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                self._files.append(fd, bytes(_TAIL_BYTES))
                self._files.sync(fd)
            finally:
                os.close(fd)
                path.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write("The journal", error) from error

    def replay(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Every line numbered above `after`, in order.

        Raises:
            Damaged: a bad line, or numbers missing between `after` and the journal's last.
        """
        expected = after + 1
        found = self.segments()
        for (first, path), following in itertools.zip_longest(found, found[1:]):
            end = following[0] if following else None
            if end is not None and end <= expected:
                continue
            for seq, data in self._lines(path, first, end):
                if seq < expected:
                    continue
                if seq != expected:
                    raise _gap(path, expected, seq, expected == after + 1)
                expected += 1
                yield seq, data

    def _lines(self, path: Path, first: int, end: int | None) -> Iterator[tuple[int, bytes]]:
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise GasTownError(
                f"{path} went away while it was read: the engine trims behind the ledger.", "Try again."
            ) from error
        if self._readonly and end is None:
            return iter(whole(data, path, first)[1])
        return lines_of(data, path, first, end)

    def trim(self, upto: int) -> None:
        """Remove the segments whose lines are all numbered `upto` or less; the one being written stays."""
        self._may_write()
        pairs = itertools.pairwise(self.segments())
        gone = [path for (_, path), (following, _) in pairs if following <= upto + 1]
        for path in gone:
            path.unlink()
        if gone:
            self._files.sync_folder(self.folder)

    def close(self) -> None:
        """Give the file back."""
        self._leave()


def _gap(path: Path, expected: int, seq: int, begins: bool) -> Damaged:
    where = f"{path.name} goes on at {seq} where {expected} should be"
    if not begins:
        return damaged(path, where)
    many = f"Records {expected} to {seq - 1} are" if seq > expected + 1 else f"Record {expected} is"
    hint = "Was the branch gt-ledger moved or deleted? See what is left: gt doctor"
    return Damaged(f"{many} neither in the ledger's branch nor in the journal ({where}).", hint)


def _check(lines: Sequence[tuple[int, bytes]], last: int) -> None:
    first = lines[0][0]
    if first <= last or any(seq != first + n for n, (seq, _) in enumerate(lines)):
        raise ValueError(f"journal numbers out of order: {lines[0][0]}..{lines[-1][0]} after {last}")
    if any(b"\n" in data for _, data in lines):
        raise ValueError("a journal line holds a newline")


__all__ = ["SEGMENT_BYTES", "Journal", "decode", "encode"]
