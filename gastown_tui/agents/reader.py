"""Reads every session's terminal in one slow tick, the focused one at once, and notices deaths as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

from gastown_tui.agents import processes
from gastown_tui.agents.session import Session
from gastown_tui.world import Clock

TICK = 0.033
"""Seconds between two readings of all terminals (facts/terminal.md: 9 % of a core for 50 x 200 KB/s)."""

BUDGET = 65536
"""Bytes taken from one terminal in one tick, so that a loud one cannot keep the others waiting."""

_SWEEP_EVERY = 2.0  # seconds
_LAST_READS = 16


class Reader:
    """Drives the reading, flushing and end of sessions. All calls from the event loop's thread.

    `on_exit(session)` is called exactly once for every session that was added and not removed, after its program
    ended, for whatever reason, and its last bytes were read.
    """

    def __init__(self, clock: Clock, on_exit: Callable[[Session], None] | None = None) -> None:
        self.on_exit = on_exit
        self._clock = clock
        self._sessions: dict[Session, int | None] = {}
        self._focused: Session | None = None
        self._orphans = processes.Orphans()
        self._swept = clock.monotonic()

    def add(self, session: Session) -> None:
        """Read a session from now on."""
        self._sessions[session] = None
        if not hasattr(os, "pidfd_open"):
            return  # no such handles here: the tick asks instead
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(session.pid)
            self._sessions[session] = handle
            asyncio.get_running_loop().add_reader(handle, self._died, session)

    def remove(self, session: Session) -> None:
        """Forget a session; one that was not added, or ended, is no error."""
        if session not in self._sessions:
            return
        handle = self._sessions.pop(session)
        if handle is not None:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)
        if self._focused is session:
            self._unfocus()

    def focus(self, session: Session | None) -> None:
        """Read this one the moment it has something, and no other; None for nobody."""
        self._unfocus()
        if session is not None and session in self._sessions and not session.eof:
            self._focused = session
            session.before_close = self._unfocus
            asyncio.get_running_loop().add_reader(session.fd, self._ready, session)

    def _unfocus(self) -> None:
        session, self._focused = self._focused, None
        if session is not None and session.fd >= 0:
            session.before_close = None
            asyncio.get_running_loop().remove_reader(session.fd)

    def _ready(self, session: Session) -> None:
        session.read(BUDGET)
        if session.eof:
            self._unfocus()  # a terminal nobody holds any more is readable for ever

    def _died(self, session: Session) -> None:
        handle = self._sessions.get(session)
        if handle is None or session.alive:
            return
        self._finish(session)

    def _finish(self, session: Session) -> None:
        for _ in range(_LAST_READS):  # not for ever: a child that outlived the program may go on printing
            if not session.read(BUDGET):
                break
        self.remove(session)
        if self.on_exit is not None:
            self.on_exit(session)

    async def run(self) -> None:
        """Tick until cancelled. The tick is the machine's time even under a fake clock: terminals fill in real time."""
        try:
            while True:
                self.tick()
                await asyncio.sleep(TICK)
        finally:
            for session in list(self._sessions):
                self.remove(session)

    def tick(self) -> None:
        """Read and flush every session once; find those that ended."""
        for session, handle in list(self._sessions.items()):
            if session not in self._sessions:
                continue
            session.flush()
            session.read(BUDGET)
            if session is self._focused and session.eof:
                self._unfocus()
            if handle is None and not session.alive:
                self._finish(session)
        now = self._clock.monotonic()
        if abs(now - self._swept) >= _SWEEP_EVERY:
            self._swept = now
            self._orphans.sweep(now)
