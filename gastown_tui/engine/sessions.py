"""The sessions this engine started: their terminals, what they say, what they cost, and their ends."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gastown_tui.agents import runtime as runtimes
from gastown_tui.agents.last_words import last_words
from gastown_tui.agents.reader import Reader
from gastown_tui.agents.runtime import Runtime, Seat
from gastown_tui.agents.session import Session
from gastown_tui.agents.transcript import Transcript
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import agent_environment
from gastown_tui.model import events as e
from gastown_tui.model.agent import Agent
from gastown_tui.model.errors import CannotWrite, GasTownError, Refused, StaleLease
from gastown_tui.model.orders import Caller
from gastown_tui.redact import redact

log = logging.getLogger(__name__)
_SPENT_EVERY = 5.0
_NAMED = "transcript.path"
_LOOKED_AT = 24
"""Rows of its screen that are looked at when a program ended by itself."""


@dataclass
class Live:
    """A session that runs, and what this engine remembers of it while it does."""

    session: Session
    caller: Caller
    token: str
    secret: str
    runtime: Runtime
    session_id: str
    worktree: Path
    folder: Path
    transcript: Transcript | None = None
    told: int = 0
    nudged: int = 0
    idle: bool = False
    idle_since: float = 0.0
    asked: str = ""
    counted_usd: float = 0.0
    counted_tokens: int = 0
    counted_at: float = 0.0
    ending: str = ""
    expected: bool = True
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def lease(self) -> str:
        """What GT_LEASE holds."""
        return f"{self.caller.bead}:{self.caller.epoch}:{self.secret}"


@dataclass(frozen=True)
class Start:
    """What a round wants started. With `resume` the session of that id goes on."""

    caller: Caller
    worktree: Path
    prompt: str
    branch: str | None = None
    session_id: str = ""
    resume: bool = False
    told: int = 0
    notes: dict[str, str] = field(default_factory=dict)


class Sessions:
    """Starts, hears and ends sessions; keeps nothing that the ledger must know."""

    def __init__(self, base: Base, gone: Callable[[str, bool], None]) -> None:
        self._base = base
        self._gone = gone
        self.live: dict[str, Live] = {}
        self.reader = Reader(base.clock)
        self.reader.on_exit = self._exited
        self.starting: set[str] = set()
        self.frozen = False
        self._ends: asyncio.Queue[Live] = asyncio.Queue()
        self._runtimes: dict[str, Runtime] = {}

    def runtime_of(self, role: str) -> tuple[Runtime, str]:
        """The runtime and model that play a role in this town."""
        settings = getattr(self._base.config.roles, role)
        if settings.runtime not in self._runtimes:
            self._runtimes[settings.runtime] = runtimes.load(settings.runtime)
        return self._runtimes[settings.runtime], settings.model

    async def start(self, wanted: Start) -> Live:
        """Start or resume a session and record it; raises GasTownError when it cannot be started."""
        base, caller = self._base, wanted.caller
        runtime, model = self.runtime_of(caller.role)
        token, secret = base.ids.token(), base.ids.token()
        session_id = wanted.session_id or base.ids.session()
        folder = base.place.sessions / session_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lease = f"{caller.bead}:{caller.epoch}:{secret}"
        env = agent_environment(base, caller, wanted.worktree, wanted.branch, token, lease, folder)
        prompt = await asyncio.to_thread(redact, wanted.prompt)
        seat = Seat(
            role=caller.role, name=caller.name, worktree=wanted.worktree, session=session_id, prompt=prompt,
            model=model, folder=folder, port=base.port, token=token, env=env, python=sys.executable,
            config_dir=Path(base.config.config_dir) if base.config.config_dir else None,
            spool=base.place.spool / f"{session_id}.raw",
        )  # fmt: skip
        launch = runtimes.prepare(runtime, seat, resume=wanted.resume)
        session = Session.start(launch, base.clock)
        live = Live(session, caller, token, secret, runtime, session_id, wanted.worktree, folder)
        live.told, live.notes = wanted.told, dict(wanted.notes)
        path = runtimes.transcript_path(runtime, seat) or (self._named(folder) if wanted.resume else None)
        if path is not None:
            live.transcript = Transcript(path, runtime.prices)
            if wanted.resume:
                live.transcript.poll()
                known = base.books.pending.agents.get(caller.name)
                live.counted_usd = min(known.cost_usd if known is not None else 0.0, live.transcript.cost_usd)
                live.counted_tokens = live.transcript.tokens
        self.live[caller.name] = live
        self.reader.add(session)
        try:
            await self._record_start(live, wanted)
        except GasTownError:
            await session.end(grace=0.5)
            self.reader.remove(session)
            del self.live[caller.name]
            raise
        if self.frozen:
            session.freeze()
        return live

    async def _record_start(self, live: Live, wanted: Start) -> None:
        caller, session = live.caller, live.session
        await self._base.books.record(
            "engine",
            e.AgentStarted(
                caller.name, caller.role, live.session_id, live.runtime.name, session.pid, session.start_ticks,
                str(wanted.worktree), str(session.launch.spool), caller.bead, caller.epoch, wanted.resume,
            ),
        )  # fmt: skip

    def caller(self, token: str, lease: str) -> Caller:
        """Who a token and a lease belong to; raises StaleLease for anybody this engine did not start."""
        for live in self.live.values():
            if live.token == token and not live.ending:
                if lease and lease != live.lease:
                    break
                return live.caller
        raise StaleLease("This session is not one the town knows now.", "Somebody newer has the bead; stop here.")

    def of(self, caller: Caller) -> Live | None:
        """The live session of a caller."""
        return self.live.get(caller.name)

    def tell(self, name: str, text: str) -> None:
        """Say something to an agent as its next prompt, without secrets; raises Refused when it is not there."""
        live = self.live.get(name)
        if live is None or live.ending:
            raise Refused(f"No session of {name} runs.", "See who works with: gt status")
        live.idle = False
        live.session.paste(redact(text))

    async def end(self, name: str, reason: str, expected: bool = True) -> None:
        """End a session and its whole tree; one that is not `expected` counts as a death of its agent."""
        live = self.live.get(name)
        if live is None or live.ending:
            return
        live.ending, live.expected = reason, expected
        await live.session.end(grace=1.0)

    async def end_all(self, reason: str) -> None:
        """End every session this engine started, at once."""
        async with asyncio.TaskGroup() as group:
            for name in list(self.live):
                group.create_task(self.end(name, reason), name=f"end {name}")
        for live in list(self.live.values()):
            try:
                await self._over(live)
            except GasTownError as error:
                log.error("the end of %s is not written: %s; the next engine notes it", live.caller.name, error)

    def freeze(self) -> None:
        """Stop every tree where it stands."""
        self.frozen = True
        for live in self.live.values():
            live.session.freeze()

    def thaw(self) -> None:
        """Let them go on."""
        self.frozen = False
        for live in self.live.values():
            live.session.thaw()

    def _exited(self, session: Session) -> None:
        live = self.live.get(session.name)
        if live is not None and live.session is session:
            self._ends.put_nowait(live)

    async def watch_ends(self) -> None:
        """Record each end as it comes, and tell the engine."""
        while True:
            live = await self._ends.get()
            try:
                await self._over(live, patient=True)
            except GasTownError as error:
                log.error("after the end of %s: %s", live.caller.name, error)

    async def _over(self, live: Live, patient: bool = False) -> None:
        """Record that a session is over; who is `patient` waits for a disk that refuses."""
        name, books = live.caller.name, self._base.books
        if self.live.get(name) is not live:
            return
        await self._last_heard(live, patient)
        why = "" if live.ending else await _why(live.session)
        if self.live.get(name) is not live:
            return
        del self.live[name]
        self.reader.remove(live.session)
        expected = bool(live.ending) and live.expected
        reason = live.ending or why or f"ended by itself with {live.session.exit_code}"
        while (agent := books.pending.agents.get(name)) is not None and agent.live:
            try:
                await books.record("engine", e.AgentEnded(name, reason, expected))
            except CannotWrite:
                if not patient:
                    raise
                await books.well()
        if not expected:
            await self._base.feed.add(
                self._base.clock.now(), name, "DIED", reason, bead=live.caller.bead, role=live.caller.role
            )
        self._gone(name, expected)

    async def _last_heard(self, live: Live, patient: bool) -> None:
        while True:
            try:
                await self.hear(live, final=True)
            except (OSError, GasTownError) as error:
                log.warning("the transcript of %s: %s", live.caller.name, error)
                if patient and isinstance(error, CannotWrite):
                    await self._base.books.well()
                    continue
            return

    async def hear(self, live: Live, final: bool = False) -> None:
        """Read what a session's transcript says since last time, into the feed and the accounts."""
        if live.transcript is None:
            return
        caller, base = live.caller, self._base
        for note in live.transcript.poll():
            if note.verb == "SAY" and caller.role != "mayor":
                continue
            await base.feed.add(
                note.at or base.clock.now(), caller.name, note.verb, note.text, detail=note.detail, ok=note.ok,
                bead=caller.bead, role=caller.role,
            )  # fmt: skip
        usd = live.transcript.cost_usd - live.counted_usd
        due = final or live.idle or base.clock.monotonic() - live.counted_at > _SPENT_EVERY
        if usd > 1e-9 and due and (final or not base.trouble):
            tokens = live.transcript.tokens - live.counted_tokens
            live.counted_usd, live.counted_tokens = live.transcript.cost_usd, live.transcript.tokens
            live.counted_at = base.clock.monotonic()
            spent = e.Spent(caller.name, caller.role, usd, caller.bead, tokens)
            try:
                await base.books.record("engine", spent)
            except CannotWrite:
                live.counted_usd -= usd
                live.counted_tokens -= tokens
                raise

    async def listen(self) -> None:
        """Hear every session a few times a second."""
        while True:
            for live in list(self.live.values()):
                try:
                    await self.hear(live)
                except (OSError, GasTownError) as error:
                    log.warning("the transcript of %s: %s", live.caller.name, error)
            await self._base.clock.sleep(0.25)

    def read_transcript(self, live: Live, path: str) -> None:
        """Follow the transcript a session's own hook named, and remember it for whoever resumes the session."""
        live.transcript = Transcript(Path(path), live.runtime.prices)
        self._base.files.replace(live.folder / _NAMED, path.encode())

    @staticmethod
    def _named(folder: Path) -> Path | None:
        """The transcript a session's hook named before: what stands in it was heard and counted by then."""
        named = folder / _NAMED
        return Path(named.read_text()) if named.exists() else None

    def may_resume(self, agent: Agent) -> bool:
        """Whether an agent's session can go on: its runtime can, and its transcript has the prompt already.

        One that was killed before it wrote its prompt down knows nothing: it is started afresh.
        """
        runtime, _ = self.runtime_of(agent.role)
        folder = self._base.place.sessions / agent.session
        path = self._named(folder) or folder / f"{agent.session}.jsonl"
        if agent.runtime != runtime.name or not runtime.resume or not path.exists():
            return False
        with path.open("rb") as file:
            return any(b'"user"' in line for line in file)

    def turned(self, name: str, state: str) -> e.AgentTurned | None:
        """The event that makes an agent's recorded state `state`, if it is not so already."""
        agent: Agent | None = self._base.books.pending.agents.get(name)
        if agent is None or not agent.live or agent.state == state:
            return None
        return e.AgentTurned(name, state)


async def _why(session: Session) -> str:
    """How a program that nobody ended went, with what its screen says about it: nothing of use, if it was killed."""
    code = session.exit_code
    if code is None or code < 0:
        return f"ended by itself with {code}"
    # In a thread: the emulator takes half a second to load, and a long tail some more to read.
    rows = await asyncio.to_thread(session.tail_text, _LOOKED_AT)
    said = last_words(rows.splitlines())
    return f"ended by itself with {code}" + (f", saying: {said}" if said else "")
