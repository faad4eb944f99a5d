"""Commits what a formatter rewrote in a worktree on the branch it is on, or puts it back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gastown_tui.rig import git

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
"""The hooks have had their say: what is committed is what one of them, or a formatter after them, wrote."""


def rewritten(worktree: Path) -> list[str]:
    """The tracked files that differ from the last commit. Raises GitFailed."""
    told = git.run(["diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", "HEAD"], worktree).text
    return [path for path in told.split("\0") if path]


def of_last_commit(worktree: Path) -> set[str]:
    """The files the last commit changed, seen from its first parent. Raises GitFailed."""
    words = ["diff-tree", "-r", "-z", "--no-commit-id", "--no-renames", "--name-only", "--root", "--first-parent"]
    return set(filter(None, git.run([*words, "-m", "HEAD"], worktree).text.split("\0")))


def commit(worktree: Path, paths: Sequence[str], message: str, author: tuple[str, str]) -> str:
    """Commit files as they are in the worktree, and nothing else; returns the commit.

    Signed where the person's configuration says so, as any commit git makes.

    Raises:
        GitFailed: git did not; the files are as they were.
    """
    name, email = author
    words = [*_NO_HOOKS, "commit", "--quiet", "--no-verify", "--cleanup=whitespace", f"--author={name} <{email}>"]
    which = ["--only", "--pathspec-from-file=-", "--pathspec-file-nul"]
    git.run([*words, f"--message={message}", *which], worktree, input=_literal(paths))
    return git.run(["rev-parse", "--verify", "HEAD"], worktree).line


def put_back(worktree: Path, paths: Sequence[str]) -> None:
    """Make files what the last commit has. Raises GitFailed."""
    words = ["checkout", "--quiet", "HEAD", "--pathspec-from-file=-", "--pathspec-file-nul"]
    git.run([*_NO_HOOKS, *words], worktree, input=_literal(paths))


def _literal(paths: Sequence[str]) -> bytes:
    return b"".join(b":(literal)" + path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)


def marked(worktree: Path, key: str) -> tuple[str, str]:
    """The last commit's parents (ids, a blank between) and the value of its trailer `key`, "" for none."""
    told = git.run(["log", "-1", "--no-show-signature", f"--format=%P%x1f%(trailers:key={key},valueonly)"], worktree)
    parents, _, value = told.text.partition("\x1f")
    return parents.strip(), value.strip()
