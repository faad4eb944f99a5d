"""A town in another process, seen as if its engine were in this one: snapshot, then events folded above its number."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from gastown_tui import config as settings
from gastown_tui.config import Config
from gastown_tui.door import address, snapshot, wire
from gastown_tui.door.client import no_engine
from gastown_tui.engine.feed import FeedLine
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError, Illegal
from gastown_tui.model.events import decode as decode_record
from gastown_tui.model.orders import NAMES, Order
from gastown_tui.model.town import Town

_SILENCE = 3 * wire.KEEP_ALIVE
_AGAIN = (0.1, 0.25, 0.5, 1.0, 2.0)
"""Seconds between attempts to come back; the last one repeats."""

_KEPT = 200
_FAULTS = (aiohttp.ClientError, OSError, TimeoutError)
_LONGEST = 256 * 1024 * 1024
"""Bytes of one line: the event of a whole import stands in one."""


class RemoteTown:
    """A Link (engine/link.py) through the door. Enter it as a context, run `run` beside the screen.

    While the connection is down everything known stays, and `notes["lost"]` says why.
    """

    def __init__(self, place: Place, *, again: tuple[float, ...] = _AGAIN) -> None:
        self._place = place
        self._again = again
        self._town = Town()
        self._config = settings.load(place.config)
        self._notes: dict[str, str] = {}
        self._lost = "not connected yet"
        self._feed: dict[str, deque[FeedLine]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._fed = 0
        self._session: aiohttp.ClientSession | None = None
        self.ready = asyncio.Event()
        """Set once the first snapshot is here."""

    @property
    def town(self) -> Town:
        """The latest town that was heard of."""
        return self._town

    @property
    def config(self) -> Config:
        """The town's settings, as they were when this link was made."""
        return self._config

    @property
    def notes(self) -> dict[str, str]:
        """The engine's notes, and `lost` while it does not answer."""
        return {**self._notes, "lost": self._lost} if self._lost else self._notes

    def feed(self, agent: str) -> tuple[FeedLine, ...]:
        """The latest feed lines of one agent, oldest first."""
        return tuple(self._feed[agent]) if agent in self._feed else ()

    @property
    def gate_logs(self) -> Path:
        """The folder of what the gates print."""
        return self._place.gate_logs

    def spool(self, agent: str) -> Path | None:
        """The file of raw terminal bytes of an agent's session."""
        found = self._town.agents.get(agent)
        return self._place.root / found.spool if found is not None and found.spool else None

    async def ask(self, order: Order) -> Any:
        """Ask as the overseer; raises what the engine says, or NoEngine."""
        body = {"order": NAMES[type(order)], "args": msgspec.to_builtins(order), "id": uuid.uuid4().hex}
        try:
            async with self._open() as session, session.post("http://town/v1/orders", json=body) as response:
                reply = await response.json()
        except _FAULTS as error:
            raise no_engine() from error
        if response.status >= 400:
            raise wire.error_from(reply, f"The engine answered {response.status} and nothing else.")
        return reply["answer"]

    async def run(self) -> None:
        """Follow the town until cancelled, coming back whenever the engine does."""
        tries = 0
        while True:
            if await self._guarded(self._connect()):
                tries = 0
            await asyncio.sleep(self._again[min(tries, len(self._again) - 1)])
            tries += 1

    async def _connect(self) -> None:
        async with self._open() as session:
            if not self.ready.is_set():
                await self._snapshot(session)
            over = asyncio.Event()

            async def follow(work: Coroutine[Any, Any, None]) -> None:
                await self._guarded(work)
                over.set()

            # The followers never raise: a TaskGroup whose child fails while it is cancelled forgets the cancelling
            # (Python 3.11 and 3.12), and this link could not be ended.
            async with asyncio.TaskGroup() as group:
                works = (self._follow_events, self._follow_feed, self._follow_notes)
                tasks = [group.create_task(follow(work(session)), name=work.__name__) for work in works]
                await over.wait()
                for task in tasks:
                    task.cancel()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> bool:
        """Await something that speaks to the engine; keep why it failed. Says whether it came to its end."""
        try:
            await work
        except _FAULTS as error:
            self._lost = f"the engine does not answer ({error or type(error).__name__})"
        except (GasTownError, msgspec.DecodeError) as error:
            self._lost = str(error)
            self.ready.clear()  # what we hold and what comes do not fit: start anew from a snapshot
        else:
            return True
        return False

    def _open(self) -> aiohttp.ClientSession:
        found = address.read(self._place)
        if found is None:
            raise ConnectionError("no engine says that it runs")
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=_SILENCE)
        return aiohttp.ClientSession(connector=aiohttp.UnixConnector(found.socket), timeout=timeout)

    async def _snapshot(self, session: aiohttp.ClientSession) -> None:
        received = [line async for line in _lines(session, "/v1/town") if line]
        self._town = await asyncio.to_thread(snapshot.read, received)
        self._lost = ""
        self.ready.set()

    async def _follow_events(self, session: aiohttp.ClientSession) -> None:
        async for line in _lines(session, f"/v1/events?after={self._town.seq}"):
            if not line:
                self._lost = ""
                continue
            record = decode_record(line)
            if record.seq > self._town.seq + 1:
                raise Illegal(f"Record {record.seq} does not follow {self._town.seq}.", "")
            if record.seq == self._town.seq + 1:
                self._town = self._town.after(record)
        raise ConnectionError("it left")

    async def _follow_feed(self, session: aiohttp.ClientSession) -> None:
        async for raw in _lines(session, f"/v1/feed?follow=1&after={self._fed}"):
            if raw:
                line = msgspec.json.decode(raw, type=FeedLine)
                self._fed = line.seq
                self._feed[line.agent].append(line)
        raise ConnectionError("it left")

    async def _follow_notes(self, session: aiohttp.ClientSession) -> None:
        async for line in _lines(session, "/v1/notes?follow=1"):
            if line:
                self._notes = msgspec.json.decode(line, type=dict[str, str])
        raise ConnectionError("it left")


async def _lines(session: aiohttp.ClientSession, target: str) -> AsyncIterator[bytes]:
    """The lines of a stream as they come, the first one empty: it says that the engine answered.

    Raises:
        GasTownError: what the engine says instead.
    """
    async with session.get(f"http://town{target}") as response:
        if response.status >= 400:
            raise wire.error_from(await response.json(), f"The engine answered {response.status}.")
        yield b""
        left = b""
        async for chunk in response.content.iter_any():
            *whole, left = (left + chunk).split(b"\n")
            if len(left) > _LONGEST:
                raise GasTownError("The engine sent a line without end.", "Restart it: gt down, then gt up.")
            for line in whole:
                if line:
                    yield line
