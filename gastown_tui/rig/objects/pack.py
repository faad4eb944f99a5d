"""Git objects as bytes, and any number of them made durable as one pack (five syncs whatever the size)."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from pathlib import Path

from gastown_tui.rig.objects import packs
from gastown_tui.world import Files

TYPES = {"commit": 1, "tree": 2, "blob": 3}
"""Object types as a pack numbers them (git's pack-format)."""

TEMPORARY = ".gt-tmp-"
"""In the names of files half written: no `git gc` takes them for packs, nor (as it does tmp_*) for leftovers."""


def object_id(kind: str, data: bytes) -> bytes:
    """The 20 bytes git knows an object by."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).digest()


def person(name: str, email: str) -> str:
    """`name <email>` as a commit holds it; what git cannot hold there is left out."""
    clean = {ord(c): None for c in "<>\n\0"}
    return f"{name.translate(clean).strip() or 'unknown'} <{email.translate(clean).strip()}>"


def commit_bytes(tree: str, parents: list[str], author: str, committer: str, message: str) -> bytes:
    """A commit object; author and committer are `name <email> seconds zone`."""
    head = [f"tree {tree}", *(f"parent {p}" for p in parents), f"author {author}", f"committer {committer}"]
    body = "\n".join(head) + "\n\n" + message.replace("\0", "\\0")
    return body.encode("utf-8", "backslashreplace")


class Pack:
    """Objects that are waiting to become one pack."""

    def __init__(self) -> None:
        self._objects: dict[bytes, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def add(self, kind: str, data: bytes) -> bytes:
        """Take one object; returns its id (20 bytes)."""
        oid = object_id(kind, data)
        self._objects[oid] = (TYPES[kind], data)
        return oid

    def write(self, objects: Path, files: Files) -> None:
        """Put the pack and its index under an objects folder, durably.

        Raises:
            OSError: the disk refused; git sees none of the objects.
        """
        body, entries = self._encode()
        checksum = body[-20:]
        stem = objects / "pack" / f"pack-{checksum.hex()}"
        stem.parent.mkdir(exist_ok=True)
        # The index goes last: git looks for packs by their index, and one it sees must be marked as ours already.
        packs.mark(stem, files)
        try:
            _place(stem.with_suffix(".pack"), body, files)
            _place(stem.with_suffix(".idx"), _index(entries, checksum), files)
        except OSError:
            if not stem.with_suffix(".idx").exists():
                packs.remove([stem])
            raise
        files.sync_folder(stem.parent)

    def _encode(self) -> tuple[bytes, list[tuple[bytes, int, int]]]:
        """The pack's bytes, and (id, CRC-32, offset) of each object, sorted by id."""
        parts = [b"PACK" + struct.pack(">II", 2, len(self._objects))]
        offset, entries = 12, []
        for oid, (kind, data) in self._objects.items():
            entry = _header(kind, len(data)) + zlib.compress(data, 1)
            entries.append((oid, zlib.crc32(entry), offset))
            parts.append(entry)
            offset += len(entry)
        body = b"".join(parts)
        return body + hashlib.sha1(body).digest(), sorted(entries)


def _header(kind: int, size: int) -> bytes:
    """Type and size: four bits of size in the first byte, seven in each that follows (git's pack-format)."""
    byte, size = kind << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    out.append(byte)
    return bytes(out)


def _index(entries: list[tuple[bytes, int, int]], checksum: bytes) -> bytes:
    """A version 2 index. A group never nears 2 GiB, so the table of 64-bit offsets stays empty."""
    counts = [0] * 256
    for oid, _, _ in entries:
        counts[oid[0]] += 1
    fanout, total = [], 0
    for count in counts:
        total += count
        fanout.append(total)
    body = b"".join((
        b"\377tOc", struct.pack(">I", 2), struct.pack(">256I", *fanout), b"".join(oid for oid, _, _ in entries),
        b"".join(struct.pack(">I", crc) for _, crc, _ in entries),
        b"".join(struct.pack(">I", offset) for _, _, offset in entries), checksum,
    ))
    return body + hashlib.sha1(body).digest()


def _place(path: Path, data: bytes, files: Files) -> None:
    temporary = path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o444)
        try:
            files.append(fd, data)
            files.sync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
