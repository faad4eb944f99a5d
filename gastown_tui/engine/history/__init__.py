"""Everything that happened, found by bead, by time and by who did it: what all looking back stands on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from gastown_tui.engine.history import indexing
from gastown_tui.engine.history.eventindex import Index, Wanted, concerned, lines
from gastown_tui.engine.history.imported import KINDS, Entry, entry, told
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import tail as journal_tail
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.past import Past
from gastown_tui.world import DiskFiles

_TRIES = 5
_PAGE = 512
_ALL = Wanted()
_T = TypeVar("_T")


class Span(NamedTuple):
    """From where to where a town's events go: numbers, and the times of the first and the last (unix seconds)."""

    first: int
    began: float
    last: int
    ended: float


class History:
    """A town's past as of the last `refresh`. Blocks on the disk; one thread at a time.

    Numbers are the order. Times are what the clock said, which may have been set back: the state at a time is the one
    after the last event that bears a time not after it.
    """

    def __init__(self, place: Place) -> None:
        """Look at the town's ledger and journal as they are now; no engine is needed, and none is disturbed.

        Raises:
            GasTownError: the ledger or the journal cannot be read.
        """
        self._place = place
        self.past = Past(place.root)
        self._index = indexing.caught_up(place.cache, self.past)
        self._upto = 0
        self._tail: list[tuple[e.Record, set[str]]] = []
        self._look_above(_TRIES)

    def refresh(self) -> None:
        """Take in what happened since. Raises GasTownError."""
        self._reopen()
        self._look_above(_TRIES)

    def close(self) -> None:
        """Give the files back."""
        self._index.close()

    def _reopen(self) -> None:
        self._index.close()
        self._index = indexing.caught_up(self._place.cache, self.past)

    def _look_above(self, tries: int) -> None:
        """Read the journal above the ledger; an engine may move lines into the ledger between our two looks."""
        head = self._index.head()
        self._upto = self._index.upto = 0 if head is None else self._index.last(head) or 0
        try:
            found = journal_tail.tail(self._place.journal, self._upto, DiskFiles())
        except GasTownError:
            if tries <= 1:
                raise
            self._reopen()
            self._look_above(tries - 1)
            return
        posts = self._index.posts()
        records = (e.decode(line) for _, line in found)
        self._tail = [(record, concerned(record, posts)) for record in records]

    def _ask(self, question: Callable[[Index], _T]) -> _T:
        """What the index says; a file that proves broken is built anew, once."""
        try:
            return question(self._index)
        except sqlite3.Error:
            indexing.discard(self._place.cache)
            self._reopen()
            self._index.upto = self._upto
        try:
            return question(self._index)
        except sqlite3.Error as error:
            raise Damaged(f"The index of events cannot be read: {error}.", "The ledger is untouched.") from error

    # what happened

    def of(self, about: str) -> list[Entry]:
        """Everything about a bead (or an agent, a plan, a convoy, a need), oldest first."""
        return list(self.entries(Wanted(about=about)))

    def entries(self, wanted: Wanted = _ALL, latest: int | None = None) -> Iterator[Entry]:
        """The lines wanted, oldest first; with `latest`, only the last so many.

        In a bead's history the steps that came in with it stand where their own times put them.
        """
        about = wanted.about
        if about and self._any(Wanted(about, kinds=KINDS)):
            found = [line for line in told(self._story(about)) if _fits(line, wanted)]
            return iter(found if latest is None else found[max(0, len(found) - latest) :])
        return (entry(record, about) for record in self.records(wanted, latest))

    def _story(self, bead: str) -> Iterator[Entry]:
        """Everything about a bead that came in, without reading what came in with it."""
        for seq in self._seqs(Wanted(bead)):
            yield self._ask(partial(_imported, seq, bead)) or entry(self.record(seq))
        yield from (entry(record, bead) for record, ids in self._tail if bead in ids)

    def _any(self, wanted: Wanted) -> bool:
        return any(_concerns(record, ids, wanted) for record, ids in self._tail) or bool(
            self._ask(lambda index: index.seqs(wanted, 0, 1))
        )

    def knows(self, about: str) -> bool:
        """Whether anything is written about a bead, an agent, a plan, a convoy or a need."""
        return self._any(Wanted(about))

    def prefix(self) -> str:
        """What the ids of the town's beads begin with; empty before it was founded."""
        wanted = Wanted(kinds=("town_founded",))
        first = self._ask(lambda index: index.seqs(wanted, 0, 1))
        found = self.record(first[0]) if first else next((r for r, _ in self._tail if _fits(entry(r), wanted)), None)
        return "" if found is None else str(getattr(found.event, "prefix", ""))

    def named(self, about: str) -> str | None:
        """The whole id of what anything is written about: as it was given, or behind the town's prefix; else None."""
        if self.knows(about):
            return about
        return full if self.knows(full := f"{self.prefix()}-{about}") else None

    def matching(self, records: Iterable[e.Record], wanted: Wanted) -> Iterator[Entry]:
        """Which of the records that follow on this history are wanted; for one that is told as it happens."""
        posts = self._index.posts()
        for record, _ in self._tail:
            concerned(record, posts)
        for record in records:
            if _concerns(record, concerned(record, posts), wanted):
                yield entry(record, wanted.about)

    def records(self, wanted: Wanted = _ALL, latest: int | None = None) -> Iterator[e.Record]:
        """The events wanted in the order of their numbers; with `latest`, only the last so many."""
        above = [record for record, ids in self._tail if _concerns(record, ids, wanted)]
        if latest is not None:
            above = above[max(0, len(above) - latest) :]
            short = latest - len(above)
            yield from map(self.record, self._ask(lambda x: x.seqs(wanted, 0, short, latest=True)) if short else ())
        else:
            yield from map(self.record, self._seqs(wanted))
        yield from above

    def _seqs(self, wanted: Wanted) -> Iterator[int]:
        after = 0
        while page := self._ask(partial(_page, wanted, after)):
            yield from page
            after = page[-1]

    def record(self, seq: int) -> e.Record:
        """The event of a number, as the ledger or the journal has it. Raises GasTownError when there is none."""
        if self._tail and seq >= self._tail[0][0].seq:
            found = next((record for record, _ in self._tail if record.seq == seq), None)
        else:
            found = self._ask(lambda index: self._read(index, seq))
        if found is None:
            raise GasTownError(f"There is no event {seq}.", f"The last one is {self.span().last}.")
        return found

    def _read(self, index: Index, seq: int) -> e.Record | None:
        """The text an entry of the index points to; sqlite3.Error when it points beside it."""
        where = index.where(seq)
        if where is None:
            return None
        text = self.past.commit(where.oid).text
        try:
            record = e.decode(text[where.pos : text.find(b"\n", where.pos)])
        except msgspec.DecodeError as error:
            raise sqlite3.DatabaseError(f"no event stands where {seq} should") from error
        if record.seq != seq:
            raise sqlite3.DatabaseError(f"{record.seq} stands where {seq} should")
        return record

    def between(self, after: int, upto: int) -> Iterator[e.Record]:
        """The records numbered above `after` up to `upto`, in order."""
        for oid in self._ask(lambda index: index.commits(after, upto)):
            for _, record in lines(self.past.commit(oid)):
                if after < record.seq <= upto:
                    yield record
        yield from (record for record, _ in self._tail if after < record.seq <= upto)

    # numbers and times

    def span(self) -> Span:
        """The first event and the last; all noughts before the town was founded."""
        first, last = self._ask(lambda index: index.ends())
        if self._tail:
            first, last = first or self._tail[0][0].seq, self._tail[-1][0].seq
        return Span(first, self.at(first), last, self.at(last)) if last else Span(0, 0.0, 0, 0.0)

    def at(self, seq: int) -> float:
        """When the event of a number was, in unix seconds. Raises GasTownError when there is none."""
        if self._tail and seq >= self._tail[0][0].seq:
            return self.record(seq).at
        found = self._ask(lambda index: index.at(seq))
        return self.record(seq).at if found is None else found

    def seq_at(self, at: float) -> int:
        """The number of the last event that bears a time not after `at`; 0 when all of them are later."""
        above = next((record.seq for record, _ in reversed(self._tail) if record.at <= at), 0)
        return above or self._ask(lambda index: index.seq_at(at))

    def counts(self, since: float, until: float, buckets: int) -> list[int]:
        """How many events fall into each of `buckets` equal parts of [since, until), in unix seconds."""
        out = self._ask(lambda index: index.counts(since, until, buckets))
        size = (until - since) / buckets
        for record, _ in self._tail:
            if since <= record.at < until:
                out[min(buckets - 1, int((record.at - since) // size))] += 1
        return out

    # where the ledger has it

    def base(self, seq: int) -> str | None:
        """The last commit of the ledger with nothing newer in its files than the event numbered `seq`."""
        return self._ask(lambda index: index.base(seq))

    def seq_of(self, commit: str) -> int | None:
        """The number a commit of the ledger has everything up to; None when it is none of its commits."""
        return self._ask(lambda index: index.last(commit))


def _page(wanted: Wanted, after: int, index: Index) -> list[int]:
    return index.seqs(wanted, after, _PAGE)


def _imported(seq: int, bead: str, index: Index) -> Entry | None:
    return index.imported(seq, bead)


def _concerns(record: e.Record, ids: set[str], wanted: Wanted) -> bool:
    return (not wanted.about or wanted.about in ids) and _fits(entry(record), wanted)


def _fits(line: Entry, wanted: Wanted) -> bool:
    return (
        (not wanted.who or wanted.who == line.who)
        and (not wanted.kinds or line.kind in wanted.kinds)
        and (wanted.since is None or line.at >= wanted.since)
        and (wanted.until is None or line.at <= wanted.until)
    )
