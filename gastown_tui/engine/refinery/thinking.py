"""What there is to decide: the beads of one line as seen from its tip, with every merge done in memory."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery.candidates import Candidates, Step
from gastown_tui.engine.refinery.tip import RED, goes_on
from gastown_tui.model import collision
from gastown_tui.model.merge import Car, GateRun, MergeRequest, TestRun
from gastown_tui.model.queue import lanes, pregate
from gastown_tui.model.queue.order import ordered
from gastown_tui.model.queue.plan import REACH, Decision, Past, Sight, plan
from gastown_tui.model.town import Town

Beads = tuple[str, ...]
OURS = frozenset({"train", "confirm"})
"""Kinds of run that the plan begins and stops; the others only take their slot."""


@dataclass
class View:
    """One look at the queue: what leaves it for a text conflict, what waits, and what to do with the rest.

    `lane` is the convoy on whose integration branch this lands, "" for the target (model/queue/lanes.py).
    """

    tip: str
    conflicts: list[Step] = field(default_factory=list)
    lost: list[Step] = field(default_factory=list)
    waits: dict[str, str] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    decision: Decision = field(default_factory=Decision)
    pregated: bool = False
    stale: list[int] = field(default_factory=list)
    running: dict[Beads, int] = field(default_factory=dict)
    chains: dict[Beads, list[Step]] = field(default_factory=dict)
    lane: str = ""


class Thinking:
    """Works for a while: not on the event loop."""

    def __init__(self, base: Base, candidates: Candidates) -> None:
        self._base = base
        self._candidates = candidates

    def look(self, town: Town, tip: str, gates: str, slots: int, lane: str = "") -> View:
        """The queue as it stands on the tip of one line, and the plan for it.

        Args:
            gates: the name of the gates as they are configured; verdicts of others do not count.
            slots: how many runs there may be at once.

        Raises:
            GasTownError: git is unsure; nothing was decided.
        """
        view = View(tip, lane=lane)
        self._candidates.begin(tip)
        line, aside = self._merged(town, view)
        view.running = self._flying(town, view, gates)
        cars = {car.bead: car for car in (*line, *aside)}
        verdict = self._verdicts(town, tip, gates, cars)
        past = {id: _past(town, entry) for id, entry in town.queue.items()}
        foreign = sum(1 for run in town.testing.values() if run.slot and not _ours(town, run, lane))
        line = line if self._candidates.together else line[:1]
        room = max(0, slots - foreign)
        while True:
            sight = Sight(
                tuple(line), tuple(aside), verdict, tuple(view.running), room, town.rate,
                self._base.config.pregate, past,
            )
            view.decision, view.pregated = plan(sight), pregate.on(sight)
            if (stuck := self._chained(town, view, cars)) is None:
                return view
            # In the order of the plan it does not merge: it waits until what it conflicts with has landed or gone.
            view.waits[stuck.car.bead] = "conflicts with what is tested ahead of it"
            line = [car for car in line if car != stuck.car]

    def _chained(self, town: Town, view: View, cars: dict[str, Car]) -> Step | None:
        """Build the trains of a decision; the step of one that cannot be built, if there is one."""
        view.chains = {}
        for beads in (view.decision.land, *view.decision.start):
            if beads:
                steps = self._candidates.chain(town, view.tip, [cars[id] for id in beads])
                if not steps[-1].ok:
                    return steps[-1]
                view.chains[beads] = steps
        return None

    def _merged(self, town: Town, view: View) -> tuple[list[Car], list[Car]]:
        """The main lane in order, one merging on the other, and those that are tested alone; the rest is noted."""
        line: list[Car] = []
        aside: list[Car] = []
        steps: list[Step] = []
        for entry in ordered(town.queue.values()):
            car, bead = entry.car, town.beads[entry.bead]
            if bead.work.staged or lanes.of(town, bead) != view.lane:
                continue
            if bead.work.held or entry.hold or bead.work.landing:
                continue
            if RED in town.holds and not goes_on(bead, entry):
                view.waits[bead.id] = town.holds[RED]
                continue
            if waits := collision.awaited(town, bead):
                view.waits[bead.id] = f"lands after {', '.join(waits)}"
                continue
            if entry.state == "requested":
                self._on_tip(town, view, car)
            elif entry.lane or bead.work.no_land:
                if self._on_tip(town, view, car):
                    aside.append(car)
            elif len(line) >= REACH:
                self._on_tip(town, view, car)
            elif (step := self._candidates.tried(town, view.tip, steps, car)).ok:
                line.append(car)
                steps.append(step)
            elif self._on_tip(town, view, car):
                view.waits[car.bead] = self._behind(town, view.tip, steps, step)
        return line, aside

    def _on_tip(self, town: Town, view: View, car: Car) -> bool:
        """Whether it merges onto the tip; if not, why is noted."""
        step = self._candidates.tried(town, view.tip, (), car)
        if step.conflicts:
            view.conflicts.append(step)
        elif step.lost:
            view.lost.append(step)
        return step.ok

    def _behind(self, town: Town, tip: str, steps: list[Step], step: Step) -> str:
        """Which of those ahead it conflicts with first, in words; halving, for each step asked is a merge."""
        first = bisect_left(
            range(len(steps)), True, key=lambda n: not self._candidates.tried(town, tip, steps[: n + 1], step.car).ok
        )
        ahead = steps[first].car.bead if first < len(steps) else ""
        names = ", ".join(path.path for path in step.conflicts[:3])
        return f"conflicts with {ahead} ahead of it" + (f" in {names}" if names else "")

    def _verdicts(
        self, town: Town, tip: str, gates: str, cars: dict[str, Car]
    ) -> Callable[[Beads], bool | None]:  # fmt: skip
        """What is known of the tip with some beads on it; trees are built only where a run could have been of it."""
        ends = _endings(town.runs.values(), gates, set(cars))

        def verdict(beads: Beads) -> bool | None:
            if beads not in ends:
                return None
            run = town.runs.get(self._candidates.tree(town, tip, [cars[id] for id in beads]))
            return run.ok if run is not None and run.gates == gates else None

        return verdict

    def _flying(self, town: Town, view: View, gates: str) -> dict[Beads, int]:
        """The runs in flight by what they test as seen from the tip; those that test nothing of it are stale.

        So are those of gates as they were configured before: nobody goes by their verdict.
        """
        out: dict[Beads, int] = {}
        for number, run in sorted(town.testing.items()):
            if not _ours(town, run, view.lane):
                continue
            left = remaining(town, run)
            rest = tuple(car.bead for car in left)
            same = run.kind == "confirm" or self._candidates.tree(town, view.tip, left) == run.tree
            if rest and same and rest not in out and run.gates == gates:
                out[rest] = number
            else:
                view.stale.append(number)
        return out


def _ours(town: Town, run: TestRun, lane: str) -> bool:
    """Whether a run is one that the plan for a line began."""
    return run.kind in OURS and lanes.of(town, town.beads.get(run.beads[0]) if run.cars else None) == lane


def _past(town: Town, entry: MergeRequest) -> Past:
    waited, lands = town.run_number - entry.came, not town.beads[entry.bead].work.no_land
    return Past(entry.tries, waited, entry.alone, entry.beside, bool(entry.place), lands)


def remaining(town: Town, run: TestRun) -> list[Car]:
    """The cars of a run that are still queued as they were, and not on an integration branch already."""
    found = [car for car in run.cars if (m := town.queue.get(car.bead)) is not None and m.car == car]
    return [car for car in found if not town.beads[car.bead].work.staged]


def _endings(runs: Iterable[GateRun], gates: str, queued: set[str]) -> set[Beads]:
    """The trains that runs tested and what was left of them once their first cars had landed."""
    out: set[Beads] = set()
    for run in runs:
        if run.gates != gates or not run.beads or run.beads[-1] not in queued:
            continue
        for start in count(len(run.beads) - 1, -1):
            if start < 0 or run.beads[start] not in queued:
                break
            out.add(run.beads[start:])
    return out
