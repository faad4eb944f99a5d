"""Towns for tests: a story is a town, and the records that led to it."""

from __future__ import annotations

from typing import Any

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Lease, Review, Work
from gastown_tui.model.events import Record
from gastown_tui.model.merge import GateRun, TestRun, Train
from gastown_tui.model.town import Town

TIP = "0" * 40


class Story:
    """A town that remembers every record it was told."""

    def __init__(self, town: Town | None = None) -> None:
        self.town = town if town is not None else Town()
        self.records: list[Record] = []
        if town is None:
            self.tell(e.TownFounded("todo-app", "main", "td", TIP))

    def tell(self, event: e.AnyEvent, at: float | None = None) -> Town:
        """Fold one more event; raises what `Town.after` raises."""
        record = Record(self.town.seq + 1, 1_700_000_000.0 + self.town.seq if at is None else at, "test", event)
        self.town = self.town.after(record)
        self.records.append(record)
        return self.town

    def bead(self, id: str) -> Bead:
        """A bead as it stands now."""
        return self.town.beads[id]

    def create(self, id: str, *needs: str, **fields: Any) -> Bead:
        """A bead that may be slung once its needs are closed."""
        edges = tuple(beads.Dependency(id, need) for need in needs)
        work = fields.pop("work", Work(approved=True))
        self.tell(e.BeadCreated(beads.make(id, f"Do {id}", "", dependencies=edges, work=work, **fields)))
        return self.bead(id)

    def sling(self, id: str, polecat: str = "obsidian") -> Bead:
        """Give a bead to a polecat at its next epoch."""
        epoch = self.bead(id).work.epoch + 1
        self.tell(e.Slung(id, lease(id, epoch, polecat)))
        return self.bead(id)

    def to_refinery(self, id: str) -> Bead:
        """Take a ready bead through sheriff and witness into the queue."""
        epoch = self.sling(id).work.epoch
        commit = f"{id}-e{epoch}"
        self.tell(e.Submitted(id, epoch, commit, 1))
        self.tell(e.Checked(id, epoch, Review("sheriff", True, commit)))
        self.tell(e.Reviewed(id, epoch, Review("witness", True, commit)))
        return self.bead(id)

    def begin(self, id: str) -> None:
        """Test a queued bead's combined tree, and begin to land it."""
        work, onto = self.bead(id).work, self.town.tip
        self.tell(e.Gated(id, work.epoch, onto, f"t-{id}", "g", Review("refinery", True, "m"), 1.0))
        self.tell(e.LandingBegun(id, work.epoch, f"merge-{id}-e{work.epoch}", onto, f"t-{id}"))

    def test(self, *ids: str, ok: bool = True, kind: str = "train", slot: int = 1) -> GateRun:
        """Run the gates on the tip and some queued beads; the tree is called after them."""
        number, cars = self.town.run_number + 1, tuple(self.town.queue[id].car for id in ids)
        tree, tip = "t-" + "+".join(ids), self.town.tip
        self.tell(e.RunBegun(TestRun(number, kind, tip, cars, f"c{number}", tree, "g", slot, 1.0)))
        run = GateRun(tree, "g", ok, 2.0, 1.0, "" if ok else "red", number, kind, tip, ids, f"c{number}")
        self.tell(e.RunEnded(run))
        return run

    def depart(self, *ids: str) -> Train:
        """Test some queued beads together, and begin to land them as one train."""
        return self._depart(self.test(*ids), ids)

    def depart_untested(self, *ids: str) -> Train:
        """Begin to land some beads together on what is known of their tree."""
        return self._depart(self.town.runs["t-" + "+".join(ids)], ids)

    def _depart(self, run: GateRun, ids: tuple[str, ...]) -> Train:
        cars = tuple(self.town.queue[id].car for id in ids)
        steps = tuple(f"merge-{car.bead}-e{car.epoch}" for car in cars)
        train = Train(cars, steps, f"train-{run.number}", self.town.tip, run.tree, run.number, 3.0)
        self.tell(e.TrainBegun(train))
        return train

    def arrive(self, train: Train) -> None:
        """Git took the train."""
        for car, step in zip(train.cars, train.steps, strict=True):
            self.tell(e.Landed(car.bead, car.epoch, step))
        self.tell(e.TrainLanded(train.commit, train.beads))

    def land(self, id: str) -> Bead:
        """Take a ready bead all the way."""
        epoch = self.to_refinery(id).work.epoch
        self.begin(id)
        self.tell(e.Landed(id, epoch, f"merge-{id}-e{epoch}"))
        return self.bead(id)


def lease(id: str, epoch: int, polecat: str = "obsidian") -> Lease:
    """A lease as sling grants it."""
    return Lease(epoch, polecat, f"polecat/{polecat}-{id}-e{epoch}", TIP, f"{polecat}-{id}-e{epoch}", f"s{epoch}", 1.0)
