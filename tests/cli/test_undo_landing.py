"""`gt undo BEAD`, `gt undo --to` and `gt redo BEAD` as a person uses them: said before, asked at a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from gastown_tui.cli import main
from tests.cli.towns import Said, start, stop
from tests.engine.towns import founded, note, rehearse
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import until


def test_a_landing_is_shown_asked_about_taken_back_and_put_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = founded(tmp_path)
    process = start(place)

    def run(*words: str) -> Said:
        code = main.run(["-C", str(place.root), *words])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    def column(bead: str) -> str:
        return str(run("bead", "show", bead, "--json").json["column"])

    def terminal(*words: str) -> pexpect.spawn[bytes]:
        command = ["-P", "-m", "gastown_tui", *words]
        env = clean(tmp_path / "home")
        return pexpect.spawn(sys.executable, command, cwd=str(place.root), timeout=60, env=env, dimensions=(40, 200))

    try:
        bead = str(run("do", rehearse(note("a.txt"), title="Add a note"), "--json").json["bead"])
        until(lambda: column(bead) == "landed", "the bead to land", 60)
        would = run("undo", bead, "--dry-run")
        assert would.code == 0 and f"take back {bead} Add a note (" in would.out
        assert "  changes 1 file: a.txt\n" in would.out and f"kept on branch undone/{bead}-e1\n" in would.out
        assert run("undo", bead, "--dry-run", "--json").json["files"] == ["a.txt"]
        assert run("undo", bead, "--skip").code == 2 and run("undo", "1", "--polecat").code == 2
        assert run("undo", "nobody").code == 1 and run("undo", "--to", "gibberish").code == 2
        asked = terminal("undo", "--to", "1h ago")
        asked.expect_exact("Take this landing back? [y/N]")
        asked.sendline("n")
        asked.expect_exact("Nothing was changed.")
        assert column(bead) == "landed"
        asked = terminal("undo", "--to", "1h ago")
        asked.expect_exact("Take this landing back? [y/N]")
        asked.sendline("y")
        asked.expect_exact(f"gt redo {bead} puts it back.")
        until(lambda: column(bead) == "backlog", "the bead to be open", 60)
        assert not (place.root / "a.txt").exists()
        assert f"kept on undone/{bead}-e1; gt redo {bead} lands it again" in run("bead", "show", bead).out
        again = run("redo", bead)
        assert again.code == 0 and again.out.startswith(f"put back {bead} Add a note (")
        until(lambda: column(bead) == "landed", "the bead to land again", 60)
        assert (place.root / "a.txt").exists() and rigs.is_sound(place.root)
    finally:
        stop(place, process)
