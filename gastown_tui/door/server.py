"""The door: the town over HTTP, on a Unix socket for people and agents, and on loopback for hooks alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import msgspec
from aiohttp import web

from gastown_tui.door import address, snapshot, wire
from gastown_tui.engine.feed import Feed
from gastown_tui.model import orders
from gastown_tui.model.errors import GasTownError, NoEngine, StaleLease, Usage
from gastown_tui.model.events import Record
from gastown_tui.model.events import encode as encode_record
from gastown_tui.model.town import Town

LARGEST = 16 * 1024 * 1024
"""Bytes of a request's body: hooks carry whole files an agent read."""

LARGEST_ORDER = 160 * 1024 * 1024
"""Bytes of what comes in through the socket: a whole board at once, so that none of it is left out."""

_AT_ONCE = 256
_NOTES_EVERY = 0.25


class Served(Protocol):
    """What the door asks of an engine."""

    @property
    def lines(self) -> Feed:
        """Everybody's feed."""

    @property
    def town(self) -> Town:
        """The latest durable town."""

    @property
    def notes(self) -> dict[str, str]:
        """Passing facts that are not events."""

    async def ask(self, order: orders.Order, caller: orders.Caller | None = None, id: str = "") -> Any:
        """Carry out an order once it is durable; the same id never does it twice."""

    def caller(self, token: str, lease: str) -> orders.Caller:
        """Who a token and a lease belong to; two empty ones are the overseer's."""

    async def hook(self, event: str, payload: dict[str, Any], caller: orders.Caller) -> dict[str, Any]:
        """What an agent's hook is answered with."""

    def watch(self, after: int) -> AsyncIterator[Record]:
        """Durable records above a number, then each new one."""

    def status(self) -> dict[str, Any]:
        """The document of `gt status --json`."""


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: str
    args: dict[str, Any] = {}
    id: str = ""


