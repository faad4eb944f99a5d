"""One branch as it stands in its worktree: the files it changed, committed and not, since it left the target."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gastown_tui.rig import git, trees
from gastown_tui.rig.trees import Entry

STATUS = ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules")
"""The cheapest way to what a worktree has unsaved: 14 ms at 5,000 files, where a temporary index, `add --all` and
`write-tree` take 37 (and write objects), and `diff-index` with `ls-files` 20."""

MOST = 4000
"""Unsaved files of one worktree that are looked at: beyond them somebody forgot to ignore a folder."""


class Unsaved(NamedTuple):
    """A file as it lies in a worktree, not read yet: what its stat says stands for its content until then."""

    path: str
    mode: int
    size: int
    stamp: int


After = Entry | Unsaved | None


class Own(NamedTuple):
    """What a branch made of a path: before, as it left the target, and after."""

    before: Entry | None
    after: After


@dataclass(frozen=True)
class Side:
    """One branch. `fork` is where it left the target, `own` are its commits since, `odd` says that its history is
    none of the usual ones (several merge bases), so that only a whole merge will do.
    """

    name: str
    head: str
    fork: str
    changes: dict[str, Own]
    worktree: Path | None = None
    own: frozenset[str] = frozenset()
    odd: bool = False
    emptied: frozenset[str] = field(default=frozenset())

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder above a path it changed."""
        return frozenset(above(self.changes))

    @cached_property
    def grown(self) -> frozenset[str]:
        """Every folder above a path it added."""
        return frozenset(above(path for path, own in self.changes.items() if own.before is None))

    @cached_property
    def came(self) -> tuple[str, ...]:
        """The paths it added."""
        return tuple(path for path, own in self.changes.items() if own.before is None)

    @cached_property
    def went(self) -> tuple[str, ...]:
        """The paths it took away."""
        return tuple(path for path, own in self.changes.items() if own.after is None)


def above(paths: Iterable[str]) -> Iterator[str]:
    """Every folder above these paths, without the uppermost."""
    seen: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in seen:
            seen.add(folder)
            yield folder
            folder = folder.rpartition("/")[0]


class Lying(NamedTuple):
    """A worktree as `git status` has it: the commit it is at, and the paths that differ from it (None: gone)."""

    head: str
    unsaved: dict[str, Unsaved | None]


def lying(worktree: Path, index: Path | None = None) -> Lying:
    """How a worktree lies there now; with a copy of its index git may write down there what it found unchanged.

    Raises:
        GitFailed: git could not say.
    """
    env = {"GIT_INDEX_FILE": str(index), "GIT_OPTIONAL_LOCKS": "1"} if index is not None else {}
    fields = iter(git.run(STATUS, worktree, env=env).out.split(b"\0"))
    head, unsaved = "", dict[str, Unsaved | None]()
    for raw in fields:
        line = os.fsdecode(raw)
        if line.startswith("# branch.oid "):
            head = line.removeprefix("# branch.oid ")
        # Ordinary, unmerged and unknown paths: the name is the last word of 9, 11 and 2.
        words = {"1": 8, "u": 10, "?": 1}.get(line[:1])
        if words is not None and len(unsaved) < MOST:
            path = line.split(" ", words)[words]
            unsaved[path] = _stat(worktree, path)
    return Lying(head, unsaved)


def _stat(worktree: Path, path: str) -> Unsaved | None:
    try:
        found = os.lstat(worktree / path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(found.st_mode):
        mode = trees.LINK
    elif stat.S_ISREG(found.st_mode):
        mode = 0o100755 if found.st_mode & 0o100 else 0o100644
    else:
        return None
    return Unsaved(path, mode, found.st_size, found.st_mtime_ns)
