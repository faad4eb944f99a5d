"""Whatever the changes are like, the plan lands no red prefix, repeats no run it knows, and the queue drains."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.model.merge import RATE, Car, learned
from gastown_tui.model.queue.plan import Beads, Decision, Past, Sight, plan

BEADS = tuple("abcdefghijklmnopqrst")


class Queue:
    """A queue, its truth, and what is remembered of it; the plan is asked anew at every step."""

    def __init__(self, dice: Random, slots: int, flakes: int, pregate: str) -> None:
        count = dice.randint(1, len(BEADS))
        self.dice, self.slots, self.flakes, self.pregate = dice, slots, flakes, pregate
        self.coming = list(BEADS[:count])
        self.bad = {bead for bead in self.coming if dice.random() < dice.choice([0.0, 0.1, 0.5])}
        self.pairs = {
            frozenset((a, b)) for a in self.coming for b in self.coming if a < b and dice.random() < 0.02
        }  # fmt: skip
        self.line: list[str] = []
        self.aside: list[str] = []
        self.landed: list[str] = []
        self.back: list[str] = []
        self.past: dict[str, Past] = {}
        self.known: dict[Beads, bool] = {}
        self.running: list[tuple[Beads, str]] = []
        self.rate = RATE

    def sound(self, beads: Beads) -> bool:
        """The truth about beads on what has landed."""
        there = {*self.landed, *beads}
        return not self.bad & set(beads) and not any(pair <= there and pair & set(beads) for pair in self.pairs)

    def step(self) -> bool:
        """Ask for a plan, check it and do it; whether it changed what there is to decide."""
        line, aside = (tuple(Car(bead, 1, "") for bead in lane) for lane in (self.line, self.aside))
        running = tuple(run for run, _ in self.running)
        sight = Sight(line, aside, self.known.get, running, self.slots, self.rate, self.pregate, self.past)
        decision = plan(sight)
        self.check(decision, running)
        self.obey(decision)
        return bool(decision.land or decision.confirm or decision.back or decision.requeue)

    def check(self, decision: Decision, running: tuple[Beads, ...]) -> None:
        """What must hold of every decision."""
        queued = {*self.line, *self.aside}
        assert not decision.land or (self.known[decision.land] and self.sound(decision.land))
        assert set(decision.stop) <= set(running)
        flying = [run for run in running if run not in decision.stop]
        assert len({*flying, *decision.start}) == len(flying) + len(decision.start) <= self.slots
        for run in decision.start:
            assert set(run) <= queued and len(set(run)) == len(run)
            if run[0] in self.aside:
                assert len(run) == 1 and self.past[run[0]].alone is None
            else:
                assert self.known.get(run) is None and not set(run) & set(self.aside)
        left = [*decision.confirm, *decision.back, *(bead for bead, _ in decision.requeue)]
        assert len({*left, *decision.land}) == len(left) + len(decision.land)

    def obey(self, decision: Decision) -> None:
        """Do what was decided."""
        self.running = [(run, kind) for run, kind in self.running if run not in decision.stop]
        for bead in decision.confirm:
            self.line.remove(bead)
            self.aside.append(bead)
            self.remember(bead, alone=None)
            self.rate = learned(self.rate, True)
        for bead in decision.back:
            self.aside.remove(bead)
            self.back.append(bead)
        for bead, _ in decision.requeue:
            self.aside.remove(bead)
            self.line.append(bead)
            self.remember(bead, alone=None, tries=self.past[bead].tries + 1)
        for run in decision.start:
            self.running.append((run, "alone" if run[0] in decision.alone and len(run) == 1 else "train"))
        if decision.land:
            self.land(decision.land)

    def land(self, beads: Beads) -> None:
        """The tip moves: what is known or in flight of a train that began with these is so of the rest of it."""
        n = len(beads)
        self.landed += beads
        for bead in beads:
            (self.line if bead in self.line else self.aside).remove(bead)
            self.rate = learned(self.rate, False)
        self.known = {run[n:]: ok for run, ok in self.known.items() if run[:n] == beads and len(run) > n}
        moved = [(run if kind == "alone" else run[n:] if run[:n] == beads else (), kind) for run, kind in self.running]
        self.running = [(run, kind) for run, kind in moved if run]

    def end(self) -> None:
        """Some run ends; a few are red for nothing. One alone may have begun on another tip: it tells of no tree."""
        run, kind = self.running.pop(self.dice.randrange(len(self.running)))
        ok = self.sound(run)
        if self.flakes and self.dice.random() < 0.2:
            self.flakes -= 1
            ok = False
        if kind == "train":
            self.known[run] = ok
        if len(run) == 1 and (kind == "alone" or run[0] in self.line):
            self.remember(run[0], alone=ok)

    def remember(self, bead: str, **what: object) -> None:
        self.past[bead] = msgspec.structs.replace(self.past.get(bead, Past(lands=True)), **what)


@settings(max_examples=40, deadline=None)
@given(
    dice=st.randoms(use_true_random=False), slots=st.integers(1, 9), flakes=st.integers(0, 3),
    crashes=st.integers(0, 3),
    pregate=st.sampled_from(["auto", "auto", "on", "off"]),
)  # fmt: skip
def test_no_red_prefix_lands_no_known_run_is_repeated_and_all_drains(
    dice: Random, slots: int, flakes: int, crashes: int, pregate: str
) -> None:
    queue = Queue(dice, slots, flakes, pregate)
    count = len(queue.coming)
    pure = not flakes and not queue.pairs
    for _ in range(60 + 20 * count):
        if queue.coming and dice.random() < 0.5:
            queue.line.append(queue.coming.pop(0))
        while queue.step():
            pass
        if crashes and dice.random() < 0.1:
            crashes -= 1
            queue.running = []
        elif queue.running:
            queue.end()
        elif not queue.coming and not queue.line and not queue.aside:
            break
    assert sorted(queue.landed + queue.back) == list(BEADS[:count])
    if pure:
        assert set(queue.back) == queue.bad


@settings(max_examples=15, deadline=None)
@given(dice=st.randoms(use_true_random=False), slots=st.integers(1, 3))
def test_nothing_starves_while_others_keep_coming(dice: Random, slots: int) -> None:
    """The confirm lane has the lowest priority, and its turn comes all the same."""
    queue = Queue(dice, slots, 0, "auto")
    queue.coming, queue.bad, queue.pairs = [f"n{n}" for n in range(400)], {"n0"}, set()
    for _ in range(120):
        queue.line += queue.coming[:7]
        del queue.coming[:7]
        while queue.step():
            pass
        queue.end()
        for bead in queue.aside:
            queue.remember(bead, waited=queue.past[bead].waited + 1)
        if queue.back:
            return
    raise AssertionError("n0 was never run again")
