"""Whose turn it is among gates of all test slots: cores are shared out, and what is exclusive runs alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import defaultdict, deque
from collections.abc import AsyncIterator


def cores_here() -> float:
    """How many cores this process may use."""
    try:
        return float(len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS
        return float(os.cpu_count() or 1)


class Turns:
    """Gates wait here in the order they came, so that a big one is not passed over for ever by small ones."""

    def __init__(self, cores: float | None = None) -> None:
        """`cores` to share out; the machine's when None."""
        self.cores = cores_here() if cores is None else cores
        self._used = 0.0
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.totals: dict[str, int] = {}
        """How many tests each gate had when it last ran, for runners that announce no total."""

    @contextlib.asynccontextmanager
    async def turn(self, cores: float, exclusive: str = "") -> AsyncIterator[None]:
        """Hold the exclusive name (if any), then the cores, until the block ends."""
        async with contextlib.AsyncExitStack() as stack:
            if exclusive:
                await stack.enter_async_context(self._locks[exclusive])
            await self._take(cores)
            try:
                yield
            finally:
                self._used -= cores
                self._next()

    async def _take(self, cores: float) -> None:
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((cores, asked))
        self._next()
        try:
            await asked
        except asyncio.CancelledError:
            if asked.done() and not asked.cancelled():
                self._used -= cores
            self._next()
            raise

    def _next(self) -> None:
        """Let in whoever is first and fits; one that wants more than there is has the machine to itself."""
        while self._waiting:
            cores, asked = self._waiting[0]
            if not asked.done():
                if self._used and self._used + cores > self.cores + 1e-9:
                    return
                self._used += cores
                asked.set_result(None)
            self._waiting.popleft()
