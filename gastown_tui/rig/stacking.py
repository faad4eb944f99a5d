"""Changes merged one on the other in memory: what would come of it is known, and remembered, without being written."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import changes, merging, trees
from gastown_tui.rig.ancestry import Ancestry
from gastown_tui.rig.conflicts import Conflicted, describe, paired
from gastown_tui.rig.errors import cannot_write
from gastown_tui.rig.memory import opened
from gastown_tui.rig.objects.pack import TYPES, object_id
from gastown_tui.rig.trees import Change, Entry, Listing

_MOST = 64_000_000
"""Bytes of trees that are remembered, about; then all is forgotten and read anew."""

_SIDES = 20_000
"""Sides that are remembered: those of a queue of a hundred on two hundred tips."""

_BRANCHES = 8
"""Branches that are landed on at once, about: the target and those of some convoys."""

_ROW = 200
"""Bytes that one entry of a folder takes in memory, about."""

_GIT = (pygit2.GitError, KeyError, ValueError)
Found = tuple[Entry | None, bool]
"""A file of a tree, and whether a file of that path would have a place there."""


class Side(NamedTuple):
    """What a commit brings to a tip: what it changed since `fork`, and the commits of it that the tip does not have.

    `plain` says that the two have one best common ancestor: else a merge has no one tree to begin from.
    """

    commit: str
    tree: bytes
    fork: str
    start: bytes
    changed: dict[str, Change]
    own: frozenset[str]
    plain: bool


class Outcome(NamedTuple):
    """The tree of a merge, or what is in the way: conflicts, or the lines it would lose.

    `files` are those that are neither as they were before nor as the side has them.
    """

    tree: bytes = b""
    conflicts: tuple[Conflicted, ...] = ()
    lost: tuple[str, ...] = ()
    files: tuple[tuple[str, Entry | None], ...] = ()


class Merger:
    """Remembers what it merged, by content. One thread works at a time; raises GasTownError where git is unsure."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.RLock()
        self._forget()

    def begin(self, tip: str) -> None:
        """Look from a tip from now on; what is remembered is forgotten once it is much, so build on no tree of before.

        Raises:
            GasTownError: the tip cannot be read.
        """
        with self._lock:
            if self._bytes > _MOST or len(self._sides) > _SIDES:
                self._forget()
            try:
                self._ancestry(tip).advance(tip)
            except _GIT as error:
                raise _unsure(tip, error) from error

    def _forget(self) -> None:
        self._bytes = 0
        # What libgit2 remembers of a repository only grows, too.
        self._repo: pygit2.Repository | None = None
        self._objects: dict[bytes, tuple[int, bytes]] = {}
        self._kept: set[bytes] = set()
        self._listings: dict[bytes, Listing] = {}
        self._below: list[Ancestry] = []
        self._changed: dict[tuple[str, str], tuple[bytes, bytes, dict[str, Change]]] = {}
        self._sides: dict[tuple[str, str], Side] = {}
        self._whole: dict[tuple[bytes, str, str], Outcome] = {}
        self._close: dict[tuple[str, str, tuple[tuple[str, Entry | None], ...]], Outcome] = {}

    def tree(self, commit: str) -> bytes:
        """The tree of a commit (20 bytes)."""
        with self._lock:
            try:
                return trees.tree_of(self._open(), commit)
            except _GIT as error:
                raise _unsure(commit, error) from error

    def side(self, tip: str, commit: str) -> Side:
        """What a commit brings to a tip."""
        with self._lock:
            if (known := self._sides.get((tip, commit))) is None:
                try:
                    known = self._sides[tip, commit] = self._seen(self._open(), tip, commit)
                except _GIT as error:
                    raise _unsure(commit, error) from error
            return known

    def merged(self, onto: bytes, side: Side) -> Outcome:
        """A plain side merged into a tree in which its own commits are not; written is what git itself had to merge."""
        key = onto, side.fork, side.commit
        with self._lock:
            if (known := self._whole.get(key)) is None:
                try:
                    known = self._whole[key] = self._merged(onto, side)
                except OSError as error:
                    raise cannot_write("The merged tree", error) from error
                except _GIT as error:
                    raise _unsure(side.commit, error) from error
            return known

    def keep(self, tree: bytes) -> str:
        """Write a merged tree durably, with all in it that is new; returns its id in hexadecimal characters."""
        with self._lock:
            try:
                self._write(self._open(), tree)
            except (OSError, *_GIT) as error:
                raise cannot_write("The merged tree", error) from error
            return tree.hex()

    def _open(self) -> pygit2.Repository:
        if self._repo is None:
            self._repo = opened(self._root)
        return self._repo

    def _seen(self, repo: pygit2.Repository, tip: str, commit: str) -> Side:
        parting = self._ancestry(tip).parting(tip, commit)
        if parting is None:
            hint = "Nothing was merged. Was the branch made from another repository's history?"
            raise GasTownError(f"{tip[:12]} and {commit[:12]} have no common ancestor.", hint)
        key = parting.fork, commit
        if (known := self._changed.get(key)) is None:
            read, start, tree = trees.reading(repo), trees.tree_of(repo, parting.fork), trees.tree_of(repo, commit)
            known = self._changed[key] = start, tree, trees.differences(read, start, tree)
        start, tree, changed = known
        return Side(commit, tree, parting.fork, start, changed, parting.own, parting.plain)

    def _ancestry(self, tip: str) -> Ancestry:
        """The ancestry that tells of a tip; the last ones are remembered, for each branch that is landed on has its."""
        found = next((one for one in reversed(self._below) if one.since(tip) is not None), None)
        if found is None:
            found = Ancestry(self._open(), tip)
            self._below = [*self._below[1 - _BRANCHES :], found]
        return found

    def _merged(self, onto: bytes, side: Side) -> Outcome:
        hard: list[tuple[str, Entry | None]] = []
        for path, (before, after) in side.changed.items():
            here, room = self._found(onto, path)
            # What both made of it alike is one thing, but where it is gone: each may have moved it elsewhere.
            alike = here == before or (here == after and after is not None)
            fits = after is None or room or here is not None
            if not (alike and fits) or trees.MODULE in _modes(before, after):
                hard.append((path, here))
        if not hard:
            return Outcome(self._overlaid(onto, side, ()))
        # Files that are in all three are merged by what is in them alone: the rest of the tree may be another.
        close = all(here is not None and None not in side.changed[path] for path, here in hard)
        key = side.fork, side.commit, tuple(hard)
        if close and (known := self._close.get(key)) is not None:
            return known if known.conflicts else known._replace(tree=self._overlaid(onto, side, known.files))
        found = self._worked_out(onto, side)
        if not close or found.lost:
            return found
        if found.conflicts:
            inside = {conflict.path for conflict in found.conflicts} <= dict(hard).keys()
        else:
            found = found._replace(files=tuple((path, self._found(found.tree, path)[0]) for path, _ in hard))
            inside = self._overlaid(onto, side, found.files) == found.tree
        if inside:
            self._close[key] = found._replace(tree=b"")
        return found

    def _worked_out(self, onto: bytes, side: Side) -> Outcome:
        """The merge as libgit2 does it, renames followed; it reads what it merges from the disk."""
        repo, root = self._open(), self._root
        self.keep(onto)
        start, ours, theirs = (pygit2.Oid(raw=id) for id in (side.start, onto, side.tree))
        index = repo.merge_trees(start, ours, theirs)
        if index.conflicts is not None:
            triples = list(index.conflicts)
            if any(None in triple for triple in triples):
                sides = onto.hex(), side.commit
                triples = paired(triples, *(changes.moves(changes.rows(root, side.fork, id)) for id in sides))
            told = sorted((describe(repo, triple) for triple in triples), key=lambda one: one.path)
            return Outcome(conflicts=tuple(told))
        made = pygit2.Oid(hex=str(index.write_tree(repo))).raw

        def moved_by(one: bytes, other: bytes) -> merging.Moved:
            return merging.moved(root, side.fork, one.hex(), other.hex())

        lost = merging.missing(repo, trees.reading(repo), side.start, (onto, side.tree), made, moved_by)
        return Outcome(lost=tuple(lost)) if lost else Outcome(made)

    def _overlaid(self, onto: bytes, side: Side, files: Iterable[tuple[str, Entry | None]]) -> bytes:
        """A tree with what a side changed in it, but for the files that are given."""

        def taken(kind: str, data: bytes) -> bytes:
            id = object_id(kind, data)
            self._objects[id] = TYPES[kind], data
            self._bytes += len(data)
            return id

        changed = {path: change.after for path, change in side.changed.items()} | dict(files)
        return trees.overlaid(self._read, onto, changed.items(), taken)

    def _read(self, id: bytes) -> bytes:
        here = self._objects.get(id)
        return here[1] if here is not None else self._open().read(pygit2.Oid(raw=id))[1]

    def _listing(self, tree: bytes) -> Listing:
        if (known := self._listings.get(tree)) is None:
            known = self._listings[tree] = trees.listing(self._read, tree)
            self._bytes += _ROW * len(known)
        return known

    def _found(self, tree: bytes, path: str) -> Found:
        *folders, name = path.split("/")
        for folder in folders:
            entry = self._listing(tree).get(folder)
            if entry is None or entry.mode != trees.FOLDER:
                return None, entry is None
            tree = entry.id
        entry = self._listing(tree).get(name)
        return (None, False) if entry is not None and entry.mode == trees.FOLDER else (entry, entry is None)

    def _write(self, repo: pygit2.Repository, id: bytes) -> None:
        if id == trees.EMPTY:
            repo.odb.write(pygit2.GIT_OBJECT_TREE, b"")
        if id in self._kept or (held := self._objects.get(id)) is None:
            return
        kind, data = held
        if kind == pygit2.GIT_OBJECT_TREE:
            for entry in trees.listing(self._read, id).values():
                self._write(repo, entry.id)
        if repo.odb.write(kind, data).raw != id:
            raise ValueError(f"{id.hex()[:12]} became another object")
        self._kept.add(id)


def _modes(*entries: Entry | None) -> set[int]:
    return {entry.mode for entry in entries if entry is not None}


def _unsure(commit: str, error: Exception) -> GasTownError:
    hint = "Nothing was merged or moved; it is unsure, not a conflict. Try: git fsck"
    return GasTownError(f"{commit[:12]} cannot be merged: {error}.", hint)
