"""A runtime is a file: what it starts, with which settings, for which role, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.agents import runtime
from gastown_tui.agents.runtime import Runtime, Seat
from gastown_tui.agents.session import Launch, Session
from gastown_tui.agents.templates import fill, fill_all, fill_groups
from gastown_tui.agents.transcript import Transcript
from gastown_tui.model.errors import GasTownError
from tests.agents.terminals import CLOCK, reading
from tests.support.environment import clean
from tests.support.waiting import until_async

ROLES = ("mayor", "polecat", "witness")


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    """A polecat's seat, with a program called claude on its PATH."""
    programs, worktree = tmp_path / "bin", tmp_path / "wt"
    programs.mkdir()
    worktree.mkdir()
    (programs / "claude").write_text("#!/bin/sh\n")
    (programs / "claude").chmod(0o755)
    env = clean(tmp_path / "home", PATH=f"{programs}:/usr/bin:/bin", GT_TOKEN="tok", GT_PORT="1")
    return Seat(
        role="polecat", name="obsidian", worktree=worktree, session="0000-uuid", prompt="Do it.\nAll of it.",
        model="opus", folder=tmp_path / "session", port=4321, token="tok", env=env, python=sys.executable,
    )  # fmt: skip


def test_what_is_there_can_be_loaded() -> None:
    assert runtime.available() == ["claude", "rehearsal"]
    for name in runtime.available():
        loaded = runtime.load(name)
        assert loaded.name == name
        assert set(loaded.roles) == set(ROLES)
        assert loaded.memory_mb > 0
        assert loaded.prices["default"].output > loaded.prices["default"].input > 0
        assert loaded.resume
    assert runtime.load("claude").reads_instructions
    assert not runtime.load("rehearsal").reads_instructions


def test_the_command_of_claude(seat: Seat) -> None:
    launch = runtime.prepare(runtime.load("claude"), seat)
    argv = list(launch.argv)
    assert argv[0].endswith("/bin/claude")
    assert argv[1:3] == ["--permission-mode", "dontAsk"]
    assert argv[3] == "--allowedTools"
    assert {"Read", "Edit", "Write", "Bash"} <= set(argv[4].split())
    assert argv[5:] == [
        "--settings", str(seat.folder / "settings.json"), "--session-id", "0000-uuid", "--model", "opus",
        "Do it.\nAll of it.",
    ]  # fmt: skip
    assert (launch.cwd, launch.name) == (seat.worktree, "obsidian")
    assert launch.spool == seat.folder / "0000-uuid.raw"
    assert seat.folder.stat().st_mode & 0o777 == 0o700


def test_going_on_with_a_session_of_claude(seat: Seat) -> None:
    loaded = runtime.load("claude")
    argv = runtime.prepare(loaded, replace(seat, prompt="Carry on.", model=""), resume=True).argv
    assert argv[-3:] == ("--resume", "0000-uuid", "Carry on.")
    assert "--session-id" not in argv
    assert "--model" not in argv
    argv = runtime.prepare(loaded, replace(seat, prompt="", model=""), resume=True).argv
    assert argv[-2:] == ("--resume", "0000-uuid")


def test_no_role_of_claude_may_do_without_asking_what_is_not_its_work(seat: Seat) -> None:
    loaded = runtime.load("claude")
    for role in ROLES:
        argv = runtime.prepare(loaded, replace(seat, role=role)).argv
        tools = argv[argv.index("--allowedTools") + 1]
        assert argv[2] == "dontAsk"
        assert "bypass" not in " ".join(argv).lower()
        if role != "polecat":
            words = tools.split()
            assert not {"Bash", "Edit", "Write", "MultiEdit", "NotebookEdit", "Task"} & set(words)
            assert "Bash(gt" in tools
    assert "Bash(gt verdict*)" in " ".join(loaded.roles["witness"].tools)
    assert "Bash(gt *)" not in loaded.roles["witness"].tools


