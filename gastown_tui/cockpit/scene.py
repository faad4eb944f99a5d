"""One moment of the town as the screen sees it: taken once a frame and shared by every pane."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import NamedTuple

from gastown_tui.config import Config
from gastown_tui.engine.feed import FeedLine
from gastown_tui.model.agent import MAYOR, POLECAT, WITNESS, Agent
from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Draft
from gastown_tui.model.events import Need
from gastown_tui.model.merge import GateRun, MergeRequest, TestRun
from gastown_tui.model.queue.outlook import outlook
from gastown_tui.model.queue.sizing import batch
from gastown_tui.model.queue.standing import Line, Spot, finished, in_flight, queue_line
from gastown_tui.model.town import Town

GATES = ("sheriff", "witness", "refinery")
BUSY = ("working", *GATES)
SHOWN = 400
"""Cards of one column that are ever sorted and drawn; the heading counts the others."""
LONG = 300
"""Cards from which a column is not sorted anew in every frame."""


@dataclass(frozen=True)
class Ask:
    """Something that waits for the overseer: a need of the town, or a draft plan."""

    id: str
    kind: str
    title: str
    at: float
    question: str = ""
    choices: tuple[str, ...] = ()
    bead: str = ""
    agent: str = ""
    draft: Draft | None = None
    behind: int = 0


class _Kept(NamedTuple):
    """The order of a long column: who was in it, what it was asked with, and when."""

    members: object
    asked: object
    at: float
    ids: list[str]


class Orders:
    """Orders of long columns from one frame to the next: sorting thousands of cards at every frame would be felt."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def ids(self, name: str, members: object, asked: object, now: float) -> list[str] | None:
        """The order that still holds: nobody came or went for two seconds, or somebody did less than one ago."""
        kept = self._kept.get(name)
        if kept is None or kept.asked != asked:
            return None
        return kept.ids if now - kept.at < (2.0 if kept.members is members else 1.0) else None

    def keep(self, name: str, members: object, asked: object, now: float, ids: list[str]) -> None:
        """Remember an order."""
        self._kept[name] = _Kept(members, asked, now, ids)


