"""What happens in the merge queue, for the state machine: runs, lanes, wishes, and trains that land or do not."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from gastown_tui.model import events as e
from gastown_tui.model.merge import Car, GateRun, TestRun, Train
from tests.model.telling import ID, Telling

IDS = st.lists(ID, min_size=1, max_size=3, unique=True)


class Queueing(Telling):
    """Trains of several beads, most of them queued, some of them not what they were."""

    def cars(self, ids: list[str], stale: bool = False) -> tuple[Car, ...]:
        """The cars of the ids that are queued, the last one at another commit if it is to be stale."""
        found = [self.town.queue[id].car for id in ids if id in self.town.queue]
        if found and stale:
            found[-1] = Car(found[-1].bead, found[-1].epoch, "another")
        return tuple(found)

    @rule(ids=IDS, step=st.sampled_from([1, 1, 1, 0]), slot=st.integers(0, 2))
    def begin_run(self, ids: list[str], step: int, slot: int) -> None:
        """The gates run on some beads; numbers only grow, and a slot has one run."""
        number, cars = self.town.run_number + step, self.cars(ids)
        taken = any(slot and run.slot == slot for run in self.town.testing.values())
        tree = "+".join(car.commit for car in cars)
        run = TestRun(number, "train", self.town.tip, cars, "c", f"t{tree}", "g", slot, 1.0)
        assert self.tell(e.RunBegun(run)) == (step == 1 and not taken)

    @rule(pick=st.integers(0, 5), ok=st.booleans(), end=st.sampled_from(["ended", "ended", "dropped"]))
    def end_run(self, pick: int, ok: bool, end: str) -> None:
        """A run ends with a verdict or without; one that was dropped before may still bring its verdict."""
        if not self.town.run_number:
            return
        number = max(self.town.run_number - pick, 1)
        run = self.town.testing.get(number, TestRun(number, "train", "gone", tree="tgone"))
        if end == "dropped":
            flying = number in self.town.testing
            assert self.tell(e.RunDropped(number, "no longer wanted", run.beads)) == flying
            return
        over = GateRun(run.tree, "g", ok, 2.0, 1.0, "", number, run.kind, run.base, run.beads, run.commit)
        assert self.tell(e.RunEnded(over)) and self.town.runs[run.tree].ok is ok
        assert number not in self.town.testing

    @rule(id=ID, lane=st.sampled_from(["confirm", "end", "main", "siding"]), other=ID)
    def shunt(self, id: str, lane: str, other: str) -> None:
        """An entry changes its lane."""
        before = self.town.queue.get(id)
        if self.tell(e.Shunted(id, lane, "red", (other,))):
            assert before is not None and self.town.queue[id].tries == before.tries + (lane == "end")

    @rule(id=ID, why=st.sampled_from(["", "wait"]), first=st.booleans())
    def wish(self, id: str, why: str, first: bool) -> None:
        """The overseer holds an entry, lets it go, or puts it first."""
        self.tell(e.MergeFirst(id) if first else e.MergeHeld(id, why))

    @rule(ids=IDS, stale=st.sampled_from([False, False, False, True]), tested=st.sampled_from([True, True, False]))
    def train(self, ids: list[str], stale: bool, tested: bool) -> None:
        """A train of what is queued begins to land: only tested, on the tip, and one at a time."""
        cars, tip = self.cars(ids, stale), self.town.tip
        tree = "t" + "+".join(car.commit for car in cars)
        if tested:
            self.tell(e.RunEnded(GateRun(tree, "g", True, 2.0, number=self.town.run_number)))
        busy = any(bead.work.landing for bead in self.town.beads.values())
        steps = tuple(f"m{self.town.seq}-{car.bead}" for car in cars)
        begun = self.tell(e.TrainBegun(Train(cars, steps, f"train{self.town.seq}", tip, tree)))
        assert not begun or (cars and not busy and not stale)

    @rule(end=st.sampled_from(["landed", "landed", "some", "early", "failed", "stranger"]))
    def settle_train(self, end: str) -> None:
        """Git took the train, or not; a crash may leave only some of its beads recorded."""
        train = self.town.train
        if train is None:
            assert not self.tell(e.TrainLanded("none"))
            return
        left = [n for n, car in enumerate(train.cars) if self.town.beads[car.bead].work.landing]
        if end == "stranger":
            assert not self.tell(e.TrainLanded("stranger", train.beads))
        elif end == "failed":
            whole = len(left) == len(train.cars)
            assert self.tell(e.TrainFailed(train.commit, "in the way", train.beads)) == whole
        elif end == "early":
            assert self.tell(e.TrainLanded(train.commit, train.beads)) == (not left)
        else:
            for n in left[:1] if end == "some" else left:
                assert self.tell(e.Landed(train.cars[n].bead, train.cars[n].epoch, train.steps[n]))
            if end == "landed":
                onto = self.town.tip == train.onto
                assert self.tell(e.TrainLanded(train.commit, train.beads)) and self.town.train is None
                assert (self.town.tip == train.commit) == onto
