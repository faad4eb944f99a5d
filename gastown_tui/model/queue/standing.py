"""The merge queue as people ask about it: who stands where, why each entry waits, and when it may land."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gastown_tui.model.merge import GateRun, MergeRequest, TestRun
from gastown_tui.model.queue import lanes
from gastown_tui.model.queue.order import ordered as ordered
from gastown_tui.model.state import State

Name = Callable[[str], str]
"""How a bead is called where the words are read."""

_STILL = ("held", "waiting", "asks", "staged")
"""Entries that do not move by themselves."""
_OUTWARD = ("remote", "ahead", "apart", "edits", "gh")
"""Kinds of question about the remote, which keep what is green from landing."""
_RECENT = 5
"""Finished runs from which the length of the next is guessed."""
_OVERDUE = 0.1
"""What share of a run's usual length one that is late is said to have left."""
_NAMED = 4
"""Beads that a sentence names before it counts the others."""


class Spot(NamedTuple):
    """Where one entry stands.

    `place` counts from 1, what lands first; `state` is one word of landing, testing, queued, suspect, confirm, held,
    waiting, asks, staged; `why` says it in a sentence; `lands` is in how many seconds it may land, None where nobody
    can say; `runs` are the numbers of those in flight that test it, `into` is the integration branch it lands on or
    stands on, "" for none.
    """

    entry: MergeRequest
    place: int
    state: str
    why: str
    lands: float | None
    runs: tuple[int, ...]
    into: str = ""

    @property
    def bead(self) -> str:
        """Whose entry it is."""
        return self.entry.bead


class Line(NamedTuple):
    """The whole queue at one moment: its entries in order, and `seconds`, what one run takes (0: not known)."""

    spots: tuple[Spot, ...]
    seconds: float
    held: str = ""

    @property
    def next(self) -> float | None:
        """Seconds until something may land."""
        return min((spot.lands for spot in self.spots if spot.lands is not None), default=None)

    @property
    def all(self) -> float | None:
        """Seconds until everything that moves by itself may have landed."""
        return max((spot.lands for spot in self.spots if spot.lands is not None), default=None)


def queue_line(town: State, now: float, *, slots: int = 1, batch: int = 6, name: Name = str) -> Line:
    """The queue at unix second `now`.

    Args:
        town: the town.
        now: unix seconds.
        slots: how many runs there may be at once.
        batch: how many entries one run takes together, while nothing is red.
        name: how beads are called in the sentences.
    """
    entries = ordered(town.queue.values())
    seconds = run_seconds(town)
    held = waits(town)
    words = _Words(town, name)
    states = {entry.bead: words.state(entry) for entry in entries}
    moving = [] if held else [e for e in entries if states[e.bead] not in _STILL]
    lands = _landings(town, now, [e for e in moving if e.bead not in words.green], seconds, slots, batch)
    lands |= dict.fromkeys(words.green if not held and not words.outward else (), 0.0)
    spots = (
        Spot(entry, place, states[entry.bead], words.why(entry, states[entry.bead]), lands.get(entry.bead),
             runs_of(town, entry.bead), lanes.own(town, town.beads.get(entry.bead)))
        for place, entry in enumerate(entries, 1)
    )  # fmt: skip
    return Line(tuple(spots), seconds, held)


def stopped(town: State) -> str:
    """Why nothing is tested or landed now, in a sentence: paused, or landing is held; "" when it goes on."""
    holds = town.holds
    if "queue" in holds:
        return f"the train is {holds['queue']}"
    return f"landing is held: {holds['landing']}" if "landing" in holds else ""


def waits(town: State) -> str:
    """The same, or that the target is red: then only what mends it goes on."""
    red = town.holds.get("red", "")
    return stopped(town) or (f"{red}; the queue waits" if red else "")


def runs_of(town: State, bead: str) -> tuple[int, ...]:
    """Numbers of the runs in flight that test a bead, in order."""
    return tuple(sorted(number for number, run in town.testing.items() if bead in run.beads))


def in_flight(town: State) -> list[TestRun]:
    """The runs in flight, in the order they began."""
    return sorted(town.testing.values(), key=lambda run: run.number)


def finished(town: State) -> list[GateRun]:
    """The finished runs, oldest first."""
    return sorted(town.runs.values(), key=lambda run: (run.number, run.at, run.tree))


