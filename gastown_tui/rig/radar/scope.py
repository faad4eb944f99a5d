"""All branches at once, kept up as they move: a branch that moved is looked at against the others, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.radar.ground import Ground
from gastown_tui.rig.radar.pairs import CONFLICT, Spot, View, judge, touching, view, whole
from gastown_tui.rig.radar.sides import Side

TARGET = ""
"""The name of the target among the branches."""


class Place(NamedTuple):
    """Where a branch is: its worktree while somebody may be at work in it, else the commit it was handed in at."""

    worktree: Path | None = None
    head: str = ""


class Radar:
    """For one thread at a time; methods block (milliseconds for a branch, as `tests.benchmarks.merging` measures)."""

    def __init__(self, common_dir: Path) -> None:
        self._common_dir = common_dir
        self._ground = Ground(common_dir)
        self._tip = ""
        self._sides: dict[str, Side] = {}
        self._views: dict[tuple[str, str], View] = {}
        self._found: dict[tuple[str, str], tuple[Spot, ...]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The branches it knows, without the target."""
        return frozenset(self._sides) - {TARGET}

    def changed(self, name: str) -> frozenset[str]:
        """The paths a branch has changed, as it was looked at last."""
        side = self._sides.get(name)
        return frozenset(side.changes) if side is not None else frozenset()

    def aim(self, tip: str) -> None:
        """Say where the target stands; branches that left it elsewhere by now are looked at again."""
        if tip == self._tip:
            return
        self._tip = tip
        self._place(Side(TARGET, tip, tip, {}))
        for side in [side for name, side in self._sides.items() if name != TARGET]:
            if self._ground.left(side.head, tip)[0] != side.fork:
                self.look(side.name, Place(side.worktree, side.head))

    def look(self, name: str, place: Place) -> bool:
        """Look at a branch; says whether it had moved.

        Raises:
            GasTownError: it cannot be read; what was known of it stays.
        """
        if self._ground.full:
            self._ground = Ground(self._common_dir)
        side = self._ground.side(name, self._tip, worktree=place.worktree, head=place.head)
        if self._sides.get(name) == side:
            return False
        self._place(side)
        return True

    def drop(self, name: str) -> None:
        """Forget a branch: it landed, or was given up."""
        self._sides.pop(name, None)
        self._forget(name)

    def meetings(self) -> Mapping[tuple[str, str], tuple[Spot, ...]]:
        """Who meets whom and where, by both names in order; the target is "" and comes first."""
        return {pair: kept for pair, spots in sorted(self._found.items()) if (kept := self._theirs(*pair, spots))}

    def _forget(self, name: str) -> None:
        self._found = {pair: spots for pair, spots in self._found.items() if name not in pair}
        self._views = {key: found for key, found in self._views.items() if key[0] != name}

    def _place(self, side: Side) -> None:
        self._forget(side.name)
        self._sides[side.name] = side
        for other in self._sides.values():
            if other.name != side.name and (spots := self._meet(side, other)):
                self._found[min(side.name, other.name), max(side.name, other.name)] = spots

    def _meet(self, one: Side, other: Side) -> tuple[Spot, ...]:
        if not (one.changes or one.name == TARGET) or not (other.changes or other.name == TARGET):
            return ()
        try:
            base = self._ground.older(one.fork, other.fork)
            if one.odd or other.odd or not base or not one.own.isdisjoint(other.own):
                return whole(self._ground, one, other)
            mine, theirs = self._view(one, base), self._view(other, base)
            return judge(self._ground, mine, theirs) if touching(mine, theirs) else ()
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            raise GasTownError(f"{one.name} and {other.name} cannot be compared: {error}.", "Try: git fsck") from error

    def _view(self, side: Side, base: str) -> View:
        key = side.name, base
        if key not in self._views:
            self._views[key] = view(self._ground, side, base)
        return self._views[key]

    def _theirs(self, one: str, other: str, spots: tuple[Spot, ...]) -> tuple[Spot, ...]:
        """The spots that are between these two: what one of them has with the target is told of those two alone."""
        if one == TARGET:
            return spots
        told = {
            spot.file
            for name, by in ((one, other), (other, one))
            for spot in self._found.get((TARGET, name), ())
            if spot.kind == CONFLICT and spot.file not in self._sides[by].changes
        }
        return tuple(spot for spot in spots if spot.file not in told)
