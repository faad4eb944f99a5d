"""The command line itself: help, exit codes, errors in words and as JSON, and what it does not import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gastown_tui.cli import main
from gastown_tui.model.errors import GasTownError
from tests.cli.towns import gt, start, stop
from tests.engine.towns import founded
from tests.support import rigs


def commands() -> list[tuple[str, click.Command]]:
    """Every command and subcommand, as `gt WORDS`."""
    context = click.Context(main.gt)
    found: list[tuple[str, click.Command]] = []
    for name in main.TABLE:
        command = main.gt.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {inner}", command.commands[inner]) for inner in command.commands]
    return found


COMMANDS = commands()
WANTED = {
    *("init", "uninit", "up", "down", "stop", "demo", "mayor tell", "mayor attach", "do", "ready", "sling", "doctor"),
    *("plan submit", "plan show", "plan edit", "plan approve", "plan drop", "convoy list", "convoy show", "answer"),
    *("bead create", "bead list", "bead show", "bead update", "bead close", "done", "verdict", "nudge", "escalate"),
    *("peek", "feed", "log", "status"),
}


def test_every_command_asked_for_is_there() -> None:
    assert {name for name, _ in COMMANDS} >= WANTED


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_help_with_an_example_and_json(name: str, command: click.Command) -> None:
    context = click.Context(command, info_name=name)
    text = command.get_help(context)
    assert "Example:" in text and "gt " in text.split("Example:")[1]
    if not isinstance(command, click.Group) and not name.endswith("attach"):
        assert "--json" in text


def test_the_help_lists_every_command_and_imports_none(tmp_path: Path) -> None:
    said = gt(tmp_path, "--help")
    assert said.code == 0
    for name in main.TABLE:
        assert f"  {name} " in said.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense"], 2), (["status", "--nonsense"], 2), (["bead", "create"], 2), (["status"], 3), (["up"], 3),
        (["done"], 3), (["escalate", "a", "b"], 3), (["-C", "/nowhere/at/all", "status"], 2),
    ],
)  # fmt: skip
def test_exit_codes_outside_a_town(tmp_path: Path, words: list[str], code: int) -> None:
    said = gt(tmp_path, *words)
    assert said.code == code and said.out == "" and said.err.strip()
    as_json = gt(tmp_path, *words, "--json")
    assert as_json.code == code and as_json.out == ""
    assert as_json.error["code"] == code and as_json.error["title"] and as_json.error["hint"]


def test_without_an_engine_the_way_out_is_named(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    assert gt(root, "init", "--no-run").code == 0
    for words in (["bead", "create", "A wall"], ["mayor", "tell", "x"], ["mayor", "tell", "x", "y"], ["sling"],
                  ["feed", "-f"], ["plan", "approve"], ["stop", "--now"], ["done"]):  # fmt: skip
        said = gt(root, *words, "--json")
        assert said.code == 4 and "gt up" in said.error["hint"], words
    assert gt(root, "status").code == 0 and gt(root, "bead", "list").code == 0
    down = gt(root, "down", "--json")
    assert down.code == 0 and down.json["stopped"] is False


def test_a_near_miss_is_named(tmp_path: Path) -> None:
    said = gt(tmp_path, "statsu")
    assert said.code == 2 and "status" in said.err


def test_gt_alone_explains_where_there_is_no_town_and_shows_where_there_is(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    said = gt(root)
    assert said.code == 3 and "gt init" in said.out and "gt demo" in said.out
    gt(root, "init", "--no-run")
    said = gt(root)
    assert said.code == 0 and "gt up" in said.out and "backlog 0" in said.out


def test_a_reader_who_has_had_enough_is_no_error(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    gt(root, "init", "--no-run")
    done = subprocess.run(
        f"{sys.executable} -m gastown_tui log | true", shell=True, cwd=root, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def test_a_fault_of_ours_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ExceptionGroup("outer", [ExceptionGroup("inner", [ZeroDivisionError("by nought")])])

    monkeypatch.setattr("gastown_tui.cli.cockpit.open_cockpit", broken)
    assert main.run([]) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err and "GT_DEBUG=1" in err and "Traceback" not in err


def test_an_error_inside_a_group_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        error = GasTownError("No.", "Not today.")
        error.code = 6
        raise ExceptionGroup("asyncio's", [error])

    monkeypatch.setattr("gastown_tui.cli.cockpit.open_cockpit", refused)
    assert main.run([]) == 6


HEAVY = ("aiohttp", "pygit2", "textual", "rich", "pexpect", "asyncio", "pyghostty")


def loaded(folder: Path, *words: str) -> set[str]:
    """The heavy modules a command has loaded when it ends."""
    program = (
        "import sys, json; from gastown_tui.__main__ import main; sys.argv = ['gt', *json.loads(sys.argv[1])]; "
        "main(); sys.stderr.write('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(words)], cwd=folder, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    modules = {name.split(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    return modules & {*HEAVY, "click", "msgspec"}


def test_light_commands_import_nothing_heavy(tmp_path: Path) -> None:
    place = founded(tmp_path)
    process = start(place)
    try:
        assert loaded(place.root, "escalate", "x") == set(), "agents' verbs take the short way"
        assert loaded(place.root, "--help") == {"click"}
        assert loaded(place.root, "status", "--json") == set(), "what bars and prompts ask goes the short way"
        assert loaded(place.root, "do", "x", "--json") == {"click"}
        assert not loaded(place.root, "bead", "list") & set(HEAVY)
        assert not loaded(place.root, "plan", "show") & set(HEAVY)
    finally:
        stop(place, process)
