"""In a real terminal: how it opens, how it leaves, what a dropped line does, and that standing still costs nothing."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from gastown_tui.agents.screen import Screen
from tests.support.environment import clean
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
RESTORED = "\x1b[?1049l"


class Shown:
    """The fixture town in a PTY."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.result = folder / "why"
        environment = clean(folder / "home", COLORTERM="truecolor", TZ="UTC", **env)
        self.child: Any = pexpect.spawn(
            sys.executable, ["-m", "tests.cockpit.fixtures.show", str(self.result)],
            cwd=str(ROOT), env=environment, dimensions=(40, 120), timeout=240,
        )  # fmt: skip

    def opened(self) -> None:
        """Wait until the board is there."""
        self.child.expect_exact(b"Working")
        self.child.expect_exact(b"help")

    def read_until_still(self, quiet: float) -> bytes:
        """Everything written until nothing came for so many seconds."""
        out = b""
        while True:
            try:
                out += self.child.read_nonblocking(65536, timeout=quiet)
            except pexpect.TIMEOUT:
                return out

    def drawn(self, quiet: float = 0.5) -> bytes:
        """Everything written from the next sign on until nothing came for so many seconds."""
        return bytes(self.child.read(1)) + self.read_until_still(quiet)

    def ended(self) -> str:
        """Why it ended, once it has."""
        self.rest = self.child.read().decode("utf-8", "replace")
        self.child.wait()
        return self.result.read_text(encoding="utf-8")


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    """One, ended afterwards."""
    made = Shown(tmp_path)
    yield made
    if made.child.child_fd >= 0:
        made.child.close(force=True)


def test_it_opens_and_detaches_and_leaves_the_terminal_clean(shown: Shown) -> None:
    shown.opened()
    shown.read_until_still(0.5)
    shown.child.send("\x11")
    shown.child.expect_exact(b"Leave")
    shown.child.send("d")
    assert shown.ended() == "detach"
    assert RESTORED in shown.rest
    assert "Traceback" not in shown.rest


def test_sigterm_leaves_a_clean_terminal(shown: Shown) -> None:
    shown.opened()
    os.kill(shown.child.pid, signal.SIGTERM)
    assert shown.ended() == "terminated"
    assert RESTORED in shown.rest
    assert "\x1b[?1000l" in shown.rest


def test_a_dropped_line_ends_the_screen_only(shown: Shown) -> None:
    shown.opened()
    shown.read_until_still(0.3)
    os.close(shown.child.child_fd)
    shown.child.closed, shown.child.child_fd = True, -1
    until(shown.result.exists, "the cockpit to end")
    assert shown.result.read_text(encoding="utf-8") == "hangup"


def test_standing_still_writes_nothing(shown: Shown) -> None:
    shown.opened()
    # On a slow machine it may still be opening: what moves by itself never gives two still seconds.
    windows = (shown.read_until_still(2.0) for _ in range(20))
    assert b"" in windows


def test_a_move_of_the_selection_is_cheap(shown: Shown) -> None:
    shown.opened()
    shown.read_until_still(1.5)
    shown.child.send("g2")
    shown.drawn()
    shown.child.send("j")
    assert len(shown.drawn()) < 6000


def test_a_dumb_terminal_is_told_so(tmp_path: Path) -> None:
    made = Shown(tmp_path, TERM="dumb")
    assert "TERM=dumb" in made.ended()
    assert "gt status" in made.result.read_text(encoding="utf-8")


def test_a_plan_is_edited_in_the_persons_editor(tmp_path: Path) -> None:
    made = Shown(tmp_path, EDITOR="sed -i s/Unlock/Release/")
    made.opened()
    made.child.send("e")
    made.child.expect_exact(b"The plan is changed")
    made.child.send("\x11")
    made.child.expect_exact(b"Leave")
    made.child.send("d")
    asked = made.ended()
    assert "EditPlan(plan='p2'" in asked
    assert "Release command" in asked


def test_a_plan_that_cannot_be_read_afterwards_stays_as_it_was(tmp_path: Path) -> None:
    made = Shown(tmp_path, EDITOR="sed -i s/beads/cattle/")
    made.opened()
    made.child.send("e")
    made.child.expect_exact(b"The plan cannot be read")
    made.child.send("\x11")
    made.child.expect_exact(b"Leave")
    made.child.send("d")
    assert made.ended() == "detach"


def test_words_are_pasted_with_their_breaks(tmp_path: Path) -> None:
    made = Shown(tmp_path)
    made.opened()
    made.read_until_still(0.5)
    made.child.send("\x1b[200~first line\nsecond [/b] line\x1b[201~")
    made.child.expect_exact(b"second")
    made.read_until_still(0.3)
    made.child.send("\r")
    made.read_until_still(0.3)
    made.child.send("\x11")
    made.child.expect_exact(b"Leave")
    made.child.send("d")
    assert "TellMayor(text='first line\\nsecond [/b] line')" in made.ended()


def test_a_click_selects_and_the_chip_opens_what_needs_you(tmp_path: Path) -> None:
    made = Shown(tmp_path)
    made.opened()
    made.read_until_still(0.5)
    made.child.send("\x1b[<0;114;1M\x1b[<0;114;1m")
    made.child.expect_exact(b"Can wait")
    made.read_until_still(0.5)
    made.child.send("\x1b")
    made.drawn()
    made.child.send("\x1b[<0;40;8M\x1b[<0;40;8m")
    made.drawn()
    made.child.send("p3")
    made.drawn()
    made.child.send("\x11")
    made.child.expect_exact(b"Leave")
    made.child.send("d")
    assert made.ended().splitlines()[1:] == ["UpdateBead(bead='td-5d8', changes={'priority': 3})"]


@pytest.mark.parametrize("seed", range(3))
def test_what_the_terminal_shows_is_what_was_drawn(tmp_path: Path, seed: int) -> None:
    """Only changes are sent: after many of them an emulator must show the very rows the screen believes in."""
    result = tmp_path / "rows.json"
    child: Any = pexpect.spawn(
        sys.executable, ["-m", "tests.cockpit.fixtures.shuffle", str(result), str(seed)], cwd=str(ROOT), timeout=240,
        env=clean(tmp_path / "home", COLORTERM="truecolor", TZ="UTC"), dimensions=(40, 120),
    )  # fmt: skip
    screen = Screen(40, 120)
    try:
        while True:
            try:
                screen.feed(child.read_nonblocking(65536, timeout=0.5))
            except pexpect.TIMEOUT:
                if result.exists():
                    break
    finally:
        child.close(force=True)
    grown, painted = json.loads(result.read_text(encoding="utf-8"))
    assert grown == painted
    assert screen.text() == painted
