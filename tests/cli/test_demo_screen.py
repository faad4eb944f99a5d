"""The demo with a screen, in a real terminal: it plays itself, shows what it built, and may be left."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pexpect

from tests.support.environment import clean

QUICK = (
    "import sys; from gastown_tui.cli import demo, demo_screen, main; demo.WATCHED_PACE = 0.02; "
    "demo_screen.READ_PLAN, demo_screen.LINGER = 0.5, 0.1; sys.exit(main.run(sys.argv[1:]))"
)


def terminal(tmp_path: Path, *words: str) -> Any:
    env = clean(tmp_path / "home")
    arguments = ["-P", "-c", QUICK, *words]
    return pexpect.spawn(
        sys.executable, arguments, cwd=str(tmp_path), env=env, timeout=110, dimensions=(40, 120), encoding="utf-8"
    )


def test_it_plays_itself_and_what_landed_can_be_visited(tmp_path: Path) -> None:
    screen = terminal(tmp_path, "demo")
    screen.expect("Tell the Mayor what you want")
    screen.expect(r"What they built runs now: (http://127\.0\.0\.1:\d+/register)")
    said = screen.before.rpartition("\x1b[?1049l")
    assert said[1], "the screen was left before the words came"
    assert "Verified from a fresh clone" in said[2]
    address = screen.match.group(1)

    def page() -> str:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return str(answer.read().decode())

    for _ in range(100):
        try:
            assert "<form" in page()
            break
        except OSError:
            screen.expect([pexpect.TIMEOUT, "never"], timeout=0.1)
    assert "<form" in page()
    screen.sendline()
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def test_leaving_it_says_how_it_goes_on(tmp_path: Path) -> None:
    screen = terminal(tmp_path, "demo", "--keep", str(tmp_path / "town"))
    screen.expect("Tell the Mayor what you want")
    screen.send("\x11")
    screen.send("d")
    screen.expect("You left the demo before its end")
    screen.expect("--keep")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 1 and (tmp_path / "town" / ".gastown").is_dir()


def test_a_recording_holds_what_was_drawn(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gastown_tui.cli.recorder import record; "
        "sys.exit(record(['--help'], Path(sys.argv[1])))"
    )
    cast = tmp_path / "demo.cast"
    env = clean(tmp_path / "home")
    screen = pexpect.spawn(sys.executable, ["-P", "-c", program, str(cast)], env=env, dimensions=(30, 90), timeout=60)
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
