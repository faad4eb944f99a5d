"""Events, orders, logs and recordings are cleared of secrets at one place each, and somebody is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gastown_tui.cli.cast import Cast
from gastown_tui.cockpit.draw.terminal import Tail
from gastown_tui.engine import secrecy
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Lease
from gastown_tui.model.convoy import Convoy
from gastown_tui.model.errors import Refused
from gastown_tui.redact import Found
from gastown_tui.world import SystemClock
from tests.support.environment import clean
from tests.support.planted import core, planted

TOKEN = planted(5)["github p"]


def test_an_order_says_what_was_left_out() -> None:
    """The kind and the place; keys typed into a terminal go through as they are."""
    order, found = secrecy.of_order("create_bead", o.CreateBead("Use it", description=f"With {TOKEN}."))
    assert order == o.CreateBead("Use it", description="With [redacted: GitHub token].")
    assert found == (Found("GitHub token", "description"),)
    assert secrecy.answered({"bead": "rg-1"}, found)["left_out"] == [{"kind": "GitHub token", "where": "description"}]
    assert secrecy.answered({"bead": "rg-1"}, ()) == {"bead": "rg-1"}
    typed = o.TypeKeys("obsidian", TOKEN)
    assert secrecy.of_order("type_keys", typed) == (typed, ())


def test_what_the_town_finds_things_by_is_never_changed() -> None:
    """A worktree, a branch or an id that reads like a secret: under another name nobody would find it."""
    place = "/home/ada/token=abcd1234/worktrees/obsidian"
    lease = Lease(1, "obsidian", "polecat/token=abcd1234-e1", "0" * 40, place, "s-1", 1.0)
    started = e.AgentStarted("obsidian", "polecat", "s-1", "claude", 1, 2, place, f"{place}.raw", "api_key:abcd1234")
    for event in (e.Slung("api_key:abcd1234", lease), started, e.TownFounded("token=abcd1234", "main", "td", "0" * 40)):
        assert secrecy.of_event(event) == event
    bead = beads.make("rg-1", f"Use {TOKEN}", "", work=beads.Work(origin="branch:fix/token=abcd1234", lease=lease))
    kept = secrecy.of_event(e.BeadCreated(bead)).bead
    assert kept.work == bead.work and TOKEN not in kept.title
    assert secrecy.of_order("adopt", o.Adopt("fix/token=abcd1234", "/a/token=abcd1234"))[1] == ()
    assert secrecy.of_event(e.BeadMoved("api_key:abcd1234", "close", "password=hunter22x")) == e.BeadMoved(
        "api_key:abcd1234", "close", "password=[redacted: password]"
    )


def test_an_event_is_cleared_where_a_bead_keeps_its_long_texts() -> None:
    """They are packed JSON inside the event; what is clean stays the very same object."""
    bead = beads.make("rg-1", f"Use {TOKEN}", "2026-01-01T00:00:00Z", description="plain", notes=f"or {TOKEN}")
    kept = secrecy.of_event(e.BeadCreated(bead)).bead
    assert TOKEN.encode() not in beads.encode(kept) and kept.description == "plain"
    assert (kept.title, kept.cold("notes")) == ("Use [redacted: GitHub token]", "or [redacted: GitHub token]")
    quiet = e.BeadCreated(beads.make("rg-2", "Quiet", "2026-01-01T00:00:00Z", description="the token is asked for"))
    assert secrecy.of_event(quiet) is quiet
    said = e.Said("mayor", "the token: it is asked for")
    assert secrecy.of_event(said) is said


def test_records_of_others_are_refused_and_not_changed() -> None:
    """A bead, and a line of a bead's history."""
    bead = beads.foreign(json.dumps({"id": "x-1", "title": "A", "metadata": {"api_key": "abcd1234efgh"}}).encode())
    entry = e.Entry(1.0, "ada", "updated", new=f'{{"notes": "{TOKEN}"}}')
    for event in (e.BeadsImported("a.jsonl", "beads", (bead,)), e.HistoryImported("x-1", (entry,))):
        with pytest.raises(Refused, match="x-1"):
            secrecy.of_event(event)
    clean_one = e.BeadsImported("a.jsonl", "beads", (beads.foreign(b'{"id":"x-1","title":"A"}'),))
    assert secrecy.of_event(clean_one) is clean_one


def test_a_log_holds_none(tmp_path: Path) -> None:
    """Neither in a line, nor in what a line is given, nor in a traceback."""
    code = (
        "import logging, sys; from pathlib import Path; from gastown_tui.engine import secrecy\n"
        "secrecy.log_to(Path(sys.argv[1]))\n"
        "logging.getLogger('a').warning('token %s and %s', sys.argv[2], [sys.argv[2]])\n"
        "try: raise ValueError(sys.argv[2])\n"
        "except ValueError: logging.getLogger('a').exception('failed')\n"
    )
    path = tmp_path / "engine.log"
    subprocess.run([sys.executable, "-c", code, path, TOKEN], env=clean(tmp_path / "home", PYTHONPATH="."), check=True)
    text = path.read_text()
    assert TOKEN not in text and text.count("[redacted: GitHub token]") == 3 and "WARNING a: token" in text
    crash = "import sys; from gastown_tui.engine import secrecy; secrecy.log_to(); raise ValueError(sys.argv[1])"
    env = clean(tmp_path / "home", PYTHONPATH=".")
    said = subprocess.run([sys.executable, "-c", crash, TOKEN], env=env, capture_output=True, text=True)
    assert said.returncode == 1 and TOKEN not in said.stderr and "ValueError: [redacted: GitHub" in said.stderr


def test_a_recording_holds_none(tmp_path: Path) -> None:
    """Though it came in two pieces."""
    path = tmp_path / "run.cast"
    with Cast(path, SystemClock()) as cast:
        cast.output(f"\x1b[1mhere: {TOKEN[:20]}")
        cast.output(f"{TOKEN[20:]}\x1b[0m\r\n")
        cast.line(f"and {TOKEN}")
    text = "".join(json.loads(line)[2] for line in path.read_text().splitlines()[1:])
    assert text == "\x1b[1mhere: [redacted: GitHub token]\x1b[0m\r\nand [redacted: GitHub token]\r\n"


def test_a_tile_shows_none(tmp_path: Path) -> None:
    """In its own colours and place, also when it wraps, and when it came in two pieces."""
    path = tmp_path / "a.raw"
    key = planted(5)["anthropic"]
    path.write_bytes(f"\x1b[31mkey {key[:40]}".encode())
    tail = Tail(path, 6, 80)
    tail.poll(0.0)
    with path.open("ab") as file:
        file.write(f"{key[40:]}\x1b[0m end\r\n".encode())
    tail.poll(1.0)
    shown = ["".join(span.text for span in line) for line in tail.lines]
    assert shown[0].startswith("key [redacted: Anthropic key]···") and shown[1].rstrip().endswith("· end")
    assert core(key)[60:80] not in "".join(shown) and [len(line) for line in shown] == [80] * 6


def test_the_id_of_a_bead_called_passwords_is_kept() -> None:
    """It stands under that name in the event of its plan, and is the town's own."""
    convoy = Convoy("c1", "Sign in", ("td-0a1", "td-9z8"), 1.0)
    event = e.PlanApproved("p1", convoy, {"passwords": "td-0a1", "tokens": "td-9z8"})
    assert secrecy.of_event(event) is event