@dataclass(frozen=True)
class Scene:
    """The town, its settings and its passing notes at unix second `now`; `lines` gives the feed of an agent."""

    town: Town
    config: Config
    notes: Mapping[str, str]
    now: float
    lines: Callable[[str], tuple[FeedLine, ...]]
    read_only: bool = False
    filter: str = ""
    orders: Orders = field(default_factory=lambda: Orders())

    def short(self, id: str) -> str:
        """A bead's id without the rig's prefix: three cells better spent on titles."""
        return id.removeprefix(f"{self.town.prefix}-") if self.town.prefix else id

    @cached_property
    def asks(self) -> tuple[Ask, ...]:
        """What waits for the overseer: most work waiting behind it first, then the longest waiting."""
        found = [self._asked(need) for need in self.town.needs.values()]
        about = {need.about for need in self.town.needs.values()}
        found += [
            Ask(draft.id, "plan", draft.plan.title, draft.at, draft=draft)
            for draft in self.town.drafts.values()
            if draft.state == "draft" and draft.id not in about
        ]
        return tuple(sorted(found, key=lambda ask: (ask.draft is not None, -ask.behind, ask.at, ask.id)))

    def _asked(self, need: Need) -> Ask:
        draft = self.town.drafts.get(need.about)
        behind = self.behind(need.bead) if need.bead else 0
        return Ask(
            need.id, need.kind, need.title, need.at, need.question, need.choices, need.bead, need.agent,
            draft if draft is not None and draft.state == "draft" else None, behind,
        )  # fmt: skip

    @cached_property
    def asking_beads(self) -> frozenset[str]:
        """Beads that something asked is about."""
        agents = (self.town.agents.get(ask.agent) for ask in self.asks)
        return frozenset(filter(None, (*(ask.bead for ask in self.asks), *(a.bead for a in agents if a is not None))))

    @cached_property
    def asked_since(self) -> dict[str, float]:
        """When the question about a bead, or of an agent, came up."""
        out: dict[str, float] = {}
        for ask in self.asks:
            for key in (ask.bead, ask.agent):
                if key:
                    out[key] = min(ask.at, out.get(key, ask.at))
        return out

    def behind(self, id: str) -> int:
        """How many open beads wait, directly or not, for this one."""
        seen: set[str] = set()
        left = [id]
        while left and len(seen) < 1000:
            for other in self.town.dependants.get(left.pop(), ()):
                if other not in seen and self.town.beads[other].status != "closed":
                    seen.add(other)
                    left.append(other)
        return len(seen)

    @cached_property
    def agents_by_bead(self) -> dict[str, Agent]:
        """The latest polecat of each bead."""
        out: dict[str, Agent] = {}
        for agent in self.town.agents.values():
            if agent.role == POLECAT and agent.bead:
                old = out.get(agent.bead)
                if old is None or (agent.epoch, agent.since) > (old.epoch, old.since):
                    out[agent.bead] = agent
        return out

    @cached_property
    def polecats(self) -> tuple[Agent, ...]:
        """Polecats whose bead is in work or at a gate, in no order."""
        found = []
        for id, agent in self.agents_by_bead.items():
            bead = self.town.beads.get(id)
            if bead is not None and bead.work.stage in BUSY and (agent.live or bead.work.stage == "working"):
                found.append(agent)
        return tuple(found)

    @cached_property
    def mayor(self) -> Agent | None:
        """The Mayor's session, if one was ever started."""
        return self.town.agents.get(MAYOR)

    @cached_property
    def witnessed(self) -> frozenset[str]:
        """Beads a witness is reading now."""
        return frozenset(a.bead for a in self.town.live_agents() if a.role == WITNESS)

    def work_lines(self, agent: Agent) -> tuple[FeedLine, ...]:
        """What an agent did for the bead it has: names are given again, and what their last bearer did is not shown."""
        lines = self.lines(agent.name)
        if all(line.bead in ("", agent.bead) for line in lines):
            return lines
        return tuple(line for line in lines if line.bead in ("", agent.bead))

    @cached_property
    def foreseen(self) -> tuple[tuple[str, str, str], ...]:
        """Conflicts to expect, as (bead, bead or target, place): first what the radar sees in the worktrees, then the
        weaker guess of two beads that mean to change the same file.
        """
        seen = [(c.one, c.other or self.town.target, c.spots[0].words) for c in self.town.collisions if c.spots]
        known = {frozenset(pair[:2]) for pair in seen}
        return (*seen, *(pair for pair in self._guessed() if frozenset(pair[:2]) not in known))

    def _guessed(self) -> tuple[tuple[str, str, str], ...]:
        holders: dict[str, list[str]] = {}
        for stage in BUSY:
            for bead in self.town.in_column(stage):
                for file in bead.work.files:
                    holders.setdefault(file, []).append(bead.id)
        found: dict[tuple[str, str], str] = {}
        for file in sorted(holders):
            ids = sorted(holders[file])[:4]
            for index, one in enumerate(ids):
                for other in ids[index + 1 :]:
                    found.setdefault((one, other), file)
        return tuple((one, other, file) for (one, other), file in sorted(found.items()))

    @cached_property
    def meets(self) -> dict[str, str]:
        """For each bead with a conflict foreseen: the first bead it will meet."""
        out: dict[str, str] = {}
        for one, other, _ in self.foreseen:
            out.setdefault(one, other)
            out.setdefault(other, one)
        return out

    @cached_property
    def next_ready(self) -> str:
        """The bead that is slung next, "" when none is ready."""
        found = min(self.column("ready"), key=lambda b: (b.priority, b.created_at, b.id), default=None)
        return found.id if found is not None else ""

    def title(self, id: str) -> str:
        """A bead's title, or its id when it is gone."""
        bead = self.town.beads.get(id)
        return bead.title if bead is not None else id

    @cached_property
    def runs(self) -> tuple[GateRun, ...]:
        """The finished gate runs, oldest first."""
        return tuple(finished(self.town))

    @cached_property
    def run_numbers(self) -> tuple[int, ...]:
        """The numbers of all runs there are, in order."""
        return tuple(sorted({*self.town.testing, *(run.number for run in self.runs if run.number)}))

    def run(self, number: int) -> GateRun | TestRun | None:
        """A run by its number, in flight or over."""
        if (flight := self.town.testing.get(number)) is not None:
            return flight
        return next((run for run in reversed(self.runs) if run.number == number), None)

    @cached_property
    def slots(self) -> int:
        """How many runs of the gates there may be at once."""
        said = self.notes.get("slots", "")
        return max(1, int(said) if said.isdecimal() else self.config.slots, len(self.town.testing))

    @cached_property
    def line(self) -> Line:
        """The merge queue: who stands where, why, and when it may land."""
        return queue_line(self.town, self.now, slots=self.slots, batch=batch(self.town.rate), name=self.short)

    @cached_property
    def spots(self) -> dict[str, Spot]:
        """Where each entry of the merge queue stands."""
        return {spot.bead: spot for spot in self.line.spots}

    @cached_property
    def queue(self) -> tuple[MergeRequest, ...]:
        """The entries of the merge queue in order."""
        return tuple(spot.entry for spot in self.line.spots)

    @cached_property
    def outlook(self) -> tuple[tuple[str, str], ...]:
        """What follows when the run in flight ends: (in which case, what then)."""
        flight = [run for run in in_flight(self.town) if run.kind in ("train", "confirm")]
        if not flight:
            return ()
        how = self.config.pregate
        return outlook(self.town, flight[0].number, slots=self.slots, pregate=how, name=self.short)

    @cached_property
    def _columns(self) -> dict[str, list[Bead]]:
        return {}

    def column(self, name: str) -> list[Bead]:
        """The first cards of a column: by need, then priority, then age; Landed is newest first."""
        if (found := self._columns.get(name)) is None:
            found = self._columns[name] = self._ordered(name)
        return found

    def _ordered(self, name: str) -> list[Bead]:
        members = self.town.columns.get(name)
        if members is None:
            return []
        if len(members) < LONG:
            return self._sorted(name)
        asked = (self.filter, self.asking_beads)
        ids = self.orders.ids(name, members, asked, self.now)
        if ids is None:
            ids = [bead.id for bead in self._sorted(name)]
            self.orders.keep(name, members, asked, self.now, ids)
        return [self.town.beads[id] for id in ids if id in members]

    def _sorted(self, name: str) -> list[Bead]:
        beads = self.matching(self.town.in_column(name))
        if name == "landed":
            return nsmallest(SHOWN, beads, key=lambda b: (-b.work.landed_at, b.id))
        place = {entry.bead: index for index, entry in enumerate(self.queue)} if name == "refinery" else {}
        return nsmallest(
            SHOWN, beads, key=lambda b: (self.urgency(b), place.get(b.id, 0), b.priority, self.since(b), b.id)
        )

    def matching(self, beads: Iterable[Bead]) -> Iterable[Bead]:
        """The beads the filter lets through: every word of it is somewhere in id, title, labels or polecat."""
        words = self.filter.lower().split()
        if not words:
            return beads
        return (
            b for b in beads if all(w in f"{b.id} {b.title} {' '.join(b.labels)} {b.assignee}".lower() for w in words)
        )

    def urgency(self, bead: Bead) -> int:
        """0 for what waits for the overseer, 1 for trouble, 2 for the rest."""
        if bead.id in self.asking_beads or bead.work.held:
            return 0
        agent = self.agents_by_bead.get(bead.id)
        return 1 if agent is not None and bead.work.stage == "working" and agent.state == "wedged" else 2

    def since(self, bead: Bead) -> float:
        """Since when a bead is where it is; for one in work, since it was slung."""
        work = bead.work
        if work.stage == "working" and work.lease is not None:
            return work.lease.granted
        return work.landed_at or work.since