class Door:
    """Serves one engine. Open it before the engine's agents start, close it after they ended."""

    def __init__(self, engine: Served, path: Path, *, keep_alive: float = wire.KEEP_ALIVE) -> None:
        self._engine = engine
        self.path = path
        self._keep_alive = keep_alive
        self._runners: list[web.AppRunner] = []
        self._streams: set[asyncio.Task[Any]] = set()
        self._closing = False
        self.port = 0

    async def open(self) -> None:
        """Listen on the socket and on a free port of loopback; raises GasTownError when the socket cannot be had."""
        people = self._app(LARGEST_ORDER)
        people.router.add_post("/v1/orders", self._orders)
        people.router.add_get("/v1/town", self._town)
        people.router.add_get("/v1/events", self._events)
        people.router.add_get("/v1/feed", self._feed)
        people.router.add_get("/v1/status", self._status)
        people.router.add_get("/v1/notes", self._notes)
        people.router.add_post("/v1/hooks/{event:[A-Za-z]+}", self._hook)
        await web.SockSite(await self._runner(people), address.bind(self.path)).start()
        hooks = self._app()
        hooks.router.add_post("/v1/hooks/{event:[A-Za-z]+}", self._hook_with_token)
        runner = await self._runner(hooks)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]

    async def close(self) -> None:
        """End every stream, let orders under way be answered, and take the socket away."""
        self._closing = True
        for stream in list(self._streams):
            stream.cancel()
        for runner in self._runners:
            await runner.cleanup()
        self.path.unlink(missing_ok=True)

    def _app(self, largest: int = LARGEST) -> web.Application:
        app = web.Application(client_max_size=largest, middlewares=[_refusals])
        app.on_response_prepare.append(_tidy)
        return app

    async def _runner(self, app: web.Application) -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0, handle_signals=False)
        await runner.setup()
        self._runners.append(runner)
        return runner

    # what is asked

    def _caller(self, request: web.Request) -> orders.Caller:
        token, lease = request.headers.get(wire.TOKEN, ""), request.headers.get(wire.LEASE, "")
        return self._engine.caller(token, lease)

    async def _orders(self, request: web.Request) -> web.Response:
        caller = self._caller(request)
        try:
            asked = msgspec.json.decode(await request.read(), type=_Asked)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Usage(f"This is not an order: {error}.", 'It looks so: {"order", "args", "id"}.') from error
        order = orders.decode(asked.order, asked.args)
        return _json({"answer": await self._engine.ask(order, caller, asked.id)})

    async def _hook_with_token(self, request: web.Request) -> web.Response:
        if not request.headers.get(wire.TOKEN):
            raise StaleLease("A hook comes with its session's token.", "Nothing was done.")
        return await self._hook(request)

    async def _hook(self, request: web.Request) -> web.Response:
        caller = self._caller(request)
        try:
            payload = msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Usage(f"A hook's body is one JSON object: {error}.", "Nothing was done.") from error
        # The agent reads this reply itself, so it is the engine's object and nothing around it.
        return _json(await self._engine.hook(request.match_info["event"], payload, caller), bare=True)

    async def _status(self, request: web.Request) -> web.Response:
        return _json({"status": self._engine.status()})

    # what is streamed

    async def _town(self, request: web.Request) -> web.StreamResponse:
        town = self._engine.town
        async with self._stream(request) as response:
            waiting: list[bytes] = []
            for line in snapshot.lines(town):
                waiting.append(line)
                if len(waiting) == _AT_ONCE:
                    await response.write(b"".join(waiting))
                    waiting.clear()
                    await asyncio.sleep(0)  # ten thousand beads must not hold everybody else up
            await response.write(b"".join(waiting))
        return response

    async def _events(self, request: web.Request) -> web.StreamResponse:
        after = _number(request, "after")
        records = self._engine.watch(after)
        # A number too far back is refused, and that must be said before the reply has begun.
        first = await anext(records) if after < self._engine.town.seq else None
        async with self._stream(request, live=True) as response:
            if first is not None:
                await response.write(encode_record(first) + b"\n")
            # Only what the reader took is fetched, so one that stands still costs a socket's buffer and no more.
            async for record in records:
                await response.write(encode_record(record) + b"\n")
        return response

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        agent, after = request.query.get("agent", ""), _number(request, "after")
        live = _number(request, "follow") > 0
        async with self._stream(request, live=live) as response:
            if live:
                async for line in self._engine.lines.follow(after):
                    if agent in ("", line.agent):
                        await response.write(msgspec.json.encode(line) + b"\n")
            for line in self._engine.lines.lines(after):
                if agent in ("", line.agent):
                    await response.write(msgspec.json.encode(line) + b"\n")
        return response

    async def _notes(self, request: web.Request) -> web.StreamResponse:
        live = _number(request, "follow") > 0
        shown: dict[str, str] | None = None
        async with self._stream(request, live=live) as response:
            while shown is None or live:
                if (now := dict(self._engine.notes)) != shown:
                    await response.write(msgspec.json.encode(now) + b"\n")
                    shown = now
                if live:
                    await asyncio.sleep(_NOTES_EVERY)
        return response

    @contextlib.asynccontextmanager
    async def _stream(self, request: web.Request, live: bool = False) -> AsyncIterator[web.StreamResponse]:
        """A prepared stream of lines that ends with its reader or with the door; a live one is kept alive."""
        if self._closing:
            raise NoEngine("The engine is leaving.", "gt up starts it again.")
        response = web.StreamResponse(headers={"Content-Type": wire.NDJSON, "Cache-Control": "no-store"})
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            await response.prepare(request)
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat(response), name="keep alive") if live else None
                yield response
                if beat is not None:
                    beat.cancel()
        except* (ConnectionError, GasTownError):
            pass  # the reader left, or fell so far behind that it must start anew: the stream ends
        finally:
            self._streams.discard(task)

    async def _beat(self, response: web.StreamResponse) -> None:
        while True:
            await asyncio.sleep(self._keep_alive)
            await response.write(b"\n")


@web.middleware
async def _refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
        return answer
    except GasTownError as error:
        return _json(wire.error_body(error), wire.HTTP_STATUS.get(error.code, 409))


async def _tidy(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Every reply carries the version; one that aiohttp made (404, 413, a fault of ours) becomes an error like all."""
    response.headers[wire.VERSION_HEADER] = wire.VERSION
    if response.status < 400 or response.content_type == "application/json" or not isinstance(response, web.Response):
        return
    if response.status >= 500:
        error = GasTownError("The engine failed at this; it goes on.", "Its log has the rest: .gastown/log/engine.log")
    else:
        error = Usage(f"{request.method} {request.path} is not served: {response.reason}.", "Nothing was changed.")
    response.content_type = "application/json"
    response.body = body = msgspec.json.encode(wire.error_body(error))
    response.headers["Content-Length"] = str(len(body))


def _json(value: dict[str, Any], status: int = 200, *, bare: bool = False) -> web.Response:
    if not bare:
        value = {"version": wire.VERSION, **value}
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Usage(f"{name} is a number of a record, not {text[:20]!r}.", "Nothing was changed.")
    return int(text)