def telling(town: State) -> list[GateRun]:
    """The finished runs that still say something of the queue as it stands on the present tip, oldest first.

    A run on the tip before counts, too, when its first cars are what landed since.
    """
    landed = since(town)
    found = [
        run
        for run in town.runs.values()
        if run.number
        and _ONE not in run.gates
        and (gone := landed.get(run.base)) is not None
        and run.beads[: len(gone)] == gone
        and any(bead in town.queue for bead in run.beads)
    ]
    return sorted(found, key=lambda run: run.number)


def since(town: State) -> dict[str, tuple[str, ...]]:
    """Commits the target pointed at, the present tip and the one before, with the beads that landed since each."""
    last = town.last
    before = {last.onto: last.beads} if last is not None and last.commit == town.tip else {}
    return {**before, town.tip: (), **{convoy.tip: () for convoy in lanes.afloat(town) if convoy.tip}}


def of_tip(town: State) -> GateRun | None:
    """The newest run of the tree the target points at: what is known of it."""
    last = town.last
    tree = last.tree if last is not None and last.commit == town.tip else ""
    found = [
        run for run in town.runs.values()
        if town.tip
        and (run.commit == town.tip or run.tree == tree or (_bare(run) and run.base == town.tip))
        and _ONE not in run.gates
    ]  # fmt: skip
    return max(found, key=lambda run: (run.at, run.number), default=None)


_ONE = ":"
"""Stands in the name of the gates of a run that was of one gate alone (engine/gating): no verdict on its tree."""


def _bare(run: GateRun) -> bool:
    return bool(run.number) and not run.beads


def run_seconds(town: State) -> float:
    """What a run of the gates takes, from the last ones; 0 while nothing is known."""
    known = [run.seconds for run in sorted(town.runs.values(), key=lambda r: (r.at, r.number)) if run.seconds > 0]
    return sum(known[-_RECENT:]) / len(known[-_RECENT:]) if known else 0.0


