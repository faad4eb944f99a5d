"""What tests of real terminals share: launches of small programs, and a reader that runs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gastown_tui.agents.reader import Reader
from gastown_tui.agents.session import Launch, Session
from gastown_tui.world import SystemClock

CLOCK = SystemClock()


def launch(folder: Path, *argv: str, name: str = "obsidian", **env: str) -> Launch:
    """A launch of `argv` in `folder` with an environment written out in full."""
    whole = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **env}
    return Launch(name=name, argv=argv, cwd=folder, env=whole, spool=folder / f"{name}.raw")


def shell(folder: Path, script: str, name: str = "obsidian") -> Launch:
    """A launch of a shell script."""
    return launch(folder, "/bin/sh", "-c", script, name=name)


def python(folder: Path, script: str, name: str = "obsidian") -> Launch:
    """A launch of a Python script with nothing but the standard library."""
    return launch(folder, sys.executable, "-I", "-S", "-u", "-c", script, name=name)


@asynccontextmanager
async def reading() -> AsyncIterator[tuple[Reader, list[Session]]]:
    """A reader that runs, and the sessions it said have ended."""
    ended: list[Session] = []
    reader = Reader(CLOCK, ended.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(reader.run(), name="reader")
        await asyncio.sleep(0)  # its first tick is over when the test begins
        try:
            yield reader, ended
        finally:
            task.cancel()
