"""Brings beads into a town that no engine runs: takes its lock for that long, and leaves journal and ledger whole."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from gastown_tui.engine import minutes
from gastown_tui.engine.desk import titles
from gastown_tui.engine.desk.imports import bring_in
from gastown_tui.engine.opening import opened
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import NAMES, OVERSEER, ImportBeads
from gastown_tui.world import Clock, Files, Ids


async def import_here(place: Place, order: ImportBeads, *, clock: Clock, ids: Ids, files: Files) -> dict[str, Any]:
    """Import as the engine would, with the overseer's name on it; returns the engine's answer.

    Raises:
        Refused: an engine has the town, or a draft cannot be taken. CannotWrite: the disk refused.
    """
    held = opened(place, clock, ids, files)
    try:
        base = held.base
        base.books.listeners.append(base.archive.take)
        answer: dict[str, Any] = {}
        refused: GasTownError | None = None
        async with asyncio.TaskGroup() as group:
            group.create_task(base.books.run(), name="books")
            try:
                with minutes.asking(NAMES[ImportBeads], titles.title(order, base.books.pending)):
                    answer = await bring_in(base, order, OVERSEER)
            except GasTownError as error:
                refused = error
            finally:
                base.books.close()
        if refused is not None:
            raise refused
        # What the branch does not take now stands in the journal, and the next engine brings it over.
        with contextlib.suppress(OSError, GasTownError):
            await base.archive.flush(base.books.town)
        return answer
    finally:
        held.close()
