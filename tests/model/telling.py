"""A state machine that tells a town anything at all, most of it likely, and keeps facts of its own beside it."""

from __future__ import annotations

import operator

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import town as towns
from gastown_tui.model.bead import Review, Work
from gastown_tui.model.convoy import Convoy, Draft, Plan, PlannedBead
from gastown_tui.model.errors import Illegal
from gastown_tui.model.lifecycle import MOVES, STATUSES
from gastown_tui.model.merge import MergeRequest
from gastown_tui.model.touching import touched
from gastown_tui.model.town import Town
from tests.model.stories import Story, lease

ID = st.integers(0, 3).map("td-{}".format)
NEEDS = st.lists(st.integers(0, 4).map("td-{}".format), max_size=2)
EDGE = st.sampled_from(["blocks", "blocks", "related", "parent-child", "conditional-blocks", "waits-for"])
AGENT = st.sampled_from(["obsidian", "quartz"])
STEP = st.sampled_from([0, 0, 0, 0, 0, -1, 1])
"""Mostly the bead's own epoch, now and then an older or newer one."""


_ENDS = e.Landed | e.LandingFailed | e.TrainBegun | e.TrainFailed


class Told(RuleBasedStateMachine):
    """The town, the ledger an archive would have written, and facts of accepted events, kept apart from both."""

    @initialize(needs=NEEDS)
    def found(self, needs: list[str]) -> None:
        """Found the town with two beads in it."""
        self.story = Story()
        self.towns = [self.story.town]
        self.ledger: dict[tuple[str, str], bytes] = {}
        self.created: set[str] = set()
        self.epochs: dict[str, int] = {}
        self.landed: dict[str, str] = {}
        for id in ("td-0", "td-1"):
            edges = tuple(beads.Dependency(id, need) for need in needs if id == "td-1")
            fresh = beads.make(id, id, "", dependencies=edges, work=Work(approved=True), notes={"b": [1], "a": 0.5})
            assert self.tell(e.BeadCreated(fresh))

    @property
    def town(self) -> Town:
        """The town as it stands."""
        return self.story.town

    def tell(self, event: e.AnyEvent) -> bool:
        """Tell it; whether it was legal. What is refused must leave every part of the town the very same object."""
        before = self.town
        parts = [getattr(before, name) for name in before.__struct_fields__]
        try:
            after = self.story.tell(event)
        except Illegal as refusal:
            now = [getattr(before, name) for name in before.__struct_fields__]
            assert refusal.title and self.town is before and all(map(operator.is_, parts, now))
            return False
        self._note(before, event)
        for bead in before.beads.values():
            same = bead.id in after.beads and after.beads[bead.id].work.landing == bead.work.landing
            assert same or not bead.work.landing or isinstance(event, _ENDS), "a landing was lost"
        self.towns.append(after)
        for kind, key in touched(self.story.records[-1], after.agents):
            data = towns.encode_part(after, kind, key)
            if data is None:
                self.ledger.pop((kind, key), None)
            else:
                self.ledger[kind, key] = data
        return True

    def _note(self, before: Town, event: e.AnyEvent) -> None:
        if isinstance(event, e.BeadCreated):
            assert event.bead.id not in self.created
            self.created.add(event.bead.id)
        elif isinstance(event, e.Slung):
            before = before.until(self.town.at)
            bead = before.beads[event.bead]
            assert before.column(bead) == "ready" and not before.blockers(bead) and bead.status == "open"
            assert event.lease.epoch > self.epochs.get(bead.id, 0), "an old epoch was granted"
            self.epochs[bead.id] = event.lease.epoch
        elif not isinstance(event, e.AgentStarted) and isinstance(epoch := getattr(event, "epoch", None), int):
            assert epoch == self.epochs.get(getattr(event, "bead", ""), 0), "a write with an old epoch was accepted"
        if isinstance(event, e.Restored) and event.removed:
            assert event.bead not in self.epochs, "a bead that somebody had went"
            self.created.remove(event.bead)
        if isinstance(event, e.Landed | e.LandingRedone):
            assert event.bead not in self.landed, "landed twice"
            self.landed[event.bead] = event.commit
        elif isinstance(event, e.LandingUndone):
            del self.landed[event.bead]
        elif isinstance(event, e.BeadMoved) and event.move == "reopen":
            self.landed.pop(event.bead, None)

    def epoch(self, id: str, step: int) -> int:
        """The bead's epoch, or one beside it."""
        bead = self.town.beads.get(id)
        return max(0, (bead.work.epoch if bead else 0) + step)

    def commit(self, id: str) -> str:
        """The commit a bead's gates look at."""
        bead = self.town.beads.get(id)
        return bead.work.commit if bead else ""


