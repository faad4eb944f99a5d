"""Merges in memory: the tree that is tested is the tree that lands, and nothing a side added is lost on the way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import trees
from gastown_tui.rig.changes import moves, rows
from gastown_tui.rig.conflicts import Conflicted, describe, paired
from gastown_tui.rig.errors import cannot_write
from gastown_tui.rig.memory import opened
from gastown_tui.rig.objects.pack import commit_bytes, object_id, person
from gastown_tui.rig.trees import Entry

__all__ = [
    "Conflict", "Conflicted", "Merged", "fork", "landing_commit", "landing_message", "merge", "missing", "moved",
    "survived",
]  # fmt: skip


@dataclass(frozen=True)
class Merged:
    """A clean merge: the tree's id, and the commit both sides come from."""

    tree: str
    base: str = field(default="", compare=False)


@dataclass(frozen=True)
class Conflict:
    """A merge a person or an agent has to finish."""

    paths: tuple[Conflicted, ...]


def fork(repo_path: Path, one: str, other: str) -> str | None:
    """The best common ancestor of two commits, or None for unrelated histories. Raises GasTownError."""
    repo = opened(repo_path)
    try:
        found = repo.merge_base(one, other)
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise GasTownError(f"{one[:12]} or {other[:12]} cannot be read: {error}.", "Try: git fsck") from error
    return None if found is None else str(found)


def merge(repo_path: Path, ours: str, theirs: str) -> Merged | Conflict:
    """Merge commit `theirs` into commit `ours` on their merge base, renames followed; no file or ref is touched.

    Raises:
        GasTownError: a commit is missing, the histories are unrelated, or git is unsure: never taken for a conflict.
    """
    repo = opened(repo_path)
    try:
        base = repo.merge_base(ours, theirs)
        if base is None:
            hint = "Nothing was merged. Was the branch made from another repository's history?"
            raise GasTownError(f"{ours[:12]} and {theirs[:12]} have no common ancestor.", hint)
        # The tree git already has: libgit2 would write the same one after a walk.
        if str(base) == theirs:
            return Merged(str(repo[ours].peel(pygit2.Commit).tree_id), theirs)
        index = repo.merge_commits(ours, theirs)
        if index.conflicts is None:
            return Merged(str(index.write_tree(repo)), str(base))
        moved = [moves(rows(repo_path, str(base), side)) for side in (ours, theirs)]
        found = [describe(repo, triple) for triple in paired(list(index.conflicts), *moved)]
    except OSError as error:
        raise cannot_write("The merged tree", error) from error
    except (pygit2.GitError, KeyError, ValueError) as error:
        title = f"{theirs[:12]} cannot be merged into {ours[:12]}: {error}."
        raise GasTownError(title, "Nothing was merged or moved; it is unsure, not a conflict. Try: git fsck") from error
    return Conflict(tuple(sorted(found, key=lambda c: c.path)))


def landing_message(title: str, bead: str, epoch: int, body: str = "", more: str = "") -> str:
    """A landing commit's message; only its last paragraph is trailers, whatever an agent put into title and body.

    `more` are further trailers, one a line.
    """
    subject = " ".join(title.split())[:200] or bead
    middle = f"{body.strip()}\n\n" if body.strip() else ""
    return f"{subject}\n\n{middle}Bead: {bead}@{epoch}\n{more.strip()}".strip() + "\n"


def landing_commit(
    repo_path: Path,
    *,
    tree: str,
    parents: list[str],
    message: str,
    author: tuple[str, str],
    committer: tuple[str, str],
    when: float,
) -> str:
    """Write a commit object durably and read it back; no ref moves.

    Never `repo.create_commit`: on a full disk it returns an id and has written nothing (facts/ledger.md).

    Args:
        author: (name, email); what git cannot hold in them is left out.
        when: Unix seconds; the zone is this machine's.

    Raises:
        CannotWrite: the disk refused. GasTownError: tree or a parent is missing.
    """
    repo = opened(repo_path)
    for oid, kind in ((tree, pygit2.Tree), *((parent, pygit2.Commit) for parent in parents)):
        if not isinstance(repo.get(oid), kind):
            raise GasTownError(f"{oid[:12]} is missing, so it cannot be landed.", "Nothing was moved. Try: git fsck")
    stamp = f"{int(when)} {time.strftime('%z', time.localtime(when)) or '+0000'}"
    raw = commit_bytes(tree, parents, f"{person(*author)} {stamp}", f"{person(*committer)} {stamp}", message)
    expected = object_id("commit", raw).hex()
    try:
        written = str(repo.odb.write(pygit2.GIT_OBJECT_COMMIT, raw))
        # A fresh look at the disk, not at what libgit2 remembers.
        kind_found, back = opened(repo_path).odb.read(expected)
    except (OSError, pygit2.GitError, KeyError, ValueError) as error:
        raise cannot_write("The landing commit", error) from error
    if written != expected or back != raw or int(kind_found) != pygit2.GIT_OBJECT_COMMIT:
        raise cannot_write("The landing commit", OSError("it does not read back as written"))
    return expected


