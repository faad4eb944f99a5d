"""The ledger's earlier commits, read without a hold on the branch: their numbers, their messages, their files."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.objects.trees import EMPTY, Trees

_TRAILER = re.compile(rb"(?:\A|\n\n)Seq: (\d+)\n*\Z")
_TAIL = 64
_KEPT_BYTES = 32 * 1024 * 1024


class Commit(NamedTuple):
    """One commit of the ledger: `seq` is the number it has everything up to, `text` its whole message."""

    oid: str
    tree: bytes
    parent: str | None
    seq: int
    text: bytes


class Past:
    """Reads commits of the branch; one thread at a time. Nothing here writes."""

    def __init__(self, repo_path: Path, branch: str = "gt-ledger") -> None:
        """Open the repository the branch lives in (the branch need not exist). Raises GasTownError."""
        common = (repo_path / git.run(["rev-parse", "--git-common-dir"], repo_path).line).resolve()
        self.ref = f"refs/heads/{branch}"
        try:
            self._repo = pygit2.Repository(str(common))
        except pygit2.GitError as error:
            raise GasTownError(f"The ledger's repository cannot be opened: {error}.", "Nothing was changed.") from error
        self._kept: OrderedDict[str, Commit] = OrderedDict()
        self._bytes = 0

    def tip(self) -> str | None:
        """The commit the branch is at now; None without a branch. Raises Damaged."""
        try:
            found = self._repo.references.get(self.ref)
        except (pygit2.GitError, ValueError, OSError) as error:
            raise Damaged(f"{self.ref} cannot be read: {error}.", "Nothing was changed. Try: gt doctor") from error
        return None if found is None else str(found.target)

    def _raw(self, oid: str, kind: int) -> bytes:
        try:
            found, data = self._repo.odb.read(oid)
        except (KeyError, ValueError, OSError, pygit2.GitError) as error:
            raise Damaged(f"The ledger's object {oid[:12]} cannot be read: {error}.", "Try: gt doctor") from error
        if int(found) != kind:
            raise Damaged(f"The ledger's object {oid[:12]} is not what it should be.", "Try: gt doctor")
        return data

    def commit(self, oid: str) -> Commit:
        """A commit of the ledger, kept a while: readers of one often want it again. Raises Damaged."""
        if (known := self._kept.get(oid)) is not None:
            self._kept.move_to_end(oid)
            return known
        found = self._read(oid)
        self._kept[oid] = found
        self._bytes += len(found.text)
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._bytes -= len(self._kept.popitem(last=False)[1].text)
        return found

    def _read(self, oid: str) -> Commit:
        head, _, text = self._raw(oid, pygit2.GIT_OBJECT_COMMIT).partition(b"\n\n")
        trailer = _TRAILER.search(text, max(0, len(text) - _TAIL))
        if trailer is None:
            raise Damaged(f"{self.ref} at {oid[:12]} has no `Seq:` line: it is no ledger.", "Try: gt doctor")
        lines = head.split(b"\n")
        parent = next((line[7:].decode() for line in lines if line.startswith(b"parent ")), None)
        return Commit(oid, bytes.fromhex(lines[0][5:].decode()), parent, int(trailer[1]), text)

    def line(self, tip: str | None, known: Callable[[str], bool]) -> tuple[str | None, list[str]]:
        """The commits below `tip` down to the first that is known.

        Returns:
            That commit (None when none was known down to the first), and those above it, oldest first.
        """
        above: list[str] = []
        at = tip
        while at is not None and not known(at):
            above.append(at)
            at = self._read(at).parent
        return at, above[::-1]

    def resolve(self, name: str) -> str | None:
        """The full id of the commit a (shortened) id names, or None. Raises GasTownError for one that is ambiguous."""
        try:
            found = self._repo.get(name)
        except ValueError as error:
            hint = "Give more of its digits." if "ambiguous" in str(error) else "Nothing was changed."
            raise GasTownError(f"{name} names no one commit: {error}.", hint) from error
        return str(found.id) if isinstance(found, pygit2.Commit) else None

    def files(self, tree: bytes) -> Trees:
        """The folders of a commit's tree."""
        return Trees(tree, lambda oid: self._raw(oid.hex(), pygit2.GIT_OBJECT_TREE))

    def blob(self, oid: bytes) -> bytes:
        """A file's content. Raises Damaged."""
        return self._raw(oid.hex(), pygit2.GIT_OBJECT_BLOB)

    def read(self, tree: bytes) -> dict[str, bytes]:
        """Every file of a tree, by path. Raises Damaged."""
        return {path: self.blob(oid) for path, oid in self.files(tree).files()}

    def file(self, trees: Trees, path: str) -> bytes | None:
        """One file of a tree, reading no more than the folders above it; None when it is not there."""
        folder, _, name = path.rpartition("/")
        entry = (trees.folder(folder) or {}).get(name)
        return None if entry is None or entry[0] else self.blob(entry[1])


__all__ = ["EMPTY", "Commit", "Past"]
