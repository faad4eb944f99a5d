"""The emulator's rows equal tmux's, text and colours, on streams like those of agents (needs tmux)."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gastown_tui.agents.screen import Run, Screen
from tests.support.waiting import until

ROWS, COLUMNS = 40, 100

pytestmark = [pytest.mark.host, pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")]


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[list[str]]:
    """A tmux server of this test's own, on its own socket, with no configuration."""
    command = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    yield command
    subprocess.run([*command, "kill-server"], env=_env(tmp_path), capture_output=True, timeout=240)


def _env(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def _agent(random_: random.Random) -> bytes:
    """Frames as Claude Code draws them: lines scroll off, and a block at the bottom is drawn over and over."""
    out = []
    for step in range(60):
        colour = random_.choice([31, 32, 33, 34, 36, 90, 97])
        out.append(f"\x1b[{colour}m● Edit(app/file_{step}.py)\x1b[0m\r\n  ⎿  \x1b[2m+{step} −3\x1b[22m\r\n")
        out.append(f"\x1b[48;2;20;60;{step}m+ added line {step} äöü 日本\x1b[K\x1b[0m\r\n")
        for frame in range(3):
            out.append(f"\x1b[?2026h\x1b[1m✻ Thinking… {frame}s\x1b[0m\x1b[K\r\n\x1b[7m❯ \x1b[27m prompt\x1b[K")
            out.append("\r\x1b[1A\x1b[?2026l")
        out.append("\x1b[J")
    return "".join(out).encode()


def _log(random_: random.Random) -> bytes:
    words = ["GET", "/todos", "200", "compiling", "ok", "warning:", "unused", "a" * 150]
    rows = (f"\x1b[3{n % 8}m{n:05d}\x1b[0m {' '.join(random_.choices(words, k=6))}\r\n" for n in range(900))
    return "".join(rows).encode()


def _colours(random_: random.Random) -> bytes:
    def cell() -> str:
        red, green, blue = (random_.randrange(256) for _ in range(3))
        return f"\x1b[{random_.randrange(1, ROWS + 1)};{random_.randrange(1, COLUMNS)}H\x1b[38;2;{red};{green};{blue}mx"

    return ("".join(cell() for _ in range(4000)) + "\x1b[0m").encode()


def _alternate(random_: random.Random) -> bytes:
    rows = (f"\x1b[{random_.randrange(1, ROWS + 1)};1H\x1b[4{n % 8};1mrow {n}\x1b[K\x1b[0m" for n in range(500))
    return ("before\r\n\x1b[?1049h" + "".join(rows)).encode()


@pytest.mark.parametrize("make", [_agent, _log, _colours, _alternate])
def test_rows_equal_those_of_tmux(tmp_path: Path, tmux: list[str], make: Callable[[random.Random], bytes]) -> None:
    stream = make(random.Random(7))
    (tmp_path / "stream").write_bytes(stream)
    script = "stty raw -echo; cat stream; touch done; sleep 600"
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    start = [*tmux, "new-session", "-d", *size, "sh", "-c", script]
    subprocess.run(start, env=_env(tmp_path), cwd=tmp_path, check=True, timeout=240)
    until(lambda: (tmp_path / "done").exists(), "tmux was given the stream")
    screen = Screen(ROWS, COLUMNS)
    screen.feed(stream)
    want = _shown(screen)
    # tmux may still be working on the last bytes: what it shows is compared until it holds, with a deadline.
    until(lambda: _shown(_captured(tmp_path, tmux)) == want or None, "the rows are equal")


def _captured(folder: Path, tmux: list[str]) -> Screen:
    run = subprocess.run([*tmux, "capture-pane", "-e", "-p"], env=_env(folder), capture_output=True, check=True)
    screen = Screen(ROWS, COLUMNS)
    screen.feed(run.stdout.rstrip(b"\n").replace(b"\n", b"\r\n"))
    return screen


def _shown(screen: Screen) -> list[list[Run]]:
    """Rows without blank ends, coloured or not: tmux does not tell of cells that were erased and never written."""
    screen.rows_changed()
    rows = []
    for index in range(ROWS):
        runs = list(screen.row(index))
        while runs and not runs[-1].text.strip():
            runs.pop()
        if runs:
            runs[-1] = Run(runs[-1].text.rstrip(), runs[-1].style, 0)
        rows.append(runs)
    return rows
