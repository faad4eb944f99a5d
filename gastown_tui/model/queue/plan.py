"""What the queue does next: which tested prefix lands, which runs begin or stop, and who leaves the line."""

from __future__ import annotations

from collections.abc import Iterator

from gastown_tui.model.merge import Car
from gastown_tui.model.queue import narrowing, sizing
from gastown_tui.model.queue.line import REACH, Line, known, pinned
from gastown_tui.model.queue.sight import Beads, Decision, Past, Sight

ENTRIES = 3
"""So often may a change enter the line before it goes back to its polecat."""

PATIENCE = 24
"""After so many runs begun since it came to the confirm lane a bead's run is no longer of low priority."""


def plan(sight: Sight) -> Decision:
    """What to do now, from nothing but what is known now (policy "prefix" of the queue).

    Any green prefix lands whole; a red one is narrowed inside itself, with as many runs as there are slots; the change
    that is found leaves the line for the confirm lane, and what stood behind it is tested with what follows. Runs in
    flight that can still tell something go on.
    """
    order = pinned(sight)
    apart = _apart(sight, order)
    failed = tuple(bead for bead in apart if _alone(sight, bead) is False)
    line = known(sight, tuple(bead for bead in order if bead not in apart))
    back, requeue, asking = _confirmed(sight)
    alone = [(bead,) for bead in (*asking, *apart) if bead not in failed]
    useful = [run for run in sight.running if line.tells(run) or run in alone]
    bets = [run for run in sight.running if run not in useful and line.bets(run, sight.slots)]
    free = max(0, sight.slots - len(useful))
    urgent = [(bead,) for bead in asking if sight.of(bead).waited >= PATIENCE]
    must = [run for run in dict.fromkeys([*urgent, *_wanted(sight, line, useful, free)]) if run not in useful][:free]
    kept = bets[: free - len(must)]
    may = dict.fromkeys([*((bead,) for bead in apart), *_bet(sight, line, kept), *alone])
    more = [run for run in may if run in alone or len(run) > 1]
    more = [run for run in more if run not in useful and run not in must][: free - len(must) - len(kept)]
    stop = tuple(run for run in sight.running if run not in useful and run not in kept)
    return Decision(
        line.beads[: line.green], (*must, *more), stop, (*line.out, *failed), tuple(back), tuple(requeue)
    )  # fmt: skip


def _apart(sight: Sight, order: Beads) -> Beads:
    """While changes are pregated: those that were not green alone yet."""
    if not sight.pregate or sight.slots < sizing.PREGATE_SLOTS:
        return ()
    return tuple(bead for bead in order if not _alone(sight, bead))


def _alone(sight: Sight, bead: str) -> bool | None:
    """What the last run of a bead alone said, on this tip or on one before."""
    said = sight.of(bead).alone
    return sight.verdict((bead,)) if said is None else said


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
    pregated = sight.pregate and sight.slots >= sizing.PREGATE_SLOTS
    return sizing.batch(sizing.PREGATED if pregated else sight.rate)


__all__ = ["ENTRIES", "PATIENCE", "Beads", "Car", "Decision", "Past", "Sight", "plan"]
