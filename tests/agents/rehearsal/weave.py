"""Lands the beads of a play by hand, in an order of the test's choosing, as the engine would: judge, merge, gate."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from gastown_tui.agents.rehearsal import files, play, script
from gastown_tui.agents.rehearsal.judge import Judgement, judge
from gastown_tui.agents.rehearsal.script import Step

ENVIRONMENT = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LANG": "C.UTF-8",
    "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@localhost", "PYTHONDONTWRITEBYTECODE": "1",
}


def git(folder: Path, *words: str, fails: bool = False) -> str:
    """Run git; `fails` lets it fail, and the answer is then empty."""
    done = subprocess.run(["git", *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode and not fails:
        raise AssertionError(f"git {words}: {done.stdout}{done.stderr}")
    return "" if done.returncode else done.stdout


@dataclass
class Weave:
    """A repository that holds a play's seed, and what happened to its beads."""

    root: Path
    play: str = "todo"
    rejected: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    red: list[str] = field(default_factory=list)

    def begin(self) -> str:
        """Make the repository; returns the commit everything starts from."""
        play.seed(self.play, self.root)
        git(self.root, "init", "-q", "-b", "main")
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", "A to-do list")
        return self.tip()

    def tip(self, ref: str = "main") -> str:
        """The commit of a ref."""
        return git(self.root, "rev-parse", ref).strip()

    def script(self, key: str) -> script.Script:
        """What a bead's worker was told."""
        beads = play.plan(self.play)["beads"]
        return script.parse(next(bead["description"] for bead in beads if bead["key"] == key))

    def work(self, key: str, base: str) -> None:
        """Do a bead's work on a branch of its own from `base`."""
        steps = self.script(key).first
        assert steps is not None, key
        git(self.root, "checkout", "-q", "-b", key, base)
        self.perform(steps)

    def finish(self) -> str:
        """All beads on one branch, each with its mending, without a gate; returns the last commit."""
        self.begin()
        beads = play.plan(self.play)["beads"]
        first = [self.script(bead["key"]) for bead in beads if not bead["needs"]]
        later = [self.script(bead["key"]) for bead in beads if bead["needs"]]
        for steps in (*(one.first for one in first), *(back.steps for one in first for back in one.backs),
                      *(one.first for one in later)):
            self.perform(steps or ())
        return self.tip("HEAD")

    def judged(self, key: str) -> Judgement:
        """What the witness says about a branch."""
        return judge(git(self.root, "diff", "-M", f"main...{key}"))

    def land(self, key: str) -> None:
        """Judge, merge and gate a branch; what is sent back is mended and comes again, twice at most."""
        for attempt in range(1, 4):
            gate = self._refused(key)
            if gate is None:
                return
            getattr(self, {"witness": "rejected", "conflict": "conflicts", "red": "red"}[gate]).append(key)
            steps = self.script(key).back("witness" if gate == "witness" else "refinery", attempt)
            assert steps is not None, (key, gate)
            git(self.root, "checkout", "-q", key)
            self.perform(steps)
        raise AssertionError(f"{key} was sent back three times")

    def perform(self, steps: tuple[Step, ...]) -> None:
        """Carry out what changes files or history; what only looks is left out."""
        for step in steps:
            if step.verb in {"write", "append", "replace"}:
                edit = files.plan(step, str(self.root))
                assert not edit.trouble, (step, edit.trouble)
                files.save(edit.path, edit.new)
            elif step.verb == "commit":
                git(self.root, "add", "-A")
                git(self.root, "commit", "-qm", step.rest, fails=True)
            elif step.verb == "merge" and not git(self.root, "merge", "--no-edit", "main", fails=True):
                for name in git(self.root, "diff", "--name-only", "--diff-filter=U").split():
                    path = str(self.root / name)
                    files.save(path, files.keep_both(files.read(path) or ""))
                git(self.root, "add", "-A")
                git(self.root, "commit", "-q", "--no-edit")

    def green(self) -> bool:
        """Whether the tests pass on what is checked out."""
        words = [sys.executable, "-m", "unittest", "-q"]
        return not subprocess.run(words, cwd=self.root, env=ENVIRONMENT, capture_output=True).returncode

    def _refused(self, key: str) -> str | None:
        """Which gate refuses a branch, or None when it has landed."""
        if self.judged(key).decision != "APPROVE":
            return "witness"
        git(self.root, "checkout", "-q", "-B", "candidate", "main")
        if not git(self.root, "merge", "--no-ff", "-m", f"Land {key}", key, fails=True):
            git(self.root, "merge", "--abort")
            return "conflict"
        if not self.green():
            return "red"
        git(self.root, "branch", "-f", "main", "candidate")
        return None
