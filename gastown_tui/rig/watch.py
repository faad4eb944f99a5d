"""Notices refs that moved without us: a poll costs a lookup of microseconds each (facts/ledger.md, 8)."""

from __future__ import annotations

from collections.abc import Iterable

from gastown_tui.rig.repository import Repository

Moves = list[tuple[str, str | None, str | None]]
"""(ref, where it was, where it is now); None is no such ref."""


class Tips:
    """Where some refs were when last looked at. The engine tells of its own moves, so what is left is foreign."""

    def __init__(self, repo: Repository, refs: Iterable[str]) -> None:
        """Look at the refs (branch names or full) for the first time. Raises GasTownError when unsure."""
        self._repo = repo
        self._known = {ref: repo.lookup(ref) for ref in refs}

    def changed(self) -> Moves:
        """The refs that moved since the last look, which then count as known. Raises GasTownError when unsure."""
        now = {ref: self._repo.lookup(ref) for ref in self._known}
        moves: Moves = [(ref, self._known[ref], now[ref]) for ref in now if now[ref] != self._known[ref]]
        self._known = now
        return moves

    def know(self, ref: str, commit: str | None) -> None:
        """Have a ref's place, moved by us, not reported; a move by another on top of it still is."""
        self._known[ref] = commit

    def at(self, ref: str) -> str | None:
        """Where a ref was when last looked at."""
        return self._known[ref]