class Working(Told):
    """What beads live through."""

    @rule(
        id=ID,
        needs=NEEDS,
        approved=st.booleans(),
        status=st.sampled_from(["open", "open", *STATUSES]),
        edge=EDGE,
        later=st.sampled_from([None, None, None, 2, 9]),
    )
    def create(self, id: str, needs: list[str], approved: bool, status: str, edge: str, later: int | None) -> None:
        """File a bead, with needs that may not exist, or be itself, perhaps deferred for a few records."""
        edges = tuple(beads.Dependency(id, need, type=edge) for need in needs)
        until = None if later is None else towns.stamp(self.town.at + later)
        work = Work(approved=approved)
        fresh = beads.make(id, id, "", priority=1, status=status, dependencies=edges, work=work, defer_until=until)
        known = id in self.created
        assert self.tell(e.BeadCreated(fresh)) is not known

    @rule(id=ID, needs=NEEDS, title=st.text(min_size=1, max_size=5), edge=EDGE)
    def change(self, id: str, needs: list[str], title: str, edge: str) -> None:
        """Set fields, edges among them."""
        edges = [{"issue_id": id, "depends_on_id": need, "type": edge} for need in needs]
        self.tell(e.BeadChanged(id, {"dependencies": edges, "title": title, "design": title, "labels": [title]}))

    @rule(
        id=ID,
        move=st.sampled_from([*MOVES, "open", "close", "release", "reopen", "vanish"]),
        why=st.sampled_from(["because", "it failed"]),
    )
    def move(self, id: str, move: str, why: str) -> None:
        """Any move by its bare name."""
        self.tell(e.BeadMoved(id, move, why))

    @rule(id=ID, later=st.sampled_from([None, -5, 1, 6]))
    def defer(self, id: str, later: int | None) -> None:
        """Set until when a bead is deferred, or that it is not."""
        until = None if later is None else towns.stamp(self.town.at + later)
        self.tell(e.BeadChanged(id, {"defer_until": until}))

    @rule(id=ID, steps=st.integers(1, 7))
    def travel(self, id: str, steps: int) -> None:
        """What usually comes next, a few times, so that runs get far."""
        for _ in range(steps):
            bead = self.town.beads.get(id)
            if bead is None or bead.work.stage in ("landed", "dropped"):
                return
            epoch, commit = bead.work.epoch, bead.work.commit
            usual: dict[str, e.AnyEvent] = {
                "idle": e.Slung(id, lease(id, epoch + 1)) if bead.work.approved else e.BeadApproved(id),
                "working": e.Submitted(id, epoch, f"c{self.town.seq}", 2),
                "sheriff": e.Checked(id, epoch, Review("sheriff", True, commit)),
                "witness": e.Reviewed(id, epoch, Review("witness", True, commit)),
                "refinery": self._landing(id, epoch, commit, bead.work.landing),
            }
            self.tell(usual[bead.work.stage])

    def _landing(self, id: str, epoch: int, commit: str, landing: str) -> e.AnyEvent:
        """Test it or, where nothing is tested, allow it; begin; land."""
        entry, tree = self.town.queue.get(id, MergeRequest("", 0, "", 0.0)), f"t{commit}"
        if landing:
            return e.Landed(id, epoch, landing)
        if entry.state == "allowed":
            return e.LandingBegun(id, epoch, f"m{self.town.seq}", self.town.tip)
        if (run := self.town.runs.get(tree)) is not None and run.ok:
            return e.LandingBegun(id, epoch, f"m{self.town.seq}", self.town.tip, tree)
        if self.town.seq % 2:
            return e.MergeTurned(id, "allowed")
        return e.Gated(id, epoch, self.town.tip, tree, "g", Review("refinery", True, "m"), 0.5)

    @rule(id=ID, step=st.sampled_from([1, 1, 2, 0, -1]), no_land=st.booleans())
    def sling(self, id: str, step: int, no_land: bool) -> None:
        """Give a bead to a polecat."""
        self.tell(e.Slung(id, lease(id, self.epoch(id, step)), no_land))

    @rule(id=ID, step=STEP)
    def submit(self, id: str, step: int) -> None:
        """`gt done`."""
        self.tell(e.Submitted(id, self.epoch(id, step), f"c{self.town.seq}", 1))

    @rule(id=ID, step=STEP, ok=st.booleans(), stale=st.sampled_from([False, False, True]))
    def judge(self, id: str, step: int, ok: bool, stale: bool) -> None:
        """Sheriff and witness speak, sometimes of another commit."""
        epoch, commit = self.epoch(id, step), "another" if stale else self.commit(id)
        checked = self.tell(e.Checked(id, epoch, Review("sheriff", ok, commit, "why")))
        reviewed = self.tell(e.Reviewed(id, epoch, Review("witness", ok, commit, "why")))
        assert not (stale and (checked or reviewed))

    @rule(id=ID, step=STEP, ok=st.booleans(), begin=st.booleans(), moved=st.sampled_from([False, False, True]))
    def gate(self, id: str, step: int, ok: bool, begin: bool, moved: bool) -> None:
        """The gates ran; a landing may begin all the same, on the tip or beside it."""
        epoch, tree = self.epoch(id, step), f"t{self.commit(id)}"
        onto, entry = "elsewhere" if moved else self.town.tip, self.town.queue.get(id, MergeRequest("", 0, "", 0.0))
        self.tell(e.Gated(id, epoch, onto, tree, "g", Review("refinery", ok, "m", "red"), 0.5))
        if begin:
            begun = self.tell(e.LandingBegun(id, epoch, f"m{self.town.seq}", onto, tree))
            assert not begun or (not moved and (entry.state == "allowed" or self.town.runs[tree].ok))

    @rule(id=ID, step=STEP, end=st.sampled_from(["landed", "stranger", "failed", "conflict"]))
    def settle(self, id: str, step: int, end: str) -> None:
        """Git took a candidate, the one that was begun or another; or it did not; or it does not merge."""
        bead, epoch = self.town.beads.get(id), self.epoch(id, step)
        landing = bead.work.landing if bead else ""
        ends: dict[str, e.AnyEvent] = {
            "landed": e.Landed(id, epoch, landing or "none"),
            "stranger": e.Landed(id, epoch, "stranger"),
            "failed": e.LandingFailed(id, epoch, "in the way"),
            "conflict": e.Conflicted(id, epoch, self.town.tip, ("a.py",), "hunks"),
        }
        taken = self.tell(ends[end])
        assert not taken or end == "conflict" or (landing and end != "stranger")

    @rule(id=ID, state=st.sampled_from(["queued", "allowed", "testing", "waiting"]))
    def turn_merge(self, id: str, state: str) -> None:
        """The queue says how an entry fares."""
        self.tell(e.MergeTurned(id, state, "why"))


