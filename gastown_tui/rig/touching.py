"""Which lines of a change a later one touched: ranges carried forward to where the other change found them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.changes import rows
from gastown_tui.rig.memory import opened

Span = tuple[int, int]
"""First and last line, from 1; a last line before the first one is a place between two lines."""


@dataclass(frozen=True)
class Touch:
    """What a later change has in common with one before it: files, and of these the lines, as the later one found them.

    `lines` are (path, first line, last line), sorted.
    """

    files: tuple[str, ...]
    lines: tuple[tuple[str, int, int], ...]

    def __bool__(self) -> bool:
        return bool(self.files)


def paths(repo_path: Path, onto: str, landed: str) -> frozenset[str]:
    """The paths a change touches; a renamed file counts under both names. Raises GitFailed."""
    return frozenset(path for row in rows(repo_path, onto, landed) for path in (row.old, row.new))


def touch(repo_path: Path, first: tuple[str, str], later: tuple[str, str]) -> Touch:
    """What the change `later` touches of the change `first`, each as (commit before it, commit with it).

    Raises:
        GasTownError: a commit cannot be read.
    """
    shared = sorted(paths(repo_path, *first) & paths(repo_path, *later))
    if not shared:
        return Touch((), ())
    repo = opened(repo_path)
    lines = []
    try:
        for path in shared:
            blobs = [_blob(repo, commit, path) for commit in (*first, *later)]
            lines += [(path, *span) for span in _met(*blobs)]
    except (pygit2.GitError, KeyError, ValueError) as error:
        title = f"Cannot compare {first[1][:12]} with {later[1][:12]}: {error}."
        raise GasTownError(title, "Nothing was changed. Try: git fsck") from error
    return Touch(tuple(shared), tuple(lines))


def _blob(repo: pygit2.Repository, commit: str, path: str) -> pygit2.Blob | None:
    tree = repo[commit].peel(pygit2.Tree)
    try:
        found = tree[path]
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Blob) and not found.is_binary else None


def _met(
    before: pygit2.Blob | None, landed: pygit2.Blob | None, start: pygit2.Blob | None, end: pygit2.Blob | None
) -> list[Span]:
    """Where the later change (start to end) meets the first one (before to landed), in lines of `start`."""
    if landed is None or start is None:
        return []
    whole = [(1, len(landed.data.splitlines()))]
    mine = whole if before is None else [new for _, new in _hunks(before, landed)]
    since = _hunks(landed, start)
    carried = [_forward(span, since) for span in mine]
    theirs = [old for old, _ in _hunks(start, end)]
    found = {(max(a, c), max(min(b, d), max(a, c))) for a, b in carried for c, d in theirs if _meet((a, b), (c, d))}
    return sorted(found)


def _meet(one: Span, other: Span) -> bool:
    """Whether two spans share a line, or a place between two lines lies within the other."""
    return max(one[0], other[0]) <= min(max(one[1], one[0]), max(other[1], other[0]))


def _forward(span: Span, hunks: list[tuple[Span, Span]]) -> Span:
    """Where lines stand after a diff; of those it changed, where their replacement stands."""
    first, last = span
    return _moved(first, hunks, False), _moved(last, hunks, True)


def _moved(line: int, hunks: list[tuple[Span, Span]], end: bool) -> int:
    shift = 0
    for (old_first, old_last), (new_first, new_last) in hunks:
        if line < old_first:
            break
        if line <= old_last:
            return new_last if end else new_first
        shift = new_last - old_last
    return line + shift


def _hunks(old: pygit2.Blob, new: pygit2.Blob | None) -> list[tuple[Span, Span]]:
    """The changed stretches as (span in the old text, span in the new one), without the lines around them."""
    if new is None:
        return [((1, len(old.data.splitlines())), (1, 0))]
    out: list[tuple[Span, Span]] = []
    for hunk in old.diff(new).hunks:
        at = start = (hunk.old_start + (hunk.old_lines == 0), hunk.new_start + (hunk.new_lines == 0))
        for line in hunk.lines:
            if line.origin == " ":
                if at != start:
                    out.append(((start[0], at[0] - 1), (start[1], at[1] - 1)))
                at = start = (at[0] + 1, at[1] + 1)
            elif line.origin in "+-":
                at = (at[0] + (line.origin == "-"), at[1] + (line.origin == "+"))
        if at != start:
            out.append(((start[0], at[0] - 1), (start[1], at[1] - 1)))
    return out
