"""Our policy in the simulator: the planner itself, and beside it what the town would remember."""

from __future__ import annotations

import msgspec

from gastown_tui.model.merge import RATE, Car, learned
from gastown_tui.model.queue.plan import Beads, Decision, Past, Sight, plan
from tests.benchmarks.queueing.world import Flight, Ids, World


class Prefix:
    """Remembers what the events of the queue leave in the town, and nothing else."""

    def __init__(self) -> None:
        self.rate = RATE
        self._line: list[str] = []
        self._aside: list[str] = []
        self._past: dict[str, Past] = {}
        self._came: dict[str, int] = {}
        self._known: dict[Beads, bool] = {}
        self._alone: set[int] = set()
        self._reds: dict[str, tuple[int, Beads]] = {}

    def ended(self, world: World, flight: Flight) -> None:
        """A verdict: of a tree, if it is on the tip, and of a change that was alone in its run."""
        beads = _names(flight.beads)
        if flight.onto == len(world.landed):
            self._known[beads] = flight.ok
        if not flight.ok:
            self._reds[beads[-1]] = max(self._reds.get(beads[-1], (0, ())), (flight.number, beads[:-1]))
        lone = flight.number in self._alone
        if len(beads) == 1 and (lone or beads[0] not in self._aside):
            self._remember(beads[0], alone=flight.ok)

    def step(self, world: World) -> None:
        """Plan until there is nothing left to decide."""
        for id in world.queue:
            if (bead := str(id)) not in self._came:
                self._line.append(bead)
                self._came[bead] = world.runs
        while self._apply(world, plan(self._sight(world))):
            pass

    def _sight(self, world: World) -> Sight:
        for bead in self._aside:
            self._remember(bead, waited=world.runs - self._came[bead])
        running = tuple(_names(flight.beads) for flight in world.flights.values())
        line, aside = (tuple(Car(bead, 1, "") for bead in lane) for lane in (self._line, self._aside))
        return Sight(line, aside, self._known.get, running, world.slots, self.rate, past=self._past)

    def _apply(self, world: World, decision: Decision) -> bool:
        """Do what was decided; whether that changed what there is to decide."""
        for run in decision.stop:
            world.stop(next(n for n, flight in world.flights.items() if _names(flight.beads) == run))
        for bead in decision.confirm:
            self._line.remove(bead)
            self._shunt(world, bead, self._aside)
            self._learn(culprit=True)
            company = self._reds.get(bead, (0, ()))[1]
            self._remember(bead, beside=tuple(dict.fromkeys((*self._past[bead].beside, *company))))
        for bead in decision.back:
            self._aside.remove(bead)
            world.send_back(int(bead))
        for bead, _ in decision.requeue:
            self._aside.remove(bead)
            self._remember(bead, tries=self._past[bead].tries + 1)
            self._shunt(world, bead, self._line)
        self._land(world, decision.land)
        landed = len(decision.land)
        for run in decision.start:
            beads = run[landed:] if landed and run[:landed] == decision.land else run
            number = world.begin(tuple(int(bead) for bead in beads))
            if len(run) == 1 and run[0] in decision.alone:
                self._alone.add(number)
        return bool(decision.land or decision.confirm or decision.back or decision.requeue)

    def _land(self, world: World, beads: Beads) -> None:
        if not beads:
            return
        world.land(tuple(int(bead) for bead in beads))
        world.rebase(tuple(int(bead) for bead in beads))
        n = len(beads)
        self._known = {run[n:]: ok for run, ok in self._known.items() if run[:n] == beads and len(run) > n}
        for bead in beads:
            (self._line if bead in self._line else self._aside).remove(bead)
            self._learn(culprit=False)
        for number, flight in list(world.flights.items()):
            if flight.onto != len(world.landed) and number not in self._alone:
                world.stop(number)

    def _shunt(self, world: World, bead: str, lane: list[str]) -> None:
        lane.append(bead)
        self._came[bead] = world.runs
        self._remember(bead, alone=None)

    def _learn(self, culprit: bool) -> None:
        self.rate = learned(self.rate, culprit)

    def _remember(self, bead: str, **what: object) -> None:
        self._past[bead] = msgspec.structs.replace(self._past.get(bead, Past(lands=True)), **what)


def _names(ids: Ids) -> Beads:
    return tuple(str(id) for id in ids)
