"""Keeps the ledger branch up with the journal, a few times a second, and says when it is not where it was left."""

from __future__ import annotations

import logging
from collections.abc import Callable

from gastown_tui.engine.base import Base
from gastown_tui.engine.deacon import Deacon
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.errors import Moved

log = logging.getLogger(__name__)
_EVERY, _AGAIN = 0.25, 2.0
"""Seconds between two commits of the ledger, and before one that git refused is tried again."""

_SHARE, _LATEST = 3.0, 6.0
"""Under a flood it rests three times as long as a commit took, and so many seconds at most: one large group costs less
than many small ones."""


class Keeper:
    """The ledger's own round; what it cannot write stays in the journal."""

    def __init__(self, base: Base, deacon: Deacon, wake: Callable[[], None]) -> None:
        self._base = base
        self._deacon = deacon
        self._wake = wake

    async def run(self) -> None:
        """Commit what is new until cancelled; others are woken when that stops working, and when it works again."""
        pause = _EVERY
        while True:
            await self._base.clock.sleep(pause)
            before = self._base.archive.trouble
            pause = await self._commit()
            if (after := self._base.archive.trouble) != before:
                log.warning("%s", after or "the ledger branch can be written again")
                self._wake()

    async def _commit(self) -> float:
        """Commit once; returns the seconds until the next time."""
        archive, began = self._base.archive, self._base.clock.monotonic()
        try:
            if (moved := archive.moved()) is None:
                await archive.flush(self._base.books.town)
        except Moved as error:
            moved = error.title
        except (OSError, GasTownError) as error:
            archive.failed(error)
            return _AGAIN
        took = self._base.clock.monotonic() - began
        pause = min(_LATEST, max(_EVERY, _SHARE * took))
        if self._base.trouble:
            return pause
        if moved is not None:
            self._deacon.ledger_moved(moved)
        else:
            self._deacon.ledger_back()
        return pause

    async def last(self) -> None:
        """Bring the branch up to the end before the engine leaves; the next engine does it when this cannot."""
        try:
            await self._base.archive.flush(self._base.books.town)
        except (OSError, GasTownError) as error:
            log.error("the ledger could not be written at the end: %s; the journal has it all", error)
