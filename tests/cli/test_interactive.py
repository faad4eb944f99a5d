"""What is asked of a person at a terminal, in a real PTY: an offer, a doubt, an editor."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.test_init import GREEN, RED
from tests.cli.towns import gt, start, stop
from tests.engine.towns import founded, note, rehearse
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import PATIENCE, until

Terminal = Callable[..., Any]


def at_a_terminal(folder: Path, *words: str, **env: str) -> Any:
    """`gt` in a terminal of 40 by 120."""
    return pexpect.spawn(
        sys.executable, ["-P", "-m", "gastown_tui", *words], cwd=str(folder), timeout=240, dimensions=(40, 120),
        env=clean(folder.parent / "home", **env),
    )  # fmt: skip


def end(terminal: Any) -> int:
    """Its exit code, once it has ended."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return int(terminal.exitstatus)


def test_a_board_that_is_there_is_offered(tmp_path: Path) -> None:
    """A person is asked; whoever asks nothing reads the command; a board with a bad line leaves the town as it is."""
    board = {".beads/issues.jsonl": '{"id":"a-1","title":"T"}\n{"id":"a-2","title":"U"}\n'}
    root = rigs.make(tmp_path / "rig", board)
    terminal = at_a_terminal(root, "init", "--no-run")
    terminal.expect("There are 2 beads in .beads/issues.jsonl. Bring them into the town now")
    terminal.sendline("y")
    assert end(terminal) == 0 and b"2 new" in terminal.before
    assert {bead["id"] for bead in gt(root, "bead", "list", "--json").json} == {"a-1", "a-2"}
    said = gt(rigs.make(tmp_path / "other", board), "init", "--no-run", "--yes")
    assert "There are 2 beads in .beads/issues.jsonl. To bring them into the town: gt import .beads" in said.out
    bad = rigs.make(tmp_path / "bad", {".beads/issues.jsonl": '{"id":"a-1"}\n'})
    terminal = at_a_terminal(bad, "init", "--no-run")
    terminal.expect("There is 1 bead in")
    terminal.sendline("y")
    assert end(terminal) == 0 and b"issues.jsonl:1:1: title is missing" in terminal.before


@pytest.mark.parametrize(("answer", "kept"), [("n", False), ("y", True)])
def test_a_red_gate_is_asked_about(tmp_path: Path, answer: str, kept: bool) -> None:
    root = rigs.make(tmp_path / "rig", RED)
    terminal = at_a_terminal(root, "init")
    terminal.expect("is RED without any change. Keep it")
    terminal.sendline(answer)
    assert end(terminal) == 0
    config = tomllib.loads((root / ".gastown" / "config.toml").read_text())
    assert bool(config.get("gates")) is kept
    assert (b"UNGATED" in terminal.before) is not kept


def test_where_there_is_no_town_one_is_offered(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", GREEN)
    terminal = at_a_terminal(root)
    terminal.expect("gt demo")
    terminal.expect("Make a town in .* now")
    terminal.sendline("n")
    assert end(terminal) == 3 and not (root / ".gastown").exists()
    terminal = at_a_terminal(root)
    terminal.expect("Make a town in .* now")
    terminal.sendline("y")
    terminal.expect("The town of rig is made")
    assert end(terminal) == 0 and (root / ".gastown" / "config.toml").exists()


def test_outside_a_repository_nothing_is_offered(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    terminal = at_a_terminal(folder)
    terminal.expect("git init")
    assert end(terminal) == 3


def test_a_missing_agent_is_said_before_the_cockpit_opens(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    gt(root, "init", "--no-run")
    config = root / ".gastown" / "config.toml"
    config.write_text(config.read_text() + '\n[roles.witness]\nruntime = "hal9000"\n')
    terminal = at_a_terminal(root)
    terminal.expect("hal9000")
    terminal.expect("Open the cockpit all the same")
    terminal.sendline("n")
    assert end(terminal) == 0


def test_a_plan_is_edited_in_the_persons_editor(tmp_path: Path) -> None:
    place = founded(tmp_path)
    process = start(place)
    try:
        plan = {"title": "A gate", "beads": [{"key": "a", "title": "Posts"}]}
        assert gt(place.root, "plan", "submit", "-", stdin=json.dumps(plan)).code == 0
        same = gt(place.root, "plan", "edit", "--json", env={"EDITOR": "true"})
        assert same.code == 0 and same.json["revision"] == 1
        edited = gt(place.root, "plan", "edit", "--json", env={"EDITOR": "sed -i s/Posts/Pillars/"})
        assert edited.code == 0 and edited.json["revision"] == 2, edited
        assert "Pillars" in gt(place.root, "plan", "show").out
        broken = gt(place.root, "plan", "edit", "--json", env={"EDITOR": "sed -i s/title/\\\"/"})
        assert broken.code == 2 and "as it was" in broken.error["hint"]
        assert gt(place.root, "plan", "show", "--json").json["revision"] == 2
    finally:
        stop(place, process)


def test_the_feed_is_followed_until_the_engine_leaves(tmp_path: Path) -> None:
    place = founded(tmp_path)
    process = start(place)
    try:
        command = [sys.executable, "-P", "-m", "gastown_tui", "feed", "-f", "--json"]
        env = clean(tmp_path / "home", PYTHONUNBUFFERED="1")
        with subprocess.Popen(command, cwd=place.root, env=env, stdout=subprocess.PIPE) as following:
            assert following.stdout is not None
            gt(place.root, "do", rehearse(note("x.txt")))
            lines: list[dict[str, Any]] = []
            while not any(line["verb"] == "LANDED" for line in lines):
                lines.append(json.loads(following.stdout.readline()))
            assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
            stop(place, process)
            assert following.wait(PATIENCE) == 4
    finally:
        stop(place, process)


def test_uninit_keeps_unsaved_work_and_says_where(tmp_path: Path) -> None:
    place = founded(tmp_path)
    process = start(place)
    gt(place.root, "do", rehearse("write half.txt <<END\nhalf\nEND\nstall 600"))
    until(lambda: list(place.gastown.rglob("half.txt")), "unsaved work")
    stop(place, process)
    said = gt(place.root, "uninit", "--json")
    assert said.code == 0, said.err
    kept = [line.rpartition(" ")[2] for line in said.json["kept"] if "unsaved" in line]
    assert len(kept) == 1 and rigs.git(place.root, "show", f"{kept[0]}:half.txt") == "half"
    assert rigs.git(place.root, "worktree", "list").count("\n") == 0
    assert rigs.git(place.root, "rev-parse", "--verify", "-q", "gt-ledger"), "the history of every bead stays"


def test_the_ledger_goes_only_when_asked_and_confirmed(tmp_path: Path) -> None:
    place = founded(tmp_path)
    process = start(place)
    gt(place.root, "bead", "create", "A wall")
    stop(place, process)
    assert gt(place.root, "uninit", "--ledger").code == 1 and place.there
    assert gt(place.root, "uninit", "--ledger", "--yes").code == 0
    assert "gt-ledger" not in rigs.git(place.root, "for-each-ref")
