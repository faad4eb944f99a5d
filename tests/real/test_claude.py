"""The real Claude Code in one of our sessions: it starts, runs a tool, is refused another, and ends its turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.agents.session import Launch, Session
from gastown_tui.world import SystemClock
from tests.real import claude
from tests.support import rigs
from tests.support.scripted_model import Script, bash, serving
from tests.support.waiting import until

HELLO = Script("hello", r"say hello to the file", [bash("echo hello > hello.txt && git status --short")])


@pytest.mark.timeout(120)
def test_it_starts_runs_one_tool_and_stops(tmp_path: Path) -> None:
    """From its first screen to an idle prompt, in a PTY; then its whole tree is ended."""
    rig = rigs.make(tmp_path / "rig")
    config_dir = tmp_path / "config"
    claude.seed(config_dir, rig)
    with serving(HELLO) as model:
        argv = (
            str(claude.program()), "--permission-mode", "dontAsk", "--allowedTools", "Bash",
            "--settings", '{"tui":"default"}', "--model", "sonnet", "Please say hello to the file.",
        )  # fmt: skip
        env = claude.environment(tmp_path / "home", model.url, config_dir)
        session = Session.start(Launch("claude", argv, rig, env, tmp_path / "claude.raw"), SystemClock())
        try:

            def idle() -> bool:
                session.read()
                return [asked.step for asked in model.of("hello")] == [0, 1] and "Done." in session.tail_text(40)

            until(idle, "the end of its turn")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{session.tail_text(40)}\n{model}") from error
        finally:
            asyncio.run(session.end(grace=5.0))
    assert (rig / "hello.txt").read_text() == "hello\n"
    assert "hello.txt" in model.of("hello")[1].result and not model.strange
    assert not processes.is_alive(session.pid, session.start_ticks)
