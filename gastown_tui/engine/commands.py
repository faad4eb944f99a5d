"""Runs a rig's own commands (set-up, sheriff, gates) in a folder, with a time limit and their output kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.agents import processes
from gastown_tui.model.bead import Check
from gastown_tui.redact import redact
from gastown_tui.rig.spawning import spawn
from gastown_tui.world import Clock

_KEPT = 64 * 1024


@dataclass(frozen=True)
class Ran:
    """How a command ended: `code` is None when it ran out of time; `output` is its last 64 KB, without secrets."""

    command: str
    code: int | None
    output: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.code == 0

    @property
    def took(self) -> str:
        """How long it ran, for a person."""
        return f"{self.seconds:.1f} s"

    def check(self, name: str) -> Check:
        """The run as a named check of a review, with the end of its output."""
        return Check(name, "pass" if self.ok else "fail", self.output[-2000:].strip(), round(self.seconds, 2))

    def why(self, lines: int = 30) -> str:
        """The reason in words, with the last lines of the output."""
        tail = "\n".join(self.output.rstrip().splitlines()[-lines:])
        how = "ran out of time" if self.code is None else f"ended with {self.code}"
        return f"`{self.command}` {how} after {self.seconds:.1f} s:\n{tail}"


async def run(command: str, folder: Path, env: Mapping[str, str], limit: float, clock: Clock) -> Ran:
    """Run a shell command; its whole process tree is ended when it is late or when we are cancelled."""
    began = clock.monotonic()
    process = await spawn(
        "/bin/sh", "-c", command, cwd=folder, env=dict(env),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    kept = bytearray()
    code: int | None = None
    try:
        async with asyncio.timeout(limit):
            assert process.stdout is not None
            while chunk := await process.stdout.read(65536):
                kept += chunk
                del kept[:-_KEPT]
            code = await process.wait()
    except TimeoutError:
        code = None
    finally:
        if process.returncode is None:
            await _end(process.pid, clock)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Ran(command, code, await asyncio.to_thread(_said, kept), clock.monotonic() - began)


def _said(kept: bytearray) -> str:
    """The output without secrets: later it is cut, and half a secret is not known for one."""
    if len(kept) == _KEPT:
        del kept[: kept.find(b"\n") + 1]
    return redact(kept.decode(errors="replace"))


async def _end(pid: int, clock: Clock) -> None:
    await processes.end(processes.tree(pid), clock, grace=1.0)
