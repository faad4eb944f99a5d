"""Any legal sequence of events keeps what must always hold; an illegal one raises and changes nothing."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import invariant

from gastown_tui.model import events as e
from gastown_tui.model import town as towns
from gastown_tui.model.lifecycle import COLUMNS
from gastown_tui.model.ready.bulk import with_agents, with_beads
from gastown_tui.model.ready.indexed import index_of, with_index
from gastown_tui.model.town import Town
from tests.model.rules import INDEXES, by_the_rules
from tests.model.taking_back import TakingBack

CLAIMED = ("working", "sheriff", "witness", "refinery")


class TownMachine(TakingBack):
    """Looks at the town after every step."""

    @invariant()
    def no_bead_is_lost(self) -> None:
        """Every bead ever created is there, at no lower an epoch than it ever had."""
        assert set(self.town.beads) == self.created
        for id, epoch in self.epochs.items():
            assert self.town.beads[id].work.epoch == epoch

    @invariant()
    def columns_partition_the_beads(self) -> None:
        """Each bead stands in the one column that the definitions give it, computed here from nothing."""
        found = {id: name for name in self.town.columns for id in self.town.columns[name]}
        assert sum(len(ids) for ids in self.town.columns.values()) == len(found)
        ready = by_the_rules(self.town)[1]
        stages = {b.id: b.work.stage for b in self.town.beads.values() if b.work.stage != "dropped"}
        idle = {id: "ready" if id in ready else "backlog" for id, stage in stages.items() if stage == "idle"}
        assert found == {**stages, **idle}
        assert sum(self.town.counts().values()) == len(found) and set(found.values()) <= set(COLUMNS)

    @invariant()
    def indexes_equal_a_recomputation(self) -> None:
        """The indexes a chain of changes left are those of the beads put into an empty town, one by one or at once."""
        fresh = Town(at=self.town.at)
        for id in sorted(self.town.beads, reverse=True):
            fresh = fresh.put(self.town.beads[id])
        bulk = with_agents(with_beads(Town(at=self.town.at), dict(self.town.beads)), dict(self.town.agents))
        kept = with_index(Town(at=self.town.at), list(self.town.beads.values()), index_of(self.town))
        for name in INDEXES:
            assert getattr(fresh, name) == getattr(bulk, name) == getattr(self.town, name), name
            assert getattr(kept, name) == getattr(self.town, name), name
        assert set(self.town.running) == set(bulk.running) == {a.name for a in self.town.agents.values() if a.live}

    @invariant()
    def leases_queue_and_landings_agree(self) -> None:
        """Who works holds the lease of the current epoch; who is approved is queued; one landing at a time."""
        for bead in self.town.beads.values():
            work = bead.work
            assert (work.stage in CLAIMED) <= (work.lease is not None and work.lease.epoch == work.epoch), bead
            assert (work.stage in ("idle", "dropped")) <= (work.lease is None)
            assert (work.stage == "landed") == bool(work.landed)
            assert bool(work.landing) <= (work.stage == "refinery")
            assert (bead.status == "closed") == (work.stage in ("landed", "dropped"))
            assert bool(bead.closed_at) <= (bead.status == "closed")
            assert bool(work.held) <= any(n.kind == "bead" and n.bead == bead.id for n in self.town.needs.values())
            if work.stage == "landed":
                assert self.landed[bead.id] == work.landed
        assert set(self.town.queue) == set(self.town.columns.get("refinery", ()))
        for id, entry in self.town.queue.items():
            assert (entry.epoch, entry.commit) == (self.town.beads[id].work.epoch, self.town.beads[id].work.commit)
        landing = {b.id: b.work.landing for b in self.town.beads.values() if b.work.landing}
        train = self.town.train
        steps = {} if train is None else dict(zip(train.beads, train.steps, strict=True))
        assert landing.items() <= steps.items() if train is not None else len(landing) <= 1
        slots = [run.slot for run in self.town.testing.values() if run.slot]
        assert len(slots) == len(set(slots)) and all(n <= self.town.run_number for n in self.town.testing)

    @invariant()
    def the_ledger_gives_the_town_back(self) -> None:
        """What the archive would have written, record by record, restores to an equal town."""
        parts = ((kind, key, data) for (kind, key), data in self.ledger.items())
        restored = towns.restore(towns.scalars(self.town), parts)
        for name in restored.__struct_fields__:
            assert getattr(restored, name) == getattr(self.town, name), name

    def teardown(self) -> None:
        """Replaying any prefix, through JSON, gives the town of that moment."""
        replayed = Town()
        lines = [e.encode(record) for record in self.story.records]
        for line, known in zip(lines, self.towns, strict=True):
            replayed = replayed.after(e.decode(line))
            assert replayed == known


TestTown = TownMachine.TestCase
TestTown.settings = settings(max_examples=250, stateful_step_count=50)
