"""What happened to a bead before the town had it, put in its place among what happened since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from gastown_tui.model import events as e

KINDS = ("beads_imported", "history_imported")


class CameIn(msgspec.Struct, frozen=True, tag_field="event", tag="beads_imported"):
    """An import as one of its beads sees it: where that came from, and of how many it was one."""

    bead: str
    source: str
    format: str
    count: int


class Histories(msgspec.Struct, frozen=True, tag_field="event", tag="history_imported"):
    """The histories that came in with one import, told in one line: of how many beads, and how many steps."""

    beads: int
    steps: int


class Entry(NamedTuple):
    """One line of a history: an event of the town, by its number in the ledger, time (unix seconds) and author.

    `event` is an event of the model, a step of a history that came in (`events.Entry`), `CameIn` or `Histories`.
    """

    seq: int
    at: float
    who: str
    kind: str
    event: Any

    @property
    def usd(self) -> float:
        """What it cost, in US dollars; 0 for all but Spent."""
        return self.event.usd if isinstance(self.event, e.Spent) else 0.0


def entry(record: e.Record, about: str = "") -> Entry:
    """A record as a line of a history; in a bead's own, an import is told of that bead alone."""
    event: Any = record.event
    if about and isinstance(event, e.BeadsImported):
        event = CameIn(about, event.source, event.format, len(event.beads))
    return Entry(record.seq, record.at, record.who, str(record.event.__struct_config__.tag), event)


def told(entries: Iterable[Entry]) -> Iterator[Entry]:
    """A bead's history with the steps that came in standing where their own times put them.

    The town's own entries stay in the order of their numbers.
    """
    own, before = [], []
    for found in entries:
        if isinstance(found.event, e.HistoryImported):
            before += [Entry(found.seq, step.at, step.who, found.kind, step) for step in found.event.entries]
        else:
            own.append(found)
    before.sort(key=lambda step: step.at)
    at = 0
    for found in own:
        while at < len(before) and before[at].at <= found.at:
            yield before[at]
            at += 1
        yield found
    yield from before[at:]


def gathered(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries with each run of histories that came in as one."""
    run: list[Entry] = []
    for found in entries:
        if isinstance(found.event, e.HistoryImported):
            run.append(found)
            continue
        yield from _one(run)
        run = []
        yield found
    yield from _one(run)


def _one(run: list[Entry]) -> list[Entry]:
    steps = sum(len(found.event.entries) for found in run)
    return run if len(run) < 2 else [run[-1]._replace(event=Histories(len(run), steps))]
