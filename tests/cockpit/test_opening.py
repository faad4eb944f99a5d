"""`gt` on a real town in a real terminal: opened, left, come back to, dropped, stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from gastown_tui.agents import processes
from gastown_tui.cli import demo_town
from gastown_tui.door import address
from gastown_tui.door.client import Client
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from tests.support.environment import clean
from tests.support.waiting import until


class Opened:
    """`gt` in a PTY, in a town of rehearsed roles."""

    def __init__(self, place: Place, home: Path) -> None:
        self.place, self._home = place, home
        self.children: list[Any] = []

    def gt(self) -> Any:
        """Open it and wait until the board is there."""
        child: Any = pexpect.spawn(
            sys.executable, ["-m", "gastown_tui"], cwd=str(self.place.root), dimensions=(40, 120), timeout=240,
            env=clean(self._home, COLORTERM="truecolor"),
        )  # fmt: skip
        self.children.append(child)
        child.expect_exact(b"Train")
        child.expect_exact(b"help")
        return child

    def engine(self) -> int:
        """The pid of the engine that runs; 0 when none does."""
        found = address.read(self.place)
        return found.pid if found is not None and processes.is_alive(found.pid, found.start_ticks) else 0

    def close(self) -> None:
        """End what is left."""
        for child in self.children:
            if not child.closed:
                child.close(force=True)
        if self.engine():
            Client.of(self.place).order("stop")
        until(lambda: not self.engine(), "the engine to be gone")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """A town, stopped afterwards."""
    made = Opened(demo_town.make(tmp_path / "town", 0.02), tmp_path / "home")
    yield made
    made.close()


def leave(child: Any, key: str) -> str:
    """ctrl+q and a key; what the shell then shows."""
    child.send("\x11")
    child.expect_exact(b"Leave")
    child.send(key)
    out: bytes = child.read()
    child.wait()
    return out.decode("utf-8", "replace")


def test_detached_it_goes_on_and_is_come_back_to_and_stopped(opened: Opened) -> None:
    said = leave(opened.gt(), "d")
    assert "Detached; the town goes on." in said
    assert "\x1b[?1049l" in said
    engine = until(opened.engine, "the engine to go on")
    second = opened.gt()
    assert opened.engine() == engine
    assert "Detached" in leave(second, "d")
    assert opened.engine() == engine
    assert "Stopped; all work is kept." in leave(opened.gt(), "i")
    until(lambda: not opened.engine(), "the engine to be gone")


def test_stopped_from_the_screen_it_began_with(opened: Opened) -> None:
    assert "Stopped; all work is kept." in leave(opened.gt(), "i")
    assert opened.engine() == 0


def test_a_dropped_line_leaves_the_engine_running(opened: Opened) -> None:
    child = opened.gt()
    engine = opened.engine()
    os.close(child.child_fd)
    child.closed, child.child_fd = True, -1
    until(lambda: os.getsid(engine) == engine, "the engine to have let go of its terminal")
    assert opened.engine() == engine
    assert Client.of(opened.place).status()["engine"]["pid"] == engine


def test_words_for_the_mayor_become_a_plan_that_a_key_accepts(opened: Opened) -> None:
    child = opened.gt()
    child.send("Add a file called HELLO to this repository\r")
    child.expect_exact(b"draft")
    child.send("a")
    # Nobody reads the terminal meanwhile: a line that takes nothing must not hold up the engine behind it.
    until(lambda: _landed(opened) == 1, "the bead to land")
    leave(child, "i")


def _landed(opened: Opened) -> int:
    try:
        found: int = Client.of(opened.place).status()["beads"]["landed"]
    except GasTownError:
        return 0
    return found
