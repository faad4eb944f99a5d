"""Sitting down at an agent's terminal in a real PTY: its screen comes, keys go, ctrl+] leaves a clean terminal."""

from __future__ import annotations

import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from gastown_tui.door.client import Client
from gastown_tui.engine.place import Place
from tests.cli.towns import gt, start, stop
from tests.engine.towns import founded, note, rehearse
from tests.support.environment import clean
from tests.support.waiting import until


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = founded(tmp_path)
    process = start(made)
    yield made
    stop(made, process)


def polecat(place: Place) -> str:
    """The name of the polecat that works, once it is there."""
    def names() -> list[str]:
        return [a["name"] for a in Client.of(place).status()["agents"] if a["role"] == "polecat"]

    return until(names, "a polecat")[0]


def attached(place: Place, name: str) -> Any:
    command = ["-P", "-m", "gastown_tui", "attach", name]
    env = clean(place.root.parent / "home")
    return pexpect.spawn(sys.executable, command, cwd=str(place.root), env=env, timeout=240, dimensions=(30, 90))


def test_screen_keys_and_leaving(place: Place) -> None:
    gt(place.root, "do", rehearse(f"think Looking round\nask May I go on?\n{note('x.txt')}"))
    name = polecat(place)
    terminal = attached(place, name)
    terminal.expect("May I go on")
    assert termios.tcgetattr(terminal.child_fd)[3] & termios.ICANON == 0
    terminal.send("1")
    feed = ("feed", "--agent", name, "-n", "400")
    until(lambda: "x.txt" in gt(place.root, *feed).out, "the key reached the agent")
    terminal.send("\x1d")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert b"\x1b[?1049l" in terminal.before and b"\x1b[?25h" in terminal.before
    assert terminal.exitstatus in (0, 1), "left by us, or by the agent's own end"


def test_the_terminal_is_left_as_it_was(place: Place) -> None:
    gt(place.root, "do", rehearse("stall 600"))
    name = polecat(place)
    terminal = attached(place, name)
    terminal.expect("\x1b\\[2J")
    terminal.send("\x1d")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert [a["name"] for a in Client.of(place).status()["agents"]] == [name], "the agent goes on"


def test_the_end_of_the_session_is_noticed(place: Place) -> None:
    gt(place.root, "do", rehearse("stall 600"))
    name = polecat(place)
    terminal = attached(place, name)
    terminal.expect("\x1b\\[2J")
    bead = Client.of(place).status()["agents"][0]["bead"]
    gt(place.root, "bead", "close", bead)
    terminal.expect(f"The session of {name} ended")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 1
