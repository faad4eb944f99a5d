"""`gt bead list QUERY`: which beads it shows, what it hides and says so, and what it says when there are none."""

from __future__ import annotations

from typing import Any

import pytest

from gastown_tui.cli import bead as room
from gastown_tui.cli import common, main, querying
from gastown_tui.model import events as e
from gastown_tui.model.query import FIELDS
from gastown_tui.model.town import Town
from tests.cli.towns import Said
from tests.model.stories import Story


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    """Two open beads, one that waits for the other, and a closed one; read without an engine."""
    story = Story()
    story.create("td-a", labels=("auth",), priority=1)
    story.create("td-b", "td-a")
    story.create("td-c")
    story.tell(e.BeadMoved("td-c", "close", "nope"))
    monkeypatch.setattr(common, "town", lambda: story.town)
    return story.town


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    """`gt bead list` in this process."""
    code = main.run(["bead", "list", *words])
    return Said(code, *capsys.readouterr())


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ([], "b a"), ([""], "b a"), (["  "], "b a"), (["--all"], "b a c"), (["do"], "b a"), (["do", "td-a"], "a"),
        (["--all", "do"], "b a c"), (["label", "=", "auth"], "a"), (["order by id"], "a b"),
        (["--column", "ready", "order by id"], "a"), (["--label", "AUTH"], "a"), (["--status", "closed"], "c"),
        (["id = td-c"], "c"), (["a or b", "--column", "backlog"], "b"), (["id = td-a expand down"], "b a"),
        (["needs = td-a", "--status", "odd"], ""),
    ],
)  # fmt: skip
def test_words_and_options_are_one_query(
    town: Town, capsys: pytest.CaptureFixture[str], words: list[str], ids: str
) -> None:
    said = run(capsys, *words, "--json")
    assert [bead["id"] for bead in said.json] == [f"td-{id}" for id in ids.split()]
    assert said.code == 0 and not said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("zebra", "No bead fits zebra."), ("ready", "Did you mean: gt bead list 'column = ready'"),
        ("held", "gt bead list 'held = true'"), ("td-c", "1 closed one would: add --all."),
        ("label = db and x", "No bead fits label = db and x."), ("status = pinned", "No bead fits status = pinned."),
    ],
)  # fmt: skip
def test_nothing_found_says_what_to_try(
    town: Town, capsys: pytest.CaptureFixture[str], words: str, says: str
) -> None:
    said = run(capsys, words)
    assert says in said.out and said.code == 0
    assert run(capsys, words, "--json").json == []


def test_closed_beads_that_fit_are_counted_beside_the_others(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    assert "1 closed bead would fit, too: add --all." in run(capsys, "do").err
    assert not run(capsys).err and not run(capsys, "do", "--all").err


def test_an_empty_town_says_how_to_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "town", Town)
    assert "gt bead create" in run(capsys).out and "gt bead create" in run(capsys, "status = open").out
    story = Story()
    story.create("td-a", status="closed")
    monkeypatch.setattr(common, "town", lambda: story.town)
    assert "1 closed one would" in run(capsys).out


def test_what_cannot_be_read_is_a_usage_error_with_its_place(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "priority < 2 and lable = x")
    assert said.code == 2 and not said.out
    line, caret = said.err.splitlines()[1:3]
    assert caret.index("^") == line.index("lable") and "Did you mean label?" in said.err
    as_json: Any = run(capsys, "(a", "--json").error
    assert as_json["code"] == 2 and "never closed" in as_json["title"]
    assert run(capsys, "--column", "attic").code == 2


def test_the_help_has_the_language_and_every_field_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "--help")
    assert all(field.name in said.out for field in FIELDS) and "order by" in said.out
    assert max(map(len, said.out.splitlines())) <= 80 and len(said.out.splitlines()) <= 48
    assert room.list_.name == "list" and querying.language() in said.out
