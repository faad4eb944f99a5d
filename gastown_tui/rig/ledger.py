"""The gt-ledger branch: the town's records in git, a group of changes as one pack and one checked ref update."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.errors import Damaged, Moved, cannot_write
from gastown_tui.rig.objects import packing, packs
from gastown_tui.rig.objects.contents import contents
from gastown_tui.rig.objects.pack import TEMPORARY, Pack, commit_bytes
from gastown_tui.rig.objects.trees import EMPTY, Trees
from gastown_tui.world import DiskFiles, Files

AUTHOR = "Gas Town <gastown@localhost>"
ASIDE = "refs/gt/moved/"
"""Where the commit somebody else put on the branch is kept when the branch is set back."""

_TRAILER = re.compile(r"(?:\A|\n\n)Seq: (\d+)\n*\Z")
_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")
_LONGEST = 200
_OPEN_PACKS = 64
_FEW, _AT_ONCE = 500, 10_000
"""Files read one by one, and the most that one git command is asked for: their contents are all in memory then."""

_TRIES, _PAUSE = 20, 0.025


def bead_path(bead: str) -> str:
    """Where a bead's record stands: three levels of 16 folders by the SHA-1 of its id (facts/ledger.md: best to 100k).

    Ids are untrusted: what is not [A-Za-z0-9._-] is percent-encoded, and one too long for a file name ends in its hash.
    """
    raw = bead.encode("utf-8", "surrogatepass")
    digest = hashlib.sha1(raw).hexdigest()
    name = _UNSAFE.sub(lambda m: b"%%%02x" % m[0][0], raw).decode("ascii")
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 41]}%{digest}"
    return f"beads/{digest[0]}/{digest[1]}/{digest[2]}/{name}.json"


class Ledger:
    """One process's hold on the branch. Methods block; the one writer calls them from one thread at a time."""

    def __init__(self, repo_path: Path, branch: str = "gt-ledger", files: Files | None = None) -> None:
        """Open the repository the branch lives in (the branch need not exist yet). Raises GasTownError."""
        told = git.run(["rev-parse", "--git-common-dir"], repo_path)
        self.common_dir = (repo_path / told.line).resolve()
        self.ref = f"refs/heads/{branch}"
        self._files: Files = files or DiskFiles()
        # libgit2 then syncs every ref it writes and the ref's folder; without it a power cut may undo the update.
        pygit2.settings.enable_fsync_gitdir(True)
        # Every group is a pack, and libgit2 else keeps each one it has read open: a day's work would exhaust them.
        pygit2.settings.mwindow_file_limit = _OPEN_PACKS
        try:
            self._repo = pygit2.Repository(str(self.common_dir))
        except pygit2.GitError as error:
            hint = "Nothing was changed. Is it of a format newer than libgit2 knows (reftable, SHA-256)?"
            raise GasTownError(f"The ledger's repository cannot be opened: {error}.", hint) from error
        self._retired: list[Path] = []
        self._left_at: str | None = None
        self._adopted = False
        self._trees = Trees(EMPTY, self._tree)

    # reading

    def _raw(self, oid: bytes | str, kind: int) -> bytes:
        name = oid if isinstance(oid, str) else oid.hex()
        try:
            found, data = self._repo.odb.read(name)
        except (KeyError, ValueError, OSError, pygit2.GitError) as error:
            said = str(error).replace(f"{name}: ", "")
            raise Damaged(f"The ledger's object {name[:12]} cannot be read: {said}.", "Try: gt doctor") from error
        if int(found) != kind:
            raise Damaged(f"The ledger's object {name[:12]} is not what it should be.", "Try: git fsck")
        return data

    def _tree(self, oid: bytes) -> bytes:
        return self._raw(oid, pygit2.GIT_OBJECT_TREE)

    def _commit(self, oid: str) -> tuple[bytes, str | None, str]:
        """Tree, first parent and message of a commit."""
        head, _, text = self._raw(oid, pygit2.GIT_OBJECT_COMMIT).partition(b"\n\n")
        lines = head.decode("utf-8", "replace").split("\n")
        parents = [line.removeprefix("parent ") for line in lines if line.startswith("parent ")]
        tree = bytes.fromhex(lines[0].removeprefix("tree "))
        return tree, parents[0] if parents else None, text.decode("utf-8", "replace")

    def _tip(self) -> str | None:
        try:
            found = self._repo.references.get(self.ref)
        except (pygit2.GitError, ValueError, OSError) as error:
            raise Damaged(f"{self.ref} cannot be read: {error}.", "Nothing was changed. Try: git fsck") from error
        return None if found is None else str(found.target)

    def head(self) -> tuple[str | None, int]:
        """Commit the branch is at now and the number it has everything up to; (None, 0) without a branch.

        Raises:
            Damaged: the branch is no ledger of ours, or cannot be read.
        """
        tip = self._tip()
        return (None, 0) if tip is None else (tip, self._seq(tip)[0])

    def _seq(self, oid: str) -> tuple[int, str, str | None]:
        """Number, message without the trailer and first parent of a ledger commit."""
        _, parent, text = self._commit(oid)
        found = _TRAILER.search(text)
        if found is None:
            hint = "Did somebody commit there by hand? Move it back to the last commit with a number."
            raise Damaged(f"{self.ref} at {oid[:12]} has no `Seq:` line: it is no ledger.", hint)
        return int(found[1]), _TRAILER.sub("", text), parent

    def adopt(self) -> None:
        """Take the branch as it is now for the place this process left it (the first read does so by itself)."""
        tip = self._tip()
        self._trees = Trees(EMPTY if tip is None else self._commit(tip)[0], self._tree)
        self._left_at, self._adopted = tip, True

    def set_back(self) -> str:
        """Point the branch at where this process left it; its trees are known here, those of a stranger are not.

        Returns:
            The ref under which what was there now is kept; nothing when the branch was gone, or was never away.

        Raises:
            Damaged: the commit it was left at cannot be read. CannotWrite: git refused.
        """
        tip, left = self._tip(), self._left_at
        if tip == left:
            return ""
        kept = f"{ASIDE}{tip[:12]}" if tip else ""
        try:
            if tip is not None:
                self._repo.references.create(kept, tip, force=True)
            if left is None:
                self._repo.references.delete(self.ref)
            else:
                self._raw(left, pygit2.GIT_OBJECT_COMMIT)
                self._move(tip, left)
        except (OSError, ValueError, KeyError, pygit2.GitError) as error:
            raise cannot_write(self.ref, error) from error
        return kept

    def moved(self) -> str | None:
        """Where the branch is now, in words, when that is not where this process left it; else None."""
        tip = self._tip()
        if not self._adopted or tip == self._left_at:
            return None
        now = f"is at {tip[:12]}" if tip else "is gone"
        return f"{self.ref} {now}; it was left at {(self._left_at or 'nothing')[:12]}"

    def read(self) -> dict[str, bytes]:
        """Every file at the head, by path. Raises Damaged."""
        self.adopt()
        return dict(self.files())

    @property
    def tree(self) -> str:
        """The id of the tree this process read, or wrote, last."""
        return self._trees.root.hex()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path and content of every file of that tree, some thousands at a time. Raises Damaged or GitFailed."""
        found = self._trees.files()
        while some := list(itertools.islice(found, _AT_ONCE)):
            if len(some) < _FEW:
                yield from ((path, self._raw(oid, pygit2.GIT_OBJECT_BLOB)) for path, oid in some)
            else:
                yield from contents(self.common_dir, some)

    def changed(self, since: str) -> Iterator[tuple[str, bytes | None]]:
        """Path and content of the files that are others than in the tree `since`; None where one is gone.

        Raises:
            Damaged: a tree or file cannot be read; or there is no tree `since` any more.
        """
        for path, oid in self._trees.changed(bytes.fromhex(since)):
            yield path, None if oid is None else self._raw(oid, pygit2.GIT_OBJECT_BLOB)

    def messages(self) -> Iterator[tuple[str, int, str]]:
        """(commit, number, message without its trailer) from the first commit to the head. Raises Damaged."""
        line, oid = [], self._tip()
        while oid is not None:
            seq, text, parent = self._seq(oid)
            line.append((oid, seq, text))
            oid = parent
        yield from reversed(line)

    # writing

    def commit(self, changes: Mapping[str, bytes | None], seq: int, message: str, when: float) -> str:
        """Put a group of changes on the branch: all of it, or nothing.

        Args:
            changes: content by path; None removes the file.
            seq: the number the branch has everything up to after this.
            when: Unix seconds the commit carries.

        Returns:
            The new commit's id.

        Raises:
            Moved: the branch is not where this process left it. CannotWrite: the disk refused.
            ValueError: a path git cannot hold.
        """
        if not self._adopted:
            self.adopt()
        if (tip := self._tip()) != self._left_at:
            raise Moved(self.ref, self._left_at, tip)
        pack = Pack()
        trees = self._trees.update(changes, pack)
        if trees.root == EMPTY:
            pack.add("tree", b"")
        stamp = f"{AUTHOR} {int(when)} +0000"
        text = f"{message.rstrip()}\n\nSeq: {seq}\n" if message.strip() else f"Seq: {seq}\n"
        parents = [tip] if tip else []
        oid = pack.add("commit", commit_bytes(trees.root.hex(), parents, stamp, stamp, text)).hex()
        try:
            pack.write(self.common_dir / "objects", self._files)
            self._verify(oid, trees.root)
            self._move(tip, oid)
        except (OSError, pygit2.GitError) as error:
            raise cannot_write("The ledger branch", error) from error
        self._left_at, self._trees = oid, trees
        return oid

    def _verify(self, oid: str, root: bytes) -> None:
        """See that git finds what was written before a ref says so: a full disk has made libgit2 lie about that."""
        self._raw(oid, pygit2.GIT_OBJECT_COMMIT)
        self._raw(root, pygit2.GIT_OBJECT_TREE)

    def _move(self, old: str | None, new: str) -> None:
        """Move the ref from `old` to `new`; libgit2 compares again under the ref's lock. Contention is tried again."""
        for attempt in range(_TRIES):
            try:
                if old is None:
                    self._repo.references.create(self.ref, new, force=False)
                else:
                    found = self._repo.references[self.ref]
                    if str(found.target) != old:
                        raise Moved(self.ref, old, str(found.target))
                    found.set_target(new)
                break
            except (pygit2.GitError, OSError, ValueError, KeyError) as error:
                tip = self._tip()
                if tip == new:
                    break
                if tip != old:
                    raise Moved(self.ref, old, tip) from error
                if attempt + 1 == _TRIES:
                    raise cannot_write(f"{self.ref} (its lock file?)", error) from error
                time.sleep(_PAUSE)
        if (tip := self._tip()) != new:
            raise Moved(self.ref, new, tip)

    def clear_stale_lock(self) -> bool:
        """Remove what a killed writer left: the ref's lock and half-written packs. Only with the town's lock held."""
        stale = [self.common_dir / f"{self.ref}.lock", *(self.common_dir / "objects" / "pack").glob(f"*{TEMPORARY}*")]
        found = [path for path in stale if path.exists()]
        for path in found:
            path.unlink()
        shutil.rmtree(self.common_dir / packing.WORKSHOP, ignore_errors=True)
        return packs.clear_halves(self.common_dir / "objects" / "pack") or bool(found)

    # packing

    async def pack(self, everything: bool = False) -> int:
        """Make one pack of those that are due (or of all), in another process. Returns how many wait for `retire`.

        Raises:
            GitFailed: it could not; every pack is where it was.
        """
        objects = self.common_dir / "objects"
        found = await asyncio.to_thread(packs.own, objects / "pack")
        due = found if everything and len(found) > 1 else packs.due(found)
        if due:
            made = await packing.merged(objects, [pack.stem for pack in due])
            self._retired = [pack.stem for pack in due if pack.stem.name != made]
        return len(due)

    def retire(self) -> None:
        """Remove the packs that were made one; blocks for some milliseconds, and no commit may run. Raises OSError."""
        ours = set(packs.marked(self.common_dir / "objects" / "pack"))
        packs.remove(stem for stem in self._retired if stem in ours)
        self._retired = []
        # libgit2 never forgets a pack it has opened, though its file is gone.
        self._repo = pygit2.Repository(str(self.common_dir))
