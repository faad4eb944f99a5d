"""The real Claude Code as Mayor, polecat and Witness, from one message to a landing, with the engine killed midway."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.agents import processes
from gastown_tui.config import Config, EnvSettings, Gate
from gastown_tui.engine import founding
from gastown_tui.engine.ledger import reading
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.town import Town
from gastown_tui.world import DiskFiles, SystemClock
from tests.real import claude
from tests.support import rigs
from tests.support.environment import clean
from tests.support.scripted_model import Asked, Say, Script, ScriptedModel, Use, bash, serving
from tests.support.waiting import until

SEED = {
    ".gitignore": "__pycache__/\n",
    "CLAUDE.md": "Tests are in test_greeting.py; run them with: python3 -m unittest -q\n",
    "greeting.py": 'def greet():\n    return "hello"\n',
    "test_greeting.py": (
        "import unittest\n\nfrom greeting import greet\n\n\n"
        'class GreetTest(unittest.TestCase):\n    def test_hello(self):\n        self.assertEqual(greet(), "hello")\n'
    ),
}
GREETING = 'def greet(name=""):\n    return f"hello {name}" if name else "hello"\n'
TEST = SEED["test_greeting.py"] + '\n    def test_by_name(self):\n        self.assertEqual(greet("Ada"), "hello Ada")\n'
PLAN = {
    "title": "Greet by name",
    "beads": [
        {
            "key": "greet",
            "title": "greet() takes a name",
            "description": "Play: greet-part. Let greet() in greeting.py take an optional name.",
            "acceptance_criteria": "greet('Ada') is 'hello Ada', and a test says so.",
            "files": ["greeting.py", "test_greeting.py"],
        }
    ],
}


SNEAK = "python3 -c \"import subprocess; subprocess.run(['git', 'push', 'origin', 'HEAD:main'], check=True)\""
"""A script that pushes: no hook of the agent's sees the words, git's own environment stops it."""


def _judge(asked: Asked) -> Use:
    """The Witness of the script: rejects what brings no test, and reads bead and epoch from its own prompt."""
    match = re.search(r'"bead": "([^"]+)",\s+"epoch": (\d+)', asked.prompt)
    assert match is not None, asked.prompt
    tested = "+    def test_by_name" in asked.prompt
    verdict = {
        "bead": match[1],
        "epoch": int(match[2]),
        "checks": [{"name": "tests prove it", "verdict": "pass" if tested else "fail", "note": "test_greeting.py"}],
        "decision": "APPROVE" if tested else "REJECT",
        "reason": "" if tested else "Play: mend-greeting. test_greeting.py: add a test that greets by name.",
    }
    return bash(f"gt verdict - <<'VERDICT'\n{json.dumps(verdict)}\nVERDICT")



SCRIPTS = (
    Script("witness", r"(?m)^You are the Witness", [_judge, Say("My verdict is in.")]),
    Script(
        "mayor",
        r"(?m)^You are the Mayor",
        [bash(f"gt plan submit - <<'PLAN'\n{json.dumps(PLAN)}\nPLAN"), Say("I planned **one bead**: greet by name.")],
    ),
    Script(
        "mend",
        r"mend-greeting",
        [
            bash(f"cat > test_greeting.py <<'END'\n{TEST}END"),
            bash("python3 -m unittest -q && git commit -qam 'Prove that it greets by name'"),
            bash("gt done -m 'Added the test'"),
            Say("Handed in again."),
        ],
    ),
    Script(
        "worker",
        r"a polecat[\s\S]*Play: greet-part",
        [
            bash("git push origin main"),
            bash(SNEAK),
            bash(f"cat > greeting.py <<'END'\n{GREETING}END"),
            bash("git add -A && git commit -qm 'Greet by name'"),
            bash("gt done -m 'Greets by name'"),
            Say("Handed in."),
        ],
    ),
)


@dataclass
class Stage:
    """A town with the real agent in it, driven by the `gt` command alone."""

    place: Place
    model: ScriptedModel
    env: dict[str, str]
    remote: Path

    def gt(self, *words: str) -> str:
        """Run `gt` as the overseer would; fails with what it said."""
        command = [sys.executable, "-m", "gastown_tui", *words]
        done = subprocess.run(command, cwd=self.place.root, env=self.env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"gt {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def status(self) -> dict[str, Any]:
        """`gt status --json`."""
        found: dict[str, Any] = json.loads(self.gt("status", "--json"))
        return found

    def engine(self) -> dict[str, Any]:
        """What engine.json says."""
        found: dict[str, Any] = json.loads(self.place.engine_json.read_text())
        return found

    def until(self, condition: Any, what: str, seconds: float = 300.0) -> Any:
        """Wait; a failure shows what everybody did."""
        try:
            return until(condition, what, seconds)
        except AssertionError as error:
            log = self.place.log.read_text()[-3000:] if self.place.log.exists() else ""
            heard = "\n".join(f"{h.script} {h.asked.step}: {h.asked.result[:300]!r}" for h in self.model.heard)
            seen = f"{self.gt('status')}{self.gt('feed')}{log}\n{heard}\n{self.model.strange[-2:]}"
            raise AssertionError(f"{error}\n{seen}") from error

    def town(self) -> Town:
        """The town as it is on disk."""
        return reading.read_town(self.place)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository with a remote, a founded town whose roles are all Claude Code, and the scripted model."""
    rig = rigs.make(tmp_path / "rig", SEED)
    remote = tmp_path / "remote.git"
    rigs.git(tmp_path, "clone", "-q", "--bare", str(rig), str(remote))
    rigs.git(rig, "remote", "add", "origin", str(remote))
    assert claude.program()
    home, config_dir = tmp_path / "home", tmp_path / "config"
    claude.seed(config_dir, rig)
    with serving(*SCRIPTS) as model:
        agents = {**clean(home), **claude.settings(model.url, config_dir)}
        del agents["PATH"]
        config = Config(
            rig="greeter", prefix="gr", gates=(Gate("unittest", "python3 -m unittest -q", 60.0),), max_polecats=1,
            sheriff=("python3 -m py_compile greeting.py",), env=EnvSettings(only=("PATH",), set=agents),
            config_dir=str(config_dir), memory_reserve_mb=64,
        )  # fmt: skip
        place = Place(rig)
        founding.found(place, config, clock=SystemClock(), files=DiskFiles())
        stage = Stage(place, model, clean(home), remote)
        try:
            yield stage
        finally:
            if place.engine_json.exists():
                stage.gt("down")


