"""The lines of `gt log`: an event each, with what was spent towards it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

import msgspec

from gastown_tui.cli import common, words
from gastown_tui.engine.history import History
from gastown_tui.engine.history.eventindex import Wanted
from gastown_tui.engine.history.imported import Entry, gathered
from gastown_tui.model import events as e
from gastown_tui.text import clip, one_line, pad, width

_WHO = 14
_LEAST = 20


@dataclass(frozen=True)
class Line:
    """One line: an event, and what was spent since the line before it (US dollars)."""

    entry: Entry
    usd: float = 0.0

    @property
    def long(self) -> str:
        """The event's long text, as it came."""
        return words.long_text(self.entry.event)

    def text(self, now: float, about: str, cells: int) -> str:
        """The line for people: when, how long ago, who, what and why, and the cost.

        Args:
            now: unix seconds.
            about: whose story it is told in; its name does not open every sentence then.
            cells: what it may take; the sentence is clipped, never the cost.
        """
        then = time.localtime(self.entry.at)
        same = then.tm_year == time.localtime(now).tm_year
        when = time.strftime("%m-%d %H:%M:%S" if same else "%Y-%m-%d    ", then)
        said = words.sentence(self.entry.event)
        for opening in (f"{about}: ", f"{about} ") if about else ():
            said = said.removeprefix(opening)
        head = f"{when}  {common.age(self.entry.at, now):>3}  {pad(_short(self.entry.who), _WHO)}  "
        cost = f"  +{_money(self.usd)}" if self.usd else ""
        return head + clip(said, max(_LEAST, cells - width(head) - width(cost))) + cost

    def document(self) -> dict[str, Any]:
        """The line for programs: the record as the ledger has it, its time in ISO 8601, and the words."""
        at = self.entry.at
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at)) + _offset(at)
        return {
            "seq": self.entry.seq, "at": at, "when": when, "who": self.entry.who,
            "event": _event(self.entry), "said": words.sentence(self.entry.event),
            "usd": round(self.entry.usd, 6),
        }  # fmt: skip


def _event(entry: Entry) -> dict[str, Any]:
    """The event as the ledger has it, with nothing packed away; a step that came in says that it did."""
    event = entry.event
    if not isinstance(event, get_args(e.AnyEvent)):
        return {"event": entry.kind, **json.loads(msgspec.json.encode(event))}
    return dict(json.loads(e.encode(e.Record(entry.seq, entry.at, entry.who, event)))["event"])


def _short(who: str) -> str:
    """A name that fits its column; of a path, as other boards have them, the last part."""
    name = one_line(who)
    return name if width(name) <= _WHO else name.rpartition("/")[2] or name


def _money(usd: float) -> str:
    return f"${usd:.4f}" if usd < 0.1 else common.dollars(usd)


def _offset(at: float) -> str:
    zone = time.strftime("%z", time.localtime(at))
    return f"{zone[:3]}:{zone[3:]}"


@dataclass
class _Purse:
    """What was spent and stands on no line yet, by agent."""

    spent: dict[str, list[Entry]] = field(default_factory=dict)

    def put(self, entry: Entry) -> None:
        self.spent.setdefault(entry.event.agent, []).append(entry)

    def take(self, entry: Entry) -> float:
        """What the agent spent that did this, or that this is about, since its last line."""
        agents = {entry.who, getattr(entry.event, "agent", "")}
        return sum(x.usd for agent in agents for x in self.spent.pop(agent, ()))

    def rest(self) -> Iterator[Line]:
        """A line for each sum nothing followed on."""
        for entries in sorted(self.spent.values(), key=lambda found: found[-1].seq):
            last = entries[-1]
            total = msgspec.structs.replace(last.event, usd=sum(x.usd for x in entries))
            yield Line(last._replace(event=total))


def once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries without a train of one bead that landed, where the line of that bead has said it."""
    commit = ""
    for entry in entries:
        event = entry.event
        if isinstance(event, e.Landed | e.Staged):
            commit = event.commit
        elif isinstance(event, e.TrainLanded) and len(event.beads) == 1 and event.commit == commit:
            continue
        yield entry


def folded(entries: Iterable[Entry]) -> Iterator[Line]:
    """The entries for people: what was spent stands on other lines, one landing or import is one line."""
    purse = _Purse()
    for entry in gathered(once(entries)):
        if isinstance(entry.event, e.Spent):
            purse.put(entry)
        else:
            yield Line(entry, purse.take(entry))
    yield from purse.rest()


def lines(history: History, wanted: Wanted, latest: int | None, *, fold: bool) -> Iterator[Line]:
    """The lines wanted, oldest first; with `latest` the last so many.

    With `fold` what was spent stands on other lines, unless it is asked for.
    """
    fold = fold and not wanted.kinds
    if latest is None:
        entries = history.entries(wanted)
        yield from folded(entries) if fold else map(Line, entries)
        return
    # Sums take lines away: look back far enough that as many as were asked for are left.
    count = latest * (2 if fold else 1)
    while True:
        found = list(history.entries(wanted, count))
        made = list(folded(found) if fold else map(Line, found))
        if len(made) >= latest or len(found) < count:
            yield from made[-latest:]
            return
        count *= 4
