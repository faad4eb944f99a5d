"""The only writer: an event is durable in the journal before the town changes and before anybody is told."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable

from gastown_tui.model import events as e
from gastown_tui.model.errors import CannotWrite, GasTownError, Refused
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.world import Clock

log = logging.getLogger(__name__)
_RECENT = 20_000


class _Group:
    def __init__(self, records: list[Record], after: Town, done: asyncio.Future[None]) -> None:
        self.records = records
        self.after = after
        self.done = done


class Books:
    """`town` is durable; `pending` also has what is on its way to the disk. Decide on `pending`, act on `town`."""

    def __init__(self, journal: Journal, clock: Clock, town: Town) -> None:
        self._journal = journal
        self._clock = clock
        self.town = town
        self.pending = town
        self.trouble = ""
        self._groups: deque[_Group] = deque()
        self._work = asyncio.Event()
        self._recent: deque[Record] = deque(maxlen=_RECENT)
        self._more = asyncio.Condition()
        self._closed = False
        self.listeners: list[Callable[[Record], None]] = []

    def write(self, who: str, *events: e.AnyEvent) -> asyncio.Future[None]:
        """Put events in order, all or none; the future is done when they are durable.

        Raises:
            Illegal: the town does not allow one of them; nothing was written.
        """
        if self._closed:
            raise Refused("The engine is stopping.", "Nothing was changed. Start it again with: gt up")
        records, town = [], self.pending
        for event in events:
            record = Record(town.seq + 1, self._clock.now(), who, event)
            town = town.after(record)
            records.append(record)
        done = asyncio.get_running_loop().create_future()
        self.pending = town
        self._groups.append(_Group(records, town, done))
        self._work.set()
        return done

    async def record(self, who: str, *events: e.AnyEvent) -> None:
        """Write events and wait until they are durable; raises Illegal or CannotWrite."""
        await asyncio.shield(self.write(who, *events))

    async def run(self) -> None:
        """Write groups as they come, everything that waits in one sync, until closed and empty."""
        while not (self._closed and not self._groups):
            await self._work.wait()
            self._work.clear()
            while self._groups:
                batch = list(self._groups)
                self._groups.clear()
                await self._write(batch)

    async def _write(self, batch: list[_Group]) -> None:
        lines = [(record.seq, e.encode(record)) for group in batch for record in group.records]
        try:
            await asyncio.to_thread(self._journal.append, lines)
        except (OSError, GasTownError) as error:
            self._refuse(batch, error)
            return
        self.trouble = ""
        for group in batch:
            self.town = group.after
            self._recent.extend(group.records)
            if not group.done.cancelled():
                group.done.set_result(None)
            for record in group.records:
                for listener in self.listeners:
                    listener(record)
        async with self._more:
            self._more.notify_all()

    def _refuse(self, batch: list[_Group], error: Exception) -> None:
        """Nothing of the batch happened, nor what was built on it since."""
        self.trouble = f"ledger: cannot write ({error})"
        log.error("%s", self.trouble)
        refusal = CannotWrite(
            f"The journal cannot be written: {error}.", "What was acknowledged before is kept; this was not done."
        )
        for group in (*batch, *self._groups):
            if not group.done.done():
                group.done.set_exception(refusal)
                group.done.exception()
        self._groups.clear()
        self.pending = self.town

    async def watch(self, after: int) -> AsyncIterator[Record]:
        """Durable records above a number, then each new one. Raises Refused when the number is too far back."""
        while True:
            if after < self.town.seq:
                oldest = self._recent[0].seq if self._recent else self.town.seq + 1
                if after + 1 < oldest:
                    raise Refused(f"Records after {after} are no longer at hand.", "Take a new snapshot of the town.")
                for record in [r for r in self._recent if r.seq > after]:
                    after = record.seq
                    yield record
                continue
            async with self._more:
                if after >= self.town.seq:
                    await self._more.wait()

    async def changed(self, seq: int) -> None:
        """Wait until the durable town is newer than `seq`."""
        async with self._more:
            while self.town.seq <= seq:
                await self._more.wait()

    def close(self) -> None:
        """Take nothing more; `run` ends when what waits is written."""
        self._closed = True
        self._work.set()
