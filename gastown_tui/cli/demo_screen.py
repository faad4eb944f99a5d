"""The demo with a screen: the cockpit over a run that plays itself, and at the end the application that landed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from gastown_tui.cli import common
from gastown_tui.cli.demo import drive
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git

READ_PLAN = 5.0
"""Seconds to read the plan before it approves itself."""

LINGER = 4.0
"""Seconds the finished board stays."""


async def watch(place: Place) -> str:
    """Run the demo beneath the cockpit; the person may do everything, and need do nothing.

    Returns:
        What is stuck, or "".

    Raises:
        GasTownError: the person left before the end.
    """
    from gastown_tui.cockpit.run import STOPPED, run_cockpit
    from gastown_tui.door.host import hosting

    stuck = ""
    over = asyncio.Event()
    async with hosting(place) as engine, asyncio.TaskGroup() as group:

        async def play() -> None:
            nonlocal stuck
            stuck = await drive(engine, lambda _: None, READ_PLAN)
            await asyncio.sleep(LINGER)
            over.set()

        playing = group.create_task(play(), name="demo")
        why = await run_cockpit(engine, until=over)
        playing.cancel()
    if why != STOPPED:
        raise GasTownError("You left the demo before its end.", f"It goes on with: gt demo --keep {place.root}")
    return stuck


def serve(place: Place, commit: str) -> None:
    """Run the application that landed, from a clone of its own, until Enter; then it and the clone are gone."""
    with tempfile.TemporaryDirectory(prefix="gastown-app-") as work, socket.socket() as free:
        clone = Path(work) / "app"
        git.run(["clone", "--quiet", "--no-checkout", str(place.root), str(clone)], Path(work))
        git.run(["checkout", "--quiet", "--detach", commit], clone)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "app", "--port", str(port), "--db", str(Path(work) / "todo.db")]
        quiet = subprocess.DEVNULL
        application = subprocess.Popen(command, cwd=clone, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            where = f"What they built runs now: http://127.0.0.1:{port}/register"
            common.show(None, [where, "Enter ends it. This on your repository: gt"], False)
            with contextlib.suppress(KeyboardInterrupt):
                sys.stdin.readline()
        finally:
            application.terminate()
            application.wait(10)
