"""The ledger's own packs: marked by a .keep file of ours, so that nobody's `git gc` counts, repacks or deletes them."""

from __future__ import annotations

import math
import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.world import Files

MARK = b"gt-ledger\n"
"""What the .keep of an own pack says; whose .keep says anything else is a person's."""

FAN = 16
"""Packs of one size class before they become one: each object is written again once a class, log16 of them all."""

_NAMES = 8 + 256 * 4
_REST = (".idx", ".pack", ".rev", ".bitmap", ".mtimes", ".keep")
"""A pack's files in the order they go: without its index git does not see it, and the mark stays to the last."""


@dataclass(frozen=True)
class OwnPack:
    """One of our packs: its path without a suffix, and how many objects it has."""

    stem: Path
    objects: int

    @property
    def size_class(self) -> int:
        """0 below 16 objects, 1 below 256 ..."""
        return int(math.log(max(1, self.objects), FAN) + 1e-9)


def mark(stem: Path, files: Files) -> None:
    """Say that the pack about to be written at `stem` is ours; raises OSError."""
    keep = stem.with_suffix(".keep")
    if stem in marked(stem.parent, keep.name):
        return
    keep.unlink(missing_ok=True)
    fd = os.open(keep, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    try:
        files.append(fd, MARK)
    except OSError:
        keep.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def marked(folder: Path, pattern: str = "pack-*.keep") -> Iterator[Path]:
    """The stems of what we marked in a pack folder, whole or not."""
    for keep in sorted(folder.glob(pattern)):
        try:
            if keep.read_bytes() == MARK:
                yield keep.with_suffix("")
        except FileNotFoundError:
            continue


def own(folder: Path) -> list[OwnPack]:
    """Our packs that git can read, largest first."""
    found = []
    for stem in marked(folder):
        try:
            with stem.with_suffix(".idx").open("rb") as file:
                head = file.read(_NAMES)
        except FileNotFoundError:
            continue
        if len(head) == _NAMES and head[:8] == b"\377tOc\0\0\0\2" and stem.with_suffix(".pack").exists():
            found.append(OwnPack(stem, struct.unpack_from(">I", head, _NAMES - 4)[0]))
    return sorted(found, key=lambda pack: (-pack.objects, pack.stem.name))


def due(packs: Iterable[OwnPack]) -> list[OwnPack]:
    """The packs that are to become one now: the highest size class that is full, and everything smaller."""
    classes: dict[int, list[OwnPack]] = defaultdict(list)
    for pack in packs:
        classes[pack.size_class].append(pack)
    full = [size for size, those in classes.items() if len(those) >= FAN]
    return [pack for size, those in classes.items() for pack in those if size <= max(full)] if full else []


def names(stem: Path) -> Iterator[bytes]:
    """The ids (20 bytes) a pack's index has, sorted; raises OSError or ValueError when it cannot be read."""
    data = stem.with_suffix(".idx").read_bytes()
    if data[:8] != b"\377tOc\0\0\0\2":
        raise ValueError(f"{stem.name}.idx is no version 2 index")
    (count,) = struct.unpack_from(">I", data, _NAMES - 4)
    if len(data) < _NAMES + 20 * count:
        raise ValueError(f"{stem.name}.idx is cut short")
    return (data[at : at + 20] for at in range(_NAMES, _NAMES + 20 * count, 20))


def remove(stems: Iterable[Path]) -> None:
    """Take packs away whose objects are elsewhere; raises OSError."""
    for stem in stems:
        for suffix in _REST:
            stem.with_suffix(suffix).unlink(missing_ok=True)


def clear_halves(folder: Path) -> bool:
    """Remove what a crash left of own packs: a mark or a pack without its index. Only with the town's lock held."""
    halves = [stem for stem in marked(folder) if not stem.with_suffix(".idx").exists()]
    remove(halves)
    return bool(halves)


def release(folder: Path) -> None:
    """Leave our packs to the person's git: from the next `git gc` on it treats them like any other."""
    for stem in marked(folder):
        stem.with_suffix(".keep").unlink(missing_ok=True)
