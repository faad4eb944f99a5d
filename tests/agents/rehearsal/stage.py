"""A stage for one worker: a repository, a `gt` that writes down how it was called, and a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect

from tests.agents.rehearsal.weave import ENVIRONMENT, git

_GT = """#!/bin/sh
# Appends what it was asked, answers with what `says` holds, and ends with the code in `code` (once each when listed).
printf '%s' "$*" > "$STAGE/asked.$$"
cat > "$STAGE/given.$$"
echo "$$" >> "$STAGE/calls"
verb=$1; [ "$1" = hook ] && verb="hook-$2"
[ -f "$STAGE/says.$verb" ] && cat "$STAGE/says.$verb"
code=$(head -n 1 "$STAGE/codes.$verb" 2>/dev/null || echo 0)
[ -f "$STAGE/codes.$verb" ] && sed -i 1d "$STAGE/codes.$verb"
exit "${code:-0}"
"""

_PYTHON = Path(sys.executable).parent  # where a `python` is, whatever else is on PATH


class Stage:
    """Where a worker is tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        self.transcript = folder / "session.jsonl"
        (folder / "bin").mkdir(parents=True)
        self.tree.mkdir()
        gt = folder / "bin/gt"
        gt.write_text(_GT)
        gt.chmod(0o755)
        self.environment = {**ENVIRONMENT, "PATH": f"{gt.parent}:{_PYTHON}:{ENVIRONMENT['PATH']}", "STAGE": str(folder),
                            "TERM": "xterm-256color", "GT_PACE": "0.001", "GT_LEASE": "gt-1:3:secret"}
        git(self.tree, "init", "-q", "-b", "main")
        (self.tree / "README.md").write_text("Hello\n")
        self.commit("Begin")

    def commit(self, title: str) -> None:
        """Commit everything in the tree."""
        git(self.tree, "add", "-A")
        git(self.tree, "commit", "-qm", title)

    def words(self, prompt: str, role: str = "polecat", resume: bool = False) -> list[str]:
        """The command line of a worker."""
        return [sys.executable, "-P", "-m", "gastown_tui.agents.rehearsal", "--role", role, "--session", "s-1",
                "--transcript", str(self.transcript), "--model", "rehearsal", *(["--resume"] if resume else []),
                "--", prompt]

    def run(self, prompt: str, role: str = "polecat", resume: bool = False) -> subprocess.CompletedProcess[str]:
        """A worker without a terminal: it ends after its turn."""
        return subprocess.run(self.words(prompt, role, resume), cwd=self.tree, env=self.environment, timeout=240,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def open(self, prompt: str = "", role: str = "polecat", resume: bool = False) -> pexpect.spawn[str]:
        """A worker in a terminal."""
        program, *words = self.words(prompt, role, resume)
        return pexpect.spawn(program, words, cwd=str(self.tree), env=self.environment, timeout=120, encoding="utf-8",
                             dimensions=(40, 120), echo=True)

    def asked(self, *, hooks: bool = False) -> list[str]:
        """How `gt` was called, in order."""
        return [asked for asked, _ in self.calls() if hooks or not asked.startswith("hook ")]

    def given(self, asked: str) -> str:
        """What the last such call of `gt` read from its standard input."""
        return next(given for words, given in reversed(self.calls()) if words == asked)

    def calls(self) -> list[tuple[str, str]]:
        """Every finished call of `gt`: its words and its standard input."""
        listed = self.folder / "calls"
        pids = listed.read_text().split() if listed.exists() else []
        return [((self.folder / f"asked.{pid}").read_text(), (self.folder / f"given.{pid}").read_text())
                for pid in pids]

    def answers(self, verb: str, said: str = "", codes: str = "") -> None:
        """What `gt VERB` (or `hook-EVENT`) prints, and its exit codes in turn; after the last one it is 0."""
        (self.folder / f"says.{verb}").write_text(said)
        (self.folder / f"codes.{verb}").write_text("".join(f"{code}\n" for code in codes.split()))

    def lines(self) -> list[dict[str, Any]]:
        """The transcript."""
        return [json.loads(row) for row in self.transcript.read_text().splitlines()]

    def titles(self) -> list[str]:
        """The subjects of the commits on HEAD, newest first."""
        return git(self.tree, "log", "--format=%s").splitlines()


def script(*rows: str) -> str:
    """A prompt with a block of these rows."""
    return "\n".join(["# Bead gt-1: Try this", "", "```rehearse", *rows, "```", ""])


def pending(worker: pexpect.spawn[str]) -> None:
    """Wait until a worker sits at its prompt."""
    worker.expect("✳ rehearsal\x07")
    worker.expect("❯ ")


def reaped(worker: pexpect.spawn[str]) -> int:
    """Wait for a worker's end; its exit code, or minus the signal."""
    worker.expect(pexpect.EOF)
    worker.close()
    return int(worker.exitstatus) if worker.exitstatus is not None else -int(worker.signalstatus or 0)


def alive(pid: int) -> bool:
    """Whether a process is there (a zombie is not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
