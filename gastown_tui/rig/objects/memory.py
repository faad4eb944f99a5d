"""Git objects that are never written to disk: what merges are made of while nobody has decided to keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.objects.pack import TYPES, object_id

_FIRST = 1000
"""Before the disk's own backends: what libgit2 writes goes here."""


class Memory(pygit2.OdbBackend):
    """Objects by id; everything a repository writes while this stands before its disk stays here."""

    def __init__(self, objects: dict[bytes, tuple[int, bytes]] | None = None) -> None:
        super().__init__()
        self.objects = {} if objects is None else objects

    def put(self, kind: str, data: bytes) -> bytes:
        """Keep one object; returns its id (20 bytes)."""
        oid = object_id(kind, data)
        self.objects[oid] = (TYPES[kind], data)
        return oid

    def reading(self, repo: pygit2.Repository) -> Callable[[bytes], bytes]:
        """Reads an object's content from here, else from the repository (whose own `read` never asks us)."""
        objects = self.objects

        def read(oid: bytes) -> bytes:
            here = objects.get(oid)
            return here[1] if here is not None else repo.read(pygit2.Oid(raw=oid))[1]

        return read

    # what libgit2 asks; a KeyError is its "not here"

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        """Type and content of an object."""
        return self.objects[oid.raw]

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        """Type and size of an object."""
        kind, data = self.objects[oid.raw]
        return kind, len(data)

    def read_prefix_cb(self, oid: pygit2.Oid) -> tuple[int, bytes, pygit2.Oid]:
        """Nobody looks here for a part of an id."""
        raise KeyError(oid)

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        """Whether an object is here."""
        return oid.raw in self.objects

    def exists_prefix_cb(self, prefix: pygit2.Oid) -> pygit2.Oid:
        """Nobody looks here for a part of an id."""
        raise KeyError(prefix)

    def refresh_cb(self) -> None:
        """There is nothing to look for again."""

    def write_cb(self, oid: pygit2.Oid, data: bytes, kind: int) -> None:
        """Keep an object libgit2 made."""
        self.objects[oid.raw] = (int(kind), bytes(data))

    def __iter__(self) -> Iterator[pygit2.Oid]:
        return (pygit2.Oid(raw=oid) for oid in list(self.objects))


def opened(path: Path, objects: dict[bytes, tuple[int, bytes]] | None = None) -> tuple[pygit2.Repository, Memory]:
    """A repository (or one of its worktrees) whose writes of objects stay in memory; for one thread at a time.

    Raises:
        GasTownError: it cannot be opened.
    """
    try:
        repo = pygit2.Repository(str(path))
    except pygit2.GitError as error:
        raise GasTownError(f"{path} cannot be opened: {error}.", "Nothing was changed. Try: git fsck") from error
    memory = Memory(objects)
    repo.odb.add_backend(memory, _FIRST)
    return repo, memory
