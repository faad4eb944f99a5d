"""The process under a cockpit: a small parent for the person's shell, and a child that outlives its terminal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import termios
from collections.abc import Callable
from pathlib import Path

Tell = Callable[[str, int | None], None]
"""Says something in the person's shell; with an exit code, the shell gets its prompt back."""

_LEAVE_SCREEN = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[<u\x1b[0m\r\n"


def beneath(child: Callable[[Tell], int]) -> int:
    """Fork: the child runs `child`, the parent waits until it is told to go, or until the child is gone.

    Call it before any thread, loop or git call. Returns the exit code, in the parent alone.
    """
    reading, writing = os.pipe()
    settings = termios.tcgetattr(sys.stdin.fileno())
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_child(child, writing)
    os.close(writing)
    # That the line dropped is told to the session's leader alone: to us, even where whoever started us ignores it.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: os.kill(pid, number))
    # ctrl+c in the person's editor reaches this process too, and is none of its business.
    signal.signal(signal.SIGINT, lambda *_: None)
    with os.fdopen(reading, encoding="utf-8") as told:
        for line in told:
            said = json.loads(line)
            if said["say"]:
                sys.stdout.write(said["say"] + "\n")
                sys.stdout.flush()
            if said["code"] is not None:
                return int(said["code"])
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    _restore(settings)
    sys.stderr.write("The cockpit died and its engine with it. All that was acknowledged is kept. gt goes on.\n")
    return 1


def _be_child(child: Callable[[Tell], int], writing: int) -> None:
    """Run, and never return: the parent's stack is not ours."""
    code = 1

    def tell(text: str, with_code: int | None) -> None:
        with contextlib.suppress(OSError):
            os.write(writing, json.dumps({"say": text, "code": with_code}).encode() + b"\n")

    try:
        code = child(tell)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _restore(settings: list[int | list[bytes | int]]) -> None:
    """Give the terminal back as it was before the fork."""
    with contextlib.suppress(termios.error, OSError):
        sys.stdout.write(_LEAVE_SCREEN)
        sys.stdout.flush()
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, settings)


def let_go(log: Path) -> None:
    """Leave the terminal for good: a session of our own, and points 0-2 away from it."""
    os.setsid()
    log.parent.mkdir(parents=True, exist_ok=True)
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)
