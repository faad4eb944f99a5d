"""What a branch would bring into the target: its changes, and every file in its history that the target never had."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gastown_tui.rig import git

_LINK = "160000"
"""The mode of a submodule's pointer (git-fast-import(1))."""
_LOOKED_INTO = 1_000_000
"""Bytes of a file that is looked into for keys and markers; no key is that long."""


class Change(NamedTuple):
    """One path that differs: letter (A, M, D, T), modes and blobs before and after (zeros are none)."""

    path: str
    status: str
    mode_before: str
    mode: str
    before: str
    after: str

    @property
    def submodule(self) -> bool:
        """Whether it is a submodule's pointer, on either side."""
        return _LINK in (self.mode_before, self.mode)


class Blob(NamedTuple):
    """One version of a file that the target's history does not have: its path, id, and size in bytes."""

    path: str
    id: str
    size: int


@dataclass(frozen=True)
class Carried:
    """What lies between a fork and a commit. `blobs` are of its whole history: what was taken out again still lands."""

    root: Path
    fork: str
    commit: str
    changes: tuple[Change, ...]
    blobs: tuple[Blob, ...]
    known: tuple[str, ...] = ()

    def matching(self, pattern: str) -> Iterator[tuple[str, int]]:
        """Path and line number of what the commit's changed files have and the fork's did not; binaries left out.

        Args:
            pattern: an extended regular expression that git and Python read alike.

        Raises:
            GitFailed: it cannot be read.
        """
        words = ["diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--name-only", "-z", "--diff-filter=AMT"]
        told = git.run([*words, f"-G{pattern}", self.fork, self.commit], self.root).text
        for path in filter(None, told.split("\0")):
            before = {line for _, line in self._lines(self.fork, path, pattern)}
            after = self._lines(self.commit, path, pattern)
            yield from ((path, number) for number, line in after if line not in before)

    def _lines(self, commit: str, path: str, pattern: str) -> list[tuple[int, str]]:
        told = git.run(["cat-file", "blob", f"{commit}:{path}"], self.root, check=False)
        if told.code:
            return []
        wanted = re.compile(pattern)
        rows = enumerate(told.out[:_LOOKED_INTO].decode("utf-8", "replace").split("\n"), 1)
        return [(number, line) for number, line in rows if wanted.search(line)]

    def unsigned(self) -> list[str]:
        """The commits of the branch, merges left out, whose message has no Signed-off-by line; newest first."""
        shape = "--format=%x1e%H%x1f%(trailers:key=Signed-off-by,valueonly)"
        without = ("--not", self.fork, *self.known)
        told = git.run(["log", "--no-merges", "--no-show-signature", shape, self.commit, *without], self.root).text
        rows = [row.split("\x1f", 1) for row in told.split("\x1e") if row.strip()]
        return [commit for commit, names in rows if not names.strip()]

    def tracked(self, path: str) -> bool:
        """Whether the fork has that path already."""
        return git.run(["cat-file", "-e", f"{self.fork}:{path}"], self.root, check=False).code == 0


def carried(root: Path, fork: str, commit: str, known: Sequence[str] = ()) -> Carried:
    """What `commit` brings beyond `fork`; `known` are more commits whose history does not count. Raises GitFailed."""
    words = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", f"{fork}^{{tree}}", f"{commit}^{{tree}}"]
    fields = iter(git.run(words, root).text.split("\0"))
    changes = []
    for head in fields:
        if not head:
            break
        mode_before, mode, before, after, status = head.removeprefix(":").split(" ")
        changes.append(Change(next(fields), status[0], mode_before, mode, before, after))
    blobs = tuple(_blobs(root, commit, (fork, *known)))
    return Carried(root, fork, commit, tuple(changes), blobs, tuple(known))


def _blobs(root: Path, commit: str, without: Sequence[str]) -> Iterator[Blob]:
    listed = git.run(["rev-list", "--objects", commit, "--not", *without], root).text
    named = dict(line.split(" ", 1) for line in listed.split("\n") if " " in line)
    asked = "".join(f"{oid}\n" for oid in named).encode()
    told = git.run(["cat-file", "--batch-check=%(objecttype) %(objectsize) %(objectname)"], root, input=asked).text
    for line in told.splitlines():
        kind, size, oid = line.split(" ")
        if kind == "blob":
            yield Blob(named[oid], oid, int(size))