@pytest.mark.timeout(1200)
def test_from_one_message_to_a_landing_through_a_kill(stage: Stage) -> None:
    """Plan, a refused push, a rejection, a SIGKILL of the engine, the session resumed, a landing; all of it once."""
    main, thinking = rigs.git(stage.place.root, "rev-parse", "main"), stage.model.hold("mend", 1)
    stage.gt("up")
    stage.gt("mayor", "tell", "Let it greet people by their name.")
    stage.until(lambda: stage.town().drafts, "the Mayor's plan")
    stage.until(lambda: any(s.said.speaker == "mayor" for s in stage.town().chat.values()), "the Mayor's answer")
    assert stage.status()["beads"]["working"] == 0, "something was started before the overseer said yes"
    stage.gt("plan", "approve")

    stage.until(lambda: len(stage.model.of("mend")) >= 2, "the polecat to mend what came back", 400)
    _look_at_refusals(stage)
    old = [(agent.pid, agent.start_ticks) for agent in stage.town().live_agents()]
    os.kill(stage.engine()["pid"], signal.SIGKILL)
    stage.until(lambda: not any(processes.is_alive(pid, ticks) for pid, ticks in old), "the old sessions to be gone")
    thinking.set()
    stage.gt("up")
    stage.until(lambda: stage.status()["beads"]["landed"] == 1, "the landing", 400)
    stage.gt("down")
    _look_at_the_end(stage, main)


def _look_at_refusals(stage: Stage) -> None:
    """The agent saw why, for the tool call and for the script; the remote never moved."""
    asked = {a.step: a for a in stage.model.of("worker")}
    assert asked[1].refused and "gt done" in asked[1].result, asked[1]
    assert asked[2].refused or "fatal" in asked[2].result, asked[2]
    assert rigs.git(stage.remote, "rev-parse", "main") == rigs.git(stage.place.root, "rev-parse", "main")
    (bead,) = stage.town().beads.values()
    assert [r.by for r in bead.work.returns] == ["witness"]


def _look_at_the_end(stage: Stage, main: str) -> None:
    root = stage.place.root
    records = [record.event for record in reading.records(stage.place)]
    landed = [event for event in records if isinstance(event, e.Landed)]
    assert len(landed) == 1 and rigs.git(root, "rev-parse", "main") == landed[0].commit
    assert rigs.git(root, "rev-list", "--count", "--first-parent", f"{main}..main") == "1"
    assert f"Bead: {landed[0].bead}@1" in rigs.git(root, "log", "-1", "--format=%B", "main")
    assert "test_by_name" in (root / "test_greeting.py").read_text()
    assert rigs.git(root, "status", "--porcelain") == "" and rigs.is_sound(root)
    assert rigs.git(stage.remote, "rev-parse", "main") == main
    assert sum(isinstance(event, e.EngineStarted) for event in records) == 2
    started = [event for event in records if isinstance(event, e.AgentStarted) and event.role == "polecat"]
    assert {event.epoch for event in started} == {1} and [event.resumed for event in started] == [False, True]
    assert len({event.session for event in started}) == 1 and len({event.worktree for event in started}) == 1
    spent = {event.role for event in records if isinstance(event, e.Spent)}
    assert spent == {"mayor", "polecat", "witness"}
    lines = stage.place.feed.read_text().splitlines()
    pushes = sum('"RUN"' in line and "git push origin" in line for line in lines)
    assert pushes == 1, "what the session said before it was resumed was heard again"
    assert not stage.model.strange
    assert not processes.with_environment("GT_SESSION", str(stage.place.spool))