class Telling(Working):
    """What happens around beads."""

    @rule(name=AGENT, id=ID, step=STEP, role=st.sampled_from(["polecat", "polecat", "witness"]), ends=st.booleans())
    def start_agent(self, name: str, id: str, step: int, role: str, ends: bool) -> None:
        """A session runs, and perhaps dies at once."""
        number, epoch = self.town.seq, self.epoch(id, step)
        self.tell(e.AgentStarted(name, role, f"s{number}", "rehearsal", 100 + number, 7, bead=id, epoch=epoch))
        if ends:
            self.tell(e.AgentEnded(name, "it died", False))

    @rule(name=AGENT, state=st.sampled_from(["working", "parked", "asking", "over"]))
    def turn_agent(self, name: str, state: str) -> None:
        """A session turns, or ends."""
        live = (agent := self.town.agents.get(name)) is not None and agent.live
        over = e.AgentEnded(name, "over", True)
        assert self.tell(over if state == "over" else e.AgentTurned(name, state)) is live

    @rule(id=ID, kind=st.sampled_from(["bead", "bead", "landing"]), key=st.integers(0, 1))
    def escalate(self, id: str, kind: str, key: int) -> None:
        """Ask the overseer."""
        self.tell(e.Escalated(e.Need(f"n{key}", kind, f"title {key}", 1.0, bead=id, choices=("retry", "drop"))))

    @rule(key=st.integers(0, 1), choice=st.sampled_from(["retry", "drop"]), wrong=st.sampled_from([False, False, True]))
    def answer(self, key: int, choice: str, wrong: bool) -> None:
        """The overseer settles it; an answer names the bead it is about."""
        need = self.town.needs.get(f"n{key}")
        about = "other" if wrong or need is None else need.bead
        assert self.tell(e.Answered(f"n{key}", choice, bead=about)) == (need is not None and not wrong)
        if need is not None and not wrong and need.kind == "bead":
            others = {n.title for n in self.town.needs.values() if n.kind == "bead" and n.bead == need.bead}
            assert self.town.beads[need.bead].work.held in (others or {""})

    @rule(key=st.integers(0, 1), end=st.sampled_from(["none", "approve", "drop"]))
    def plan(self, key: int, end: str) -> None:
        """The Mayor files a plan or revises one; the overseer says yes or no, once."""
        id = f"p{key}"
        self.tell(e.PlanSubmitted(Draft(id, Plan("Auth", (PlannedBead("a", "A"),)), self.town.seq, "mayor", 2.0)))
        if end == "none":
            return
        yes = e.PlanApproved(id, Convoy(f"cv-{self.town.seq}", "Auth", (), 3.0, id), {})
        self.tell(e.PlanDropped(id, "too big") if end == "drop" else yes)
        assert not self.tell(yes)

    @rule(id=ID)
    def remove(self, id: str) -> None:
        """A bead that nobody ever had goes, whatever waits for it."""
        self.tell(e.Restored(id, removed=True))

    @rule(
        id=ID,
        stage=st.sampled_from(["idle", "dropped", "working", "refinery"]),
        status=st.sampled_from(["open", "closed", "deferred", "in_progress"]),
        held=st.sampled_from(["", "", "title 0"]),
    )
    def put_back(self, id: str, stage: str, status: str, held: str) -> None:
        """A bead is as it is said to have been, where that takes it from nobody."""
        said = {"status": status, "work:stage": stage, "work:held": held, "work:approved": True}
        before = self.town.beads.get(id)
        done = self.tell(e.Restored(id, fields={k: msgspec.Raw(msgspec.json.encode(v)) for k, v in said.items()}))
        if done and before is not None and before.work.landed:
            del self.landed[id]

    @rule(id=ID, name=AGENT, usd=st.sampled_from([0.25, 1.5]))
    def spend(self, id: str, name: str, usd: float) -> None:
        """Money goes to the role, the agent and the bead."""
        before = self.town.cost_usd
        assert self.tell(e.Spent(name, "polecat", usd, id, 10)) and self.town.cost_usd == before + usd

    @rule(number=st.integers(0, 8), text=st.text(max_size=5))
    def around(self, number: int, text: str) -> None:
        """Chat, holds, engines, a target that moves, and what is no event at all."""
        tip = self.town.tip
        usual: list[e.AnyEvent] = [
            e.Said("overseer", text), e.MayorHeard(self.town.seq), e.Held("dispatch", text), e.Resumed("dispatch"),
            e.TipMoved(tip, f"x{self.town.seq}", known=True), e.TipMoved(tip, "unknown"), e.EngineStarted(1, 2, "0"),
            e.EngineStopped("down"), e.Said("mayor", text),
        ]  # fmt: skip
        assert self.tell(usual[number])
        assert self.town.tip != "unknown"
        assert not self.tell(e.TownFounded("again", "main", "td", "0"))

    @rule(gap=st.sampled_from([-1, 0, 2]), id=ID, name=st.sampled_from(["id", "status", "work", "extra", "priority"]))
    def nonsense(self, gap: int, id: str, name: str) -> None:
        """No event sets what has a way of its own, or a value of another kind; records come in order or not at all."""
        assert not self.tell(e.BeadChanged(id, {name: "closed"}))
        record = e.Record(self.town.seq + gap, 1.0, "test", e.Said("overseer", "hello"))
        try:
            self.town.after(record)
        except Illegal:
            return
        raise AssertionError("a record out of order was taken")
