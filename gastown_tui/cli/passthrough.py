"""Joins this terminal to an agent's: its spool is followed to the screen, keys and sizes go to the engine as orders."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from gastown_tui.agents.spool import KEPT, from_boundary
from gastown_tui.door.client import Client
from gastown_tui.model.agent import Agent
from gastown_tui.model.errors import GasTownError, Refused

LEAVE = b"\x1d"
"""ctrl+]: what telnet has used to leave for fifty years; no agent wants it."""

USUAL = (40, 120)
"""Rows and columns a session is started with (agents/session.py), and gets back when nobody sits at it."""

_FRAME = 0.03
_EVERY = 1.0
_AT_ONCE = 64 * 1024
_ENTER = b"\x1b[2J\x1b[H"
_RESTORE = (
    b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?2026l\x1b[?1l\x1b>\x1b[?25h\x1b[<u\x1b[0m\r\n"
)
"""Alternate screen, mouse, paste, synchronized output, cursor keys and colours: whatever the agent had switched on."""


class Passthrough:
    """One sitting at an agent's terminal, in the raw mode of ours."""

    def __init__(self, client: Client, agent: Agent | None, name: str, root: Path) -> None:
        """Raises Refused when no session of that name runs."""
        if agent is None or not agent.live or not agent.spool:
            raise Refused(f"No session of {name} runs.", "See who works with: gt status")
        self._client = client
        self._name = name
        self._spool = root / agent.spool
        self._resized = True
        self._look = 0.0

    def run(self) -> None:
        """Sit until ctrl+], or until the session's spool or the engine goes; this terminal is left as it was found."""
        before = signal.signal(signal.SIGWINCH, self._winch)
        try:
            with raw(sys.stdin.fileno()), self._spool.open("rb") as spool:
                out = sys.stdout.fileno()
                spool.seek(max(0, spool.seek(0, os.SEEK_END) - KEPT - 1))
                write_all(out, _ENTER + from_boundary(spool.read()))
                try:
                    while self._turn(spool.fileno(), out):
                        pass
                finally:
                    write_all(out, _RESTORE)
            self._order("resize", rows=USUAL[0], columns=USUAL[1])
        except FileNotFoundError as error:
            title = f"The screen of {self._name} is not there."
            raise GasTownError(title, "Its session may just have ended.") from error
        finally:
            signal.signal(signal.SIGWINCH, before)

    def _winch(self, number: int, frame: FrameType | None) -> None:
        self._resized = True

    def _turn(self, spool: int, out: int) -> bool:
        """One frame: sizes, keys, output. Says whether to go on."""
        if self._resized:
            self._resized = False
            size = shutil.get_terminal_size()
            self._order("resize", rows=size.lines, columns=size.columns)
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], _FRAME)
        if ready:
            keys = os.read(sys.stdin.fileno(), _AT_ONCE)
            typed, leave, _ = keys.partition(LEAVE)
            if typed:
                self._order("type_keys", data=typed.decode("latin-1"))
            if leave or not keys:
                return False
        if time.monotonic() > self._look:
            self._look = time.monotonic() + _EVERY
            if self._name not in (agent["name"] for agent in self._client.status()["agents"]):
                raise Refused(f"The session of {self._name} ended.", "What it said: gt peek, gt log")
        while data := os.read(spool, _AT_ONCE):
            write_all(out, data)
        return True

    def _order(self, name: str, **args: object) -> None:
        self._client.order(name, {"agent": self._name, **args})


@contextlib.contextmanager
def raw(fd: int) -> Iterator[None]:
    """The terminal in raw mode while the block runs, and exactly as before after it."""
    before = termios.tcgetattr(fd)
    try:
        tty.setraw(fd)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def write_all(fd: int, data: bytes) -> None:
    """Write everything to a terminal, however little it takes at once."""
    while data:
        data = data[os.write(fd, data):]
