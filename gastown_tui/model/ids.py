"""Ids of beads: a prefix and the shortest hash that will hardly collide (interop.md)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Container

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int, length: int) -> str:
    """The last `length` base-36 digits of a number."""
    out = []
    for _ in range(length):
        number, digit = divmod(number, 36)
        out.append(_DIGITS[digit])
    return "".join(reversed(out))


def length_for(count: int) -> int:
    """3 to 8: the shortest length whose birthday chance of a collision among `count` ids is at most 0.25."""
    for length in range(3, 8):
        if 1 - math.exp(-count * count / (2 * 36**length)) <= 0.25:
            return length
    return 8


def bead_id(prefix: str, seed: str, taken: Container[str], count: int) -> str:
    """A new id `<prefix>-<hash>`, not in `taken`; the same seed gives the same id while it is free."""
    shortest = length_for(count)
    for attempt in range(1000):
        number = int.from_bytes(hashlib.sha256(f"{seed}\0{attempt}".encode()).digest(), "big")
        found = f"{prefix}-{base36(number, min(8, shortest + attempt // 10))}"
        if found not in taken:
            return found
    raise AssertionError("a thousand hashes of one seed were taken")


def numbered(prefix: str, taken: Container[str], first: int) -> str:
    """The first free of `<prefix><first>`, `<prefix><first + 1>` ...: ids of plans, convoys and needs."""
    number = first
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"
