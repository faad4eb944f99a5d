"""The one thread that writes the journal, so that a slow disk holds nobody up but those who wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.journal import Journal

Told = Callable[[Exception | None], None]
"""Called on the loop when the thread is done: with why it failed, or None."""


class Scribe:
    """A thread of its own: a hop to it and back costs half of what a pool's does, and nobody else's work is before it.

    It is a daemon: a disk that never answers must not keep the process from ending.
    """

    def __init__(self, journal: Journal, loop: asyncio.AbstractEventLoop) -> None:
        self._journal = journal
        self._loop = loop
        self._work: SimpleQueue[tuple[Callable[[], None], Told] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self._thread.start()

    def append(self, lines: Sequence[tuple[int, bytes]], told: Told) -> None:
        """Make a group of lines durable."""
        self._work.put((lambda: self._journal.append(lines), told))

    def probe(self, told: Told) -> None:
        """See whether the disk takes writes again."""
        self._work.put((self._journal.probe, told))

    def close(self, seconds: float = 5.0) -> None:
        """Let the thread end after what it has; a disk that does not answer is not waited for any longer."""
        self._work.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            do, told = work
            failed: Exception | None = None
            try:
                do()
            except (OSError, ValueError, GasTownError) as error:
                failed = error
            try:
                self._loop.call_soon_threadsafe(told, failed)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
