"""The only writer: an event is durable in the journal before the town changes and before anybody is told."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gastown_tui.engine import minutes, secrecy
from gastown_tui.engine.scribe import Scribe
from gastown_tui.model import events as e
from gastown_tui.model.errors import CannotWrite, Refused
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town
from gastown_tui.rig.errors import KEPT, cannot_write, why
from gastown_tui.rig.journal import Journal
from gastown_tui.world import Clock

log = logging.getLogger(__name__)
_RECENT = 20_000
_AGAIN = (0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds between two looks whether the disk takes writes again; the last one repeats."""

SLOW = 10.0
"""Seconds a sync may take before new orders are refused instead of waiting behind it."""


@dataclass(frozen=True)
class _Group:
    records: list[Record]
    after: Town
    done: asyncio.Future[None]


class Books:
    """`town` is durable; `pending` also has what is on its way to the disk. Decide on `pending`, act on `town`."""

    def __init__(self, journal: Journal, clock: Clock, town: Town) -> None:
        self._journal = journal
        self._clock = clock
        self.town = town
        self.pending = town
        self._failed = ""
        self._waiting: deque[_Group] = deque()
        self._writing: list[_Group] = []
        self._since = 0.0
        self._scribe: Scribe | None = None
        self._bell = asyncio.Event()
        self._healthy = asyncio.Event()
        self._healthy.set()
        self._recent: deque[Record] = deque(maxlen=_RECENT)
        self._more = asyncio.Event()
        self._closed = False
        self.listeners: list[Callable[[Record], None]] = []
        self.on_health: Callable[[], None] = lambda: None
        """Called when `trouble` comes or goes."""

    @property
    def trouble(self) -> str:
        """Why nothing can be written now ("ledger: cannot write (...)"), or nothing."""
        found = self._failed or self._slow()
        return f"ledger: cannot write ({found})" if found else ""

    def _slow(self) -> str:
        waited = self._clock.monotonic() - self._since if self._writing else 0.0
        return f"the disk has not answered for {waited:.0f} s" if waited > SLOW else ""

    async def well(self) -> None:
        """Wait until the disk takes writes."""
        while self.trouble:
            if self._failed:
                await self._healthy.wait()
            else:
                await self._clock.sleep(_AGAIN[0])

    def write(self, who: str, *events: e.AnyEvent, screened: bool = False) -> asyncio.Future[None]:
        """Put events in order, all or none; the future is done when they are durable.

        With `screened` somebody has looked them through for secrets already, word by word and not on this loop.

        Raises:
            Illegal: the town does not allow one of them; nothing was written.
            Refused: the engine is stopping, or imported records hold a secret; nothing was written.
            CannotWrite: the disk has not answered for long; nothing was written.
        """
        if self._closed:
            raise Refused("The engine is stopping.", "Nothing was changed. Start it again with: gt up")
        if slow := self._slow():
            raise CannotWrite(f"The journal cannot be written: {slow}.", f"{KEPT} The town goes on when it answers.")
        records, town = [], self.pending
        for event, order in zip(events, minutes.marks(who, town, len(events)), strict=True):
            kept = event if screened else secrecy.of_event(event)
            record = Record(town.seq + 1, self._clock.now(), who, kept, order)
            town = town.after(record)
            records.append(record)
        minutes.written(who, records)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self.pending = town
        if not self._waiting and not self._writing:
            # At the end of this turn of the loop: all who ask in it share one sync.
            loop.call_soon(self._hand_over)
        self._waiting.append(_Group(records, town, done))
        return done

    async def record(self, who: str, *events: e.AnyEvent, screened: bool = False) -> None:
        """Write events and wait until they are durable; raises Illegal or CannotWrite."""
        await self.write(who, *events, screened=screened)

    async def run(self) -> None:
        """Write groups as they come, everything that waits in one sync, until closed and empty."""
        self._scribe = Scribe(self._journal, asyncio.get_running_loop())
        try:
            self._hand_over()
            while not (self._closed and not self._waiting and not self._writing):
                await self._bell.wait()
                self._bell.clear()
                if self._failed and not self._closed:
                    await self._until_well()
        finally:
            self._scribe.close()
            self._scribe = None

    def _hand_over(self) -> None:
        if self._scribe is None or self._writing or not self._waiting:
            return
        self._writing = list(self._waiting)
        self._waiting.clear()
        self._since = self._clock.monotonic()
        lines = [(record.seq, e.encode(record)) for group in self._writing for record in group.records]
        self._scribe.append(lines, self._written)

    def _written(self, error: Exception | None) -> None:
        batch, self._writing = self._writing, []
        if error is not None:
            self._refuse(batch, error)
            return
        self._hand_over()
        self._set_health("")
        self.town = batch[-1].after
        for group in batch:
            self._recent.extend(group.records)
            if not group.done.done():
                group.done.set_result(None)
            for record in group.records:
                for listener in self.listeners:
                    listener(record)
        self._tell()

    def _tell(self) -> None:
        self._more.set()
        self._more = asyncio.Event()
        if self._closed:
            self._bell.set()

    def _refuse(self, batch: list[_Group], error: Exception) -> None:
        """Nothing of the batch happened, nor what was built on it since."""
        refusal = error if isinstance(error, CannotWrite) else cannot_write("The journal", error)
        for group in (*batch, *self._waiting):
            if not group.done.done():
                group.done.set_exception(type(refusal)(refusal.title, refusal.hint))
                group.done.exception()
        self._waiting.clear()
        self.pending = self.town
        self._set_health(why(error))
        self._bell.set()

    def _set_health(self, failed: str) -> None:
        if failed == self._failed:
            return
        before, self._failed = self._failed, failed
        if failed:
            log.error("%s", self.trouble)
            self._healthy.clear()
        else:
            log.info("the ledger can be written again (it could not: %s)", before)
            self._healthy.set()
        self.on_health()

    async def _until_well(self) -> None:
        """Look whether the disk takes writes again, ever more rarely; a write that succeeds says so, too."""
        tries = 0
        while self._failed and not self._closed:
            await self._clock.sleep(_AGAIN[min(tries, len(_AGAIN) - 1)])
            tries += 1
            if self._failed and not self._closed:
                error = await self._probed()
                self._set_health(why(error) if error is not None else "")

    async def _probed(self) -> Exception | None:
        assert self._scribe is not None
        told: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._scribe.probe(lambda error: None if told.done() else told.set_result(error))
        return await told

    async def watch(self, after: int) -> AsyncIterator[Record]:
        """Durable records above a number, then each new one. Raises Refused when the number is too far back."""
        while True:
            more = self._more
            if (missed := self.town.seq - after) > 0:
                if missed > len(self._recent):
                    raise Refused(f"Records after {after} are no longer at hand.", "Take a new snapshot of the town.")
                for record in [self._recent[-back] for back in range(missed, 0, -1)]:
                    after = record.seq
                    yield record
                continue
            await more.wait()

    def recent(self, after: int) -> list[Record]:
        """The durable records above a number that are at hand, oldest first."""
        return [record for record in self._recent if record.seq > after]

    async def changed(self, seq: int) -> None:
        """Wait until the durable town is newer than `seq`."""
        while self.town.seq <= seq:
            await self._more.wait()

    def close(self) -> None:
        """Take nothing more; `run` ends when what waits is written."""
        self._closed = True
        self._bell.set()
