"""What the plan is made from and what comes of it: the queue as it is seen now, and a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from gastown_tui.model.merge import Car

Beads = tuple[str, ...]


class Past(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of a bead besides its place in line.

    `tries` times it was put at the end of the line; `waited` runs were begun since it came to its lane; its last run
    alone (a confirm run, or the run before it joined the line) was green, red, or there was none since then: `alone`;
    it was red `beside` those ids; it has `begun` to be tested where it stands in line; it `lands`
    straight from the confirm lane, if it is green there on the tip and in nobody's way.
    """

    tries: int = 0
    waited: int = 0
    alone: bool | None = None
    beside: Beads = ()
    begun: bool = False
    lands: bool = False


_NOTHING = Past()


@dataclass(frozen=True)
class Sight:
    """All that is known now, for one target; the plan depends on nothing else.

    Attributes:
        cars: the main lane, in the order of `lanes.order`.
        confirm: beads that were red alone and await one more run alone on the tip.
        verdict: what is known of the tree "present tip + these beads merged in this order"; None when it never ran.
        running: runs in flight, as on the present tip. A run of one bead of the confirm lane is its confirm run.
        slots: how many runs there may be at once; 0 while others have all there are.
        rate: the culprit rate p̂ (`merge.learned`).
        pregate: whether each change is tested alone before it joins the line: on, off, or auto (`sizing.pregating`).
        past: what is remembered of a bead, where there is anything.
    """

    cars: tuple[Car, ...]
    confirm: tuple[Car, ...]
    verdict: Callable[[Beads], bool | None]
    running: tuple[Beads, ...]
    slots: int
    rate: float
    pregate: str = "auto"
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
        alone: of those that begin, beads whose run alone tells of them on whatever tip: it goes on when the tip moves.
        requeue: (bead, company): green alone but red in that company: to the end of the line.
    """

    land: Beads = ()
    start: tuple[Beads, ...] = ()
    stop: tuple[Beads, ...] = ()
    confirm: Beads = ()
    back: Beads = ()
    requeue: tuple[tuple[str, Beads], ...] = ()
    alone: Beads = ()
