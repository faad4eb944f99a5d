"""A copy of the town as one tree of the ledger has it: it may go at any time, and makes a cold start quick."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from immutables import Map

import gastown_tui.model
from gastown_tui import __version__
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.ready.bulk import with_agents
from gastown_tui.model.ready.indexed import Index, index_of, with_index
from gastown_tui.model.town import KINDS, Town, encode_part, read_part, scalars, with_own, with_parts

NAME = "town"

SMALL = 500
"""Beads up to which a town is read from the ledger as quickly."""

_AT_ONCE = 1000
"""Beads encoded in one go: about a millisecond in which no other thread runs."""

_ORDER = ("own", "beads", "index", *KINDS)
_IN_TEXT = frozenset({"undo"})
"""Kinds with JSON in them already: they are kept as the ledger has them."""

_MOST = 4 * 1024 * 1024 * 1024


class _Head(msgspec.Struct, frozen=True):
    code: int
    tree: str
    seq: int


@dataclass(frozen=True)
class Kept:
    """What a cache holds: a town, and the tree of the ledger that has just this town."""

    tree: str
    town: Town


class Cache:
    """One file. Whatever is wrong with it, it reads as None: the ledger has everything."""

    def __init__(self, path: Path) -> None:
        """Use a file in a folder that is made when first needed."""
        self.path = path
        self.seq = 0
        """The record up to which it was when last read or written; 0 when it was no use."""

    def keep(self, town: Town, tree: str) -> None:
        """Write the town as `tree` has it; raises OSError. Not synced: half a file does not check, and is no loss."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                check = 0
                for block in _blocks(town, tree):
                    check = zlib.crc32(block, check)
                    file.write(block)
                file.write(check.to_bytes(4, "big"))
            os.replace(temporary, self.path)
            self.seq = town.seq
        finally:
            temporary.unlink(missing_ok=True)

    def read(self) -> Kept | None:
        """What the file holds; None when it is not there, not whole, or another version's."""
        found = None
        with contextlib.suppress(OSError, ValueError, IndexError, msgspec.DecodeError, GasTownError):
            found = _read(self.path)
        self.seq = found.town.seq if found is not None else 0
        return found


def _blocks(town: Town, tree: str) -> Iterator[bytes]:
    yield msgspec.json.encode(_Head(_code(), tree, town.seq)) + b"\n"
    yield _framed("own", scalars(town))
    beads = iter(town.beads.values())
    while some := list(islice(beads, _AT_ONCE)):
        yield _framed("beads", msgspec.msgpack.encode(some))
    yield _framed("index", msgspec.msgpack.encode(index_of(town)))
    for kind, (name, _, _) in KINDS.items():
        items = getattr(town, name).items()
        if kind in _IN_TEXT:
            items = [(str(key), encode_part(town, kind, str(key))) for key, _ in items]
        yield _framed(kind, msgspec.msgpack.encode(list(items)))


def _framed(kind: str, data: bytes) -> bytes:
    return bytes((_ORDER.index(kind),)) + len(data).to_bytes(4, "big") + data


def _read(path: Path) -> Kept | None:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > _MOST:
            return None
        data = file.read()
    view = memoryview(data)
    at = data.index(b"\n") + 1
    head = msgspec.json.decode(view[:at], type=_Head)
    end = len(data) - 4
    if head.code != _code() or zlib.crc32(view[:end]) != int.from_bytes(view[end:], "big"):
        return None
    town, beads = Town(), list[Bead]()
    while at < end:
        kind, size = _ORDER[view[at]], int.from_bytes(view[at + 1 : at + 5], "big")
        block = view[at + 5 : at + 5 + size]
        at += 5 + size
        if kind == "own":
            town = with_own(town, bytes(block))
        elif kind == "beads":
            beads += _decode_beads(block)
        elif kind == "index":
            town = with_index(town, beads, msgspec.msgpack.decode(block, type=Index))
        else:
            town = _with_kind(town, kind, block)
    return Kept(head.tree, town)


def _with_kind(town: Town, kind: str, block: memoryview) -> Town:
    name, shape, _ = KINDS[kind]
    if kind in _IN_TEXT:
        return with_parts(town, (read_part(kind, key, record) for key, record in _decode_texts(block)))
    decode = msgspec.msgpack.Decoder(list[tuple[str | int, shape]]).decode  # type: ignore[valid-type]
    found: dict[Any, Any] = dict(decode(block))
    return with_agents(town, found) if kind == "agents" else town.with_(**{name: Map(found)})


_decode_beads: Any = msgspec.msgpack.Decoder(list[Bead]).decode
_decode_texts: Any = msgspec.msgpack.Decoder(list[tuple[str, bytes]]).decode


def _code() -> int:
    """Changes whenever the model's code does: a cache is read only by what would have written the same."""
    files = sorted(Path(gastown_tui.model.__file__).parent.rglob("*.py"))
    stats = [(path.name, (stat := path.stat()).st_size, stat.st_mtime_ns) for path in files]
    return zlib.crc32(repr((__version__, stats)).encode())
