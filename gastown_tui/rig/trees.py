"""A commit's folders held in memory, so that changing a few files touches only the trees above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gastown_tui.rig.pack import Pack

Tree = dict[str, tuple[bool, bytes]]
"""Name -> (is it a folder, id of 20 bytes)."""

EMPTY = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
"""The id of the tree without entries."""


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

    def update(self, changes: Mapping[str, bytes | None], pack: Pack) -> Trees:
        """The trees after `changes` (None removes a file), every new object put in `pack`; folders left empty go.

        Raises:
            ValueError: a path git cannot hold, or one that is a file and a folder at once.
        """
        touched: dict[str, Tree] = {}
        for path, data in changes.items():
            self._change(touched, path, None if data is None else pack.add("blob", data))
        # A folder is written after everything below it: deepest first.
        for path in sorted(touched, key=lambda p: p.count("/") if p else -1, reverse=True):
            if path:
                above, _, name = path.rpartition("/")
                if touched[path]:
                    touched[above][name] = (True, pack.add("tree", encode(touched[path])))
                else:
                    touched[above].pop(name, None)
        after = Trees(pack.add("tree", encode(touched[""])) if touched else self.root, self._read)
        after._known = {**self._known, **touched}
        return after

    def _change(self, touched: dict[str, Tree], path: str, blob: bytes | None) -> None:
        above, _, name = path.rpartition("/")
        if any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/")) or "\0" in path:
            raise ValueError(f"not a path for the ledger: {path!r}")
        self._open(touched, above)
        if blob is None:
            touched[above].pop(name, None)
        elif touched[above].get(name, (False, b""))[0]:
            raise ValueError(f"{path} is a folder of the ledger")
        else:
            touched[above][name] = (False, blob)

    def _open(self, touched: dict[str, Tree], path: str) -> None:
        """Have a copy of a folder and of all above it ready to be changed."""
        if path in touched:
            return
        if path:
            above, _, name = path.rpartition("/")
            self._open(touched, above)
            entry = touched[above].get(name)
            if entry is not None and not entry[0]:
                raise ValueError(f"{path} is a file of the ledger")
            touched[above].setdefault(name, (True, EMPTY))
        touched[path] = dict(self.folder(path) or {})