def joined(names: Iterable[str], most: int = _NAMED) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 others`."""
    known = list(names)
    if len(known) > most:
        known = [*known[: most - 1], f"{len(known) - most + 1} others"]
    return " and ".join(part for part in (", ".join(known[:-1]), known[-1] if known else "") if part)


class _Words:
    """Why entries wait."""

    def __init__(self, town: State, name: Name) -> None:
        self._town, self._name = town, name
        told = telling(town)
        self._red = next((run for run in reversed(told) if not run.ok), None)
        self.outward = next((n.title for _, n in sorted(town.needs.items()) if n.kind in _OUTWARD), "")
        self.green = self._green(told)

    def _green(self, told: list[GateRun]) -> dict[str, int]:
        """Who stands at the head of the line and was green just so, in which run: nothing is left but to land it."""
        town = self._town
        free = [m for m in ordered(town.queue.values()) if not m.lane and self.state(m) in ("queued", "suspect")]
        line = tuple(m.bead for m in free if not lanes.of(town, town.beads.get(m.bead)))
        landed = since(town)
        found: dict[str, int] = {}
        for run in told:
            left = run.beads[len(landed[run.base]) :]
            if run.ok and left and line[: len(left)] == left:
                found |= dict.fromkeys(left, run.number)
        return found

    def state(self, entry: MergeRequest) -> str:
        """The one word."""
        bead = self._town.beads.get(entry.bead)
        if entry.state == "landing" or (bead is not None and bead.work.landing):
            return "landing"
        if entry.hold:
            return "held"
        if bead is not None and bead.work.held:
            return "asks"
        if entry.state == "waiting":
            return "waiting"
        if runs_of(self._town, entry.bead) or entry.state == "testing":
            return "testing"
        if bead is not None and bead.work.staged:
            return "staged"
        if entry.lane:
            return "confirm"
        return "suspect" if self._red is not None and entry.bead in self._red.beads else "queued"

    def why(self, entry: MergeRequest, state: str) -> str:
        """The sentence."""
        said = {"landing": self._landing, "held": self._held, "asks": self._asks, "testing": self._testing,
                "confirm": self._confirm, "suspect": self._suspect, "staged": self._staged}  # fmt: skip
        if state == "waiting":
            return entry.why or "it waits for you"
        if (paused := waits(self._town)) and state in ("queued", "suspect", "confirm"):
            return paused
        if entry.bead in self.green:
            return f"run {self.green[entry.bead]} was green; {self.outward or 'it lands next'}"
        into = lanes.own(self._town, self._town.beads.get(entry.bead))
        words = said.get(state, self._queued)(entry)
        return f"{words}, for {into}" if into and state in ("queued", "testing", "suspect", "confirm") else words

    def _landing(self, entry: MergeRequest) -> str:
        train = self._town.train
        number = train.number if train is not None and entry.bead in train.beads else 0
        doing = self.outward or "it is landing"
        return f"run {number} was green; {doing}" if number else doing

    def _held(self, entry: MergeRequest) -> str:
        return f"you hold it: {entry.hold}"

    def _asks(self, entry: MergeRequest) -> str:
        return f"it waits for your answer: {self._town.beads[entry.bead].work.held}"

    def _testing(self, entry: MergeRequest) -> str:
        numbers = runs_of(self._town, entry.bead)
        if not numbers:
            return entry.why or "it is tested"
        others = [self._name(id) for id in self._town.testing[numbers[0]].beads if id != entry.bead]
        how = f"with {joined(others)}" if others else "alone"
        verb = "tests" if len(numbers) == 1 else "test"
        return f"run{'s' if len(numbers) > 1 else ''} {joined(map(str, numbers))} {verb} it {how}"

    def _staged(self, entry: MergeRequest) -> str:
        town = self._town
        convoy = town.convoys[town.beads[entry.bead].work.convoy]
        if asks := lanes.asks(town, convoy):
            return f"on {convoy.branch}, which asks you: {asks}"
        left = sorted(lanes.missing(town, convoy), key=lambda bead: bead.id)
        if left:
            others = joined(f"{self._name(bead.id)} ({town.column(bead) or bead.status})" for bead in left)
            return f"on {convoy.branch}, which lands as one: waits for {others}"
        held = [m.bead for m in town.queue.values() if m.hold and town.beads[m.bead].work.convoy == convoy.id]
        if held:
            return f"on {convoy.branch}, which lands as one: you hold {joined(map(self._name, sorted(held)))}"
        return waits(town) or f"all of {convoy.id} is on {convoy.branch}; it is tested with {town.target} next"

    def _confirm(self, entry: MergeRequest) -> str:
        return f"{entry.why or 'red alone'}; once more by itself, behind the others"

    def _suspect(self, entry: MergeRequest) -> str:
        red = self._red
        assert red is not None
        others = [self._name(id) for id in red.beads if id != entry.bead and id in self._town.queue]
        company = f" with {joined(others)}" if others else ""
        flight = sorted(run.number for run in self._town.testing.values() if set(run.beads) & set(red.beads))
        then = f"run {flight[0]} looks for the culprit" if flight else "the culprit is looked for next"
        return f"red in run {red.number}{company}; {then}"

    def _queued(self, entry: MergeRequest) -> str:
        if entry.state == "allowed":
            return "you let it land untested"
        after = [run.number for run in in_flight(self._town)]
        when = f"after run {after[0]}" if after else "in the next run"
        if entry.tries:
            beside = f" beside {joined(map(self._name, entry.beside))}" if entry.beside else " in company"
            return f"red{beside}, green alone; again at the end, {when}"
        return f"{entry.why}; {when}" if entry.why else f"it is tested {when}"


def _landings(
    town: State, now: float, moving: list[MergeRequest], seconds: float, slots: int, batch: int
) -> dict[str, float]:
    """In how many seconds each entry may land if all goes green: runs in flight first, then a batch a run."""
    if not seconds:
        return {entry.bead: 0.0 for entry in moving if entry.state == "landing"}
    left = {run.number: max(seconds * _OVERDUE, seconds - (now - run.began)) for run in town.testing.values()}
    out: dict[str, float] = {}
    rest: list[str] = []
    for entry in moving:
        if entry.state == "landing":
            out[entry.bead] = 0.0
        elif numbers := runs_of(town, entry.bead):
            out[entry.bead] = min(left[number] for number in numbers)
        else:
            rest.append(entry.bead)
    free = len(left) < slots
    begin = 0.0 if free or not left else min(left.values())
    for index, bead in enumerate(rest):
        out[bead] = begin + seconds * (1 + index // max(1, batch))
    return out
