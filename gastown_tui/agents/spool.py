"""Keeps the raw bytes of a session's terminal in a file, with a sparse index of when they came."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

KEPT = 131072
"""Bytes enough to rebuild a screen exactly (facts/terminal.md: 64 KB suffice)."""

_SYNC = b"\x1b[?2026h"
_RETRY_EVERY = 1.0  # seconds between two tries to write to a disk that refused


class Spool:
    """A session's bytes on disk. It is a convenience: a disk that refuses never stops the session.

    What could not be written waits in memory (the last 128 KB of it) and is written when the disk lets us;
    `failed` says what went wrong last, and is empty while nothing did.
    """

    def __init__(self, path: Path) -> None:
        """Open `<session>.raw` and `<session>.idx` beside it, both only for this user."""
        self.path = path
        self.failed = ""
        self._fd = self._index = -1
        self._waiting = bytearray()
        self._tried = self._indexed = float("-inf")
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._fd < 0:
                self._fd = os.open(self.path, flags, 0o600)
            if self._index < 0:
                self._index = os.open(self.path.with_suffix(".idx"), flags, 0o600)
        except OSError as error:
            self.failed = f"{error.strerror}: {self.path.name}"

    def write(self, data: bytes, now: float) -> None:
        """Append bytes that came at `now` (Unix seconds)."""
        if self._waiting:
            self._waiting += data
            del self._waiting[:-KEPT]
            if abs(now - self._tried) < _RETRY_EVERY:
                return
            data = bytes(self._waiting)
            self._waiting.clear()
        self._tried = now
        if self._fd < 0 or self._index < 0:
            self._open()
        try:
            self._put(data, now)
        except OSError as error:
            self.failed = f"{error.strerror}: {self.path.name}"

    def _put(self, data: bytes, now: float) -> None:
        view = memoryview(data)
        try:
            if abs(now - self._indexed) >= 1.0:
                self._indexed = now
                os.write(self._index, json.dumps([os.fstat(self._fd).st_size, round(now, 3)]).encode() + b"\n")
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            self._waiting += view[-KEPT:]
            raise

    def tail(self, last: int = KEPT) -> bytes:
        """The last bytes, those included that the disk refused."""
        return from_boundary(_last(self.path, last) + bytes(self._waiting), last)

    def close(self) -> None:
        """Close both files; writing afterwards opens them again."""
        for fd in (self._fd, self._index):
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self._fd = self._index = -1


def tail(path: Path, last: int = KEPT) -> bytes:
    """The last bytes of a spool, from the start of a frame or line on; empty when there is no such file.

    Args:
        path: a `<session>.raw` file, perhaps one that is being written.
        last: at most so many bytes.
    """
    return from_boundary(_last(path, last), last)


def from_boundary(data: bytes, last: int = KEPT) -> bytes:
    """Cut `data` to its last bytes, from where a frame (`CSI ?2026h`) or a line starts, never from inside one."""
    if len(data) <= last:
        return data
    data = data[-last:]
    starts = [at for at in (data.find(_SYNC), data.find(b"\n") + 1) if at > 0]
    return data[min(starts) :] if starts and not data.startswith(_SYNC) else data


def _last(path: Path, last: int) -> bytes:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # One byte more than wanted tells `from_boundary` that something was before it.
            file.seek(max(0, size - last - 1))
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return b""
