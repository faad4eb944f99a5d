"""Starts a program for asyncio so that a cancellation in the midst of it neither hangs nor leaves anything running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from typing import Any

GRACE = 5.0
"""Seconds a program has to tidy up before it is killed: git takes its lock files away, or nobody gets past them."""


async def spawn(*words: str, **options: Any) -> Process:
    """`asyncio.create_subprocess_exec` in a session of its own.

    Cancelled while the program is being started, Python 3.11 ends the program alone and waits for the end of pipes it
    never connected: what the program started runs on, and the task hangs. Here the start is seen through, the whole
    process group is ended, and then the cancellation goes on.

    Raises:
        OSError: it cannot be started.
    """
    begun, over = list[Process](), asyncio.Event()

    async def begin() -> None:
        try:
            begun.append(await asyncio.create_subprocess_exec(*words, start_new_session=True, **options))
        finally:
            over.set()

    try:
        await asyncio.shield(begin())
    except asyncio.CancelledError:
        while not over.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await over.wait()
        for process in begun:
            await asyncio.shield(ended(process))
        raise
    return begun[0]


async def ended(process: Process) -> None:
    """End a program that `spawn` started, with everything in its process group: asked first, killed after a while."""
    try:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await process.wait()
    finally:
        _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
