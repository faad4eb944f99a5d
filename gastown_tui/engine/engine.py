"""The engine: takes the town's lock, reads its books, and looks round after every change."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Self

from gastown_tui import __version__
from gastown_tui.agents import processes
from gastown_tui.config import Config
from gastown_tui.engine import needs
from gastown_tui.engine.deacon import Deacon
from gastown_tui.engine.desk import Desk
from gastown_tui.engine.desk import adopt as desk_adopt
from gastown_tui.engine.desk import agents as desk_agents
from gastown_tui.engine.desk import beads as desk_beads
from gastown_tui.engine.desk import gates as desk_gates
from gastown_tui.engine.desk import imports as desk_import
from gastown_tui.engine.desk import landings as desk_landings
from gastown_tui.engine.desk import plans as desk_plans
from gastown_tui.engine.desk import queue as desk_queue
from gastown_tui.engine.desk import serialising as desk_serialising
from gastown_tui.engine.desk import undo as desk_undo
from gastown_tui.engine.desk.answers import Answers
from gastown_tui.engine.feed import Feed, FeedLine
from gastown_tui.engine.history.following import Follower
from gastown_tui.engine.hooks import Hooks
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.ledger.caretaker import Caretaker
from gastown_tui.engine.ledger.keeping import Keeper
from gastown_tui.engine.mayor import Mayor
from gastown_tui.engine.opening import Opened, opened
from gastown_tui.engine.place import Place
from gastown_tui.engine.polecat import Polecats
from gastown_tui.engine.radar import Lookout
from gastown_tui.engine.refinery.round import Refinery
from gastown_tui.engine.rereading import Rereading
from gastown_tui.engine.serialising import Serialising
from gastown_tui.engine.sessions import Sessions
from gastown_tui.engine.sheriff import Sheriff
from gastown_tui.engine.sling import Sling
from gastown_tui.engine.status import status
from gastown_tui.engine.undoing.settling import Undoings
from gastown_tui.engine.witness import Witness
from gastown_tui.model import events as e
from gastown_tui.model.errors import CannotWrite, GasTownError
from gastown_tui.model.events import Record
from gastown_tui.model.orders import OVERSEER, Caller, Order
from gastown_tui.model.town import Town
from gastown_tui.redact import redact
from gastown_tui.world import Clock, DiskFiles, Files, Ids, RandomIds, SystemClock

log = logging.getLogger(__name__)
HANDLER_ROOMS = (desk_adopt, desk_agents, desk_beads, desk_gates, desk_import, desk_landings, desk_plans, desk_queue,
                 desk_serialising, desk_undo)  # fmt: skip
"""Importing them fills the desk's table."""
_TICK = 0.4
_REST, _SHARE = 0.25, 9.0
"""Rounds rest nine times as long as they looked (so they take a tenth of the engine), a quarter of a second at most."""


