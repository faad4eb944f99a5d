"""What a gate needs running: up before it, down after it, also when the gate is cut off or the engine dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from gastown_tui.config import Gate
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.gating import kept, process
from gastown_tui.engine.gating.tested import NOT_UP
from gastown_tui.model.errors import GasTownError

log = logging.getLogger(__name__)
_UP, _DOWN = 300.0, 120.0
"""Seconds services may take to come up, and to go down."""


class _Up(msgspec.Struct, frozen=True):
    """A note for the engine after a crash: how to take services down again."""

    slot: str
    down: str
    mark: str


class NotUp(GasTownError):
    """Services did not come up."""


@contextlib.asynccontextmanager
async def running(
    base: Base, gate: Gate, log_file: Path, slot: Path, env: Mapping[str, str], take: Callable[[bytes], Awaitable[None]]
) -> AsyncIterator[None]:
    """Have the gate's services up until the block ends. Raises NotUp."""
    if not gate.services.up:
        yield
        return
    note = log_file.with_suffix(".up")
    # A mark of their own: the gate's end must not be theirs, they are taken down in order.
    env = {**env, process.MARK: f"{env.get(process.MARK, '')}services;"}
    up = _Up(str(slot), gate.services.down, env[process.MARK])
    base.files.replace(note, msgspec.json.encode(up), 0o600)
    try:
        await take(f"$ {gate.services.up}\n".encode())
        ended = await process.run(gate.services.up, slot, env, _UP, base.clock, take, lasting=True)
        if not ended.ok:
            raise NotUp(f"{NOT_UP}: `{gate.services.up}` {ended.words(_UP)}")
        yield
    finally:
        # Whatever cut the gate off, nothing of it may hold a port the next one wants.
        await asyncio.shield(_down(base, note, up, env, take))


async def _down(
    base: Base, note: Path, up: _Up, env: Mapping[str, str], take: Callable[[bytes], Awaitable[None]]
) -> None:
    await take(f"$ {up.down}\n".encode())
    ended = await process.run(up.down, Path(up.slot), env, _DOWN, base.clock, take)
    if not ended.ok:
        log.warning("services: `%s` %s", up.down, ended.words(_DOWN))
    await process.end(await asyncio.to_thread(process.left_of, 0, 0, up.mark), base.clock)
    _forget(note)


def _forget(note: Path) -> None:
    note.unlink(missing_ok=True)


def mark(base: Base, number: int = 0, gate: str = "") -> str:
    """The value of MARK for a gate of a run; without them, how that of every gate of this town begins."""
    return f"{base.place.gastown}:" + (f"{number}:{gate};" if number else "")


async def recover(base: Base) -> None:
    """Before the first round: end what gates of an engine before us left running, and take their services down."""
    if left := await asyncio.to_thread(process.left_of, 0, 0, mark(base)):
        log.info("ending %d processes of gates of an engine before this one", len(left))
        await process.end(left, base.clock)
    for note, up in await asyncio.to_thread(_notes, base):
        await _down(base, note, up, {**command_environment(base), process.MARK: up.mark}, _nobody)


def _notes(base: Base) -> list[tuple[Path, _Up]]:
    """What was up when an engine died; a torn note, or one of a slot that is gone, is taken away."""
    found = []
    for note in sorted(kept.folder(base.place).glob("*/*.up")):
        try:
            up = msgspec.json.decode(note.read_bytes(), type=_Up)
        except (OSError, msgspec.DecodeError):
            up = None
        if up is None or not Path(up.slot).is_dir():
            _forget(note)
        else:
            found.append((note, up))
    return found


async def _nobody(data: bytes) -> None:
    """Nobody reads what a service says after a crash."""
