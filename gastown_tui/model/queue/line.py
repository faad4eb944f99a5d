"""The main lane once everything known was applied to it: what lands, what is red, and who was found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gastown_tui.model.queue import sizing
from gastown_tui.model.queue.sight import Beads, Sight

REACH = 2 * sizing.LONGEST
"""No run is longer than so many changes, so that no longer prefix need be asked for."""

HEDGED = 4
"""A red stretch of at most so many changes is also tested without each of them."""

HEDGE_SLOTS = 2
"""From so many slots on: with one, a run that bets on the culprit takes the place of one that finds it."""


@dataclass(frozen=True)
class Line:
    """Some of the main lane, in order: the first `green` land, `red` is the shortest longer prefix known red.

    `out` were red alone on what lands, or all else was green without them.
    """

    beads: Beads
    green: int
    red: int | None
    out: Beads

    def without(self, slots: int) -> Iterator[tuple[str, Beads]]:
        """Each change that may be the bad one of the red stretch, and the line without it; none where that is long."""
        if self.red is not None and slots >= HEDGE_SLOTS and self.red - self.green <= HEDGED:
            for n in range(self.red - 1, self.green - 1, -1):
                yield self.beads[n], self.beads[:n] + self.beads[n + 1 :]

    def tells(self, run: Beads) -> bool:
        """Whether a run can still tell something: longer than what lands, shorter than what is red."""
        n = len(run)
        return n > self.green and (self.red is None or n < self.red) and self.beads[:n] == run

    def bets(self, run: Beads, slots: int) -> bool:
        """Whether a run is all of the red stretch but one change that may be the bad one."""
        return self.red is not None and len(run) >= self.red - 1 and any(
            rest[: len(run)] == run for _, rest in self.without(slots)
        )  # fmt: skip


def pinned(sight: Sight) -> Beads:
    """The line, but what was put first goes behind a run that is in flight or was green: that run is not wasted."""
    order = tuple(car.bead for car in sight.cars)
    ahead = next((n for n, bead in enumerate(order) if sight.of(bead).begun), 0)
    if not ahead:
        return order
    first, rest = order[:ahead], order[ahead:]
    flying = max((len(run) for run in sight.running if rest[: len(run)] == run), default=0)
    green = max((n for n in range(1, min(len(rest), REACH) + 1) if sight.verdict(rest[:n])), default=0)
    stays = max(flying, green)
    return rest[:stays] + first + rest[stays:]


def known(sight: Sight, order: Beads) -> Line:
    """Apply every verdict there is, taking out one after the other the changes that are found to be bad."""
    out: list[str] = []
    while True:
        said = {n: sight.verdict(order[:n]) for n in range(1, min(len(order), REACH) + 1)}
        green = max((n for n, ok in said.items() if ok), default=0)
        red = min((n for n, ok in said.items() if ok is False and n > green), default=None)
        line = Line(order, green, red, tuple(out))
        culprit = order[green] if red == green + 1 else _left_out(sight, line)
        if culprit is None:
            return line
        out.append(culprit)
        order = tuple(bead for bead in order if bead != culprit)


def _left_out(sight: Sight, line: Line) -> str | None:
    """A change without which all of a red stretch is green."""
    if line.red is None:
        return None
    for bead, rest in line.without(sight.slots):
        if any(sight.verdict(rest[:n]) for n in range(line.red - 1, min(len(rest), REACH) + 1)):
            return bead
    return None
