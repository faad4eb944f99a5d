"""Indexes over beads as plain lists, so that a copy of a town need not find out again what follows from its beads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from immutables import Map

from gastown_tui.model.bead import Bead
from gastown_tui.model.state import State

T = TypeVar("T", bound=State)
K = TypeVar("K", str, int)


class Index(msgspec.Struct, frozen=True, array_like=True):
    """Every index of a State over a list of beads, each bead as its place in that list.

    Only the keys of `dependants` and of what belongs to parents are ids: they may be of beads that are not there.
    `open_needs` leaves out noughts.
    """

    columns: dict[str, list[int]]
    open_needs: list[tuple[int, int]]
    dependants: dict[str, list[tuple[int, int]]]
    children: dict[str, list[int]]
    open_children: dict[str, int]
    stopped: list[int]
    later: list[tuple[int, float]]
    alarms: dict[int, list[int]]
    wake_at: float
    going: list[int]


def index_of(town: State) -> Index:
    """The indexes of a town over `list(town.beads.values())`."""
    place = {id: at for at, id in enumerate(town.beads)}

    def places(ids: Iterable[str]) -> list[int]:
        return [place[id] for id in ids]

    def each(sets: Mapping[K, Iterable[str]]) -> dict[K, list[int]]:
        return {key: places(ids) for key, ids in sets.items()}

    dependants = {id: [(place[other], gate) for other, gate in those.items()] for id, those in town.dependants.items()}
    return Index(
        each(town.columns), [(place[id], count) for id, count in town.open_needs.items() if count], dependants,
        each(town.children), dict(town.open_children), places(town.stopped),
        [(place[id], until) for id, until in town.later.items()], each(town.alarms), town.wake_at, places(town.going),
    )  # fmt: skip


def with_index(town: T, beads: Sequence[Bead], index: Index) -> T:
    """The town with exactly these beads and the indexes that were made over them, as of the town's own time.

    Raises:
        IndexError: the index is not of these beads.
    """
    ids = [bead.id for bead in beads]
    same = dict(zip(ids, ids, strict=True))

    def named(places: Iterable[int]) -> Map[str, None]:
        return Map(dict.fromkeys([ids[at] for at in places]))

    def each(sets: Mapping[K, list[int]]) -> Map[K, Map[str, None]]:
        return Map({key: named(places) for key, places in sets.items()})

    open_needs = dict.fromkeys(ids, 0)
    open_needs.update((ids[at], count) for at, count in index.open_needs)
    # Ids that are known are kept once: what was read holds another text for each place an id stands in.
    dependants = {same.get(id, id): Map((ids[at], n) for at, n in those) for id, those in index.dependants.items()}
    return town.with_(
        beads=Map(zip(ids, beads, strict=True)), columns=each(index.columns), open_needs=Map(open_needs),
        dependants=Map(dependants), children=each(index.children), open_children=Map(index.open_children),
        stopped=named(index.stopped), later=Map((ids[at], until) for at, until in index.later),
        alarms=each(index.alarms), wake_at=index.wake_at, going=named(index.going),
    )  # fmt: skip
