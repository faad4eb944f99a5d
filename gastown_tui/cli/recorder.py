"""Runs a command of `gt` in a terminal of its own, shows it in ours, and records what it draws as an asciicast."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import sys
import termios
from pathlib import Path
from types import FrameType

from gastown_tui.cli.cast import Cast
from gastown_tui.cli.passthrough import raw, write_all
from gastown_tui.world import SystemClock

_AT_ONCE = 64 * 1024


def record(words: list[str], path: Path) -> int:
    """Run `gt WORDS` and record it; returns its exit code."""
    with Cast(path, SystemClock()) as cast:
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(sys.executable, [sys.executable, "-P", "-m", "gastown_tui", *words])

        def resized(number: int, frame: FrameType | None) -> None:
            _size(terminal)

        before = signal.signal(signal.SIGWINCH, resized)
        try:
            _size(terminal)
            with raw(sys.stdin.fileno()):
                _join(terminal, cast)
        finally:
            signal.signal(signal.SIGWINCH, before)
            os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _join(terminal: int, cast: Cast) -> None:
    """Carry keys there and bytes back until the other side is gone."""
    whole = codecs.getincrementaldecoder("utf-8")("replace")
    ours, out = sys.stdin.fileno(), sys.stdout.fileno()
    while True:
        ready, _, _ = select.select([terminal, ours], [], [])
        if ours in ready:
            write_all(terminal, os.read(ours, _AT_ONCE))
        if terminal in ready:
            try:
                data = os.read(terminal, _AT_ONCE)
            except OSError:  # Linux says EIO where others say end of file
                return
            if not data:
                return
            write_all(out, data)
            cast.output(whole.decode(data))


def _size(terminal: int) -> None:
    size = shutil.get_terminal_size()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
