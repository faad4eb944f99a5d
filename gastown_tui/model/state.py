"""What the town is made of: persistent maps, and the indexes each change of a bead keeps true."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from math import inf
from typing import Any, Self

import msgspec
from immutables import Map

from gastown_tui.model.agent import Agent
from gastown_tui.model.bead import Bead
from gastown_tui.model.collision import Collision
from gastown_tui.model.convoy import Convoy, Draft
from gastown_tui.model.errors import Refused
from gastown_tui.model.events import Need, Said
from gastown_tui.model.lifecycle import COLUMNS
from gastown_tui.model.merge import RATE, GateRun, MergeRequest, TestRun, Train
from gastown_tui.model.queue.flaky import Flake
from gastown_tui.model.ready import indexes, reasons, waiting
from gastown_tui.model.undoing.entries import Entry

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
    """Everything known, immutable: a change gives a new one that shares all but O(log n) with the old.

    From `columns` on these are indexes over the beads and agents, as of unix second `at` (model/ready/waiting.py):
    `open_needs` counts the beads that shut a gate before each, `dependants` has the gates by the bead they wait for,
    `children` and `open_children` belong to parents, `later` has those deferred or never ready, `alarms` the
    deferrals to come by day, and `wake_at` when the next of them passes. `done` and `undone` are the numbers of the
    orders that can be undone and redone, oldest first.
    """

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
    testing: Map[int, TestRun] = Map()
    flaky: Map[str, Flake] = Map()
    train: Train | None = None
    collisions: tuple[Collision, ...] = ()
    last: Train | None = None
    run_number: int = 0
    rate: float = RATE
    holds: Map[str, str] = Map()
    costs: Map[str, float] = Map()
    undo: Map[int, Entry] = Map()
    columns: Map[str, _Ids] = Map()
    open_needs: Map[str, int] = Map()
    dependants: Map[str, Map[str, int]] = Map()
    children: Map[str, _Ids] = Map()
    open_children: Map[str, int] = Map()
    stopped: _Ids = Map()
    later: Map[str, float] = Map()
    alarms: Map[int, _Ids] = Map()
    wake_at: float = inf
    going: _Ids = Map()
    running: _Ids = Map()
    done: tuple[int, ...] = ()
    undone: tuple[int, ...] = ()

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
        may = bead.status == "open" and bead.work.approved and not bead.work.held
        return "ready" if may and bead.id not in self.stopped and self.later.get(bead.id) != inf else "backlog"

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

    def waking(self, now: float) -> list[str]:
        """Ids of the beads whose deferral passes by unix second `now`, sorted."""
        return sorted(id for ids in self.alarms.values() for id in ids if self.later[id] <= now)

    def blockers(self, bead: Bead) -> list[str]:
        """Ids of the beads that keep this one from being ready: those it needs, and those its stopped parents need."""
        out = dict.fromkeys(self._shutting(bead))
        seen, left = {bead.id}, list(bead.parents)
        while left:
            id = left.pop()
            if id not in seen and id in self.stopped:
                seen.add(id)
                out.update(dict.fromkeys(self._shutting(self.beads[id])))
                left.extend(self.beads[id].parents)
        return list(out)

    def _shutting(self, bead: Bead) -> Iterator[str]:
        for id, gate in waiting.gates(bead).items():
            target = self.beads.get(id)
            if gate & waiting.shut(target, self.open_children.get(id, 0), waiting.mates(bead, target)):
                yield id

    def waits(self, bead: Bead) -> str:
        """What keeps a bead from being slung, in words; empty when nothing does."""
        return reasons.waits(self, bead)

    def blocked(self) -> frozenset[str]:
        """Every bead that an open one keeps from being ready, itself or through its parents."""
        out: set[str] = set()
        left = [id for id in self.stopped if self.open_needs.get(id)]
        while left:
            if (id := left.pop()) not in out:
                out.add(id)
                left.extend(child for child in self.children.get(id, _NONE) if child in self.stopped)
        return frozenset(out)

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

    def put(self, bead: Bead) -> Self:
        """The state with a bead added or replaced, and every index that it moves."""
        return indexes.put(self, bead)

    def without(self, id: str) -> Self:
        """The state without a bead, and every index that this moves."""
        return indexes.without(self, id)

    def until(self, now: float) -> Self:
        """The state at unix second `now` if nothing happens till then: deferrals that passed are over."""
        return indexes.until(self, now)


def _order(bead: Bead) -> tuple[int, str, str]:
    return bead.priority, bead.created_at, bead.id
