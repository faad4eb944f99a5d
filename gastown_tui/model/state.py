"""What the town is made of: persistent maps, and the indexes each change of a bead keeps true."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Self

import msgspec
from immutables import Map

from gastown_tui.model.agent import Agent
from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Convoy, Draft
from gastown_tui.model.entries import Entry
from gastown_tui.model.errors import Refused
from gastown_tui.model.events import Need, Said
from gastown_tui.model.lifecycle import COLUMNS
from gastown_tui.model.merge import GateRun, MergeRequest

_Ids = Map[str, None]
_NONE: _Ids = Map()


class EngineInfo(msgspec.Struct, frozen=True):
    """The engine that has the town; `starts` counts how many had it."""

    pid: int = 0
    since: float = 0.0
    starts: int = 0
    running: bool = False


class Speech(msgspec.Struct, frozen=True):
    """One turn of the chat."""

    at: float
    who: str
    said: Said


class State(msgspec.Struct, frozen=True):
    """Everything known, immutable: a change gives a new one that shares all but O(log n) with the old."""

    rig: str = ""
    target: str = ""
    prefix: str = ""
    seq: int = 0
    at: float = 0.0
    tip: str = ""
    heard: int = 0
    engine: EngineInfo = EngineInfo()
    beads: Map[str, Bead] = Map()
    agents: Map[str, Agent] = Map()
    drafts: Map[str, Draft] = Map()
    convoys: Map[str, Convoy] = Map()
    needs: Map[str, Need] = Map()
    chat: Map[int, Speech] = Map()
    queue: Map[str, MergeRequest] = Map()
    runs: Map[str, GateRun] = Map()
    holds: Map[str, str] = Map()
    costs: Map[str, float] = Map()
    undo: Map[int, Entry] = Map()
    columns: Map[str, _Ids] = Map()
    open_needs: Map[str, int] = Map()
    dependants: Map[str, _Ids] = Map()
    going: _Ids = Map()
    running: _Ids = Map()

    def with_(self, **fields: Any) -> Self:
        """The same with some fields replaced."""
        return msgspec.structs.replace(self, **fields)

    def bead(self, id: str) -> Bead:
        """The bead of that id, or of that unambiguous end of an id; raises Refused."""
        if (found := self.beads.get(id)) is not None:
            return found
        full = f"{self.prefix}-{id}"
        if (found := self.beads.get(full)) is not None:
            return found
        raise Refused(f"There is no bead {id}.", "List them with: gt bead list")

    def column(self, bead: Bead) -> str | None:
        """The kanban column a bead stands in; None for one closed without landing."""
        stage = bead.work.stage
        if stage == "dropped":
            return None
        if stage != "idle":
            return stage
        if bead.status == "closed":
            return None
        waits = self.open_needs.get(bead.id, 0) or not bead.work.approved or bead.status != "open" or bead.work.held
        return "backlog" if waits else "ready"

    def in_column(self, name: str) -> Iterator[Bead]:
        """The beads of a column, in no order."""
        return (self.beads[id] for id in self.columns.get(name, _NONE))

    def counts(self) -> dict[str, int]:
        """How many beads stand in each column."""
        return {name: len(self.columns.get(name, _NONE)) for name in COLUMNS}

    def to_sling(self, most: int) -> list[Bead]:
        """The first `most` ready beads that the overseer let go, in the order they are slung."""
        return heapq.nsmallest(most, (self.beads[id] for id in self.going), key=_order) if most else []

    def ready(self) -> list[Bead]:
        """Ready beads in the order they are slung: priority, then age."""
        return sorted(self.in_column("ready"), key=_order)

    def blockers(self, bead: Bead) -> list[str]:
        """Ids of the open beads that keep this one from being ready."""
        return [id for id in bead.needs if (other := self.beads.get(id)) is not None and blocks(other)]

    @property
    def cost_usd(self) -> float:
        """Everything spent."""
        return sum(self.costs.values())

    def live_agents(self) -> list[Agent]:
        """Agents whose process the town believes to run."""
        return [self.agents[name] for name in self.running]

    def seat(self, agent: Agent) -> Self:
        """The state with an agent added or replaced; the index of those that run makes no look at the others."""
        state = self.with_(agents=self.agents.set(agent.name, agent))
        if agent.live == (agent.name in self.running):
            return state
        running = self.running.set(agent.name, None) if agent.live else self.running.delete(agent.name)
        return state.with_(running=running)

    def agent_of(self, bead: str, role: str = "polecat") -> Agent | None:
        """The latest agent of a role that has, or had, this bead."""
        found = [a for a in self.agents.values() if a.bead == bead and a.role == role]
        return max(found, key=lambda a: (a.epoch, a.since), default=None)

    def put(self, bead: Bead) -> Self:
        """The state with a bead added or replaced, and every index that it moves."""
        old = self.beads.get(bead.id)
        dependants, open_needs = self.dependants, self.open_needs
        if old is None or old.dependencies != bead.dependencies:
            before = set(old.needs) if old is not None else set()
            after = set(bead.needs)
            for id in before - after:
                dependants = _without(dependants, id, bead.id)
            for id in after - before:
                dependants = dependants.set(id, dependants.get(id, _NONE).set(bead.id, None))
            opened = sum(1 for id in after if (other := self.beads.get(id)) is not None and blocks(other))
            open_needs = open_needs.set(bead.id, opened)
        state = self.with_(beads=self.beads.set(bead.id, bead), dependants=dependants, open_needs=open_needs)
        moved = [(bead.id, self.column(old) if old is not None else None)]
        step = blocks(bead) - (old is not None and blocks(old))
        if step:
            for id in dependants.get(bead.id, _NONE):
                moved.append((id, state.column(state.beads[id])))
                open_needs = open_needs.set(id, open_needs.get(id, 0) + step)
            state = state.with_(open_needs=open_needs)
        return state._recolumn(moved)

    def without(self, id: str) -> Self:
        """The state without a bead, and every index that this moves."""
        old = self.beads[id]
        dependants, open_needs = self.dependants, self.open_needs.delete(id)
        for need in set(old.needs):
            dependants = _without(dependants, need, id)
        state = self.with_(beads=self.beads.delete(id), dependants=dependants)
        moved = [(other, self.column(self.beads[other])) for other in dependants.get(id, _NONE)] if blocks(old) else []
        for other, _ in moved:
            open_needs = open_needs.set(other, open_needs[other] - 1)
        was = self.column(old)
        columns = self.columns if was is None else _without(self.columns, was, id)
        going = self.going.delete(id) if id in self.going else self.going
        return state.with_(open_needs=open_needs, columns=columns, going=going)._recolumn(moved)

    def _recolumn(self, moved: list[tuple[str, str | None]]) -> Self:
        columns, going = self.columns, self.going
        for id, was in moved:
            now = self.column(self.beads[id])
            if (now == "ready" and self.beads[id].work.go) != (id in going):
                going = going.delete(id) if id in going else going.set(id, None)
            if was == now and (now is None or id in columns.get(now, _NONE)):
                continue
            if was is not None and id in columns.get(was, _NONE):
                columns = _without(columns, was, id)
            if now is not None:
                columns = columns.set(now, columns.get(now, _NONE).set(id, None))
        if columns is self.columns and going is self.going:
            return self
        return self.with_(columns=columns, going=going)


def _order(bead: Bead) -> tuple[int, str, str]:
    return bead.priority, bead.created_at, bead.id


def blocks(bead: Bead) -> bool:
    """Whether a bead keeps those that need it from being ready."""
    return bead.status not in ("closed", "pinned")


def _without(index: Map[str, _Ids], key: str, id: str) -> Map[str, _Ids]:
    """An index with one id less; a set that becomes empty goes, so that equal towns have equal indexes."""
    left = index[key].delete(id)
    return index.set(key, left) if left else index.delete(key)
