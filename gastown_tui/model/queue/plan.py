"""What the queue does next: which tested prefix lands, which runs begin or stop, and who leaves the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gastown_tui.model.merge import Car
from gastown_tui.model.queue import narrowing, pregate, sizing
from gastown_tui.model.queue.line import REACH, Line, known, pinned
from gastown_tui.model.queue.sight import Beads, Decision, Past, Sight

ENTRIES = 3
"""So often may a change enter the line before it goes back to its polecat."""

PATIENCE = 24
"""After so many runs begun since it came to the confirm lane a bead's run is no longer of low priority; after half as
many with two slots or more, where it keeps only one of them from the line."""


def plan(sight: Sight) -> Decision:
    """What to do now, from nothing but what is known now (policy "prefix" of the queue).

    Any green prefix lands whole; a red one is narrowed inside itself, with as many runs as there are slots; the change
    that is found leaves the line for the confirm lane, and what stood behind it is tested with what follows. Runs in
    flight that can still tell something go on.
    """
    order = pinned(sight)
    apart = pregate.apart(sight, order)
    failed = tuple(bead for bead in apart if pregate.alone(sight, bead) is False)
    line = known(sight, tuple(bead for bead in order if bead not in apart))
    lane = _confirmed(sight)
    lone: list[Beads] = [(bead,) for bead in (*lane.asking, *apart) if bead not in failed]
    useful = [run for run in sight.running if line.tells(run) or run in lone]
    start, kept = _runs(sight, line, lane, lone, useful)
    stop = tuple(run for run in sight.running if run not in useful and run not in kept)
    land, requeue = line.beads[: line.green], lane.requeue
    if not land and (found := _landing_alone(sight, line, lane)):
        land, start = (found,), ()
        requeue = tuple(pair for pair in requeue if pair[0] != found)
        stop = tuple(run for run in sight.running if run not in lone)
    if land:  # one alone is run on the tip as it will be: it begins as soon as the train has landed
        start = tuple(run for run in start if run not in lone)
    tells = tuple(run[0] for run in start if run in lone)
    return Decision(land, start, stop, (*line.out, *failed), lane.back, requeue, tells)


@dataclass(frozen=True)
class _Lane:
    """What became of the confirm lane: who goes back, who may stand in line again, whose run is still to come."""

    back: Beads
    requeue: tuple[tuple[str, Beads], ...]
    asking: Beads


def _confirmed(sight: Sight) -> _Lane:
    back, requeue, asking = [], [], []
    for car in sight.confirm:
        past = sight.of(car.bead)
        if past.alone is None:
            asking.append(car.bead)
        elif past.alone and past.tries + 1 < ENTRIES:
            requeue.append((car.bead, past.beside))
        else:
            back.append(car.bead)
    return _Lane(tuple(back), tuple(requeue), tuple(asking))


def _landing_alone(sight: Sight, line: Line, lane: _Lane) -> str | None:
    """A change of the confirm lane that was green on this very tip: it lands, if that is in nobody's way.

    It would be in the way of those it was red with while they still stand in line, and of runs in flight, which are
    not of what the tip would be then.
    """
    if any(line.tells(run) for run in sight.running):
        return None
    for bead, company in lane.requeue:
        if sight.of(bead).lands and not set(company) & set(line.beads) and sight.verdict((bead,)):
            return bead
    return None


def _runs(
    sight: Sight, line: Line, lane: _Lane, lone: list[Beads], useful: list[Beads]
) -> tuple[tuple[Beads, ...], list[Beads]]:
    """What begins, and which of the runs in flight that only bet on a culprit go on: in the slots there are."""
    bets = [run for run in sight.running if run not in useful and line.bets(run, sight.slots)]
    free = max(0, sight.slots - len(useful))
    urgent = [(bead,) for bead in lane.asking if sight.of(bead).waited >= PATIENCE // max(1, min(sight.slots, 2))]
    must = [run for run in dict.fromkeys([*urgent, *_wanted(sight, line, useful, free)]) if run not in useful][:free]
    kept = bets[: free - len(must)]
    pregated = [run for run in lone if run[0] not in lane.asking]
    may = dict.fromkeys([*pregated, *_bet(sight, line, kept), *lone])
    more = [run for run in may if run not in useful and run not in must][: free - len(must) - len(kept)]
    return (*must, *more), kept


def _wanted(sight: Sight, line: Line, useful: list[Beads], free: int) -> list[Beads]:
    """Prefixes to test next: cuts of the red stretch, or, while nothing is red, longer and longer ones.

    Slots that are still free then cut what is being tested, so that a red run is narrowed by the time it is known.
    """
    have = [len(run) for run in useful if line.beads[: len(run)] == run]
    lengths: list[int] = []
    if line.red is None:
        count, step = min(len(line.beads), REACH), _batch(sight)
        low = max([line.green, *have])
        lengths = [min(count, n + step) for n in range(low, count, step)][:free]
    high = line.red or max([line.green, *have, *lengths])
    lengths += narrowing.cuts(line.green, high, [*have, *lengths], free - len(lengths))
    return [line.beads[:n] for n in lengths]


def _bet(sight: Sight, line: Line, kept: list[Beads]) -> Iterator[Beads]:
    """The line up to a batch beyond a red stretch, without one change of it each time."""
    for _, rest in line.without(sight.slots):
        run = rest[: min(REACH, (line.red or 0) - 1 + _batch(sight))]
        if not any(rest[: len(other)] == other for other in kept) and sight.verdict(run) is None:
            yield run


def _batch(sight: Sight) -> int:
    return sizing.batch(sizing.PREGATED if pregate.on(sight) else sight.rate)


__all__ = ["ENTRIES", "PATIENCE", "REACH", "Beads", "Car", "Decision", "Past", "Sight", "plan"]
