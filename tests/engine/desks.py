"""A desk with real books and no engine round it: orders are answered, and nothing happens by itself."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gastown_tui.engine import engine, opening
from gastown_tui.engine.base import Base
from gastown_tui.engine.books import Books
from gastown_tui.engine.deacon import Deacon
from gastown_tui.engine.desk import Desk
from gastown_tui.engine.place import Place
from gastown_tui.engine.sessions import Sessions
from gastown_tui.engine.sling import Sling
from gastown_tui.model import events as e
from gastown_tui.model.orders import Caller, Order
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.world import Clock, DiskFiles, RandomIds, SystemClock

assert engine.HANDLER_ROOMS, "importing them fills the desk's table"


class Ticking(SystemClock):
    """A clock that moves on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self._at = 1_700_000_000.0

    def now(self) -> float:
        self._at += 1
        return self._at


@dataclasses.dataclass
class Quiet:
    """A desk, and the books behind it."""

    desk: Desk
    books: Books
    journal: Path

    @property
    def town(self) -> Town:
        """The durable town."""
        return self.books.town

    async def ask(self, order: Order, caller: Caller | None = None) -> Any:
        """What the engine's `ask` does."""
        return await self.desk.answer(order, caller or Caller())

    async def tell(self, *events: e.AnyEvent, who: str = "engine") -> None:
        """Something happens that the overseer did not order."""
        await self.books.record(who, *events)

    def replayed(self) -> Town:
        """The town as the journal alone has it: what a new engine would read after a crash."""
        journal = Journal(self.journal, DiskFiles(), readonly=True)
        return Town().after_all(e.decode(line) for _, line in journal.replay(0))


def ground(place: Place) -> Base:
    """What desks of a founded town stand on; the town is not kept locked."""
    held = opening.opened(place, SystemClock(), RandomIds(), DiskFiles())
    held.close()
    return held.base


@contextlib.asynccontextmanager
async def quiet(base: Base, journal: Path, town: Town | None = None) -> AsyncIterator[Quiet]:
    """A desk over the books in `journal`, of a town just founded or the one that is given."""
    clock: Clock = Ticking()
    kept = Journal(journal, DiskFiles())
    books = Books(kept, clock, town or Town())
    base = dataclasses.replace(base, books=books, clock=clock)
    sessions = Sessions(base, lambda name, expected: None)
    desk = Desk(base, sessions, Sling(base, sessions), Deacon(base, sessions), lambda: None)
    async with asyncio.TaskGroup() as group:
        group.create_task(books.run(), name="books")
        try:
            if town is None:
                await books.record("engine", e.TownFounded("rig", "main", "rg", "0" * 40))
            yield Quiet(desk, books, journal)
        finally:
            books.close()
    kept.close()
