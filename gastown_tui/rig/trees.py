"""Trees as git keeps them: what differs between two, and new ones out of old ones, equal parts never looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import pygit2

FOLDER, LINK, MODULE = 0o40000, 0o120000, 0o160000
"""Modes of tree entries that are no plain files: folders, symbolic links, submodules."""


class Entry(NamedTuple):
    """One file of a tree: its mode and the 20 bytes of its id."""

    mode: int
    id: bytes


class Change(NamedTuple):
    """One path in two trees; None where it is no file there."""

    before: Entry | None
    after: Entry | None


Listing = dict[str, Entry]
"""The entries of one folder by name, folders among them."""


Read = Callable[[bytes], bytes]
"""The content of an object by its id (20 bytes)."""


def reading(repo: pygit2.Repository) -> Read:
    """Reads from a repository; what it cannot read raises KeyError or pygit2.GitError."""
    return lambda oid: repo.read(pygit2.Oid(raw=oid))[1]


def tree_of(repo: pygit2.Repository, commit: str) -> bytes:
    """The id of a commit's tree. Raises KeyError or pygit2.GitError where there is none."""
    return repo[commit].peel(pygit2.Commit).tree_id.raw


def listing(read: Read, tree: bytes) -> Listing:
    """The entries of one tree object; bytes of a name that are no UTF-8 survive as surrogates."""
    found: Listing = {}
    if tree == EMPTY:
        return found
    data = read(tree)
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        name = data[space + 1 : end].decode("utf-8", "surrogateescape")
        found[name] = Entry(int(data[at:space], 8), data[end + 1 : end + 21])
        at = end + 21
    return found


def files(read: Read, tree: bytes, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Every file below a tree, by its path."""
    for name, entry in listing(read, tree).items():
        if entry.mode == FOLDER:
            yield from files(read, entry.id, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", entry


def differences(read: Read, old: bytes, new: bytes) -> dict[str, Change]:
    """The files that differ between two trees, by path, renames as a path that went and one that came."""
    found: dict[str, Change] = {}
    _compare(read, old, new, "", found)
    return found


def _compare(read: Read, old: bytes, new: bytes, prefix: str, found: dict[str, Change]) -> None:
    if old == new:
        return
    before, after = (listing(read, tree) if tree else {} for tree in (old, new))
    for name in before.keys() | after.keys():
        left, right = before.get(name), after.get(name)
        if left == right:
            continue
        path = f"{prefix}{name}"
        was, now = (entry if entry is not None and entry.mode != FOLDER else None for entry in (left, right))
        if was is not None or now is not None:
            found[path] = Change(was, now)
        folders = [entry.id if entry is not None and entry.mode == FOLDER else b"" for entry in (left, right)]
        if any(folders):
            _compare(read, folders[0], folders[1], f"{path}/", found)


def lookup(read: Read, tree: bytes, path: str) -> Entry | None:
    """One file of a tree, or None; a folder is none."""
    *folders, name = path.split("/")
    for folder in folders:
        entry = listing(read, tree).get(folder)
        if entry is None or entry.mode != FOLDER:
            return None
        tree = entry.id
    entry = listing(read, tree).get(name)
    return None if entry is None or entry.mode == FOLDER else entry


Put = Callable[[str, bytes], bytes]
"""Keeps an object of a kind; returns its id (20 bytes)."""


def build(entries: Mapping[str, Entry], put: Put) -> bytes:
    """The tree of some files alone; returns its id."""
    here: Listing = {}
    below: dict[str, dict[str, Entry]] = {}
    for path, entry in entries.items():
        folder, slash, rest = path.partition("/")
        if slash:
            below.setdefault(folder, {})[rest] = entry
        else:
            here[path] = entry
    for name, inner in below.items():
        here[name] = Entry(FOLDER, build(inner, put))
    return _written(here, put)


def overlaid(read: Read, tree: bytes, changed: Iterable[tuple[str, Entry | None]], put: Put) -> bytes:
    """A tree with some files put, or with None taken away; folders that this empties go. Returns its id."""
    here = listing(read, tree) if tree else {}
    below: dict[str, list[tuple[str, Entry | None]]] = {}
    plain: list[tuple[str, Entry | None]] = []
    for path, entry in changed:
        folder, slash, rest = path.partition("/")
        if slash:
            below.setdefault(folder, []).append((rest, entry))
        else:
            plain.append((path, entry))
    # What goes makes room for a folder of its name before that is filled.
    for name, entry in plain:
        if entry is None and name in here and here[name].mode != FOLDER:
            del here[name]
    for name, inner in below.items():
        old = here.get(name)
        made = overlaid(read, old.id if old is not None and old.mode == FOLDER else b"", inner, put)
        if made == EMPTY:
            if old is not None and old.mode == FOLDER:
                del here[name]
        else:
            here[name] = Entry(FOLDER, made)
    for name, entry in plain:
        if entry is not None:
            here[name] = entry
    return _written(here, put) if here else EMPTY


EMPTY = bytes.fromhex("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
"""The tree of no file at all, which git knows without its being written."""


def _written(here: Listing, put: Put) -> bytes:
    rows = ((name.encode("utf-8", "surrogateescape"), entry) for name, entry in here.items())
    ordered = sorted(rows, key=lambda row: row[0] + b"/" if row[1].mode == FOLDER else row[0])
    return put("tree", b"".join(b"%o %s\0%s" % (entry.mode, name, entry.id) for name, entry in ordered))
