"""What follows when a run of the queue ends: the plan itself, asked once with a green and once with a red verdict."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from gastown_tui.model import collision
from gastown_tui.model.merge import CLOSING, CLOSING_AGAIN, MergeRequest, TestRun
from gastown_tui.model.queue import lanes
from gastown_tui.model.queue.plan import Decision, Past, Sight, plan
from gastown_tui.model.queue.standing import Name, joined, ordered, since, telling, waits
from gastown_tui.model.state import State

Beads = tuple[str, ...]
Outlook = tuple[tuple[str, str], ...]


def outlook(town: State, number: int, *, slots: int = 1, pregate: str = "auto", name: Name = str) -> Outlook:
    """What the queue does next if a run in flight is green, and if it is red; nothing when the run tells nothing.

    Args:
        town: the town.
        number: the run's.
        slots: how many runs there may be at once.
        pregate: as config.toml says: on, off or auto.
        name: how beads are called in the words.

    Returns:
        Pairs of a case and what follows: `("if run 8 is green", "land 2f4 and 2a8; run 9 tests 2c5 alone")`.
    """
    run = town.testing.get(number)
    if run is None or run.kind not in ("train", "confirm", CLOSING, CLOSING_AGAIN) or waits(town):
        return ()
    if run.kind in (CLOSING, CLOSING_AGAIN):
        into = lanes.own(town, town.beads.get(run.beads[0]))
        red = "it is tested once more" if run.kind == CLOSING else "it asks you"
        return (f"if run {number} is green", f"{into} lands on {town.target}"), (f"if run {number} is red", red)
    seen = _Seen(town, run, slots, pregate, name)
    if not seen.beads:
        return ()
    told = ((f"if run {number} is {word}", seen.words(ok)) for word, ok in (("green", True), ("red", False)))
    return tuple((case, what) for case, what in told if what)


class _Seen:
    """The queue as the plan sees it, with one verdict supposed."""

    def __init__(self, town: State, run: TestRun, slots: int, pregate: str, name: Name) -> None:
        self._town, self._run, self._slots, self._pregate, self._name = town, run, slots, pregate, name
        landed = since(town)
        free = [m for m in ordered(town.queue.values()) if _goes_on(town, m) and _beside(town, m.bead, run)]
        self._main = [m for m in free if not m.lane and _lands(town, m)]
        self._aside = [m for m in free if m.lane or not _lands(town, m)]
        self.beads = _left(run.beads, landed.get(run.base))
        self._known = {_left(over.beads, landed[over.base]): over.ok for over in telling(town)}
        self._running = [
            beads for other in town.testing.values()
            if other.number != run.number and (beads := _left(other.beads, landed.get(other.base)))
        ]  # fmt: skip

    def words(self, ok: bool) -> str:
        """What is done when the verdict is this."""
        decision = self._decided(ok, ())
        said = [*self._left_line(decision)]
        if decision.land:
            said.append(f"land {self._named(decision.land)}")
            after = self._decided(ok, decision.land)
            said += self._begun(after, decision.land)
        else:
            if not ok and not said and len(self.beads) > 1:
                said.append(self._culprit())
            said += self._begun(decision, ())
        return "; ".join(said)

    def _decided(self, ok: bool, landed: Beads) -> Decision:
        """The plan, once these have landed."""
        known = {**self._known, self.beads: ok}
        rate = self._town.rate
        town = self._town
        past = {
            m.bead: Past(m.tries, town.run_number - m.came, m.alone, m.beside, bool(m.place), _lands(town, m))
            for m in (*self._main, *self._aside)
        }
        if self._run.kind == "confirm" and (bead := self.beads[0]) in past:
            past[bead] = replace(past[bead], waited=0, alone=ok)
        running = [rest for beads in self._running if (rest := _left(beads, landed))]
        cars = tuple(m.car for m in self._main if m.bead not in landed)
        aside = tuple(m.car for m in self._aside)
        sight = Sight(
            cars, aside, lambda beads: known.get(landed + beads), tuple(running), self._slots, rate, self._pregate, past
        )
        return plan(sight)

    def _left_line(self, decision: Decision) -> Iterator[str]:
        """Who leaves the line."""
        for bead in decision.confirm:
            yield f"{self._name(bead)} was red alone: it is tested once more, behind the others"
        for bead in decision.back:
            yield f"{self._name(bead)} goes back to {self._polecat(bead)}"
        for bead, _ in decision.requeue:
            yield f"{self._name(bead)} stands at the end again"

    def _polecat(self, bead: str) -> str:
        found = self._town.beads.get(bead)
        return found.assignee if found is not None and found.assignee else "its polecat"

    def _culprit(self) -> str:
        green = max(
            (len(beads) for beads, ok in self._known.items() if ok and self.beads[: len(beads)] == beads), default=0
        )
        suspects = [self._name(bead) for bead in self.beads[green:]]
        return (
            f"the culprit is {' or '.join(suspects)}"
            if len(suspects) == 2
            else f"one of {joined(suspects)} is the culprit"
        )

    def _begun(self, decision: Decision, landed: Beads) -> Iterator[str]:
        """The first run that begins."""
        for beads in decision.start[:1]:
            company = (" alone" if len(beads) == 1 else "") + (
                " on them" if len(landed) > 1 else " on it" if landed else ""
            )
            yield f"run {self._town.run_number + 1} tests {self._named(beads)}{company}"

    def _named(self, beads: Beads) -> str:
        return joined(self._name(bead) for bead in beads)


def _left(beads: Beads, landed: Beads | None) -> Beads:
    """What a run tests as seen from where its first cars have landed; () when it tests something else."""
    return beads[len(landed) :] if landed is not None and beads[: len(landed)] == landed else ()


def _goes_on(town: State, entry: MergeRequest) -> bool:
    """Whether an entry is tested and landed without anybody's doing something first."""
    bead = town.beads.get(entry.bead)
    if entry.hold or entry.state in ("waiting", "requested") or bead is None:
        return False
    return not (bead.work.held or bead.work.landing or collision.awaited(town, bead))


def _lands(town: State, entry: MergeRequest) -> bool:
    """Whether an entry lands when it is green, and is not set aside."""
    return not town.beads[entry.bead].work.no_land


def _beside(town: State, bead: str, run: TestRun) -> bool:
    """Whether a bead is tested in one line with those of a run."""
    found, first = town.beads.get(bead), town.beads.get(run.beads[0]) if run.cars else None
    return found is None or (not found.work.staged and lanes.of(town, found) == lanes.of(town, first))
