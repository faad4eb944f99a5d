"""The door from outside: who may ask what, how errors cross, and that a slow reader costs nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.door import call, wire
from gastown_tui.door.client import Client
from gastown_tui.model import events as e
from gastown_tui.model.errors import GasTownError, NoEngine, Refused, StaleLease, Usage
from tests.door.fake import FakeEngine
from tests.door.serving import a_place, serving, until


def ask(place: Any, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    """One request over the socket: (status, what came)."""
    return call.request(str(place.socket), method, target, body, headers or {})


def test_an_order_is_carried_out_and_its_id_makes_a_repeat_harmless(tmp_path: Path) -> None:
    async def scene() -> None:
        engine = FakeEngine()
        async with serving(engine, a_place(tmp_path)):
            client = Client.of(a_place(tmp_path))
            first = await asyncio.to_thread(client.order, "create_bead", {"title": "A wall"}, "one")
            again = await asyncio.to_thread(client.order, "create_bead", {"title": "A wall"}, "one")
            assert first == again == {"bead": "td-1"}
            assert len(engine.town.beads) == 1

    asyncio.run(scene())


def test_errors_keep_their_class_title_and_hint(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(FakeEngine(), a_place(tmp_path)):
            client = Client.of(a_place(tmp_path))
            with pytest.raises(Refused) as refused:
                await asyncio.to_thread(client.order, "close_bead", {"bead": "td-9"})
            assert (refused.value.title, refused.value.hint) == ("td-9 stays.", "Ask again tomorrow.")
            with pytest.raises(Usage):
                await asyncio.to_thread(client.order, "dance")
            with pytest.raises(Usage):
                await asyncio.to_thread(client.order, "create_bead", {"colour": "red"})
            stale = Client(client.socket, {wire.TOKEN: "old", wire.LEASE: "td-1:1:x"})
            with pytest.raises(StaleLease):
                await asyncio.to_thread(stale.order, "done", {})

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("POST", "/v1/orders", b"{", 400, 2),
        ("POST", "/v1/orders", b"\xff\xfe", 400, 2),
        ("POST", "/v1/orders", b'["order"]', 400, 2),
        ("POST", "/v1/orders", b'{"order": "done", "args": {}, "id": "", "more": 1}', 400, 2),
        ("POST", "/v1/orders", b'{"order": "done", "args": {}}', 409, 1),  # the overseer hands nothing in
        ("GET", "/v1/events?after=x", b"", 400, 2),
        ("GET", "/v1/events?after=" + "9" * 40, b"", 400, 2),
        ("GET", "/v2/anything", b"", 404, 2),
        ("PUT", "/v1/orders", b"", 405, 2),
        ("POST", "/v1/hooks/Stop", b"[]", 400, 2),
    ],
)
def test_what_does_not_fit_is_refused_in_json(
    tmp_path: Path, method: str, target: str, body: bytes, status: int, code: int
) -> None:
    async def scene() -> None:
        place = a_place(tmp_path)
        async with serving(FakeEngine(), place):
            got, reply = await asyncio.to_thread(ask, place, method, target, body)
            error = json.loads(reply)["error"]
            assert (got, error["code"]) == (status, code)
            assert error["title"] and error["hint"]

    asyncio.run(scene())


def test_a_fault_of_ours_shows_no_traceback_and_the_door_stays_open(tmp_path: Path) -> None:
    async def scene() -> None:
        place = a_place(tmp_path)
        asyncio.get_running_loop().set_debug(True)  # aiohttp would put the traceback into its page
        async with serving(FakeEngine(), place):
            status, reply = await asyncio.to_thread(ask, place, "POST", "/v1/orders", b'{"order": "freeze"}')
            assert status == 500
            assert set(json.loads(reply)["error"]) == {"code", "title", "hint"}
            assert b"ZeroDivision" not in reply and b"Traceback" not in reply
            assert Client.of(place).socket and (await asyncio.to_thread(Client.of(place).status))["town"] == "todo"

    asyncio.run(scene())


def test_a_body_past_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gastown_tui.door.server.LARGEST_ORDER", 1024)

    async def scene() -> None:
        place = a_place(tmp_path)
        async with serving(FakeEngine(), place):
            status, reply = await asyncio.to_thread(ask, place, "POST", "/v1/orders", b"x" * 5000)
            assert status == 413 and json.loads(reply)["error"]["code"] == 2

    asyncio.run(scene())


def test_only_this_user_may_enter_and_every_reply_carries_the_version(tmp_path: Path) -> None:
    async def scene() -> None:
        place = a_place(tmp_path)
        async with serving(FakeEngine(), place):
            assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600
            for target in ("/v1/status", "/v1/town", "/nowhere"):
                raw = await asyncio.to_thread(_raw, str(place.socket), target)
                assert f"{wire.VERSION_HEADER}: {wire.VERSION}".encode() in raw
        assert not place.socket.exists()

    asyncio.run(scene())


def _raw(path: str, target: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        got = b""
        while more := sock.recv(65536):
            got += more
        return got


def test_loopback_takes_hooks_with_a_token_and_nothing_else(tmp_path: Path) -> None:
    async def scene() -> None:
        engine = FakeEngine()
        async with serving(engine, a_place(tmp_path)) as door:
            async def post(target: str, body: bytes, *headers: str) -> tuple[int, Any]:
                reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
                head = [f"POST {target} HTTP/1.0", f"Content-Length: {len(body)}", *headers, "", ""]
                writer.write("\r\n".join(head).encode() + body)
                got = await reader.read()
                writer.close()
                top, _, rest = got.partition(b"\r\n\r\n")
                return int(top.split()[1]), json.loads(rest)

            status, reply = await post("/v1/hooks/Stop", b'{"session_id": "s"}', "X-GT-Token: secret")
            assert (status, reply) == (200, {"decision": "block", "reason": "go on"})
            assert engine.hooks[0][:2] == ("Stop", {"session_id": "s"}) and engine.hooks[0][2].name == "obsidian"
            assert (await post("/v1/hooks/Stop", b"{}"))[0] == 403
            assert (await post("/v1/hooks/Stop", b"{}", "X-GT-Token: guessed"))[0] == 403
            assert (await post("/v1/orders", b'{"order": "stop"}', "X-GT-Token: secret"))[0] == 404
            assert engine.asked == [] and len(engine.hooks) == 1

    asyncio.run(scene())


def test_events_come_from_the_past_then_live_with_a_sign_of_life_between(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        await engine.write(e.Said("overseer", "one"), e.Said("overseer", "two"))
        async with serving(engine, place, keep_alive=0.05):
            reader, writer = await asyncio.open_unix_connection(str(place.socket))
            writer.write(b"GET /v1/events?after=2 HTTP/1.0\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            assert e.decode(await reader.readline()).seq == 3
            assert await reader.readline() == b"\n"
            await engine.write(e.Said("overseer", "three"))
            while not (line := await reader.readline()).strip():
                pass
            assert e.decode(line).event == e.Said("overseer", "three")
            writer.close()
        # closing the door ended the stream, else this line is never reached

    asyncio.run(scene())


def test_a_reader_that_stands_still_is_not_read_ahead_for(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        await engine.write(*(e.Said("overseer", "x" * 10_000) for _ in range(400)))
        async with serving(engine, place):
            reader, writer = await asyncio.open_unix_connection(str(place.socket))
            writer.write(b"GET /v1/events?after=0 HTTP/1.0\r\n\r\n")
            await until(lambda: engine.watched > 2)
            for _ in range(50):
                await asyncio.sleep(0)
            assert engine.watched < 200, "4 MB were fetched for somebody who takes nothing"
            async with asyncio.TaskGroup() as group:
                taking = group.create_task(reader.read(), name="taking")
                await until(lambda: engine.watched == engine.town.seq)
                taking.cancel()
            writer.close()

    asyncio.run(scene())


def test_feed_and_notes_once_and_followed(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        engine.notes["dispatch"] = "holding 9: memory"
        await engine.lines.add(1.0, "obsidian", "RUN", "make")
        await engine.lines.add(2.0, "quartz", "EDIT", "a.py")
        async with serving(engine, place):
            client = Client.of(place)
            assert await asyncio.to_thread(client.notes) == {"dispatch": "holding 9: memory"}
            lines = await asyncio.to_thread(lambda: list(client.feed(1)))
            assert [line["agent"] for line in lines] == ["quartz"]
            one = await asyncio.to_thread(lambda: list(client.lines("/v1/feed?agent=obsidian")))
            assert [json.loads(line)["text"] for line in one] == ["make"]

    asyncio.run(scene())


def test_nobody_there_is_no_engine(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    with pytest.raises(NoEngine) as missing:
        Client.of(place)
    assert "gt up" in missing.value.hint
    place.engine_json.write_text('{"pid": 1, "start_ticks": 1, "socket": "/nowhere/s", "port": 1, "version": "0"}')
    with pytest.raises(NoEngine):
        Client.of(place).status()
    place.engine_json.write_text("{torn")
    with pytest.raises(GasTownError):
        Client.of(place)
