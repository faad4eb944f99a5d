"""Lands a tested train: durable intent first, then git, then the record; a cut-off landing is settled from git."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery import asking
from gastown_tui.engine.refinery.blocked import LOOK_EVERY, Blocked, words
from gastown_tui.engine.refinery.pushing import Pushing
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Review
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import GateRun, Train
from gastown_tui.model.queue import lanes
from gastown_tui.model.queue.standing import stopped
from gastown_tui.model.town import Town
from gastown_tui.rig import equivalence, reverting
from gastown_tui.rig.errors import GitFailed, InTheWay, Moved
from gastown_tui.rig.obstacles import locked
from gastown_tui.rig.remote import PushRefused, RemoteMoved, Unreachable


class Landing:
    """Moves the target, and nothing else does."""

    def __init__(self, base: Base, pushing: Pushing) -> None:
        self._base = base
        self._pushing = pushing
        self.blocked = Blocked(base)

    async def depart(self, train: Train) -> None:
        """Make a train's commit the target's tip, unless something changed since it was made up."""
        base = self._base
        if not await self._approved(train):
            return
        town = base.books.pending
        fits = all((m := town.queue.get(car.bead)) is not None and m.car == car and not m.hold for car in train.cars)
        if not fits or town.train is not None or stopped(town) or lanes.tip(town, train.into) != train.onto:
            return
        run = town.runs.get(train.tree)
        passed = [] if run is None else [_passed(town.beads[car.bead], train, run) for car in train.cars]
        await base.books.record("refinery", *passed, e.TrainBegun(train))
        await self._move(train)

    async def _approved(self, train: Train) -> bool:
        """Whether each step brings just what was approved; one that does not is held, and nothing lands."""
        base = self._base
        if train.closes:  # each step was looked at when it came to the branch, and the branch when it was merged
            return True
        ontos = (train.onto, *train.steps[:-1])
        for car, onto, step in zip(train.cars, ontos, train.steps, strict=True):
            found = await asyncio.to_thread(self._difference, car.commit, onto, step)
            if found is not None:
                bead = base.books.pending.beads[car.bead]
                title = f"{bead.id} would land as another change than was approved"
                needs.hold_bead(base, bead, title, f"Nothing was landed.\n{found.words}")
                return False
        return True

    def _difference(self, commit: str, onto: str, step: str) -> equivalence.Difference | None:
        repo, root = self._base.repo, self._base.place.root
        fork = repo.merge_base(onto, commit)
        if fork is None:
            raise GasTownError(f"{commit[:9]} and {onto[:9]} have no common history.", "Nothing was landed.")
        return equivalence.check(root, fork=fork, commit=commit, onto=onto, tree=step)

    async def _move(self, train: Train) -> None:
        base = self._base
        if base.config.land == "push" and not train.into and not await self._sent(train):
            return
        branch = self._branch(train)
        new = bool(train.into) and not base.books.pending.convoys[train.into].tip
        old = None if new else train.onto
        where: list[Path] = await asyncio.to_thread(base.repo.checkouts_of, branch)
        try:
            if where:
                await asyncio.to_thread(base.repo.fast_forward, where[0], train.commit)
            else:
                await asyncio.to_thread(base.repo.move, f"refs/heads/{branch}", old, train.commit)
        except (InTheWay, GitFailed) as error:
            if not (error.lock or isinstance(error, InTheWay)):
                raise
            met = error if isinstance(error, InTheWay) else locked(base.place.root, error.lock)
            if base.config.land == "push" and not train.into:
                await self._lags(train, met)
            else:
                await self._in_the_way(train, met)
        except Moved:
            await self._elsewhere(train)
        else:
            await self._landed(train)

    def _branch(self, train: Train) -> str:
        """The name of the branch a train moves."""
        return self._base.books.pending.convoys[train.into].branch if train.into else self._base.config.target

    async def _sent(self, train: Train) -> bool:
        """Whether the remote has the train; nothing moves here before it has, nor where it could not follow at once."""
        base, pushing = self._base, self._pushing
        try:
            if not await pushing.has(train.commit):
                met = await asyncio.to_thread(self.blocked.found, {base.config.target: train.onto}, [train.commit])
                if met is not None:
                    await self._in_the_way(train, met)
                    return False
            await pushing.send(train)
        except RemoteMoved as error:
            await self._failed(train, error.title)
            await pushing.follow()
        except PushRefused as error:
            asked = asking.refused(base, pushing.name, error, train.beads[0])
            why = f"{pushing.name} refused the push: {error.words}"
            await base.books.record("refinery", e.TrainFailed(train.commit, why[:500], train.beads), *asked)
        except Unreachable as error:
            # The intent is durable: the train waits where it is, and the next look sends it on.
            pushing.missed(error)
            await base.clock.sleep(pushing.patience)
        else:
            return True
        return False

    async def _elsewhere(self, train: Train) -> None:
        """The target here went another way. What the remote has of the train has landed all the same, and only once."""
        if self._base.config.land == "push" and not train.into and await self._pushing.contains(train.commit):
            await self._landed(train)
        else:
            await self._failed(train, f"{self._branch(train)} moved")

    async def _lags(self, train: Train, error: InTheWay) -> None:
        """The remote has the train; the checkout here follows as soon as nothing is in the way there."""
        base, said = self._base, words(train.beads, error)
        question = f"{self._pushing.name} has it already. {said.question}"
        old = needs.raised(base.books.pending, "landing", "target")
        if old is not None and old.question != question:
            needs.settle(base, "landing", "target", "something else is in the way")
        needs.ask(base, "landing", "target", said.title, question, ("retry",), bead=train.beads[0])
        await base.clock.sleep(LOOK_EVERY)

    async def _in_the_way(self, train: Train, error: InTheWay) -> None:
        """The train waits; the overseer is told what is in the way."""
        why, asked = self.blocked.asked(train.beads, error)
        await self._base.books.record("refinery", e.TrainFailed(train.commit, why, train.beads), *asked)

    async def _failed(self, train: Train, why: str) -> None:
        """The beads are queued again: what landed instead is tested with them first."""
        state = "queued" if self._base.config.gated else "allowed"
        turned = (e.MergeTurned(id, state, why) for id in train.beads)
        await self._base.books.record("refinery", e.TrainFailed(train.commit, why, train.beads), *turned)

    async def settle(self, town: Town) -> None:
        """Finish a landing whose engine died between its intent and its record: git knows whether it happened."""
        base = self._base
        begun = next((bead for bead in town.in_column("refinery") if bead.work.landing), None)
        train = town.train
        if train is None:
            if begun is not None:
                await self._settle_single(town, begun)
            return
        branch = f"refs/heads/{self._branch(train)}"
        new = bool(train.into) and not town.convoys[train.into].tip
        # An integration branch is made by the first train that lands on it.
        tip = (base.repo.lookup(branch) or (train.onto if new else "")) if train.into else base.repo.tip(branch)
        there = bool(tip) and await asyncio.to_thread(base.repo.is_ancestor, train.commit, tip)
        recorded = any(not town.beads[id].work.landing for id in train.beads if id in town.beads)
        if recorded or tip == train.commit or there:
            await self._landed(train)
        elif tip == train.onto:
            await self._move(train)
        else:
            await self._elsewhere(train)

    async def _settle_single(self, town: Town, bead: Bead) -> None:
        """A landing of one bead as ledgers had it before there were trains."""
        base, candidate = self._base, bead.work.landing
        tip = base.repo.tip(f"refs/heads/{base.config.target}")
        if tip == candidate or await asyncio.to_thread(base.repo.is_ancestor, candidate, tip):
            await base.books.record("refinery", e.Landed(bead.id, bead.work.epoch, candidate))
        else:
            why = "the engine ended while it landed"
            failed = e.LandingFailed(bead.id, bead.work.epoch, why)
            await base.books.record("refinery", failed, e.MergeTurned(bead.id, "queued"))

    async def _landed(self, train: Train) -> None:
        """Record a train that git has: each bead that is not yet recorded, and then the whole, in one group."""
        base = self._base
        town = base.books.pending
        steps = dict(zip(train.cars, train.steps, strict=True))
        left = [car for car in train.cars if (b := town.beads.get(car.bead)) is not None and b.work.landing]
        onto = await asyncio.to_thread(_begins, base.place.root, train)
        self.blocked.over()
        if train.into:
            landed: list[e.AnyEvent] = [e.Staged(car.bead, car.epoch, steps[car], onto) for car in left]
        else:
            ontos = {car: town.beads[car.bead].work.landed_onto if train.closes else onto for car in left}
            landed = [e.Landed(car.bead, car.epoch, steps[car], ontos[car]) for car in left]
        answered = needs.settled(town, "landing", "target", "landed")
        answered += [x for car in left for x in needs.settled(town, "ungated", car.bead, "landed")]
        convoy = train.into or train.closes
        answered += needs.settled(town, "ungated", train.closes, "landed") if train.closes else []
        over = e.TrainLanded(train.commit, train.beads, convoy, bool(train.into))
        await base.books.record("refinery", *landed, over, *answered)
        for car in left:
            said = f"{car.bead} {town.beads[car.bead].title}"
            with_ = f" with {len(train.cars) - 1} more" if len(train.cars) > 1 else ""
            on = f" on {town.convoys[train.into].branch}" if train.into else ""
            detail = f"{train.commit[:9]}{with_}{on}"
            if train.closes:
                detail = f"{train.commit[:9]} with {town.convoys[train.closes].branch}"
            verb = "STAGED" if train.into else "LANDED"
            await base.feed.add(base.clock.now(), "refinery", verb, said, detail=detail, bead=car.bead)


def _begins(root: Path, train: Train) -> str:
    """Where the change of a bead begins that landed as several commits; "" where it is its commit's first parent."""
    alone = len(train.cars) == 1 and not train.closes
    return train.onto if alone and reverting.first_parent(root, train.steps[0]) != train.onto else ""


def _passed(bead: Bead, train: Train, run: GateRun) -> e.Gated:
    """That a bead was green as a part of what lands."""
    review = Review("refinery", True, bead.work.commit)
    return e.Gated(bead.id, bead.work.epoch, train.onto, train.tree, run.gates, review, run.seconds)
