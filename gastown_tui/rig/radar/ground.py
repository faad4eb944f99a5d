"""What the radar reads from: one repository whose writes stay in memory, and what was read of it already."""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git, trees
from gastown_tui.rig.objects import memory
from gastown_tui.rig.radar.sides import After, Own, Side, Unsaved, above, lying
from gastown_tui.rig.trees import Change, Entry

LARGE = 1 << 20
"""Bytes from which an unsaved file is not read: it counts as binary content of its own."""

ROOM = 64 << 20
"""Bytes of objects in memory that are kept."""


class Ground:
    """For one thread at a time. What lies between two commits never changes, so it is kept."""

    def __init__(self, common_dir: Path) -> None:
        self._common_dir = common_dir
        self.objects: dict[bytes, tuple[int, bytes]] = {}
        self.repo, self.memory = memory.opened(common_dir, self.objects)
        self.read = self.memory.reading(self.repo)
        self._between: dict[tuple[str, str], dict[str, Change]] = {}
        self._older: dict[tuple[str, str], str] = {}
        self._bases: dict[tuple[str, str], tuple[str, bool, frozenset[str]]] = {}
        self._contents: dict[tuple[Path, Unsaved], Entry] = {}
        self._worktrees: dict[Path, pygit2.Repository] = {}
        self._copies = tempfile.TemporaryDirectory(prefix="gt-radar-")
        self._indexes: dict[Path, int] = {}
        self.edits: dict[tuple[Entry | None, Entry | None, Entry | None], tuple[int, int, str, str] | None] = {}
        """Where two edits of one content meet: first and last line, kind and words."""

    @property
    def full(self) -> bool:
        """Whether all this takes too much room: then another begins with nothing."""
        kept = sum(len(data) for _, data in self.objects.values())
        return kept > ROOM or max(len(self._between), len(self.edits)) > 20_000

    # history

    def tree(self, commit: str) -> bytes:
        """The id of a commit's tree."""
        return trees.tree_of(self.repo, commit)

    def between(self, old: str, new: str) -> dict[str, Change]:
        """The files that differ between two commits."""
        if (old, new) not in self._between:
            self._between[old, new] = trees.differences(self.read, self.tree(old), self.tree(new))
        return self._between[old, new]

    def older(self, one: str, other: str) -> str:
        """Which of two commits the other is built on; "" when neither is."""
        if one == other:
            return one
        if (one, other) not in self._older:
            pairs = ((one, other), (other, one))
            found = next((old for old, new in pairs if self.repo.descendant_of(new, old)), "")
            self._older[one, other] = self._older[other, one] = found
        return self._older[one, other]

    def left(self, head: str, tip: str) -> tuple[str, bool, frozenset[str]]:
        """Where a branch left the target, whether that is only one of several places, and its own commits."""
        if (head, tip) not in self._bases:
            base = self.repo.merge_base(head, tip)
            if base is None:
                hint = "Was the branch made from another repository's history?"
                raise GasTownError(f"{head[:12]} and {tip[:12]} have no common ancestor.", hint)
            walker = self.repo.walk(head)
            walker.hide(tip)
            commits = list(walker)
            odd = any(len(commit.parent_ids) > 1 for commit in commits) and self._several(head, tip)
            self._bases[head, tip] = str(base), odd, frozenset(str(commit.id) for commit in commits)
        return self._bases[head, tip]

    def _several(self, head: str, tip: str) -> bool:
        return "\n" in git.run(["merge-base", "--all", head, tip], self._common_dir).line

    # sides

    def side(self, name: str, tip: str, *, worktree: Path | None = None, head: str = "") -> Side:
        """A branch as it stands: in its worktree, or at the commit `head`.

        Raises:
            GasTownError: it cannot be read now.
        """
        unsaved: dict[str, Unsaved | None] = {}
        if worktree is not None:
            head, unsaved = lying(worktree, self._index(worktree))
        try:
            fork, odd, own = self.left(head, tip)
            changes = {path: Own(*change) for path, change in self.between(fork, head).items()}
            start = self.tree(fork)
            for path, after in unsaved.items():
                before = changes[path].before if path in changes else trees.lookup(self.read, start, path)
                if before is None and after is None:
                    changes.pop(path, None)
                else:
                    changes[path] = Own(before, after)
            went = [path for path, own_ in changes.items() if own_.after is None]
            kept = {path for path, own_ in changes.items() if own_.after is not None}
            emptied = self.emptied(start, went, kept)
        except (pygit2.GitError, KeyError, ValueError) as error:
            raise GasTownError(f"{name or 'the target'} at {head[:12]} cannot be read: {error}.", "") from error
        return Side(name, head, fork, changes, worktree, own, odd, emptied)

    def _index(self, worktree: Path) -> Path | None:
        """A copy of a worktree's index for us alone: in a fresh worktree git reads every file anew until it may write
        down what it found, and in the index of somebody at work we write nothing.
        """
        try:
            own = Path((worktree / ".git").read_text().removeprefix("gitdir: ").strip()) / "index"
            stamp = own.stat().st_mtime_ns
            copy = Path(self._copies.name) / f"{zlib.crc32(bytes(worktree)):08x}-{worktree.name}"
            if self._indexes.get(worktree) != stamp:
                shutil.copy2(own, copy)
                self._indexes[worktree] = stamp
        except OSError:
            return None
        return copy

    def emptied(self, start: bytes, went: list[str], kept: set[str]) -> frozenset[str]:
        """The folders of a tree that lost every file they had."""
        if not went:
            return frozenset()
        gone, full = set(went), set(above(kept))
        found = set()
        for folder in above(went):
            if folder in full:
                continue
            inner = self._folder(start, folder)
            if all(path in gone for path, _ in trees.files(self.read, inner, f"{folder}/")):
                found.add(folder)
        return frozenset(found)

    def _folder(self, tree: bytes, path: str) -> bytes:
        for name in path.split("/"):
            entry = trees.listing(self.read, tree).get(name)
            if entry is None or entry.mode != trees.FOLDER:
                return trees.EMPTY
            tree = entry.id
        return tree

    # content

    def settled(self, side: Side, after: After) -> Entry | None:
        """What a branch made of a path, an unsaved file read now."""
        if not isinstance(after, Unsaved) or side.worktree is None:
            return None if isinstance(after, Unsaved) else after
        key = (side.worktree, after)
        if key not in self._contents:
            self._contents[key] = Entry(after.mode, self._read(side.worktree, after))
        return self._contents[key]

    def _read(self, worktree: Path, file: Unsaved) -> bytes:
        if file.size > LARGE:
            return self.memory.put("blob", f"\0{file.path} {file.size} {file.stamp}".encode("utf-8", "replace"))
        try:
            if file.mode == trees.LINK:
                return self.memory.put("blob", os.fsencode(os.readlink(worktree / file.path)))
            if worktree not in self._worktrees:
                self._worktrees[worktree], _ = memory.opened(worktree, self.objects)
            # Through libgit2, so that line ends are what a commit would make of them.
            return self._worktrees[worktree].create_blob_fromworkdir(file.path).raw
        except UnicodeEncodeError:
            return self.memory.put("blob", (worktree / file.path).read_bytes())
        except (pygit2.GitError, OSError, KeyError):
            # Gone or being written this instant: the next look has it.
            return self.memory.put("blob", b"")

    def blob(self, entry: Entry | None) -> pygit2.Blob | None:
        """The content of a file, or None where that is no text of one (missing, a link, a submodule)."""
        if entry is None or entry.mode in (trees.LINK, trees.MODULE):
            return None
        found = self.repo.get(pygit2.Oid(raw=entry.id))
        return found if isinstance(found, pygit2.Blob) else None
