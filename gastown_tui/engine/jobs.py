"""The engine's supervisor: one named task a job, one job a key, failures kept, said, and tried again later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from gastown_tui.model.errors import GasTownError
from gastown_tui.world import Clock

log = logging.getLogger(__name__)
_PATIENCE = (0.2, 1.0, 5.0, 15.0, 60.0)
"""Seconds before a failed job is tried again; the last one repeats."""


class Jobs:
    """Runs what rounds start. A round asks every time it looks; a job that runs or rests is not started twice."""

    def __init__(
        self,
        clock: Clock,
        wake: Callable[[], None],
        trouble: Callable[[str, GasTownError, int], None],
        over: Callable[[str], None] = lambda key: None,
    ) -> None:
        """Hear of each failure in `trouble` (key, error, how often in a row), of each job that succeeds in `over`."""
        self._clock = clock
        self._over = over
        self._wake = wake
        self._trouble = trouble
        self._group: asyncio.TaskGroup | None = None
        self.running: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, tuple[int, float]] = {}

    def open(self, group: asyncio.TaskGroup) -> None:
        """Give the group jobs run in."""
        self._group = group

    def start(self, key: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Start a job unless one of that key runs, or rests after a failure. Says whether it was started."""
        if self._group is None or key in self.running or self.rests(key):
            return False
        self.running[key] = self._group.create_task(self._run(key, work), name=key)
        return True

    def rests(self, key: str) -> bool:
        """Whether a job failed and is not to be tried again yet."""
        return key in self._failed and self._clock.monotonic() < self._failed[key][1]

    def busy(self, prefix: str) -> int:
        """How many jobs run whose key starts so."""
        return sum(1 for key in self.running if key.startswith(prefix))

    async def _run(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except GasTownError as error:
            self._keep(key, error)
        except Exception as error:
            log.exception("%s failed", key)
            self._keep(key, GasTownError(f"{key} failed: {type(error).__name__}: {error}.", "The log has the rest."))
        else:
            self._failed.pop(key, None)
            self._say(partial(self._over, key))
        finally:
            self.running.pop(key, None)
            self._wake()

    def _keep(self, key: str, error: GasTownError) -> None:
        count = self._failed.get(key, (0, 0.0))[0] + 1
        wait = _PATIENCE[min(count, len(_PATIENCE)) - 1]
        self._failed[key] = (count, self._clock.monotonic() + wait)
        log.warning("%s: %s (time %d, again in %.1f s)", key, error, count, wait)
        self._say(partial(self._trouble, key, error, count))

    def _say(self, tell: Callable[[], None]) -> None:
        """A job's end must not be the engine's because nothing can be written just then."""
        try:
            tell()
        except GasTownError as error:
            log.warning("%s", error)

    def soonest(self) -> float | None:
        """Seconds until the first resting job may be tried again; None when none rests."""
        now = self._clock.monotonic()
        waits = [until - now for _, until in self._failed.values()]
        return max(0.05, min(waits)) if waits else None
