"""The ledger branch follows the journal: groups of events as one pack and one checked ref update."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from gastown_tui.model import events as e
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town, encode_part, restore, scalars
from gastown_tui.rig.errors import why
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger, bead_path

log = logging.getLogger(__name__)
_OWN = "town.json"
_SAFE = re.compile(r"[^A-Za-z0-9._-]")


def path_of(kind: str, key: str) -> str:
    """Where a record of the town stands in the ledger's tree."""
    if kind == "beads":
        return bead_path(key)
    return f"{kind}/{_SAFE.sub(lambda m: f'%{ord(m[0]):02x}', key)}.json"


def _key(path: str) -> tuple[str, str]:
    kind, _, name = path.partition("/")
    name = name.rsplit("/", 1)[-1].removesuffix(".json")
    return kind, re.sub(r"%([0-9a-fA-F]{2,6})", lambda m: chr(int(m[1], 16)), name)


def headline(records: list[Record]) -> str:
    """One line that says what a group of records was about."""
    first = next((r.event for r in records if isinstance(r.event, e.Landed)), records[-1].event)
    about = getattr(first, "bead", "") or getattr(first, "agent", "")
    about = about if isinstance(about, str) else about.id
    kinds = Counter(_tag(r) for r in records)
    rest = ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in kinds.most_common(4))
    return f"{about}: {rest}" if about else rest


def _tag(record: Record) -> str:
    return str(record.event.__struct_config__.tag).replace("_", " ")


def message(records: list[Record]) -> str:
    """The commit message of a group: a headline, and every event as a line of JSON."""
    lines = "\n".join(e.encode(record).decode() for record in records)
    return f"{headline(records)}\n\n{lines}"


def records_of(text: str) -> Iterator[Record]:
    """The records in a commit message of the ledger."""
    for line in text.splitlines():
        if line.startswith('{"seq":'):
            yield e.decode(line.encode())


def load(ledger: Ledger, journal: Journal) -> Town:
    """The town as the ledger's head has it, and the journal's records above that. Raises GasTownError."""
    _, seq = ledger.head()
    files = ledger.read()
    town = Town()
    if (own := files.pop(_OWN, None)) is not None:
        town = restore(own, ((*_key(path), data) for path, data in sorted(files.items())))
    return town.after_all(e.decode(line) for _, line in journal.replay(max(seq, town.seq)))


class Archive:
    """Writes what the journal has into the ledger branch, a group at a time."""

    def __init__(self, ledger: Ledger, journal: Journal, every: float = 0.25, most: int = 1024) -> None:
        self._ledger = ledger
        self._journal = journal
        self._every = every
        self._most = most
        self._waiting: list[Record] = []
        self._lock = asyncio.Lock()
        self._upto = 0
        self.trouble = ""

    def take(self, record: Record) -> None:
        """Keep a durable record for the next group."""
        self._waiting.append(record)

    async def flush(self, town: Town) -> None:
        """Write everything up to `town` into the ledger. Raises GasTownError or OSError when git refuses.

        Who is cancelled meanwhile waits for the end of it: a thread that moves the branch cannot be called back.
        """
        async with self._lock:
            if not (group := [r for r in self._waiting if r.seq <= town.seq]):
                return
            write = partial(self._write, town, group)
            writing = asyncio.get_running_loop().run_in_executor(None, write)
            try:
                await asyncio.shield(writing)
            finally:
                if not writing.done():
                    await asyncio.wait([writing])
                self._waiting = [r for r in self._waiting if r.seq > self._upto]
            self.trouble = ""

    def _write(self, town: Town, group: list[Record]) -> None:
        """In a thread: one commit of everything the group touched."""
        parts = {part for record in group for part in e.touched(record, town.agents)}
        changes: dict[str, Any] = {path_of(kind, key): encode_part(town, kind, key) for kind, key in parts}
        changes[_OWN] = scalars(town)
        last = group[-1]
        self._ledger.commit(changes, last.seq, message(group), last.at)
        self._upto = last.seq
        self._journal.trim(last.seq)

    def failed(self, error: Exception) -> None:
        """Keep why the branch could not be written; the next group that is written clears it."""
        self.trouble = f"ledger: cannot write ({why(error)})"

    def adopt(self) -> None:
        """Go on from where the branch is now, after the overseer accepted a move that was not ours."""
        self._ledger.adopt()

    def moved(self) -> str | None:
        """Why the branch is not where this process left it, or None (also while we write it ourselves)."""
        return None if self._lock.locked() else self._ledger.moved()
