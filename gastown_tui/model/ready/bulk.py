"""A town of many records at once: maps and indexes built in one pass, as putting them one by one would leave them."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TypeVar

from immutables import Map

from gastown_tui.model.agent import Agent
from gastown_tui.model.bead import Bead
from gastown_tui.model.ready import waiting
from gastown_tui.model.state import State

T = TypeVar("T", bound=State)
K = TypeVar("K", str, int)


def with_beads(town: T, beads: Mapping[str, Bead]) -> T:
    """The town with exactly these beads (by id) and the indexes over them, at the town's own time."""
    town = _deferred(_edges(town.with_(beads=Map(beads)), beads), beads)
    town = town.with_(stopped=Map(dict.fromkeys(_stopped(town, beads))))
    columns: dict[str, list[str]] = {}
    going: list[str] = []
    for id, bead in beads.items():
        if (name := town.column(bead)) is not None:
            columns.setdefault(name, []).append(id)
            if name == "ready" and bead.work.go:
                going.append(id)
    return town.with_(columns=_sets(columns), going=Map(dict.fromkeys(going)))


def _sets(lists: Mapping[K, list[str]]) -> Map[K, Map[str, None]]:
    return Map({key: Map(dict.fromkeys(ids)) for key, ids in lists.items()})


def _edges(town: T, beads: Mapping[str, Bead]) -> T:
    """Which beads wait for each, which belong to each, and how many open ones each waits for."""
    dependants: dict[str, dict[str, int]] = {}
    children: dict[str, list[str]] = {}
    open_children: dict[str, int] = {}
    gates: dict[str, dict[str, int]] = {}
    for id, bead in beads.items():
        if not bead.dependencies:
            continue
        if found := waiting.gates(bead):
            gates[id] = found
        for target, gate in found.items():
            dependants.setdefault(target, {})[id] = gate
        for parent in dict.fromkeys(bead.parents):
            children.setdefault(parent, []).append(id)
            if waiting.active(bead):
                open_children[parent] = open_children.get(parent, 0) + 1
    shut = {
        (id, mate): waiting.shut(beads.get(id), open_children.get(id, 0), mate)
        for id in dependants for mate in (False, True)
    }  # fmt: skip
    open_needs = dict.fromkeys(beads, 0)
    for id, found in gates.items():
        open_needs[id] = sum(
            1 for target, gate in found.items()
            if gate & shut[target, waiting.mates(beads[id], beads.get(target))]
        )  # fmt: skip
    return town.with_(
        open_needs=Map(open_needs), dependants=Map({id: Map(those) for id, those in dependants.items()}),
        children=_sets(children), open_children=Map(open_children),
    )  # fmt: skip


def _deferred(town: T, beads: Mapping[str, Bead]) -> T:
    """Which beads are deferred, and when the next deferral passes."""
    later = {id: until for id, bead in beads.items() if (until := waiting.later(bead))}
    alarms: dict[int, list[str]] = {}
    for id, until in later.items():
        if town.at < until < inf:
            alarms.setdefault(waiting.day(until), []).append(id)
    made = _sets(alarms)
    return town.with_(later=Map(later), alarms=made, wake_at=waiting.first(made, later))


def _stopped(town: State, beads: Mapping[str, Bead]) -> set[str]:
    """Those with a reason of their own, and all below them."""
    found: set[str] = set()
    left = [
        id for id, bead in beads.items()
        if waiting.active(bead) and waiting.stops(bead, town.open_needs[id], town.later.get(id, 0.0), town.at)
    ]  # fmt: skip
    while left:
        if (id := left.pop()) not in found:
            found.add(id)
            left.extend(child for child in town.children.get(id, ()) if waiting.active(beads[child]))
    return found


def with_agents(town: T, agents: Mapping[str, Agent]) -> T:
    """The town with exactly these agents (by name), and the index of those that run."""
    running = dict.fromkeys(name for name, agent in agents.items() if agent.live)
    return town.with_(agents=Map(agents), running=Map(running))