class Engine:
    """One town's engine. Satisfies `Link` for a cockpit in the same process."""

    def __init__(self, held: Opened) -> None:
        self._held = held
        self._base = base = held.base
        self.stopped = asyncio.Event()
        self._wake = asyncio.Event()
        self._answers = Answers()
        self._caretaker = Caretaker(base.archive, base.clock, Follower(base.place))
        jobs = Jobs(base.clock, self._wake.set, partial(needs.failed, base), partial(needs.works, base))
        self._jobs = jobs
        self._rereading = Rereading(base)
        self._sessions = Sessions(base, self._gone)
        self._deacon = Deacon(base, self._sessions)
        self._keeper = Keeper(base, self._deacon, self._wake.set)
        self._sling = Sling(base, self._sessions)
        self._polecats = Polecats(base, self._sessions, jobs)
        self._sheriff = Sheriff(base, jobs)
        self._witness = Witness(base, self._sessions, jobs)
        self._refinery = Refinery(base, jobs)
        self._undoings = Undoings(base, jobs)
        self._lookout = Lookout(base, jobs)
        self._serialising = Serialising(base, self._sessions)
        self._mayor = Mayor(base, self._sessions, jobs)
        self._hooks = Hooks(base, self._sessions, self._mayor)
        self._desk = Desk(base, self._sessions, self._sling, self._deacon, self.stopped.set)
        base.books.listeners.append(base.archive.take)
        base.books.listeners.append(lambda _: self._wake.set())
        base.books.on_health = self._wake.set

    @classmethod
    def open(
        cls, place: Place, *, clock: Clock | None = None, ids: Ids | None = None, files: Files | None = None
    ) -> Self:
        """Take the town's lock and read its books; raises as `opening.opened`."""
        return cls(opened(place, clock or SystemClock(), ids or RandomIds(), files or DiskFiles()))

    # what a cockpit and the door see

    @property
    def place(self) -> Place:
        """Where the town is."""
        return self._base.place

    @property
    def config(self) -> Config:
        """The town's settings."""
        return self._base.config

    @config.setter
    def config(self, config: Config) -> None:
        self._base.config = config

    @property
    def town(self) -> Town:
        """The latest durable town."""
        return self._base.books.town

    @property
    def notes(self) -> dict[str, str]:
        """Passing facts that are not events (engine/link.py), without secrets."""
        found = {name: redact(text) for name, text in self._base.notes.items()}
        if trouble := self._base.trouble:
            found["ledger"] = trouble
        return found

    def notice(self, text: str) -> None:
        """Have every cockpit show the overseer a card: a title and lines; `label<tab>value` stands in columns."""
        self._base.notes["notice"] = text

    @property
    def lines(self) -> Feed:
        """Everybody's feed."""
        return self._base.feed

    def feed(self, agent: str) -> tuple[FeedLine, ...]:
        """The latest feed lines of one agent, oldest first."""
        return self._base.feed.of(agent)

    @property
    def gate_logs(self) -> Path:
        """The folder of what the gates print."""
        return self._base.place.gate_logs

    def spool(self, agent: str) -> Path | None:
        """The raw terminal bytes of an agent's latest session."""
        found = self.town.agents.get(agent)
        return Path(found.spool) if found is not None and found.spool else None

    @property
    def port(self) -> int:
        """The loopback port of the door's hooks; set before `run`."""
        return self._base.port

    @port.setter
    def port(self, port: int) -> None:
        self._base.port = port

    @property
    def socket(self) -> str:
        """The path of the door's socket; set before `run` when it is not the usual one."""
        return self._base.socket

    @socket.setter
    def socket(self, path: str | Path) -> None:
        self._base.socket = str(path)

    def caller(self, token: str, lease: str) -> Caller:
        """Who a token and a lease belong to; without both it is the overseer. Raises StaleLease."""
        return self._sessions.caller(token, lease) if token or lease else Caller()

    async def ask(self, order: Order, caller: Caller | None = None, id: str = "") -> Any:
        """Answer an order once its events are durable. The same `id` from the same caller gets the same answer."""
        asking = caller or Caller()
        return await self._answers.once(asking.name, id, lambda: self._desk.answer(order, asking))

    async def hook(self, event: str, payload: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """The reply to an agent's hook."""
        reply = await self._hooks.hear(event, payload, caller)
        self._wake.set()
        return reply

    def watch(self, after: int) -> AsyncIterator[Record]:
        """Durable records above a number, then live."""
        return self._base.books.watch(after)

    def status(self) -> dict[str, Any]:
        """The `gt status --json` document."""
        return status(self.town, self.config, self.notes, running=True)

    async def flush(self) -> None:
        """Bring the ledger branch up to the durable town."""
        await self._base.archive.flush(self.town)

    # running

    async def run(self) -> None:
        """Recover, then look round until stopped; ends every session it started, and flushes the ledger."""
        processes.become_subreaper()
        books = self._base.books
        async with asyncio.TaskGroup() as group:
            group.create_task(books.run(), name="books")
            try:
                await self._begin()
                await self._serve()
            finally:
                await self._sessions.end_all("the engine ended")
                books.close()
        await self._keeper.last()
        await self._caretaker.leave()

    async def _begin(self) -> None:
        pid = os.getpid()
        await self._base.books.record("engine", e.EngineStarted(pid, processes.start_ticks(pid), __version__))
        await self._deacon.recover()
        if self.town.holds.get("agents"):
            await self._base.books.record("engine", e.Resumed("agents"))

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._jobs.open(group)
            looking = [
                group.create_task(self._tick(), name="tick"), group.create_task(self._rounds(), name="rounds")
            ]  # fmt: skip
            hearing = [
                group.create_task(work, name=name)
                for name, work in (
                    ("reader", self._sessions.reader.run()), ("ends", self._sessions.watch_ends()),
                    ("hear", self._sessions.listen()), ("keeper", self._keeper.run()),
                    ("caretaker", self._caretaker.run()),
                )
            ]  # fmt: skip
            await self.stopped.wait()
            await self._leave(looking, hearing)

    async def _leave(self, looking: list[asyncio.Task[None]], hearing: list[asyncio.Task[None]]) -> None:
        """End rounds first, then jobs, then sessions; what is unsaved is kept."""
        for task in (*looking, *self._jobs.running.values()):
            task.cancel()
        await self._sessions.end_all("gt down")
        for live_bead in (b for c in ("working", "sheriff", "witness", "refinery") for b in self.town.in_column(c)):
            lease = live_bead.work.lease
            if lease is not None:
                try:
                    await self._deacon.keep_work(live_bead.id, lease)
                except (OSError, GasTownError) as error:
                    log.error("what %s has unsaved stays in its worktree only: %s", live_bead.id, error)
        with contextlib.suppress(CannotWrite):
            await self._base.books.record("engine", e.EngineStopped("gt down"))
        for task in hearing:
            task.cancel()

    def close(self) -> None:
        """Give the lock back."""
        self._held.close()

    async def _rounds(self) -> None:
        """Look round after every change, and when a resting job may go on."""
        clock = self._base.clock
        while True:
            self._wake.clear()
            began = clock.monotonic()
            self._look()
            # Under a flood of changes a look after each would take all the time there is: leave most to others.
            await clock.sleep(min(_REST, _SHARE * (clock.monotonic() - began)))
            try:
                async with asyncio.timeout(self._jobs.soonest() or 60.0):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _look(self) -> None:
        town = self.town
        looks = (
            self._sling.look, self._deacon.look, self._polecats.look, self._sheriff.look, self._witness.look,
            self._refinery.look, self._undoings.look, self._mayor.look, self._polecats.tidy,
            self._serialising.look, self._lookout.look,
        )  # fmt: skip
        # While nothing can be written nothing is begun: the sling's round only says what it holds, and why.
        said = ""
        for look in looks[:1] if self._base.trouble else looks:
            try:
                look(town)
            except GasTownError as error:
                log.warning("a round could not look: %s", error)
                said = self._base.notes["trouble"] = str(error)
        if not said:
            self._base.notes.pop("trouble", None)

    async def _tick(self) -> None:
        """What no event announces: foreign moves, dialogs, idle agents."""
        while True:
            await self._base.clock.sleep(_TICK)
            try:
                await self._rereading.look()
                if not self._base.trouble:
                    await self._deacon.dialogs()
                    await self._mayor.follow_tip()
            except GasTownError as error:
                log.warning("tick: %s", error)
            self._wake.set()

    def _gone(self, name: str, expected: bool) -> None:
        self._deacon.died(name, expected)
        self._wake.set()


__all__ = ["OVERSEER", "Engine"]
