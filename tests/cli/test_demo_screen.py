"""The demo with a screen, in a real terminal: it plays itself, shows what it built, and may be left."""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from gastown_tui.agents import processes
from gastown_tui.agents.screen import Screen
from tests.cli.towns import gt
from tests.support.environment import clean
from tests.support.waiting import until

QUICK = (
    "import sys; from gastown_tui.cli import demo, demo_screen, main; demo.WATCHED_PACE = 0.02; "
    "demo_screen.READ_PLAN, demo_screen.TYPING = 2.0, {typing}; sys.exit(main.run(sys.argv[1:]))"
)


class Seen:
    """The demo in a real terminal, and what a person sees there."""

    def __init__(self, tmp_path: Path, *words: str, typing: float = 3.0) -> None:
        self.child: Any = pexpect.spawn(
            sys.executable, ["-P", "-c", QUICK.format(typing=typing), "demo", *words], cwd=str(tmp_path),
            env=clean(tmp_path / "home"), dimensions=(40, 120),
        )  # fmt: skip
        self.screen = Screen(40, 120)
        self.raw = b""

    def until(self, true: Callable[[str], object], what: str, seconds: float = 300.0) -> str:
        """Look until something is to be seen; returns the whole screen."""
        end = time.monotonic() + seconds
        while not true(text := "\n".join(self.screen.text())):
            assert time.monotonic() < end, f"{what} was never seen:\n{text}"
            try:
                data = self.child.read_nonblocking(65536, timeout=0.1)
            except pexpect.TIMEOUT:
                continue
            self.raw += data
            self.screen.feed(data)
        return text

    def shows(self, words: str, seconds: float = 300.0) -> str:
        """Look until some words are to be seen."""
        return self.until(lambda text: words in text, words, seconds)

    def ended(self) -> tuple[int, str]:
        """The exit code, and what was said after the screen was left."""
        self.child.timeout = 240
        self.raw += self.child.read()
        self.child.close()
        _, left, said = self.raw.rpartition(b"\x1b[?1049l")
        assert left and b"\x1b[?25h" in self.raw[-len(said) - 200 :], "the terminal is as it was"
        return self.child.exitstatus, said.decode()


@pytest.mark.timeout(1200)
def test_it_plays_itself_and_what_landed_can_be_visited(tmp_path: Path) -> None:
    seen = Seen(tmp_path)
    seen.until(lambda text: re.search(r"› Add full JWT(?!.*Dockerfile)", text, re.S), "the prompt half written")
    seen.shows("Plan 1  draft  10 beads, 4 waves")
    seen.shows("accepts this plan")
    board = seen.until(lambda text: re.search("This on your repository +gt", text), "the card, whole")
    assert "10 landed" in board and "All 10 beads landed" in board and "served with one" in board
    found = re.search(r"http://127\.0\.0\.1:\d+/register", board)
    assert found is not None
    with urllib.request.urlopen(found[0], timeout=240) as answer:
        assert "<form" in answer.read().decode()
    seen.child.send("\x1b")
    seen.until(lambda text: "What they built" not in text, "the board without the card")
    seen.child.send("\x1b")
    seen.shows("What they built")
    seen.child.send("q")
    code, said = seen.ended()
    assert code == 0 and "Verified from a fresh clone" in said and f"ran at {found[0]} until now" in said
    with pytest.raises(OSError):
        urllib.request.urlopen(found[0], timeout=240)


@pytest.mark.timeout(1200)
def test_a_key_sends_the_prompt_and_leaving_says_how_it_goes_on(tmp_path: Path) -> None:
    seen = Seen(tmp_path, "--keep", str(tmp_path / "town"), typing=3600.0)
    seen.shows("› A")
    seen.child.send("\r")
    assert "merge when" in seen.shows("Mayor is")
    seen.child.send("\x11")
    seen.shows("Stop: end the sessions")
    seen.child.send("i")
    code, said = seen.ended()
    assert code == 1 and "You left the demo before its end" in said and "--keep" in said
    assert (tmp_path / "town" / ".gastown").is_dir()


@pytest.mark.timeout(1200)
def test_detached_it_goes_on_and_is_found_again(tmp_path: Path) -> None:
    town = tmp_path / "town"
    seen = Seen(tmp_path, "--keep", str(town), typing=3600.0)
    seen.shows("› A")
    seen.child.send("\x11")
    seen.shows("Detach; the town goes on")
    seen.child.send("d")
    code, said = seen.ended()
    assert code == 0 and f"gt -C {town} " in said and "comes back to it" in said
    try:
        pid = gt(tmp_path, "-C", str(town), "status", "--json").json["engine"]["pid"]
        ticks = processes.start_ticks(pid)
        # With nobody there it does the overseer's part all the same.
        until(lambda: gt(tmp_path, "-C", str(town), "convoy", "list", "--json").json, "a convoy")
        again = Seen(tmp_path, "--keep", str(town))
        again.shows("accepted: 10 beads")
        again.child.send("\x11")
        again.shows("Detach; the town goes on")
        again.child.send("d")
        assert again.ended()[0] == 0
    finally:
        assert gt(tmp_path, "-C", str(town), "down").code == 0
    # A proof that had begun is waited for: it is a thread, with a clone of its own to take away.
    until(lambda: not processes.is_alive(pid, ticks), "the engine to end")


def test_a_recording_holds_what_was_drawn(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gastown_tui.cli.recorder import record; "
        "sys.exit(record(['--help'], Path(sys.argv[1])))"
    )
    cast = tmp_path / "demo.cast"
    env = clean(tmp_path / "home")
    screen = pexpect.spawn(sys.executable, ["-P", "-c", program, str(cast)], env=env, dimensions=(30, 90), timeout=240)
    screen.expect("agents build it in parallel")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0
    head, *events = [json.loads(line) for line in cast.read_text().splitlines()]
    assert head["version"] == 3 and head["term"] == {"cols": 90, "rows": 30}
    assert all(kind == "o" and gap >= 0 for gap, kind, _ in events)
    assert "agents build it in parallel" in "".join(text for _, _, text in events)


def test_the_headless_recording_is_of_its_lines(tmp_path: Path) -> None:
    from gastown_tui.cli.cast import Cast
    from gastown_tui.world import SystemClock

    path = tmp_path / "x.cast"
    with Cast(path, SystemClock()) as cast:
        cast.line("[obsidian] DONE it")
    assert [json.loads(line) for line in path.read_text().splitlines()][1][1:] == ["o", "[obsidian] DONE it\r\n"]
    with Cast(None, SystemClock()) as cast:
        cast.line("nobody looks")