def survived(repo_path: Path, base: str, ours: str, theirs: str, merged_tree: str) -> list[str]:
    """What either side added since `base` and the merged tree no longer has, as "path: line"; empty when all is there.

    A clean merge keeps at least as many copies of a line as a side added, so nothing here is ever a false alarm.

    Raises:
        GasTownError: something cannot be read; nothing is known to have survived.
    """
    repo = opened(repo_path)
    try:
        sides = _tree(repo, ours), _tree(repo, theirs)
        merged = repo[merged_tree].peel(pygit2.Tree).id.raw

        def moved_by(one: bytes, other: bytes) -> Moved:
            return moved(repo_path, base, one.hex(), other.hex())

        return missing(repo, trees.reading(repo), _tree(repo, base), sides, merged, moved_by)
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        title = f"Cannot check that {theirs[:12]} survived its merge: {error}."
        raise GasTownError(title, "Nothing was landed. Try: git fsck") from error


Moved = dict[str, tuple[str, Entry | None]]
"""For paths of a side: where the other side moved them, and what they began as if this side moved them itself."""


def missing(
    repo: pygit2.Repository,
    read: trees.Read,
    start: bytes,
    sides: tuple[bytes, bytes],
    merged: bytes,
    moved_by: Callable[[bytes, bytes], Moved],
) -> list[str]:
    """What `survived` finds, for trees (20 bytes each) that may be in memory alone.

    Args:
        repo, read: where they are read from.
        start: the tree both sides began from.
        moved_by: what became of the paths of one side, beside another; asked for only where something was moved.

    Raises:
        pygit2.GitError, KeyError, ValueError: something cannot be read.
    """
    lost: list[str] = []
    for side, other in (sides, sides[::-1]):
        changed, places = trees.differences(read, start, side), None
        # Where the merge has just what this side has, nothing of it can be missing.
        for path in sorted(changed.keys() & trees.differences(read, side, merged).keys()):
            before, after = changed[path]
            if after is None or after.mode == trees.MODULE:
                continue
            found = trees.lookup(read, merged, path)
            if found is None or before is None:
                places = moved_by(side, other) if places is None else places
                place, first = places.get(path, (path, before))
            else:
                place, first = path, before
            now = found if found is not None else trees.lookup(read, merged, place)
            at = path if found is not None else place
            lost += (f"{at}: {line}" for line in _missing(repo, first, after, now))
    return lost


def _tree(repo: pygit2.Repository, commit: str) -> bytes:
    return repo[commit].peel(pygit2.Tree).id.raw


def moved(repo_path: Path, base: str, side: str, other: str) -> Moved:
    """What became of the paths a side touched since `base`, beside another side. Raises GitFailed."""
    theirs = moves(rows(repo_path, base, other))
    return {
        row.new: (theirs.get(row.old, row.new), Entry(0, bytes.fromhex(row.before)) if row.before.strip("0") else None)
        for row in rows(repo_path, base, side)
    }


def _missing(repo: pygit2.Repository, before: Entry | None, after: Entry, merged: Entry | None) -> list[str]:
    """The lines a side added that the merge does not have as often as it should."""
    if merged is not None and merged.id == after.id:
        return []
    new = repo[pygit2.Oid(raw=after.id)].peel(pygit2.Blob)
    if new.is_binary:
        return ["(binary content of one side)"]
    was, now = (
        b"" if entry is None else repo[pygit2.Oid(raw=entry.id)].peel(pygit2.Blob).data for entry in (before, merged)
    )
    gone = _lines(new.data) - _lines(was) - _lines(now)
    return [line.decode("utf-8", "replace") for line in gone.elements()]


def _lines(data: bytes) -> Counter[bytes]:
    return Counter(line.rstrip(b"\r") for line in data.split(b"\n") if line.strip())
