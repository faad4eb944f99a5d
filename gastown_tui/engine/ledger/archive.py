"""The ledger branch follows the journal: groups of events as one pack and one checked ref update."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from gastown_tui.engine.ledger.cache import SMALL, Cache
from gastown_tui.engine.ledger.headline import headline as subject
from gastown_tui.engine.ledger.records import FANNED, OWN, old_path, path_of
from gastown_tui.model import events as e
from gastown_tui.model.errors import Refused
from gastown_tui.model.events import Record
from gastown_tui.model.touching import touched
from gastown_tui.model.town import Town, encode_part, has_part, scalars
from gastown_tui.rig.errors import why
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger


def headline(records: list[Record]) -> str:
    """One line that says what a group of records was about."""
    return subject(records)


def message(records: list[Record]) -> str:
    """The commit message of a group: a headline, and every event as a line of JSON."""
    lines = "\n".join(e.encode(record).decode() for record in records)
    return f"{headline(records)}\n\n{lines}"


def records_of(text: str) -> Iterator[Record]:
    """The records in a commit message of the ledger."""
    # A line ends at "\n" alone: what JSON may hold as it is (U+0085, U+2028) ends none.
    for line in text.split("\n"):
        if line.startswith('{"seq":'):
            yield e.decode(line.encode())


class Archive:
    """Writes what the journal has into the ledger branch, a group at a time, and keeps what it wrote small."""

    def __init__(self, ledger: Ledger, journal: Journal, cache: Cache | None = None) -> None:
        self._ledger = ledger
        self._journal = journal
        self._cache = cache
        self._waiting: list[Record] = []
        self._lock = asyncio.Lock()
        self._upto = 0
        self._written: Town | None = None
        self.groups = 0
        self.trouble = ""

    @property
    def beads(self) -> int:
        """How many beads were there when the ledger was last written."""
        return 0 if self._written is None else len(self._written.beads)

    def take(self, record: Record) -> None:
        """Keep a durable record for the next group."""
        self._waiting.append(record)

    async def flush(self, town: Town) -> None:
        """Write everything up to `town` into the ledger. Raises GasTownError or OSError when git refuses.

        Who is cancelled meanwhile waits for the end of it: a thread that moves the branch cannot be called back.
        """
        async with self._lock:
            if group := [r for r in self._waiting if r.seq <= town.seq]:
                try:
                    await _threaded(partial(self._write, town, group))
                finally:
                    self._waiting = [r for r in self._waiting if r.seq > self._upto]
            self.trouble = ""

    def _write(self, town: Town, group: list[Record]) -> None:
        """In a thread: one commit of everything the group touched."""
        parts = {part for record in group for part in touched(record, town.agents)}
        if (before := self._written) is not None:
            # What came and went within the group was never written: under a flood most orders to undo are such.
            parts = {part for part in parts if has_part(town, *part) or has_part(before, *part)}
        paths = {part: path_of(*part) for part in parts}
        changes: dict[str, Any] = {old_path(*part): None for part in parts if part[0] in FANNED}
        changes |= {path: encode_part(town, kind, key) for (kind, key), path in paths.items()}
        changes[OWN] = scalars(town)
        last = group[-1]
        self._ledger.commit(changes, last.seq, message(group), last.at)
        self._upto, self._written = last.seq, town
        self.groups += 1
        self._journal.trim(last.seq)

    async def pack(self) -> bool:
        """Make one pack of many small ones, if there are many; the making disturbs nobody.

        Raises:
            GasTownError: it could not be done; every pack is where it was. OSError: a pack could not be removed.
        """
        if not await self._ledger.pack():
            return False
        async with self._lock:
            await _threaded(self._ledger.retire)
        return True

    async def keep(self, behind: int | None = None) -> bool:
        """Write the cache if it is further behind than so many records, a twentieth of the beads by default.

        Raises:
            OSError: it could not be written.
        """
        cache, town = self._cache, self._written
        if cache is None or town is None or len(town.beads) < SMALL:
            return False
        if town.seq - cache.seq <= (len(town.beads) // 20 if behind is None else behind):
            return False
        async with self._lock:
            if (town := self._written) is not None:
                await _threaded(partial(cache.keep, town, self._ledger.tree))
        return True

    def failed(self, error: Exception) -> None:
        """Keep why the branch could not be written; the next group that is written clears it."""
        self.trouble = f"ledger: cannot write ({why(error)})"

    def set_back(self) -> str:
        """Point the branch at what we wrote last; returns the ref under which what is there now is kept.

        Raises:
            Refused: our own thread has the branch in hand this moment. CannotWrite: git refused.
        """
        if self._lock.locked():
            raise Refused("The ledger's branch is being written this moment.", "Nothing was changed. Answer again.")
        return self._ledger.set_back()

    def moved(self) -> str | None:
        """Why the branch is not where this process left it, or None (also while we write it ourselves)."""
        return None if self._lock.locked() else self._ledger.moved()


async def _threaded(work: Callable[[], None]) -> None:
    """Do something in a thread and, whoever cancels, see its end."""
    doing = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(doing)
    finally:
        if not doing.done():
            await asyncio.wait([doing])
