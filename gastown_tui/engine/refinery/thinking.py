"""What there is to decide: the town's queue seen from the target's tip, with every merge done in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gastown_tui.engine.refinery.candidates import Candidates, Step
from gastown_tui.engine.refinery.tip import RED, mends
from gastown_tui.model import collision
from gastown_tui.model.merge import Car, MergeRequest, TestRun
from gastown_tui.model.queue.plan import Decision, Past, Sight, plan
from gastown_tui.model.town import Town

Beads = tuple[str, ...]
OURS = frozenset({"train", "confirm"})
"""Kinds of run that the plan begins and stops; the others only take their slot."""

_DAY = 86_400.0


@dataclass
class View:
    """One look at the queue: what leaves it for a text conflict, what waits, and what to do with the rest."""

    tip: str
    conflicts: list[Step] = field(default_factory=list)
    lost: list[Step] = field(default_factory=list)
    waits: dict[str, str] = field(default_factory=dict)
    decision: Decision = field(default_factory=Decision)
    stale: list[int] = field(default_factory=list)
    running: dict[Beads, int] = field(default_factory=dict)
    chains: dict[Beads, list[Step]] = field(default_factory=dict)


class Thinking:
    """Works for a while: not on the event loop."""

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    def look(self, town: Town, tip: str, gates: str, slots: int) -> View:
        """The queue as it stands on a tip, and the plan for it.

        Args:
            gates: the name of the gates as they are configured; verdicts of others do not count.
            slots: how many runs there may be at once.

        Raises:
            GasTownError: git is unsure; nothing was decided.
        """
        view = View(tip)
        cars = list(self._mergeable(town, view))
        flying = self._flying(town, view)
        foreign = sum(1 for run in town.testing.values() if run.slot and run.kind not in OURS)
        lanes = {m.bead: m for m in town.queue.values()}
        aside = [car for car in cars if lanes[car.bead].lane or town.beads[car.bead].work.no_land]
        line = self._in_line(town, view, [car for car in cars if car not in aside])
        line = line if self._candidates.together else line[:1]
        by_bead = {car.bead: car for car in cars}

        def verdict(beads: Beads) -> bool | None:
            tree = self._candidates.tree(town, tip, [by_bead[id] for id in beads])
            run = town.runs.get(tree)
            return run.ok if run is not None and run.gates == gates else None

        past = {id: Past(m.tries, town.run_number - m.came, m.alone, m.beside) for id, m in lanes.items()}
        room = max(0, slots - foreign)
        sight = Sight(tuple(line), tuple(aside), verdict, tuple(flying), room, town.rate, past=past)
        view.decision, view.running = plan(sight), flying
        for beads in (view.decision.land, *view.decision.start):
            if beads:
                view.chains[beads] = self._candidates.chain(town, tip, [by_bead[id] for id in beads])
        return view

    def _mergeable(self, town: Town, view: View) -> Iterator[Car]:
        """The entries in order that nobody holds and that merge onto the tip; the others are noted in the view."""
        for entry in ordered(town):
            bead = town.beads[entry.bead]
            if bead.work.held or entry.hold or bead.work.landing:
                continue
            if RED in town.holds and not mends(bead):
                view.waits[bead.id] = town.holds[RED]
                continue
            if waits := collision.awaited(town, bead):
                view.waits[bead.id] = f"lands after {', '.join(waits)}"
                continue
            step = self._candidates.step(town, view.tip, entry.car)
            if step.conflicts:
                view.conflicts.append(step)
            elif step.lost:
                view.lost.append(step)
            elif entry.state != "requested":
                yield entry.car

    def _in_line(self, town: Town, view: View, cars: list[Car]) -> list[Car]:
        """The cars that merge one on the other; one that conflicts with another ahead of it waits for that."""
        line: list[Car] = []
        steps: list[Step] = []
        for car in cars:
            step = self._candidates.step(town, steps[-1].commit if steps else view.tip, car)
            if step.ok:
                line.append(car)
                steps.append(step)
                continue
            ahead = next((one.car.bead for one in steps if not self._candidates.step(town, one.commit, car).ok), "")
            names = ", ".join(path.path for path in step.conflicts[:3])
            view.waits[car.bead] = f"conflicts with {ahead} ahead of it" + (f" in {names}" if names else "")
        return line

    def _flying(self, town: Town, view: View) -> dict[Beads, int]:
        """The runs in flight by what they test as seen from the tip; those that test nothing of it are stale."""
        out: dict[Beads, int] = {}
        for number, run in sorted(town.testing.items()):
            if run.kind not in OURS:
                continue
            rest = tuple(car.bead for car in _left(town, run))
            same = bool(rest) and (
                run.kind == "confirm" or self._candidates.tree(town, view.tip, _left(town, run)) == run.tree
            )
            if same and rest not in out:
                out[rest] = number
            else:
                view.stale.append(number)
        return out


def _left(town: Town, run: TestRun) -> list[Car]:
    """The cars of a run that are still queued as they were."""
    return [car for car in run.cars if (m := town.queue.get(car.bead)) is not None and m.car == car]


def ordered(town: Town) -> list[MergeRequest]:
    """The queue in the order it is tested: what was put first, then priority, a day of age being worth one step."""

    def place(entry: MergeRequest) -> tuple[bool, float, float, str]:
        return not entry.first, -entry.first, entry.priority - (town.at - entry.entered) / _DAY, entry.bead

    return sorted(town.queue.values(), key=place)
