"""Runs git for us, in an environment of our own, and turns every failure into one error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.rig.errors import GitFailed
from gastown_tui.rig.spawning import GRACE, ended, spawn

SAFE = ("-c", "core.quotePath=false", "-c", "core.fsync=all")
"""Options of every call: names as they are, and what a command wrote is durable when it returns (git >= 2.36)."""

_HINT_MISSING = "git cannot be started: is it installed and on PATH?"


@dataclass(frozen=True)
class Output:
    """What a command left: its exit code and both streams, undecoded."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are no UTF-8 survive as surrogates."""
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def said(self) -> str:
        """Standard error as text."""
        return self.err.decode("utf-8", "replace")

    @property
    def line(self) -> str:
        """Standard output without its last newline."""
        return self.text.removesuffix("\n")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of our git calls: the process's own without any GIT_* variable, never asking on a terminal."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_EDITOR": "true"}
    return env | dict(more or {})


def _end(process: subprocess.Popen[bytes], apart: bool) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number) if apart else process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE)


def _unstarted(args: Sequence[str], cwd: Path, error: OSError) -> GitFailed:
    missing = "" if not isinstance(error, FileNotFoundError) else _HINT_MISSING if cwd.is_dir() else f"{cwd} is gone."
    return GitFailed(args, 127, str(error), missing)


def _checked(args: Sequence[str], output: Output, check: bool) -> Output:
    if check and output.code:
        raise GitFailed(args, output.code, output.said)
    return output


def run(
    args: Sequence[str],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    check: bool = True,
    timeout: float = 600,
    apart: bool = True,
) -> Output:
    """Run one git command and wait for it.

    Args:
        args: the words after `git`.
        env: more variables, on top of `environment()`.
        timeout: seconds, after which its whole process group is ended.
        apart: in a process group of its own; else it is ended with ours.

    Raises:
        GitFailed: it failed (with check), took too long, or git could not be started.
    """
    try:
        process = subprocess.Popen(
            ["git", *SAFE, *args], cwd=cwd, env=environment(env), start_new_session=apart,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise _unstarted(args, cwd, error) from error
    try:
        out, err = process.communicate(input, timeout)
    except subprocess.TimeoutExpired as error:
        raise GitFailed(args, 124, f"no answer within {timeout:.0f} s; it was ended") from error
    finally:
        if process.returncode is None:
            _end(process, apart)
    return _checked(args, Output(process.returncode, out, err), check)


async def arun(
    args: Sequence[str],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    input: bytes | None = None,
    check: bool = True,
    limit: float = 600,
) -> Output:
    """`run` for asyncio; on cancellation the command's whole process group is ended before anything goes on.

    Raises:
        GitFailed: as `run`.
    """
    try:
        process = await spawn(
            "git", *SAFE, *args, cwd=cwd, env=environment(env),
            stdin=asyncio.subprocess.DEVNULL if input is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise _unstarted(args, cwd, error) from error
    try:
        async with asyncio.timeout(limit):
            out, err = await process.communicate(input)
    except TimeoutError as error:
        raise GitFailed(args, 124, f"no answer within {limit:.0f} s; it was ended") from error
    finally:
        if process.returncode is None:
            await asyncio.shield(ended(process))
    return _checked(args, Output(process.returncode or 0, out, err), check)
