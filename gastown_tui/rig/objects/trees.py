"""A commit's folders held in memory, so that changing a few files touches only the trees above them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from gastown_tui.rig.objects.pack import Pack

Tree = dict[str, tuple[bool, bytes]]
"""Name -> (is it a folder, id of 20 bytes)."""

EMPTY = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
"""The id of the tree without entries."""

_IMPOSSIBLE = re.compile(r"(?:^|/)(?:\.{0,2}|\.git)(?:/|\Z)|\0", re.IGNORECASE)


def parse(data: bytes) -> Tree:
    """A raw tree object: entries of `mode name NUL id`."""
    tree: Tree = {}
    at = 0
    while at < len(data):
        space, nul = data.index(b" ", at), data.index(b"\0", at)
        name = data[space + 1 : nul].decode("utf-8", "surrogateescape")
        tree[name] = (data[at:space] == b"40000", data[nul + 1 : nul + 21])
        at = nul + 21
    return tree


def encode(tree: Tree) -> bytes:
    """The raw tree object; git sorts a folder as if its name ended in a slash."""
    rows = []
    for name, (folder, oid) in tree.items():
        raw = name.encode("utf-8", "surrogateescape")
        rows.append((raw + b"/" if folder else raw, (b"40000 " if folder else b"100644 ") + raw + b"\0" + oid))
    return b"".join(row for _, row in sorted(rows))


def check(path: str) -> None:
    """Raise ValueError for a path git cannot hold (or would refuse to check out)."""
    if _IMPOSSIBLE.search(path):
        raise ValueError(f"not a path for the ledger: {path!r}")


class Trees:
    """The folders of one root tree, read when first needed; `update` makes the next root."""

    def __init__(self, root: bytes, read: Callable[[bytes], bytes]) -> None:
        """Hold a root tree's id; `read` gives a tree object's bytes."""
        self.root = root
        self._read = read
        self._known: dict[str, Tree] = {}

    def folder(self, path: str) -> Tree | None:
        """The entries of a folder ("" is the root), or None when there is no such folder."""
        if (known := self._known.get(path)) is not None:
            return known
        if not path:
            found: bytes | None = self.root
        else:
            above, _, name = path.rpartition("/")
            entry = (self.folder(above) or {}).get(name)
            found = entry[1] if entry and entry[0] else None
        if found is None:
            return None
        tree = {} if found == EMPTY else parse(self._read(found))
        self._known[path] = tree
        return tree

    def files(self, path: str = "") -> Iterator[tuple[str, bytes]]:
        """Path and id of every file under a folder, in order, without keeping what was read."""
        pending = [(path, self.root)]
        while pending:
            at, oid = pending.pop()
            tree = {} if oid == EMPTY else parse(self._read(oid))
            prefix = f"{at}/" if at else ""
            for name, (folder, child) in tree.items():
                if folder:
                    pending.append((prefix + name, child))
                else:
                    yield prefix + name, child

    def changed(self, before: bytes) -> Iterator[tuple[str, bytes | None]]:
        """Path and id of every file that is another than under the root `before`; None where it is gone.

        Equal folders are not looked into: one change among 100,000 files costs as many reads as it is deep.
        """
        pending = [("", before, self.root)] if before != self.root else []
        while pending:
            at, old, new = pending.pop()
            was, now = (parse(self._read(oid)) if oid != EMPTY else {} for oid in (old, new))
            for name in was.keys() | now.keys():
                (was_folder, a), (is_folder, b) = was.get(name, (True, EMPTY)), now.get(name, (True, EMPTY))
                if (was_folder, a) == (is_folder, b):
                    continue
                path = f"{at}/{name}" if at else name
                if not was_folder and is_folder:
                    yield path, None
                if was_folder or is_folder:
                    pending.append((path, a if was_folder else EMPTY, b if is_folder else EMPTY))
                if not is_folder:
                    yield path, b

    def update(self, changes: Mapping[str, bytes | None], pack: Pack) -> Trees:
        """The trees after `changes` (None removes a file), every new object put in `pack`; folders left empty go.

        Raises:
            ValueError: a path git cannot hold, or one that is a file and a folder at once.
        """
        draft = _Draft(self)
        # Removals first: a file may make way for a folder, and a folder for a file, in one group.
        for path, data in sorted(changes.items(), key=lambda change: change[1] is not None):
            check(path)
            if data is None:
                draft.remove(path)
            else:
                draft.put(path, pack.add("blob", data))
        after = Trees(draft.write(pack), self._read)
        after._known = {path: tree for path, tree in (self._known | draft.touched).items() if path not in draft.dropped}
        return after


class _Draft:
    """Copies of the folders a group changes."""

    def __init__(self, before: Trees) -> None:
        self.before = before
        self.touched: dict[str, Tree] = {}
        self.dropped: set[str] = set()

    def folder(self, path: str) -> Tree:
        if path in self.touched:
            return self.touched[path]
        return {} if path in self.dropped else self.before.folder(path) or {}

    def open(self, path: str) -> Tree:
        """Have a copy of a folder and of all above it ready to be changed."""
        if path in self.touched:
            return self.touched[path]
        if path:
            above, _, name = path.rpartition("/")
            if not self.open(above).setdefault(name, (True, EMPTY))[0]:
                raise ValueError(f"{path} is a file of the ledger")
        self.touched[path] = dict(self.folder(path))
        self.dropped.discard(path)
        return self.touched[path]

    def remove(self, path: str) -> None:
        above, _, name = path.rpartition("/")
        if not self.folder(above).get(name, (True, b""))[0]:
            self.open(above).pop(name)

    def put(self, path: str, blob: bytes) -> None:
        above, _, name = path.rpartition("/")
        folder = self.open(above)
        if folder.get(name, (False, b""))[0] and not self.emptied(path):
            raise ValueError(f"{path} is a folder of the ledger")
        folder[name] = (False, blob)

    def emptied(self, path: str) -> bool:
        """Whether nothing is left in a folder; it then is dropped."""
        tree = self.folder(path)
        if not all(folder and self.emptied(f"{path}/{name}") for name, (folder, _) in tree.items()):
            return False
        self.touched.pop(path, None)
        self.dropped.add(path)
        return True

    def write(self, pack: Pack) -> bytes:
        """Put the changed trees in the pack; returns the root's id. A folder comes after everything below it."""
        for path in sorted(self.touched, key=lambda p: p.count("/") if p else -1, reverse=True):
            if path:
                above, _, name = path.rpartition("/")
                if self.touched[path]:
                    self.touched[above][name] = (True, pack.add("tree", encode(self.touched[path])))
                else:
                    self.touched[above].pop(name, None)
        return pack.add("tree", encode(self.touched[""])) if self.touched else self.before.root
