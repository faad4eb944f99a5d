"""The real town and the Refinery's own thinking in the simulator; only git and the test runner are made up."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery import sending
from gastown_tui.engine.refinery.candidates import Candidates, Step
from gastown_tui.engine.refinery.thinking import Thinking, View
from gastown_tui.model import events as e
from gastown_tui.model.merge import Car, GateRun, TestRun, Train
from gastown_tui.model.town import Town
from tests.benchmarks.queueing.world import Flight, World
from tests.model.stories import Story

GATES = "gates"
DAY = 120.0
"""Seconds of a d."""


class Merges(Candidates):
    """Merges that always work: a commit is called by what is in it, and so is its tree, whatever the order."""

    def __init__(self) -> None:
        pass

    def begin(self, tip: str) -> None:
        """Nothing is remembered."""

    @property
    def together(self) -> bool:
        """Several may land as one."""
        return True

    def step(self, town: Town, onto: str, car: Car) -> Step:
        """One more bead on a commit."""
        commit = f"{onto} {car.bead}"
        return Step(car, onto, commit, " ".join(sorted(commit.split())))

    def tried(self, town: Town, tip: str, ahead: Sequence[Step], car: Car) -> Step:
        """One more bead behind others."""
        return self.step(town, ahead[-1].commit if ahead else tip, car)


class Timed(Story):
    """A story whose records carry the time of the world."""

    now = 0.0

    def tell(self, event: e.AnyEvent, at: float | None = None) -> Town:
        """Fold one more event, now."""
        return super().tell(event, 1.8e9 + self.now * DAY)


class Whole:
    """Tells the town what the Refinery would, and asks its thinking what to do."""

    def __init__(self) -> None:
        repo = SimpleNamespace(changed_paths=lambda *_: [])
        base = cast(Base, SimpleNamespace(repo=repo, config=SimpleNamespace(target="main", pregate="auto")))
        self._base, self._story, self._merges = base, Timed(), Merges()
        self._thinking = Thinking(base, self._merges)
        self._numbers: dict[int, int] = {}

    def ended(self, world: World, flight: Flight) -> None:
        """The gates ran."""
        run = self._story.town.testing[self._numbers[flight.number]]
        over = GateRun(run.tree, GATES, flight.ok, world.now, DAY, "", run.number, run.kind, run.base, run.beads)
        self._tell(world, e.RunEnded(over))

    def step(self, world: World) -> None:
        """Take in what arrived, then plan until nothing is left to decide."""
        self._story.now = world.now
        for id in world.queue:
            if (bead := f"td-{id}") not in self._story.town.beads:
                self._story.create(bead)
                self._story.to_refinery(bead)
        while self._apply(world):
            pass

    def _tell(self, world: World, event: e.AnyEvent) -> Town:
        self._story.now = world.now
        return self._story.tell(event)

    def _apply(self, world: World) -> bool:
        """What the Refinery's round does with a look at the queue."""
        town = self._story.town
        view = self._thinking.look(town, town.tip, GATES, world.slots)
        decision = view.decision
        for bead in decision.back:
            run = sending.red_run(town, bead)
            assert run is not None
            self._tell(world, sending.gated(self._base, town, town.beads[bead], run))
            world.send_back(int(bead[3:]))
        for bead in decision.confirm:
            self._tell(world, e.Shunted(bead, "confirm", "red", sending.company(town, bead)))
        for bead, beside in decision.requeue:
            self._tell(world, e.Shunted(bead, "end", "green alone", beside))
        for number in (*view.stale, *(view.running[beads] for beads in decision.stop)):
            world.stop(next(flight for flight, run in self._numbers.items() if run == number))
            self._tell(world, e.RunDropped(number, "no longer wanted", town.testing[number].beads))
        for beads in decision.start:
            self._begin(world, view, beads)
        if decision.land:
            self._land(world, view)
        return bool(decision.land or decision.confirm or decision.back or decision.requeue)

    def _begin(self, world: World, view: View, beads: tuple[str, ...]) -> None:
        town, steps = self._story.town, view.chains[beads]
        number = town.run_number + 1
        kind = "confirm" if beads[0] in view.decision.alone and len(beads) == 1 else "train"
        taken = {run.slot for run in town.testing.values()}
        slot = next(slot for slot in range(1, world.slots + 1) if slot not in taken)
        cars = tuple(step.car for step in steps)
        run = TestRun(number, kind, view.tip, cars, steps[-1].commit, steps[-1].tree, GATES, slot, world.now)
        self._tell(world, e.RunBegun(run))
        self._numbers[world.begin(tuple(int(bead[3:]) for bead in beads))] = number

    def _land(self, world: World, view: View) -> None:
        steps = view.chains[view.decision.land]
        cars, commits = tuple(step.car for step in steps), tuple(step.commit for step in steps)
        train = Train(cars, commits, commits[-1], view.tip, steps[-1].tree, 1, world.now)
        self._tell(world, e.TrainBegun(train))
        for car, commit in zip(cars, commits, strict=True):
            self._tell(world, e.Landed(car.bead, car.epoch, commit))
        self._tell(world, e.TrainLanded(train.commit, train.beads))
        world.land(tuple(int(bead[3:]) for bead in train.beads))
        world.rebase(tuple(int(bead[3:]) for bead in train.beads))
