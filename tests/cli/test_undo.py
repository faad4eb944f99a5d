"""`gt undo` and `gt redo` as a person uses them: said before, asked at a terminal, done on a pipe."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect

from gastown_tui.engine.place import Place
from tests.cli.towns import Gt
from tests.support.environment import clean


def filed(run: Gt, title: str) -> str:
    """A new bead's id."""
    return str(run("bead", "create", title, "--json").json["bead"])


def test_many_at_once_are_undone_at_once_on_a_pipe_without_a_question(run: Gt) -> None:
    one, two = filed(run, "One"), filed(run, "Two")
    assert run("bead", "update", one, two, "-p", "0").out == "2 beads are changed.\n"
    closed = run("bead", "close", one, two, "duplicate")
    assert closed.out == "2 beads are closed. gt undo takes that back.\n"
    assert run("bead", "show", one, "--json").json["close_reason"] == "duplicate"
    listed = run("undo", "--list", "--json").json
    assert [order["title"] for order in listed["undo"]][:2] == ["close 2 beads", "set priority of 2 beads to 0"]
    assert "close 2 beads" in run("undo", "--list").out
    would = run("undo", "2", "--dry-run")
    assert f"  {one}: status closed → open\n" in would.out and would.out.startswith("would undo: close 2 beads (")
    assert run("bead", "show", one, "--json").json["status"] == "closed"
    done = run("undo", "2")
    assert done.code == 0 and done.out.endswith("gt redo 2 takes that back.\n")
    assert done.out.count("undid: ") == 2 and f"  {two}: priority 0 → 2\n" in done.out
    shown = run("bead", "show", one, "--json").json
    assert (shown["status"], shown["priority"]) == ("open", 2)
    assert [order["title"] for order in run("redo", "--json").json["orders"]] == ["set priority of 2 beads to 0"]
    assert run("bead", "close", one, f"{two}x").code == 1, "what looks like an id is never taken for a reason"
    assert "you undid: close 2 beads" in run("log").out


def test_an_import_goes_at_once_and_comes_back_word_for_word(run: Gt, tmp_path: Path) -> None:
    lines = [
        '{"id":"bd-1","title":"One","updated_at":"2020-01-02T03:04:05.678Z","z":[1e2,null],"priority":1,"a":""}',
        '{"title":"Two","id":"bd-2","status":"closed","close_reason":"old","closed_at":"2021-01-01T00:00:00+02:00"}',
        '{"id":"bd-3","title":"Three","dependencies":[{"depends_on_id":"bd-1","type":"blocks","odd":1}]}',
    ]
    file = tmp_path / "issues.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    assert run("import", str(file)).code == 0
    before = run("export", "--format", "beads").out
    assert all(line in before.splitlines() for line in lines)
    undone = run("undo", "--json").json["orders"][0]
    assert undone["changes"] == ["3 beads go: bd-1, bd-2, bd-3"] and undone["title"].startswith("import 3 beads from ")
    assert "bd-" not in run("export", "--format", "beads").out
    assert run("redo").code == 0 and run("export", "--format", "beads").out == before
    file.write_text(lines[0].replace('"One"', '"Eins"') + "\n")
    assert run("import", str(file)).code == 0 and run("bead", "show", "bd-1", "--json").json["title"] == "Eins"
    assert run("undo").code == 0 and run("bead", "show", "bd-1", "--json").json["title"] == "One"


def test_what_cannot_be_undone_says_why_and_what_to_do(run: Gt) -> None:
    bead = filed(run, "Three")
    assert run("mayor", "tell", "Hello").code == 0
    refused = run("undo", "--json")
    assert refused.code == 1 and refused.error["title"].startswith("Cannot undo \"tell the Mayor 'Hello'\": ")
    assert "no undo: what was said cannot be unsaid" in run("undo", "--list").out
    assert f"{bead} goes: Three" in run("undo", "--skip").out
    assert run("bead", "show", bead).code == 1
    assert run("redo").code == 0 and run("bead", "show", bead).code == 0
    assert run("undo", "0").code == 2 and run("redo").code == 1


def test_a_person_is_asked_after_seeing_it_and_no_changes_nothing(run: Gt, place: Place, tmp_path: Path) -> None:
    bead = filed(run, "Four")

    def terminal(*words: str) -> pexpect.spawn[bytes]:
        command = ["-P", "-m", "gastown_tui", *words]
        return pexpect.spawn(sys.executable, command, cwd=str(place.root), timeout=240, env=clean(tmp_path / "home"))

    asked = terminal("undo")
    asked.expect_exact("undo: file 'Four'")
    asked.expect_exact(f"{bead} goes: Four")
    asked.expect_exact("Undo this? [Y/n]")
    asked.sendline("n")
    asked.expect_exact("Nothing was changed.")
    assert run("bead", "show", bead).code == 0
    asked = terminal("undo")
    asked.expect_exact("Undo this? [Y/n]")
    other = filed(run, "Five")
    asked.sendline("")
    asked.expect_exact("What would be undone now is another order: file 'Five'.")
    assert run("bead", "show", bead).code == 0 and run("bead", "show", other).code == 0
    asked = terminal("undo", "2")
    asked.expect_exact("Undo 2 orders? [Y/n]")
    asked.sendline("y")
    asked.expect_exact("gt redo 2 takes that back.")
    assert run("bead", "show", bead).code == 1
