"""Real repositories with a person of their own, apart from whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gastown_tui.rig.repository import Repository
from tests.support.environment import clean


@dataclass(frozen=True)
class Git:
    """Runs git as a person (or an agent) would, in an environment written out in full."""

    path: Path
    env: dict[str, str]

    def __call__(self, *args: str, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run git; with `check` a failure fails the test with what git said."""
        told = subprocess.run(["git", *args], cwd=cwd or self.path, env=self.env, capture_output=True, text=True)
        assert not check or told.returncode == 0, f"git {' '.join(args)}: {told.stdout}{told.stderr}"
        return told

    def out(self, *args: str, cwd: Path | None = None) -> str:
        """What a git command prints, without the last newline."""
        return self(*args, cwd=cwd).stdout.removesuffix("\n")

    def commit(self, message: str, files: dict[str, str | bytes | None], cwd: Path | None = None) -> str:
        """Write (or with None remove) files and commit them; returns the commit."""
        here = cwd or self.path
        for name, content in files.items():
            path = here / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self("add", "--all", cwd=here)
        self("commit", "--quiet", "--allow-empty", "-m", message, cwd=here)
        return self.out("rev-parse", "HEAD", cwd=here)

    def tip(self, ref: str) -> str:
        """Where a ref stands."""
        return self.out("rev-parse", "--verify", ref)

    def fsck(self) -> None:
        """Fail the test unless the whole repository is sound."""
        told = self("fsck", "--full", "--strict", "--no-dangling")
        assert "error" not in told.stderr.lower() and "missing" not in told.stdout, told.stdout + told.stderr


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A home with a git identity; our own git calls see it too."""
    home = tmp_path / "home"
    home.mkdir()
    who = "[user]\n\tname = Pat Person\n\temail = pat@example.com\n"
    (home / ".gitconfig").write_text(f"{who}[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("HOME", str(home))
    for key in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", *(key for key in os.environ if key.startswith("GIT_"))):
        monkeypatch.delenv(key, raising=False)
    return clean(home)


@pytest.fixture
def git(tmp_path: Path, person: dict[str, str]) -> Git:
    """The person's git in a repository `town` with one commit on main."""
    path = tmp_path / "town"
    path.mkdir()
    found = Git(path, person)
    found("init", "--quiet")
    found.commit("first", {"README.md": "hello\n", "src/app.py": "a = 1\nb = 2\nc = 3\n"})
    return found


@pytest.fixture
def repo(git: Git) -> Repository:
    """The repository of `git` as the town sees it."""
    return Repository(git.path)
