"""Keeps the index of events near the ledger's head while the engine runs, so that nobody who looks back waits."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from gastown_tui.engine.history import indexing
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.past import Past

log = logging.getLogger(__name__)
EVERY = 2048
"""Events the index may be behind: some 20 ms for whoever looks next, and three syncs of the engine's disk for each."""

MOST = 20 * EVERY
"""More than this at once would be felt by the engine's own loop; then it is left to whoever looks back first."""


class Follower:
    """The engine's share in the index; each time it is a short piece of work in a thread."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._past: Past | None = None
        self._seq = 0

    async def follow(self, every: int = EVERY) -> None:
        """Bring the index up to date when it is `every` events behind. It can be made again: failing is only logged."""
        try:
            await asyncio.to_thread(self._follow, every)
        except (OSError, sqlite3.Error, GasTownError) as error:
            log.warning("the index of events could not be brought up to date: %s", error)

    def _follow(self, every: int) -> None:
        past = self._past = self._past or Past(self._place.root)
        tip = past.tip()
        if tip is None or -every < (seq := past.commit(tip).seq) - self._seq < every:
            return
        self._seq = seq
        indexing.keep_up(self._place.cache, past, MOST)
