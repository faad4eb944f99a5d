"""Lock files of git's that lie about: which there are, and which of them nobody can hold any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_OWN = ("index.lock", "HEAD.lock")
_COMMON = (*_OWN, "packed-refs.lock", "config.lock", "shallow.lock")
_STAT = Path("/proc/stat")
_MARGIN = 60.0
"""Seconds a lock has to be older than the machine's start: its clock may have been set meanwhile."""


class Lock(NamedTuple):
    """One lock file, and since when it lies there (unix seconds)."""

    path: Path
    since: float


def lying(common: Path) -> list[Lock]:
    """The lock files of a repository and its worktrees, by path.

    Args:
        common: the repository's own folder (`.git`).
    """
    found = []
    for path in _places(common):
        try:
            found.append(Lock(path, path.lstat().st_mtime))
        except FileNotFoundError:
            continue
    return sorted(found)


def _places(common: Path) -> Iterator[Path]:
    yield from (common / name for name in _COMMON)
    yield from (own / name for own in (common / "worktrees").glob("*") for name in _OWN)
    yield from (common / "refs").rglob("*.lock")


def nobodys(locks: list[Lock], started: float | None) -> list[Lock]:
    """Those that are older than the machine's start and ours: whoever held them ended with it."""
    if started is None:
        return []
    return [lock for lock in locks if lock.since < started - _MARGIN and _ours(lock.path)]


def _ours(path: Path) -> bool:
    try:
        return path.lstat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def started() -> float | None:
    """When this machine started (unix seconds), or None where it does not say."""
    try:
        rows = _STAT.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    told = next((row.split()[1] for row in rows if row.startswith("btime ")), "")
    return float(told) if told.isdecimal() else None


def clear(common: Path, start: float | None) -> list[Path]:
    """Take away the locks that nobody can hold; says which. Only with the town's lock held. Raises OSError."""
    gone = [lock.path for lock in nobodys(lying(common), start)]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone
