"""What a dog brings back: how one thing stands, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True)
class Finding:
    """One line of `gt doctor`: `state` is ok, warn or bad; `fix` is what to do, empty when nothing is."""

    name: str
    state: str
    note: str
    fix: str = ""
