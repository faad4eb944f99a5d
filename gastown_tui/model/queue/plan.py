"""What the queue does next: which tested prefix lands, which runs begin or stop, and who leaves the line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from gastown_tui.model.merge import Car
from gastown_tui.model.queue import narrowing, sizing

Beads = tuple[str, ...]

ENTRIES = 3
"""So often may a change enter the line before it goes back to its polecat."""

PATIENCE = 24
"""After so many runs begun since it came to the confirm lane a bead's run is no longer of low priority."""

REACH = 2 * sizing.LONGEST
"""No run is longer than so many changes, so that no longer prefix need be asked for."""


class Past(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of a bead besides its place in line.

    `tries` times it was put at the end of the line; `waited` runs were begun since it came to its lane; its last run
    alone (a confirm run, or the run before it joined the line) was green, red, or there was none since then: `alone`;
    it was red `beside` those ids; it has `begun` to be tested where it stands in line.
    """

    tries: int = 0
    waited: int = 0
    alone: bool | None = None
    beside: Beads = ()
    begun: bool = False


_NOTHING = Past()


@dataclass(frozen=True)
class Sight:
    """All that is known now, for one target; the plan depends on nothing else.

    Attributes:
        cars: the main lane, in the order of `lanes.order`.
        confirm: beads that were red alone and await one more run alone on the tip.
        verdict: what is known of the tree "present tip + these beads merged in this order"; None when it never ran.
        running: runs in flight, as on the present tip. A run of one bead of the confirm lane is its confirm run.
        slots: how many runs there may be at once, at least 1.
        rate: the culprit rate p̂ (`merge.learned`).
        pregate: whether each change is tested alone before it joins the line (`sizing.pregating`).
        past: what is remembered of a bead, where there is anything.
    """

    cars: tuple[Car, ...]
    confirm: tuple[Car, ...]
    verdict: Callable[[Beads], bool | None]
    running: tuple[Beads, ...]
    slots: int
    rate: float
    pregate: bool = False
    past: Mapping[str, Past] = field(default_factory=dict)

    def of(self, bead: str) -> Past:
        """What is remembered of a bead."""
        return self.past.get(bead, _NOTHING)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What to do now; all of it may be done at once, and an empty one means: wait for a run to end.

    Attributes:
        land: the green prefix to land whole, or ().
        start: runs to begin, most wanted first, as on the present tip; never more than free slots after `stop`.
        stop: runs in flight that can tell nothing any more.
        confirm: beads that were red alone: to the confirm lane.
        back: beads red again alone (or in company for the third time): rework, with the log.
        requeue: (bead, company): green alone but red in that company: to the end of the line.
    """

    land: Beads = ()
    start: tuple[Beads, ...] = ()
    stop: tuple[Beads, ...] = ()
    confirm: Beads = ()
    back: Beads = ()
    requeue: tuple[tuple[str, Beads], ...] = ()


@dataclass(frozen=True)
class _Line:
    """The main lane once what is known was applied: `green` changes land, `red` is the shortest longer red prefix."""

    beads: Beads
    green: int
    red: int | None
    out: Beads


def plan(sight: Sight) -> Decision:
    """What to do now, from nothing but what is known now (policy "prefix" of the queue).

    Any green prefix lands whole; a red one is narrowed inside itself, with as many runs as there are slots; the change
    that is found leaves the line for the confirm lane, and what stood behind it is tested with what follows. Runs in
    flight that can still tell something go on.
    """
    line = _known(sight, _pinned(sight))
    back, requeue, asking = _confirmed(sight)
    useful = [run for run in sight.running if _tells(run, line) or (len(run) == 1 and run[0] in asking)]
    stop = tuple(run for run in sight.running if run not in useful)
    free = max(0, sight.slots - len(useful))
    urgent = [(bead,) for bead in asking if sight.of(bead).waited >= PATIENCE]
    wanted = [*urgent, *_wanted(sight, line, useful, free), *((bead,) for bead in asking)]
    start = [run for run in dict.fromkeys(wanted) if run not in useful][:free]
    land = line.beads[: line.green]
    return Decision(land, tuple(start), stop, line.out, tuple(back), tuple(requeue))


def _pinned(sight: Sight) -> Beads:
    """The line, but what was put first meanwhile goes behind a run that is in flight: that run is not wasted."""
    order = tuple(car.bead for car in sight.cars)
    ahead = next((n for n, bead in enumerate(order) if sight.of(bead).begun), 0)
    first, rest = order[:ahead], order[ahead:]
    flying = max((len(run) for run in sight.running if rest[: len(run)] == run), default=0)
    return rest[:flying] + first + rest[flying:]


def _known(sight: Sight, order: Beads) -> _Line:
    """Apply every verdict there is, taking out one after the other the changes that are red alone on what lands."""
    out: list[str] = []
    while True:
        said = {n: sight.verdict(order[:n]) for n in range(1, min(len(order), REACH) + 1)}
        green = max((n for n, ok in said.items() if ok), default=0)
        red = min((n for n, ok in said.items() if ok is False and n > green), default=None)
        if red is None or red > green + 1:
            return _Line(order, green, red, tuple(out))
        out.append(order[green])
        order = order[:green] + order[green + 1 :]


def _confirmed(sight: Sight) -> tuple[list[str], list[tuple[str, Beads]], list[str]]:
    """What became of the confirm lane: who goes back, who may stand in line again, whose run is still to come."""
    back, requeue, asking = [], [], []
    for car in sight.confirm:
        past = sight.of(car.bead)
        if past.alone is None:
            asking.append(car.bead)
        elif past.alone and past.tries + 1 < ENTRIES:
            requeue.append((car.bead, past.beside))
        else:
            back.append(car.bead)
    return back, requeue, asking


def _tells(run: Beads, line: _Line) -> bool:
    """Whether a run of the main lane can still tell something: longer than what lands, shorter than what is red."""
    n = len(run)
    return n > line.green and (line.red is None or n < line.red) and line.beads[:n] == run


def _wanted(sight: Sight, line: _Line, useful: list[Beads], free: int) -> list[Beads]:
    """Prefixes to test next: cuts of the red stretch, or, while nothing is red, longer and longer ones.

    Slots that are still free then cut what is being tested, so that a red run is narrowed by the time it is known.
    """
    have = [len(run) for run in useful if line.beads[: len(run)] == run]
    lengths: list[int] = []
    if line.red is None:
        count, step = min(len(line.beads), REACH), sizing.batch(sight.rate)
        low = max([line.green, *have])
        lengths = [min(count, n + step) for n in range(low, count, step)][:free]
    high = line.red or max([line.green, *have, *lengths])
    lengths += narrowing.cuts(line.green, high, [*have, *lengths], free - len(lengths))
    return [line.beads[:n] for n in lengths]
