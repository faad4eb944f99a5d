"""A door on a fake engine, and waiting for what must come."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from gastown_tui.door import address, wire
from gastown_tui.door.server import Door
from gastown_tui.engine.place import Place
from gastown_tui.world import DiskFiles
from tests.door.fake import FakeEngine
from tests.support.waiting import PATIENCE


def a_place(folder: Path) -> Place:
    """A folder that looks like a town from outside."""
    place = Place(folder)
    place.gastown.mkdir(parents=True, exist_ok=True)
    place.config.write_text('rig = "todo"\n')
    return place


@contextlib.asynccontextmanager
async def serving(engine: FakeEngine, place: Place, keep_alive: float = wire.KEEP_ALIVE) -> AsyncIterator[Door]:
    """Serve an engine at a place, and say so in engine.json."""
    door = Door(engine, address.socket_path(place, {"XDG_RUNTIME_DIR": str(place.root)}), keep_alive=keep_alive)
    await door.open()
    address.write(place, address.Address(os.getpid(), 0, str(door.path), door.port, wire.VERSION), DiskFiles())
    try:
        yield door
    finally:
        place.engine_json.unlink()
        await door.close()


async def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.005)
