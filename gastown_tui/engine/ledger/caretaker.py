"""Keeps the ledger small and its cache fresh while nobody waits for it: packs are made one, the town is copied."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging

from gastown_tui.engine.history.following import Follower
from gastown_tui.engine.ledger.archive import Archive
from gastown_tui.engine.ledger.records import LARGE
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.objects.packs import FAN
from gastown_tui.world import Clock

log = logging.getLogger(__name__)
_EVERY = 2.0
_CROWDED = 8 * FAN
"""Packs that are waited with no longer for a quiet moment: every lookup asks each of them."""

_BEHIND = 200
"""Records that the next start may have to catch up with; each takes it a tenth of a millisecond."""

_RESTS = 600.0
"""Seconds after a failure: a full disk is not helped by trying."""


class Caretaker:
    """One loop beside the engine's rounds."""

    def __init__(self, archive: Archive, clock: Clock, follower: Follower | None = None) -> None:
        self._archive = archive
        self._follower = follower
        self._clock = clock
        self._packed = -FAN
        self._spared = 0
        self._rests_until = 0.0
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Look every two seconds, until cancelled."""
        while True:
            before = self._archive.groups
            await self._clock.sleep(_EVERY)
            await self.look(quiet=self._archive.groups == before)

    async def look(self, quiet: bool) -> None:
        """Do what is due, one look at a time; `quiet` says that nothing was written since the last one.

        Two that pack at once would each remove packs the other still reads.
        """
        async with self._looking:
            await self._look(quiet)

    async def _look(self, quiet: bool) -> None:
        if self._archive.beads - self._spared >= LARGE:
            gc.freeze()
            self._spared = self._archive.beads
        if self._clock.monotonic() < self._rests_until:
            return
        archive = self._archive
        try:
            if archive.groups - self._packed >= (FAN if quiet else _CROWDED):
                groups = archive.groups
                while await archive.pack():
                    continue
                self._packed = groups
            if self._follower is not None:
                await self._follower.follow()
            if quiet:
                await archive.keep()
        except (OSError, GasTownError) as error:
            self._rests_until = self._clock.monotonic() + _RESTS
            log.warning("the ledger could not be made smaller, nothing is lost by it: %s", error)

    async def leave(self) -> None:
        """At the end: what the next start is quick by."""
        with contextlib.suppress(OSError):
            await self._archive.keep(_BEHIND)
