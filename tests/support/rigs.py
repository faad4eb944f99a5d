"""Makes real git repositories for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.environment import clean

PERSON = ("Ada Overseer", "ada@example.org")


def git(folder: Path, *args: str, stdin: str | None = None, check: bool = True) -> str:
    """Run git in a folder as the person would, and return what it said on stdout, stripped."""
    done = subprocess.run(
        ["git", *args],
        cwd=folder,
        env=clean(folder.parent / "home"),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(args)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def make(folder: Path, files: Mapping[str, str] | None = None, branch: str = "main") -> Path:
    """A repository in `folder` with one commit of `files` on `branch`, and the person's identity in its own config."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", branch)
    git(folder, "config", "user.name", PERSON[0])
    git(folder, "config", "user.email", PERSON[1])
    commit(folder, files or {"README.md": "# A rig\n"}, "Begin")
    return folder


def commit(folder: Path, files: Mapping[str, str | None], message: str) -> str:
    """Write files (None takes one away), commit everything, and return the commit's id."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def is_sound(folder: Path) -> bool:
    """Whether `git fsck` finds nothing wrong."""
    done = subprocess.run(
        ["git", "fsck", "--full", "--strict", "--no-dangling"],
        cwd=folder,
        env=clean(folder.parent / "home"),
        capture_output=True,
        text=True,
        timeout=400,
    )
    return done.returncode == 0 and "error" not in done.stderr and "missing" not in done.stdout
