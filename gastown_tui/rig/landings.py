"""What has landed, read from git: each landing by its trailer, and which of them are in the way of a commit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git, merging, trees
from gastown_tui.rig.memory import opened

_TRIED = 12
"""Landed changes of one file that are told apart by merging before and after each."""


class Past(NamedTuple):
    """One bead's landing: its commit, the one before it, and the bead."""

    commit: str
    before: str
    bead: str


def in_the_way(root: Path, onto: str, commit: str, paths: Iterable[str]) -> list[Past]:
    """The landings since `commit` left the target whose lines it conflicts with, newest first.

    Of a file that several landings changed those count whose coming made the conflict another; if none can be told
    apart, all that changed it.

    Raises:
        GasTownError: the history cannot be read.
    """
    fork, wanted = merging.fork(root, onto, commit), set(paths)
    if fork is None:
        return []
    repo = opened(root)
    read = trees.reading(repo)
    try:
        touching = []
        for past in landings(root, fork, onto):
            found = trees.differences(read, trees.tree_of(repo, past.before), trees.tree_of(repo, past.commit))
            if wanted & found.keys():
                touching.append(past)
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise GasTownError(f"What landed since {fork[:12]} cannot be read: {error}.", "Try: git fsck") from error
    if len(touching) < 2 or len(touching) > _TRIED:
        return touching
    met = [past for past in touching if _hunks(root, past.before, commit) != _hunks(root, past.commit, commit)]
    return met or touching


def landings(root: Path, old: str, new: str) -> list[Past]:
    """The landings between two commits, newest first, by their `Bead:` trailer. Raises GitFailed."""
    shape = "--format=%H%x1f%P%x1f%(trailers:key=Bead,valueonly,separator=%x20)"
    told = git.run(["log", "--topo-order", "-z", shape, "--grep=^Bead: ", f"{old}..{new}"], root).text
    out = []
    for row in told.split("\0"):
        commit, parents, beads = (*row.strip("\n").split("\x1f"), "", "")[:3]
        if parents and beads.strip():
            out.append(Past(commit, parents.split(" ", 1)[0], beads.split()[-1].partition("@")[0]))
    return out


def _hunks(root: Path, onto: str, commit: str) -> set[tuple[str, str]]:
    """The conflicts there would be with an earlier state of the target."""
    found = merging.merge(root, onto, commit)
    return {(c.path, _lines(c.hunks)) for c in found.paths} if isinstance(found, merging.Conflict) else set()


def _lines(hunks: str) -> str:
    """Hunks without the line numbers they begin at, which every landing above them moves."""
    return "\n".join(line for line in hunks.splitlines() if not line.startswith(("@@ line ", "<<<<<<< ", ">>>>>>> ")))
