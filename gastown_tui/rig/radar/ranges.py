"""Line ranges: where two versions of a file changed it, and which of those places meet."""

from __future__ import annotations

from typing import NamedTuple

import pygit2

NEAR = 3
"""Lines between two changes up to which they are near: as many as a patch shows around a change."""


class Range(NamedTuple):
    """Lines `first` (from 0) up to and without `end` of the older file; an insertion has none of its own."""

    first: int
    end: int


def changed(before: pygit2.Blob, after: pygit2.Blob) -> list[Range]:
    """The lines of `before` that `after` changed, in order; none where either is binary."""
    patch = before.diff(after, context_lines=0, interhunk_lines=0)  # type: ignore[call-arg]  # its stub lacks them
    if patch.delta.is_binary:
        return []
    found = []
    for hunk in patch.hunks:
        # Git numbers an insertion by the line it follows.
        first = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
        found.append(Range(first, first + hunk.old_lines))
    return found


def meeting(one: list[Range], other: list[Range], apart: int) -> Range | None:
    """The stretch over all changes of two sides that have at most so many lines between them; None where none do."""
    met: list[Range] = []
    for mine in one:
        for theirs in other:
            if max(mine.first, theirs.first) - min(mine.end, theirs.end) <= apart:
                met += (mine, theirs)
    return Range(min(r.first for r in met), max(r.end for r in met)) if met else None


def interleaved(one: list[Range], other: list[Range]) -> bool:
    """Whether the stretches from first to last change of each touch: only then can another diff see them meet."""
    if not one or not other:
        return False
    return max(one[0].first, other[0].first) - min(one[-1].end, other[-1].end) <= NEAR


def shown(found: Range | None) -> tuple[int, int]:
    """First and last line as people count them, (0, 0) for the whole of a file."""
    if found is None:
        return 0, 0
    return found.first + 1, max(found.first + 1, found.end)
