"""Where commits part from a tip that moves on: walked once, and carried on from tip to tip by what each one gained."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import pygit2
from pygit2.enums import SortMode

SEEN = 3_000
"""Ancestors of a tip that are read at once. Of a history that is no longer than that all is known; of a longer one git
is asked how each commit parts from it, once."""

_FAR = 600
"""Commits a tip may have gained since the last one, before it is looked at as a new one."""


class Parting(NamedTuple):
    """How a commit parts from a tip: their best common ancestor, and the commits of it that the tip does not have.

    `plain` says that there is no other ancestor as good.
    """

    fork: str
    own: frozenset[str]
    plain: bool


class Ancestry:
    """What lies below one tip, and, without a second walk, below those that stand on it.

    All raise pygit2.GitError, KeyError or ValueError for what cannot be read.
    """

    def __init__(self, repo: pygit2.Repository, tip: str) -> None:
        self._repo = repo
        self._tip = tip
        self._parents: dict[str, tuple[str, ...]] = {}
        self._gained: dict[str, frozenset[str] | None] = {}
        self._parted: dict[str, Parting] = {}
        self._known, self._whole = self._below(tip)

    def since(self, tip: str) -> frozenset[str] | None:
        """The commits another tip has that this one has not; None where it does not stand on this one."""
        if tip not in self._gained:
            found, edge = self._visited(tip, self._known.__contains__, _FAR)
            self._gained[tip] = found if found is not None and (self._tip in edge or tip == self._tip) else None
        return self._gained[tip]

    def advance(self, tip: str) -> None:
        """Stand on a tip for which `since` told something: what parts from it as it did from this one is known."""
        gained = self.since(tip)
        if gained:
            self._known |= gained
            self._parted = {commit: one for commit, one in self._parted.items() if not one.own & gained}
            self._tip, self._gained = tip, {}

    def parting(self, tip: str, commit: str) -> Parting | None:
        """How a commit parts from a tip for which `since` told something; None without a common ancestor."""
        gained = self.since(tip) or frozenset()
        known = self._parted.get(commit)
        if known is not None and not known.own & gained:
            # The tip gained nothing of it: what the two have in common is what it was.
            return known
        found = self._parting(tip, commit, gained)
        if found is not None and not gained:
            self._parted[commit] = found
        return found

    def _parting(self, tip: str, commit: str, gained: frozenset[str]) -> Parting | None:
        repo = self._repo
        own: frozenset[str] | None = None
        if self._whole:
            own, edge = self._visited(commit, lambda one: one in self._known or one in gained, _FAR)
            if own is not None and len(edge) == 1:
                return Parting(next(iter(edge)), own, True)
        fork = repo.merge_base(tip, commit)
        if fork is None:
            return None
        if own is None:
            walk = repo.walk(pygit2.Oid(hex=commit), SortMode.NONE)
            walk.hide(pygit2.Oid(hex=tip))
            own = frozenset(str(one.id) for one in walk)
            edge = {parent for one in own for parent in self._above(one)} - own or {str(fork)}
        plain = all(one == str(fork) or repo.merge_base(one, fork) == pygit2.Oid(hex=one) for one in edge)
        return Parting(str(fork), own, plain)

    def _below(self, tip: str) -> tuple[set[str], bool]:
        """Ancestors of a tip, it among them, the nearest first; and whether that is all of them."""
        found, line = {tip}, deque([tip])
        while line and len(found) < SEEN:
            for parent in self._above(line.popleft()):
                if parent not in found:
                    found.add(parent)
                    line.append(parent)
        return found, not line

    def _visited(
        self, start: str, stop: Callable[[str], bool], most: int
    ) -> tuple[frozenset[str] | None, set[str]]:
        """The commits from one down to where `stop` says so, and those it said so of; None where there are too many."""
        found: set[str] = set()
        edge: set[str] = set()
        line = [start]
        while line:
            one = line.pop()
            if stop(one):
                edge.add(one)
            elif one not in found:
                found.add(one)
                line += self._above(one)
            if len(found) > most:
                return None, edge
        return frozenset(found), edge

    def _above(self, commit: str) -> tuple[str, ...]:
        """The parents of a commit; each is read once."""
        if (known := self._parents.get(commit)) is None:
            found = self._repo[commit].peel(pygit2.Commit)
            known = self._parents[commit] = tuple(str(id) for id in found.parent_ids)
        return known
