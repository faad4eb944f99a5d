"""Finds ledger commits the branch no longer leads to, reads what of one can be read, and sets the branch back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gastown_tui.rig import git
from gastown_tui.rig.ledger import ASIDE, AUTHOR
from gastown_tui.rig.objects.pack import object_id
from gastown_tui.rig.objects.trees import parse

REF = "refs/heads/gt-ledger"
_TRAILER = re.compile(rb"(?:\A|\n\n)Seq: (\d+)\n*\Z")


@dataclass(frozen=True)
class Commit:
    """A commit of the ledger: its id, its number, its tree and parent, and its message without the trailer."""

    oid: str
    seq: int
    tree: str
    parent: str | None
    text: str


@dataclass
class Readable:
    """The files of a tree by path, and what of it cannot be read: (path, object id)."""

    files: dict[str, bytes] = field(default_factory=dict)
    lost: list[tuple[str, str]] = field(default_factory=list)


class Store:
    """The objects of a repository, read by git itself: it looks for another copy of one that is damaged."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ledgers: list[Commit] | None = None

    def read(self, oids: list[str]) -> Iterator[tuple[str, str, bytes | None]]:
        """(id, kind, content) of each object asked for; content is None where it is not there or damaged."""
        left = list(oids)
        while left:
            told = git.run(["cat-file", "--batch"], self._root, input="\n".join(left).encode() + b"\n", check=False)
            done = 0
            for oid, kind, data in _batch(told.out):
                done += 1
                good = data is not None and object_id(kind, data).hex() == oid
                yield oid, kind, data if good else None
            if done < len(left):
                # git ends at an object it cannot unpack: that is the one after the last answer.
                yield left[done], "", None
                done += 1
            left = left[done:]

    def one(self, oid: str) -> bytes | None:
        """An object's content, or None."""
        return next(self.read([oid]))[2]

    def commit(self, oid: str) -> Commit | None:
        """A commit of the ledger, or None when it is none, or cannot be read."""
        data = self.one(oid)
        return None if data is None else _commit(oid, data)

    def ledgers(self) -> list[Commit]:
        """Every commit of a ledger the repository has, on a branch or not, the highest number first; read once."""
        if self._ledgers is None:
            self._ledgers = self._find()
        return self._ledgers

    def _find(self) -> list[Commit]:
        listed = git.run(
            ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)"],
            self._root, check=False,
        )  # fmt: skip
        commits = [line[7:] for line in listed.text.splitlines() if line.startswith("commit ")]
        ours = ((oid, data) for oid, _, data in self.read(commits) if data is not None and AUTHOR in _head(data))
        found = (_commit(oid, data) for oid, data in ours)
        return sorted((c for c in found if c is not None), key=lambda c: (-c.seq, c.oid))

    def history(self, head: str) -> tuple[list[Commit], str]:
        """The chain of commits to `head`, oldest first, and the id at which it cannot be read on, or nothing."""
        chain: list[Commit] = []
        known = {commit.oid: commit for commit in self.ledgers()}
        oid: str | None = head
        while oid is not None:
            if (commit := known.get(oid)) is None:
                return chain[::-1], oid
            chain.append(commit)
            oid = commit.parent
        return chain[::-1], ""

    def tree(self, oid: str) -> Readable:
        """Every file under a tree; damaged folders and files are listed."""
        found, folders = Readable(), [("", oid)]
        blobs: list[tuple[str, str]] = []
        while folders:
            below: list[tuple[str, str]] = []
            for (path, folder), (_, _, data) in zip(folders, self.read([o for _, o in folders]), strict=True):
                if data is None:
                    found.lost.append((path or ".", folder))
                    continue
                for name, (is_folder, child) in _entries(data):
                    (below if is_folder else blobs).append((f"{path}/{name}".lstrip("/"), child))
            folders = below
        for (path, oid), (_, _, data) in zip(blobs, self.read([o for _, o in blobs]), strict=True):
            if data is None:
                found.lost.append((path, oid))
            else:
                found.files[path] = data
        return found


def tip(root: Path) -> str | None:
    """The commit the ledger's branch names, readable or not; None without a branch."""
    told = git.run(["rev-parse", "--verify", "-q", REF], root, check=False)
    return told.line if told.code == 0 else None


def set_back(root: Path, commit: Commit) -> str:
    """Point the branch at a commit; what it pointed at before is kept, and named in the answer.

    Raises:
        GitFailed: git refused; the branch is where it was.
    """
    before = tip(root)
    kept = ""
    if before is not None:
        kept = f"{ASIDE}{before[:12]}"
        git.run(["update-ref", "-m", "gt doctor: set aside", kept, before], root, check=False)
    old = before if before is not None else "0" * len(commit.oid)
    git.run(["update-ref", "-m", "gt doctor: set back", REF, commit.oid, old], root)
    return kept


def _head(data: bytes) -> str:
    return data.partition(b"\n\n")[0].decode("utf-8", "replace")


def _commit(oid: str, data: bytes) -> Commit | None:
    head, _, text = data.partition(b"\n\n")
    found = _TRAILER.search(text)
    lines = head.decode("utf-8", "replace").split("\n")
    if found is None or not lines[0].startswith("tree "):
        return None
    parents = [line[7:] for line in lines if line.startswith("parent ")]
    told = _TRAILER.sub(b"", text).decode("utf-8", "replace")
    return Commit(oid, int(found[1]), lines[0][5:], parents[0] if parents else None, told)


def _batch(out: bytes) -> Iterator[tuple[str, str, bytes | None]]:
    """What `git cat-file --batch` said, object by object; one cut off in the middle is left out."""
    at = 0
    while (end := out.find(b"\n", at)) >= 0:
        words = out[at:end].decode("ascii", "replace").split()
        if len(words) != 3:
            yield words[0] if words else "", "", None
            at = end + 1
            continue
        size = int(words[2])
        if end + 1 + size >= len(out):
            return
        yield words[0], words[1], out[end + 1 : end + 1 + size]
        at = end + 2 + size


def _entries(data: bytes) -> Iterator[tuple[str, tuple[bool, str]]]:
    return ((name, (folder, oid.hex())) for name, (folder, oid) in parse(data).items())
