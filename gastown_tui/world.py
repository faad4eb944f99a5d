"""What is passed in rather than reached for: the clock, ids and durable file writes (floor 1)."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
import uuid
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Time as the town sees it."""

    def now(self) -> float:
        """Unix seconds, for what is recorded."""

    def monotonic(self) -> float:
        """Seconds that never go back, for what is measured."""

    async def sleep(self, seconds: float) -> None:
        """Wait; a fake clock returns as soon as its hands were moved."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Ids(Protocol):
    """Where ids and secrets come from."""

    def session(self) -> str:
        """A new session id (a UUID, as Claude Code wants it)."""

    def token(self) -> str:
        """32 hexadecimal characters nobody can guess."""


class RandomIds:
    """Ids nobody can guess."""

    def session(self) -> str:
        return str(uuid.uuid4())

    def token(self) -> str:
        return secrets.token_hex(16)


class Files(Protocol):
    """The writes durability hangs on, so that a test can make any of them fail."""

    def append(self, fd: int, data: bytes) -> None:
        """Write all of `data` at the end of `fd`, or raise OSError having cut the file back to its old length."""

    def sync(self, fd: int) -> None:
        """Make what was written to `fd` durable (fdatasync)."""

    def replace(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        """Put `data` at `path` in one step: a reader sees the old file or the new one, never half of it."""

    def sync_folder(self, path: Path) -> None:
        """Make names created in or removed from a folder durable."""


class DiskFiles:
    """The disk itself."""

    def append(self, fd: int, data: bytes) -> None:
        start = os.fstat(fd).st_size
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(fd, view):]
        except OSError:
            os.ftruncate(fd, start)
            raise

    def sync(self, fd: int) -> None:
        getattr(os, "fdatasync", os.fsync)(fd)

    def replace(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            try:
                self.append(fd, data)
                self.sync(fd)
            finally:
                os.close(fd)
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def sync_folder(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
