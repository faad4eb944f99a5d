"""Runs one command of a gate: its output streamed, its whole process tree ended when it is late, cancelled or over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gastown_tui.agents import processes
from gastown_tui.world import Clock

MARK = "GT_GATE"
"""The variable by which everything a gate started is found again, even what left its session."""

_CHUNK = 65536
_DRAIN, _LASTING = 2.0, 0.2
"""Seconds that output is still read after a command has ended, and after one that leaves a service running: that one
may hold the pipe open for ever."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its code (None: it ran out of time), and how many seconds it took."""

    code: int | None
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.code == 0

    def words(self, limit: float) -> str:
        """`ended with 1 after 3.2 s`."""
        if self.code is None:
            return f"ran out of time ({limit:.0f} s)"
        if self.code < 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(-self.code).name} after {self.seconds:.1f} s"
        return f"ended with {self.code} after {self.seconds:.1f} s"


async def run(
    command: str,
    folder: Path,
    env: Mapping[str, str],
    limit: float,
    clock: Clock,
    take: Callable[[bytes], Awaitable[None]],
    *,
    lasting: bool = False,
) -> Ended:
    """Run a shell command and hand on what it prints.

    Args:
        env: its environment; the value of MARK in it, if any, is this command's own.
        limit: seconds it may take.
        take: gets each piece of output; the command waits when it is slow.
        lasting: what it leaves running (a service) stays.
    """
    began = clock.monotonic()
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb", buffering=0) as file:
        code = await _run(command, folder, env, limit, clock, take, lasting, file, theirs)
    return Ended(code, clock.monotonic() - began)


async def _run(
    command: str, folder: Path, env: Mapping[str, str], limit: float, clock: Clock,
    take: Callable[[bytes], Awaitable[None]], lasting: bool, file: IO[bytes], theirs: int,
) -> int | None:  # fmt: skip
    """`run` with a pipe of our own: it can be closed although a service of the command still holds the other end."""
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", command, cwd=folder, env=dict(env), start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        )  # fmt: skip
    finally:
        os.close(theirs)
    ticks = processes.start_ticks(process.pid)
    mark = env.get(MARK, "")
    code: int | None = None
    try:
        async with _listening(file) as stream, asyncio.TaskGroup() as group:
            reading = group.create_task(_read(stream, take), name=f"output of {command[:40]}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit):
                    code = await process.wait()
            if code is None or not lasting:
                await _end(process, ticks, mark, clock)
            await asyncio.wait({reading}, timeout=_LASTING if lasting else _DRAIN)
            reading.cancel()
    finally:
        if process.returncode is None:
            await asyncio.shield(_end(process, ticks, mark, clock))
    return code


@contextlib.asynccontextmanager
async def _listening(file: IO[bytes]) -> AsyncIterator[asyncio.StreamReader]:
    stream = asyncio.StreamReader(limit=_CHUNK)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), file
    )
    try:
        yield stream
    finally:
        transport.close()


async def _read(stream: asyncio.StreamReader, take: Callable[[bytes], Awaitable[None]]) -> None:
    while chunk := await stream.read(_CHUNK):
        await take(chunk)


async def _end(process: asyncio.subprocess.Process, ticks: int, mark: str, clock: Clock) -> None:
    """End the command and everything of it, whatever session it went to."""
    await end(await asyncio.to_thread(left_of, process.pid, ticks, mark), clock)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def left_of(pid: int, ticks: int, mark: str) -> list[processes.Pair]:
    """What runs of a command: its tree and session, and everything that has its mark in its environment."""
    found = processes.tree(pid, ticks) if pid else []
    return list(dict.fromkeys([*found, *(processes.with_environment(MARK, mark) if mark else ())]))


async def end(left: list[processes.Pair], clock: Clock) -> None:
    """End these processes, kindly first."""
    if left:
        await processes.end(left, clock, grace=1.0)
