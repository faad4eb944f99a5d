"""The Refinery's round: looks at the queue anew after every change, begins and stops runs, and sends trains off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial

import msgspec

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.refinery import sending
from gastown_tui.engine.refinery.candidates import Candidates, Step
from gastown_tui.engine.refinery.closing import Closing
from gastown_tui.engine.refinery.intent import intents
from gastown_tui.engine.refinery.landing import Landing
from gastown_tui.engine.refinery.outward import Outward
from gastown_tui.engine.refinery.slots import Slots
from gastown_tui.engine.refinery.testing import Testing
from gastown_tui.engine.refinery.thinking import Thinking, View
from gastown_tui.engine.refinery.tip import Tip, mends
from gastown_tui.model import collision
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import CLOSING, CLOSING_AGAIN, TestRun, Train
from gastown_tui.model.queue import lanes, pregate
from gastown_tui.model.queue.order import ordered
from gastown_tui.model.queue.standing import stopped
from gastown_tui.model.town import Town

Beads = tuple[str, ...]
_LANDING = "refinery landing"
"""The one job that lands."""


class Refinery:
    """Keeps no truth of its own: what is queued, in flight, known and landing stands in the town."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self._slots = Slots(base)
        self._testing = Testing(base)
        self._tip = Tip(base, jobs, self._slots.free, self.gates_id)
        self._candidates = Candidates(base)
        self._thinking = Thinking(base, self._candidates)
        self._outward = Outward(base, jobs)
        self._landing = Landing(base, self._outward.pushing)
        self._closing = Closing(base, jobs, self.gates_id)
        self._stopping: set[int] = set()
        self._seen: tuple[object, ...] = ()
        self._again = False

    def gates_id(self) -> str:
        """Names the gates as they are configured: verdicts are kept by tree and by this."""
        return self._testing.gates_id()

    def look(self, town: Town) -> None:
        """Have every run in flight running, settle a landing that was cut off, and plan anew if anything changed."""
        self._note(town)
        self._outward.look(town)
        self._tip.look(town)
        self._closing.look(town)
        for number, run in town.testing.items():
            if number not in self._stopping:
                self._jobs.start(f"refinery run {number}", partial(self._testing.run, run))
        if self._jobs.busy(_LANDING):
            return
        if town.train is not None or any(bead.work.landing for bead in town.in_column("refinery")):
            self._jobs.start(_LANDING, partial(self._landing.settle, town))
            return
        if (need := _in_the_way(town)) is not None and need.kind == "landing":
            self._jobs.start("refinery unblock", partial(self._landing.blocked.unblock, need))
        seen = (
            town.queue, town.testing, town.runs, town.tip, town.holds, town.needs, self._base.config, self._slots.count,
            tuple((bead.work.held, collision.awaited(town, bead)) for bead in town.in_column("refinery")),
            self._outward.turn, self._closing.seen(town), self._tip.green(town), self._jobs.rests(_LANDING),
        )  # fmt: skip
        if not stopped(town) and not _same(seen, self._seen):
            self._jobs.start("refinery plan", partial(self._plan, town, seen))

    def _note(self, town: Town) -> None:
        """Say in a line what is being tested."""
        self._base.notes["slots"] = str(self._slots.count)
        said = []
        for _, run in sorted(town.testing.items()):
            more = f" and {len(run.cars) - 1} more" if len(run.cars) > 1 else ""
            said.append(f"{run.beads[0] if run.cars else run.kind}{more} on {run.base[:9]}")
        if said:
            self._base.notes["refinery"] = f"testing {', '.join(said)}"
        else:
            self._base.notes.pop("refinery", None)

    async def _plan(self, town: Town, seen: tuple[object, ...]) -> None:
        """Look, decide, and do what was decided as far as it still fits."""
        base, self._again = self._base, False
        tip = base.repo.tip(f"refs/heads/{base.config.target}")
        if tip != town.tip:
            return
        if not await self._closes(town):
            for place, lane in enumerate(self._closing.lines(town)):
                await self._of_lane(base.books.town if place else town, lane)
        self._seen = () if self._again else seen

    async def _closes(self, town: Town) -> bool:
        """Whether a convoy's integration branch departs for the target now; if it is to be tested, that begins."""
        closed = await self._closing.go(town, self._slots.free(self._base.books.pending))
        self._halt(closed.stale)
        if closed.train is None or _in_the_way(self._base.books.pending) is not None:
            return False
        self._leave(partial(self._close, closed.train))
        return True

    def _leave(self, work: Callable[[], Awaitable[None]]) -> None:
        """Start a landing; where that is not possible now, plan again: at once, or when one that failed has rested."""
        self._again |= not (self._jobs.start(_LANDING, work) or self._jobs.rests(_LANDING))

    async def _close(self, train: Train) -> None:
        try:
            if await self._outward.ready(train.onto):
                made = await asyncio.to_thread(self._outward.dressed, [train.commit])
                await self._landing.depart(msgspec.structs.replace(train, commit=made[train.commit]))
        except GasTownError:
            self._seen = ()
            raise

    async def _of_lane(self, town: Town, lane: str) -> None:
        """Plan for one line, and do it."""
        if lane and not self._closing.sound(town, lane):
            return
        tip = lanes.tip(town, lane)
        if not self._base.config.gated:
            await self._ungated(town, lane, tip)
            return
        view = await asyncio.to_thread(self._thinking.look, town, tip, self.gates_id(), self._slots.count, lane)
        await self._apply(town, view)

    async def _apply(self, town: Town, view: View) -> None:
        base, decision = self._base, view.decision
        if not view.lane:
            pregate.note(base.notes, base.config.pregate if view.pregated else "off", town.rate)
        view.meant = await intents(base.place.root, town, view.conflicts)
        now = base.books.pending
        if lanes.tip(now, view.lane) != view.tip or now.train is not None:
            return
        events = [*self._leaving(now, view), *self._shunted(now, view)]
        gone = {event.bead for event in events if isinstance(event, e.Conflicted | e.Gated)}
        stops = [*view.stale, *(view.running[beads] for beads in decision.stop)]
        begun = list(self._begun(now, view, gone))
        if events or begun:
            await base.books.record("refinery", *events, *begun)
        for step in view.conflicts:
            said = f"{step.car.bead}: conflict in {', '.join(path.path for path in step.conflicts)}"
            await base.feed.add(base.clock.now(), "refinery", "BACK", said, bead=step.car.bead, ok=False)
        self._halt(stops)
        if decision.land and not gone & set(decision.land):
            await self._land(town, view)

    def _halt(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if (run := self._base.books.pending.testing.get(number)) is not None and number not in self._stopping:
                self._stopping.add(number)
                self._jobs.start(f"refinery stop {number}", partial(self._stop, run))

    def _leaving(self, now: Town, view: View) -> Iterable[e.AnyEvent]:
        """What goes back: text conflicts with the tip, and what was red once more alone."""
        base = self._base
        for step in view.conflicts:
            if _stands(now, step):
                yield sending.conflicted(base, now, now.beads[step.car.bead], step, view.meant.get(step.car.bead, ""))
        for step in view.lost:
            if _stands(now, step):
                needs.hold_bead(base, now.beads[step.car.bead], f"The merge of {step.car.bead} loses lines",
                                "\n".join(step.lost[:20]))  # fmt: skip
        for id in view.decision.back:
            run = sending.red_run(now, id)
            # While nobody knows that the bare tip is green, it may be to blame.
            # An integration branch that is there was green when it moved.
            known = self._tip.green(now) or bool(view.lane and now.convoys[view.lane].tip)
            if id in now.queue and run is not None and (known or mends(now.beads[id])):
                yield sending.gated(base, now, now.beads[id], run)

    def _shunted(self, now: Town, view: View) -> Iterable[e.AnyEvent]:
        """Who changes lanes, who waits for another ahead of it, and who is set aside green."""
        for id in view.decision.confirm:
            beside = sending.company(now, id)
            why = f"red beside {', '.join(beside[:3])}" if beside else "red alone"
            if id in now.queue:
                yield e.Shunted(id, "confirm", why, beside)
        for id, beside in view.decision.requeue:
            if id in now.queue and now.beads[id].work.no_land:
                lease = now.beads[id].work.lease
                yield e.BeadMoved(id, "set_aside", f"not landed: branch {lease.branch if lease else '?'} is left")
            elif id in now.queue:
                why = f"green alone, red beside {', '.join(beside[:3])}" if beside else "green the second time"
                yield e.Shunted(id, "end", why, beside)
        for id, why in view.waits.items():
            if id in now.queue and now.queue[id].why != why and now.queue[id].state == "queued":
                yield e.MergeTurned(id, "queued", why)

    def _begun(self, now: Town, view: View, gone: set[str]) -> Iterable[e.RunBegun]:
        """The runs that begin, in the slots there are."""
        number = now.run_number
        free = self._slots.free(now)
        for beads in view.decision.start:
            steps = view.chains[beads]
            if not free or gone & set(beads) or not all(step.ok and _stands(now, step) for step in steps):
                continue
            last, number = steps[-1], number + 1
            alone = len(beads) == 1 and beads[0] in view.decision.alone
            yield e.RunBegun(TestRun(
                number, "confirm" if alone else "train", view.tip, tuple(step.car for step in steps), last.commit,
                last.tree, self.gates_id(), free.pop(0), self._base.clock.now(),
            ))  # fmt: skip

    async def _stop(self, run: TestRun) -> None:
        """End a run that can tell nothing any more; its slot is free when its processes are gone."""
        try:
            if (task := self._jobs.running.get(f"refinery run {run.number}")) is not None:
                task.cancel()
                await asyncio.wait([task])
            if run.number in self._base.books.pending.testing:
                dropped = e.RunDropped(run.number, "no longer wanted", run.beads)
                await self._base.books.record("refinery", dropped)
        finally:
            self._stopping.discard(run.number)

    async def _land(self, town: Town, view: View) -> None:
        """Send a green prefix off, unless the person's edits are in the way of one before it.

        While a convoy's branch is tested with the target, nothing else lands there: else it might never be through.
        """
        steps = view.chains[view.decision.land]
        if not view.lane and any(run.kind in (CLOSING, CLOSING_AGAIN) for run in town.testing.values()):
            return
        if _in_the_way(self._base.books.pending) is not None or not all(step.ok for step in steps):
            return
        run = town.runs.get(steps[-1].tree)
        await self._depart(steps, run.number if run is not None else 0, view.lane)

    async def _depart(self, steps: list[Step], number: int, lane: str) -> None:
        if not lane and self._outward.offered(steps, self._base.books.pending):
            return
        self._leave(partial(self._off, steps, number, lane))

    async def _off(self, steps: list[Step], number: int, lane: str) -> None:
        try:
            if lane or await self._outward.ready(steps[0].onto):
                await self._landing.depart(await asyncio.to_thread(self._train, steps, number, lane))
        except GasTownError:
            self._seen = ()
            raise

    def _train(self, steps: list[Step], number: int, lane: str) -> Train:
        """What lands: the tested trees in commits as the repository wants them."""
        now = self._base.clock.now()
        made = self._outward.dressed([commit for step in steps for commit in step.chain or (step.commit,)])
        steps = [replace(step, commit=made[step.commit]) for step in steps]
        commit = self._candidates.whole(steps, number, now)
        if len(steps) > 1:
            commit = self._outward.dressed([commit])[commit]
        cars, commits = tuple(step.car for step in steps), tuple(step.commit for step in steps)
        return Train(cars, commits, commit, steps[0].onto, steps[-1].tree, number, now, lane)

    async def _ungated(self, town: Town, lane: str, tip: str) -> None:
        """Without gates each landing on the target asks, and what was allowed lands one by one."""
        base = self._base
        for entry in ordered(town.queue.values()):
            bead = town.beads[entry.bead]
            if bead.work.held or entry.hold or bead.work.staged or lanes.of(town, bead) != lane:
                continue
            step = await asyncio.to_thread(self._candidates.step, town, tip, entry.car)
            if not step.ok:
                view = View(tip, [step] if step.conflicts else [], [step] if step.lost else [], lane=lane)
                await self._apply(town, view)
            elif entry.state == "allowed" and _in_the_way(town) is None:
                await self._depart([step], 0, lane)
                return
            elif entry.state == "queued":
                asked = [] if lane else _untested(base, bead)
                turned = e.MergeTurned(bead.id, "waiting", "UNGATED: waits for your yes")
                if lane:
                    turned = e.MergeTurned(bead.id, "allowed", "it goes to the integration branch alone")
                if base.books.pending.queue.get(bead.id) == entry:
                    await base.books.record("refinery", turned, *asked)


def _untested(base: Base, bead: Bead) -> list[e.AnyEvent]:
    """The question whether a bead lands that nothing tested."""
    named, title = f"{bead.id} ({bead.title})", f"Land {bead.id} untested?"
    question = f"{base.config.rig} is UNGATED: nothing was tested. Land {named} all the same?"
    return needs.asked(base, "ungated", bead.id, title, question, ("wait", "land"), bead=bead.id)


def _in_the_way(town: Town) -> e.Need | None:
    """The open question about what keeps every train here: the person's edits, or a push that was refused."""
    return next((need for need in town.needs.values() if need.kind in ("landing", "push")), None)


def _stands(town: Town, step: Step) -> bool:
    entry = town.queue.get(step.car.bead)
    return entry is not None and entry.car == step.car and not town.beads[step.car.bead].work.landing


def _same(now: tuple[object, ...], before: tuple[object, ...]) -> bool:
    return len(now) == len(before) and all(a is b or a == b for a, b in zip(now, before, strict=True))

