"""What two sides could not agree on, in the words a worker needs to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygit2
from pygit2 import IndexEntry

Triple = tuple[IndexEntry | None, IndexEntry | None, IndexEntry | None]
"""Index entries of the ancestor, ours and theirs; None where a side has no such file."""

HUNK_BYTES = 8_000
"""A conflicted file shows at most this much of its hunks: they end in an agent's prompt."""

_CONTEXT = 3
_KINDS = {
    (True, True, True): "both changed",
    (False, True, True): "both added",
    (True, True, False): "deleted by theirs",
    (True, False, True): "deleted by ours",
    (True, False, False): "moved or deleted by both",
    (False, True, False): "in the way of a folder or a rename (ours)",
    (False, False, True): "in the way of a folder or a rename (theirs)",
}


@dataclass(frozen=True)
class Conflicted:
    """One file both sides touched: `hunks` is text with conflict markers, or a sentence where there are none."""

    path: str
    kind: str
    hunks: str


def paired(triples: list[Triple], ours: dict[str, str], theirs: dict[str, str]) -> list[Triple]:
    """Conflicts with a file one side renamed put together: libgit2 leaves its two names as two conflicts.

    Args:
        ours, theirs: new path by old path of what each side renamed.
    """
    by_path = {str(next(entry for entry in triple if entry).path): triple for triple in triples}
    for moved, mine in ((ours, 1), (theirs, 2)):
        for old, new in moved.items():
            left, right = by_path.get(old), by_path.get(new)
            if left and right and left[mine] is None and left[3 - mine] is not None and right[3 - mine] is None:
                del by_path[old]
                by_path[new] = (left[0], right[1] or left[1], right[2] or left[2])
    return list(by_path.values())


def describe(repo: pygit2.Repository, triple: Triple) -> Conflicted:
    """One conflict of a merge in memory."""
    ancestor, ours, theirs = triple
    names = [str(entry.path) for entry in (ours, theirs, ancestor) if entry is not None]
    # Of a renamed file, the name that is new: what the worker will find in the merged tree.
    path = next((name for name in names if ancestor is not None and name != ancestor.path), names[0])
    kind = _KINDS[ancestor is not None, ours is not None, theirs is not None]
    if ours is None or theirs is None:
        return Conflicted(path, kind, f"{path}: {kind}.\n")
    if any(_binary(repo, side) for side in triple):
        return Conflicted(path, f"{kind} (binary)", f"{path}: both sides hold their own binary content.\n")
    try:
        merged = repo.merge_file_from_index(ancestor, ours, theirs)
    except (pygit2.GitError, ValueError, KeyError, UnicodeDecodeError) as error:
        return Conflicted(path, kind, f"{path}: {error}\n")
    return Conflicted(path, kind, "".join(_hunks(merged.contents)) or f"{path}: {kind}.\n")


def _binary(repo: pygit2.Repository, entry: IndexEntry | None) -> bool:
    if entry is None:
        return False
    blob = repo.get(entry.id)
    return not isinstance(blob, pygit2.Blob) or blob.is_binary


def _hunks(text: str) -> Iterator[str]:
    """The conflicting stretches with a little around them, each under the line number it begins at."""
    lines = text.splitlines(keepends=True)
    spent, shown = 0, 0
    for start, end in _spans(lines):
        first, last = max(shown, start - _CONTEXT), min(len(lines), end + 1 + _CONTEXT)
        block = f"@@ line {first + 1} @@\n{''.join(lines[first:last])}"
        block += "" if block.endswith("\n") else "\n"
        if spent + len(block) > HUNK_BYTES:
            yield block[: HUNK_BYTES - spent] + "\n[more of this conflict is not shown]\n"
            return
        yield block
        spent, shown = spent + len(block), last


def _spans(lines: list[str]) -> Iterator[tuple[int, int]]:
    start = -1
    for number, line in enumerate(lines):
        if line.startswith("<<<<<<< "):
            start = number
        elif line.startswith(">>>>>>> ") and start >= 0:
            yield start, number
            start = -1
