"""A disk that refuses at a chosen write or sync."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from gastown_tui.world import DiskFiles


class FaultyDisk(DiskFiles):
    """Counts writes and syncs; from call `at` on, `times` of them fail (a failing write gets half way first).

    As the real layer, a failed write cuts the file back; a failed sync leaves what was written for the caller to undo.
    """

    def __init__(self, at: int = -1, times: int = 1) -> None:
        self.calls: list[str] = []
        self._bad = range(at, at + times) if at >= 0 else range(0)
        self._next = ""

    def fail_next(self, name: str) -> None:
        """Let the next call of that name fail, and the ones after it succeed."""
        self._next = name

    def _fails(self, name: str) -> bool:
        self.calls.append(name)
        if name == self._next:
            self._next = ""
            return True
        return len(self.calls) - 1 in self._bad

    def append(self, fd: int, data: bytes) -> None:
        if self._fails("append"):
            start = os.fstat(fd).st_size
            os.write(fd, data[: len(data) // 2])
            os.ftruncate(fd, start)
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(fd, data)

    def sync(self, fd: int) -> None:
        if self._fails("sync"):
            raise OSError(errno.EIO, "Input/output error")
        super().sync(fd)

    def sync_folder(self, path: Path) -> None:
        if self._fails("sync_folder"):
            raise OSError(errno.EIO, "Input/output error")
        super().sync_folder(path)
