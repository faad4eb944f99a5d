"""Sitting down at an agent's terminal: a real PTY, its rows on the screen, the person's keys in it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from gastown_tui.agents.session import Launch, Session
from gastown_tui.model import orders as o
from gastown_tui.world import SystemClock
from tests.cockpit.driving import Driven, drive
from tests.cockpit.fixtures import todo_app
from tests.cockpit.fixtures.links import FixtureLink
from tests.support.environment import clean
from tests.support.waiting import PATIENCE

ECHO = """
import sys, termios, tty
tty.setraw(0)
sys.stdout.write("\\x1b[32mready\\x1b[0m\\r\\n")
sys.stdout.flush()
while True:
    got = sys.stdin.buffer.raw.read(100)
    sys.stdout.write("got " + got.hex() + "\\r\\n")
    sys.stdout.flush()
"""


class TerminalLink(FixtureLink):
    """The town's link, with topaz in a real terminal."""

    session: Session

    async def ask(self, order: o.Order) -> Any:
        """Keys and sizes reach the terminal; everything is remembered."""
        if isinstance(order, o.TypeKeys):
            self.session.write(order.data.encode("latin-1"))
        elif isinstance(order, o.Resize):
            self.session.resize(order.rows, order.columns)
        return await super().ask(order)


def link(folder: Path) -> TerminalLink:
    """A link whose topaz runs a program that says which bytes it got."""
    made = todo_app.link()
    out = TerminalLink(made.town, made.config, {}, made.feeds, {"topaz": folder / "topaz.raw"})
    program = folder / "echo.py"
    program.write_text(ECHO, encoding="utf-8")
    argv = (sys.executable, "-I", "-S", str(program))
    launch = Launch("topaz", argv, folder, clean(folder / "home"), folder / "topaz.raw", 40, 120)
    out.session = Session.start(launch, SystemClock())
    return out


async def shows(it: Driven, session: Session, words: str, seconds: float = PATIENCE) -> None:
    """Wait until words stand on the screen."""
    async with asyncio.timeout(seconds):
        while words not in it.text():
            session.read(65536)
            session.flush()
            it.clock.ticks += 0.1
            await it.redraw()


def test_keys_reach_the_terminal_and_its_answers_the_screen(tmp_path: Path) -> None:
    it_link = link(tmp_path)

    async def script(it: Driven) -> None:
        await it.press("g", "3", "enter")
        await shows(it, it_link.session, "ready")
        assert "ctrl+] leaves" in it.text()
        pressed = {"a": "61", "up": "1b5b41", "escape": "1b", "ctrl+c": "03", "ctrl+q": "11", "enter": "0d"}
        for key, sent in pressed.items():
            await it.press(key)
            await shows(it, it_link.session, f"got {sent}")
        await it.press("ctrl+right_square_bracket")
        assert it.screen.top is None
        await it_link.session.end(2.0)

    drive(it_link, script)
    sizes = [order for order in it_link.asked if isinstance(order, o.Resize)]
    assert sizes == [o.Resize("topaz", 37, 120), o.Resize("topaz", 40, 120)]


def test_colours_of_the_terminal_are_kept(tmp_path: Path) -> None:
    it_link = link(tmp_path)

    async def script(it: Driven) -> None:
        await it.press("g", "3", "enter")
        await shows(it, it_link.session, "ready")
        strips = it.app.screen._compositor.render_strips()
        said = next(part for strip in strips for part in strip if "ready" in part.text)
        assert said.style is not None and said.style.color is not None
        await it.press("ctrl+right_square_bracket")
        await it_link.session.end(2.0)

    drive(it_link, script)


def test_reading_only_types_nothing(tmp_path: Path) -> None:
    it_link = link(tmp_path)

    async def script(it: Driven) -> None:
        it.screen.desk.open("attach", "topaz")
        await it.press("a")
        await it_link.session.end(2.0)

    drive(it_link, script, read_only=True)
    assert not any(isinstance(order, o.TypeKeys) for order in it_link.asked)
