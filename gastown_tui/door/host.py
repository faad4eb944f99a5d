"""Runs an engine with its door: in this process beneath a cockpit or a demo, or as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.agents import processes
from gastown_tui.door import address, wire
from gastown_tui.door.server import Door
from gastown_tui.door.shim import shim
from gastown_tui.engine import secrecy
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import Stop
from gastown_tui.rig.errors import cannot_write
from gastown_tui.world import Clock, DiskFiles, Files, Ids, RandomIds, SystemClock

log = logging.getLogger(__name__)

_COLLECTED = (20_000, 10, 10)
"""When Python looks for garbage in circles: a town is large, changes by parts that are shared, and has few circles."""


@dataclass(frozen=True)
class World:
    """What is passed in rather than reached for."""

    clock: Clock
    ids: Ids
    files: Files

    @classmethod
    def real(cls) -> World:
        """The machine's own."""
        return cls(SystemClock(), RandomIds(), DiskFiles())


@contextlib.asynccontextmanager
async def hosting(place: Place, world: World | None = None) -> AsyncIterator[Engine]:
    """Run the town's engine and its door while the block runs; leaving the block stops both in order.

    Raises:
        GasTownError: another engine has the town, or the door cannot be opened.
    """
    world, before = world or World.real(), gc.get_threshold()
    gc.set_threshold(*_COLLECTED)
    engine = Engine.open(place, clock=world.clock, ids=world.ids, files=world.files)
    try:
        door = Door(engine, address.socket_path(place, os.environ))
        await door.open()
        try:
            _announce(place, engine, door, world.files)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(engine.run(), name="engine")
                try:
                    yield engine
                finally:
                    await _stop(engine, running)
        finally:
            place.engine_json.unlink(missing_ok=True)
            await door.close()
    finally:
        engine.close()
        gc.set_threshold(*before)


def _announce(place: Place, engine: Engine, door: Door, files: Files) -> None:
    engine.port, engine.socket = door.port, str(door.path)
    shim(place.hooks / "bin", sys.executable)
    pid = os.getpid()
    mine = address.Address(pid, processes.start_ticks(pid), str(door.path), door.port, wire.VERSION)
    address.write(place, mine, files)


async def _stop(engine: Engine, running: asyncio.Task[None]) -> None:
    if running.done():
        return
    try:
        await engine.ask(Stop())
    except GasTownError as error:
        log.warning("the engine could not be stopped in order: %s", error)
        running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def host(place: Place, *, ready: Callable[[], None] | None = None, world: World | None = None) -> None:
    """Run the engine until it is ordered to stop, by an order or by SIGTERM or SIGINT.

    Args:
        ready: called once the door answers.

    Raises:
        GasTownError: as `hosting`.
    """
    world = world or World.real()
    leave = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with hosting(place, world) as engine:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: log.info("the terminal went away; the engine goes on"))
        if ready is not None:
            ready()
        async with asyncio.TaskGroup() as group:
            told = group.create_task(leave.wait(), name="signals")
            over = group.create_task(engine.stopped.wait(), name="stopped")
            await asyncio.wait((told, over), return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            over.cancel()


def daemon(place: Place) -> int:
    """What the background process runs: its output goes to the engine's log. Returns the exit code."""
    place.log.parent.mkdir(parents=True, exist_ok=True)
    _redirect(place.log)
    secrecy.log_to()
    try:
        asyncio.run(host(place, ready=lambda: log.info("the door answers")))
    except (GasTownError, OSError, BaseExceptionGroup) as error:
        refusal = _inside(error)
        if isinstance(refusal, OSError):
            refusal = cannot_write(f"{refusal.filename or place.gastown}", refusal)
        if not isinstance(refusal, GasTownError):
            raise
        log.error("%s", refusal)
        # The last line of the log: `gt up` says it in its own name.
        sys.stderr.write(json.dumps(wire.error_body(refusal)) + "\n")
        return refusal.code
    return 0


def _inside(error: BaseException) -> BaseException:
    """What went wrong first, without the groups asyncio puts around it."""
    return _inside(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _redirect(path: Path) -> None:
    """Points 0-2 away from whatever started us: it may close its terminal."""
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)


if __name__ == "__main__":
    raise SystemExit(daemon(Place(Path(sys.argv[1]))))
