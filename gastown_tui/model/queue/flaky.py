"""Tests that were red and then green on the same tree: which, how often, and when last."""

from __future__ import annotations

import hashlib

import msgspec


class Flake(msgspec.Struct, frozen=True, omit_defaults=True):
    """A flaky test of a gate ("" when its name is not known): `times` it was seen, last at unix second `at`.

    `tree` is where it was last red and green, `number` the run that was green.
    """

    id: str
    gate: str
    test: str = ""
    times: int = 1
    since: float = 0.0
    at: float = 0.0
    tree: str = ""
    number: int = 0


def flake_id(gate: str, test: str) -> str:
    """What a flaky test is kept under: names of tests are no names of files."""
    return hashlib.sha256(f"{gate}\0{test}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