def test_the_settings_of_claude_lead_its_hooks_to_the_door(seat: Seat) -> None:
    runtime.prepare(runtime.load("claude"), seat)
    path = seat.folder / "settings.json"
    settings = json.loads(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert settings["tui"] == "default"
    http = {"PreToolUse", "PostToolUse", "Stop", "StopFailure", "Notification", "UserPromptSubmit", "PermissionRequest",
            "SessionEnd", "SubagentStop"}  # fmt: skip
    assert set(settings["hooks"]) == http | {"SessionStart"}
    assert settings["hooks"]["SessionStart"] == [{"hooks": [{"type": "command", "command": "gt hook SessionStart"}]}]
    for event in http:
        (hook,) = settings["hooks"][event][0]["hooks"]
        assert hook["type"] == "http"
        assert hook["url"] == f"http://127.0.0.1:4321/v1/hooks/{event}"
        assert hook["headers"] == {"X-GT-Token": "$GT_TOKEN"}
        assert hook["allowedEnvVars"] == ["GT_TOKEN"]
    assert "tok" not in path.read_text().replace("$GT_TOKEN", "").replace("X-GT-Token", ""), "no secret in a file"


def test_the_environment_of_claude(seat: Seat, tmp_path: Path) -> None:
    loaded = runtime.load("claude")
    nested = {**seat.env, "CLAUDECODE": "1", "CLAUDE_PID": "7", "MINE": "kept"}
    env = runtime.prepare(loaded, replace(seat, env=nested)).env
    assert "CLAUDECODE" not in env
    assert "CLAUDE_PID" not in env
    assert "CLAUDE_CONFIG_DIR" not in env, "the person's own account is the default"
    assert (env["MINE"], env["GT_TOKEN"], env["GT_PORT"]) == ("kept", "tok", "1")
    assert (env["TERM"], env["DISABLE_AUTOUPDATER"]) == ("xterm-256color", "1")
    env = runtime.prepare(loaded, replace(seat, config_dir=tmp_path / "private")).env
    assert env["CLAUDE_CONFIG_DIR"] == str(tmp_path / "private")


def test_nothing_is_written_for_the_persons_own_account(seat: Seat, tmp_path: Path) -> None:
    runtime.prepare(runtime.load("claude"), seat)
    written = {path for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path / "bin"}
    assert written == {seat.folder / "settings.json"}


def test_a_private_folder_is_seeded_and_keeps_what_it_holds(seat: Seat, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    mine: dict[str, Any] = {
        "userID": "u", "projects": {"/other": {"x": 1}, str(seat.worktree): {"y": 2}},
        "customApiKeyResponses": {"approved": ["older"], "rejected": ["bad"]},
    }  # fmt: skip
    path = private / ".claude.json"
    path.write_text(json.dumps(mine))
    key = "sk-test-" + "0123456789" * 4
    keyed = replace(seat, config_dir=private, env={**seat.env, "ANTHROPIC_API_KEY": key})
    runtime.prepare(runtime.load("claude"), keyed)
    assert json.loads(path.read_text()) == {
        "userID": "u",
        "hasCompletedOnboarding": True,
        "projects": {"/other": {"x": 1}, str(seat.worktree): {"y": 2, "hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {"approved": ["older", key[-20:]], "rejected": ["bad"]},
    }
    before = path.stat().st_mtime_ns, path.stat().st_ino
    runtime.prepare(runtime.load("claude"), keyed, resume=True)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before, "what is there is not written again"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_broken_private_file_is_left_as_it_is(seat: Seat, tmp_path: Path) -> None:
    (tmp_path / ".claude.json").write_text("{not json")
    with pytest.raises(GasTownError, match="not JSON"):
        runtime.prepare(runtime.load("claude"), replace(seat, config_dir=tmp_path))
    assert (tmp_path / ".claude.json").read_text() == "{not json"


def test_a_prompt_too_long_for_a_command_line_goes_by_file(seat: Seat) -> None:
    prompt = "ä" * 60_000 + "\nlast line"
    launch = runtime.prepare(runtime.load("claude"), replace(seat, prompt=prompt))
    path = seat.folder / "prompt-0000-uuid.md"
    assert path.read_text("utf-8") == prompt
    assert str(path) in launch.argv[-1]
    assert max(len(word.encode()) for word in launch.argv) < 128 * 1024
    short = runtime.prepare(runtime.load("claude"), replace(seat, prompt="x" * 90_000))
    assert short.argv[-1] == "x" * 90_000


@pytest.mark.parametrize("prompt", ["--dangerously-skip-permissions", "-p"])
def test_a_prompt_is_never_an_option(seat: Seat, prompt: str) -> None:
    for name in runtime.available():
        argv = runtime.prepare(runtime.load(name), replace(seat, prompt=prompt)).argv
        assert argv[-1] == f" {prompt}"


def test_a_null_byte_or_half_a_character_in_a_prompt_stops_nothing(seat: Seat) -> None:
    argv = runtime.prepare(runtime.load("claude"), replace(seat, prompt="a\0b\ud800{role} {")).argv
    assert argv[-1] == "ab?{role} {"


def test_the_program_is_found_on_the_path_or_in_the_package_without_importing_it(seat: Seat, tmp_path: Path) -> None:
    loaded = runtime.load("claude")
    before = "claude_agent_sdk" in sys.modules
    assert loaded.program(seat.env["PATH"]).endswith("/bin/claude")
    empty = tmp_path / "empty"
    empty.mkdir()
    bundled = loaded.program(str(empty))
    assert bundled.endswith("claude_agent_sdk/_bundled/claude")
    assert ("claude_agent_sdk" in sys.modules) == before


def test_a_program_that_is_not_there_says_how_to_get_it(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GasTownError, match="Claude Code is not on this machine") as caught:
        runtime.prepare(runtime.load("claude"), replace(seat, env={"PATH": str(tmp_path)}))
    assert "pip install 'gastown-tui[claude]'" in caught.value.hint


def test_a_bundled_program_that_cannot_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "claude_agent_sdk" / "_bundled" / "claude"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o644)
    (tmp_path / "claude_agent_sdk" / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(GasTownError, match="not executable") as caught:
        runtime.load("claude").program(str(tmp_path))
    assert "chmod +x" in caught.value.hint


def test_an_unknown_role_or_runtime_is_refused(seat: Seat) -> None:
    with pytest.raises(GasTownError, match="no role 'king'"):
        runtime.prepare(runtime.load("rehearsal"), replace(seat, role="king"))
    for name in ("codex", "../runtimes/claude", ""):
        with pytest.raises(GasTownError, match="no agent runtime") as caught:
            runtime.load(name)
        assert "claude, rehearsal" in caught.value.hint


OWN = """
title = "Mine"
memory_mb = 10
transcript = "from hook"
command = [["{program}", "--say"], ["--in", "{config_dir}"], ["{prompt}"]]
resume = [["{program}"]]
[find]
names = ["sh"]
hint = "It is everywhere."
[roles.polecat]
"""


def test_a_runtime_of_ones_own_is_one_file(seat: Seat, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN)
    (tmp_path / "claude.toml").write_text(OWN)
    assert runtime.available(tmp_path) == ["claude", "mine", "rehearsal"]
    assert runtime.load("claude", tmp_path).title == "Mine"
    loaded = runtime.load("mine", tmp_path)
    launch = runtime.prepare(loaded, seat)
    assert launch.argv[1:] == ("--say", "Do it.\nAll of it.")
    assert runtime.transcript_path(loaded, seat) is None
    assert not (seat.folder / "settings.json").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OWN + "colour = 1\n", "colour"),
        (OWN.replace("memory_mb = 10", 'memory_mb = "much"'), "memory_mb"),
        (OWN.replace("title", "titel"), "titel"),
        ("not toml", "mine.toml"),
        (OWN + '[[limits]]\nname = "x"\nmatch = "("\n', "unterminated"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(GasTownError, match=r"mine\.toml is not right") as caught:
        runtime.load("mine", tmp_path)
    assert why in str(caught.value)


def test_templates_are_filled_once_and_know_their_places() -> None:
    values = {"a": "{b}", "b": "two", "empty": ""}
    assert fill("{a} {b} ${b} {} {B}", values) == "{b} two $two {} {B}"
    assert fill_all({"{b}": ["{a}", 1, None, {"k": "{b}"}]}, values) == {"two": ["{b}", 1, None, {"k": "two"}]}
    assert fill_groups([["x"], ["-e", "{empty}"], ["{a}", "y"]], values) == ["x", "{b}", "y"]
    with pytest.raises(GasTownError, match="nobody") as caught:
        fill("{nobody}", values)
    assert "a, b, empty" in caught.value.hint


def _rehearsal(seat: Seat, resume: bool = False) -> tuple[Runtime, Launch]:
    loaded = runtime.load("rehearsal")
    return loaded, runtime.prepare(loaded, replace(seat, model=""), resume)


def test_the_command_of_the_rehearsal(seat: Seat) -> None:
    loaded, launch = _rehearsal(seat)
    transcript = runtime.transcript_path(loaded, seat)
    assert transcript == seat.folder / "0000-uuid.jsonl"
    assert launch.argv == (
        sys.executable, "-P", "-m", "gastown_tui.agents.rehearsal", "--role", "polecat", "--session", "0000-uuid",
        "--transcript", str(transcript), "--model", "rehearsal", "--", "Do it.\nAll of it.",
    )  # fmt: skip
    assert _rehearsal(seat, resume=True)[1].argv[-3:] == ("--resume", "--", "Do it.\nAll of it.")


def test_the_rehearsal_runs_from_its_file_to_its_transcript(seat: Seat) -> None:
    (seat.worktree / "json.py").write_text("raise SystemExit('a worktree must not get in the way')")
    prompt = "# Bead gt-1: Try\n\n```rehearse\nwrite a.txt <<END\nhello\nEND\nrun true\n```\n"
    loaded = runtime.load("rehearsal")
    launch = runtime.prepare(loaded, replace(seat, prompt=prompt, model=""))
    path = runtime.transcript_path(loaded, seat)
    assert path is not None
    transcript = Transcript(path, loaded.prices)

    async def whole() -> None:
        async with reading() as (reader, _):
            session = Session.start(launch, CLOCK)
            reader.add(session)
            notes = transcript.poll()

            def done() -> bool:
                notes.extend(transcript.poll())
                return any(note.verb == "RUN" for note in notes) and transcript.cost_usd > 0

            await until_async(done, "it did its script")
            assert [note.verb for note in notes][:2] == ["EDIT", "RUN"]
            assert (seat.worktree / "a.txt").read_text() == "hello\n"
            assert transcript.turns == 1
            assert transcript.tokens > 0
            await until_async(lambda: "Write(a.txt)" in session.tail_text(20), "its screen shows it")
            await session.end(5.0)
            assert session.exit_code == 143

    asyncio.run(whole())
