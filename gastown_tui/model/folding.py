"""How each event changes the town: one case an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gastown_tui.model import events as e
from gastown_tui.model import lifecycle, turns
from gastown_tui.model.agent import Agent
from gastown_tui.model.bead import Bead, Return, Review, fitting
from gastown_tui.model.errors import Illegal
from gastown_tui.model.merge import GateRun, MergeRequest, learned
from gastown_tui.model.state import EngineInfo, Speech, State
from gastown_tui.model.touching import forgiven

S = TypeVar("S", bound=State)
PLAIN = frozenset({"close", "reopen", "open", "defer", "block", "pin", "start", "release", "set_aside"})
"""Moves that need no more than their name; each other one is the work of an event that says more."""
replace = msgspec.structs.replace
CASES: dict[type[e.Event], Callable[[Any, Any, e.Record], Any]] = {}


def case(kind: type[e.Event]) -> Callable[[Callable[[S, Any, e.Record], S]], Callable[[S, Any, e.Record], S]]:
    """Make a function the case of one kind of event."""

    def keep(function: Callable[[S, Any, e.Record], S]) -> Callable[[S, Any, e.Record], S]:
        CASES[kind] = function
        return function

    return keep


def _bead(town: State, id: str) -> Bead:
    found = town.beads.get(id)
    if found is None:
        raise Illegal(f"There is no bead {id}.", "Nothing was changed.")
    return found


def fenced(town: State, id: str, epoch: int) -> Bead:
    """A bead whose lease is the one an event speaks of. Raises Illegal."""
    bead = _bead(town, id)
    if bead.work.epoch != epoch:
        raise Illegal(f"{id} is at epoch {bead.work.epoch}, not {epoch}.", "Somebody newer has the bead.")
    return bead


def unclaimed(bead: Bead) -> Bead:
    """The bead, unless git may be moving the target to its commit this instant: that is settled first."""
    if bead.work.landing:
        raise Illegal(f"{bead.id} is landing.", "Nothing was changed. Try again in a moment.")
    return bead


def _agent(town: State, name: str) -> Agent:
    found = town.agents.get(name)
    if found is None or not found.live:
        raise Illegal(f"{name} does not run.", "Nothing was changed.")
    return found


def _entry(town: State, id: str) -> MergeRequest:
    found = town.queue.get(id)
    if found is None:
        raise Illegal(f"{id} is not in the queue.", "Nothing was changed.")
    return found


@case(e.TownFounded)
def founded(town: S, event: e.TownFounded, record: e.Record) -> S:
    if town.rig:
        raise Illegal("The town is founded already.", "Nothing was changed.")
    return town.with_(rig=event.rig, target=event.target, prefix=event.prefix, tip=event.tip)


@case(e.EngineStarted)
def engine_started(town: S, event: e.EngineStarted, record: e.Record) -> S:
    return town.with_(engine=EngineInfo(event.pid, record.at, town.engine.starts + 1, True))


@case(e.EngineStopped)
def engine_stopped(town: S, event: e.EngineStopped, record: e.Record) -> S:
    return town.with_(engine=replace(town.engine, running=False))


@case(e.Held)
def held(town: S, event: e.Held, record: e.Record) -> S:
    return town.with_(holds=town.holds.set(event.what, event.reason))


@case(e.Resumed)
def resumed(town: S, event: e.Resumed, record: e.Record) -> S:
    return town.with_(holds=town.holds.delete(event.what)) if event.what in town.holds else town


@case(e.TipMoved)
def tip_moved(town: S, event: e.TipMoved, record: e.Record) -> S:
    return town.with_(tip=event.new) if event.known else town


@case(e.BeadCreated)
def bead_created(town: S, event: e.BeadCreated, record: e.Record) -> S:
    if event.bead.id in town.beads:
        raise Illegal(f"{event.bead.id} is there already.", "Nothing was changed.")
    work = event.bead.work
    if work.stage != "idle" or work.lease is not None or work.landing or work.landed:
        raise Illegal(f"{event.bead.id} is {work.stage}; a new bead belongs to nobody yet.", "Nothing was changed.")
    stage = "dropped" if event.bead.status == "closed" else "idle"
    convoy = town.convoys.get(work.convoy) if work.convoy else None
    if convoy is not None and convoy.branch and event.bead.id not in convoy.beads:
        joined = replace(convoy, beads=(*convoy.beads, event.bead.id))
        town = town.with_(convoys=town.convoys.set(convoy.id, joined))
    return town.put(event.bead.working(since=record.at, stage=stage))


@case(e.BeadChanged)
def bead_changed(town: S, event: e.BeadChanged, record: e.Record) -> S:
    bead = _bead(town, event.bead)
    try:
        return town.put(bead.changed(**fitting(event.changes)))
    except msgspec.ValidationError as error:
        raise Illegal(f"{bead.id} was not changed: {error}.", "See a bead's fields with: gt bead show") from error


@case(e.BeadMoved)
def bead_moved(town: S, event: e.BeadMoved, record: e.Record) -> S:
    if event.move not in PLAIN:
        raise Illegal(f"{event.move} is no plain move.", f"There are: {', '.join(sorted(PLAIN))}.")
    bead = lifecycle.still(unclaimed(_bead(town, event.bead)))
    bead = lifecycle.make(bead, event.move, record.at, **lifecycle.LEAVES.get(event.move, {}))
    if event.move in ("close", "set_aside"):
        bead = replace(bead, close_reason=event.reason)
    if event.move == "reopen":
        bead = replace(bead, close_reason="", closed_at="")
    town = town.put(bead)
    return town.with_(queue=town.queue.delete(bead.id)) if bead.id in town.queue else town


@case(e.BeadApproved)
def bead_approved(town: S, event: e.BeadApproved, record: e.Record) -> S:
    return town.put(_bead(town, event.bead).working(approved=True, go=True))


@case(e.Woken)
def woken(town: S, event: e.Woken, record: e.Record) -> S:
    return town


@case(e.Slung)
def slung(town: S, event: e.Slung, record: e.Record) -> S:
    bead = _bead(town, event.bead)
    if event.lease.epoch <= bead.work.epoch:
        raise Illegal(f"Epoch {event.lease.epoch} of {bead.id} is not newer than {bead.work.epoch}.", "")
    if town.column(bead) != "ready":
        raise Illegal(f"{bead.id} is not ready.", f"See what it waits for with: gt bead show {bead.id}")
    bead = lifecycle.make(bead, "sling", record.at)
    lease = event.lease
    return town.put(
        bead.changed(assignee=lease.polecat).working(
            epoch=lease.epoch, lease=lease, commit="", no_land=event.no_land or bead.work.no_land
        )
    )


@case(e.AgentStarted)
def agent_started(town: S, event: e.AgentStarted, record: e.Record) -> S:
    old = town.agents.get(event.agent)
    if old is not None and old.live:
        raise Illegal(f"{event.agent} runs already.", "")
    same = old is not None and (old.bead, old.epoch, old.role) == (event.bead, event.epoch, event.role)
    agent = Agent(
        event.agent, event.role, event.session, event.runtime, event.bead, event.epoch, "working", record.at,
        event.pid, event.start_ticks, event.worktree, event.spool, old.cost_usd if same and old is not None else 0.0,
        deaths=old.deaths if same and old is not None else 0,
    )  # fmt: skip
    town = town.seat(agent)
    bead = town.beads.get(event.bead)
    if event.role == "polecat" and bead is not None and bead.status == "hooked" and bead.work.epoch == event.epoch:
        town = town.put(lifecycle.make(bead, "start", record.at))
    return town


@case(e.AgentTurned)
def agent_turned(town: S, event: e.AgentTurned, record: e.Record) -> S:
    agent = replace(_agent(town, event.agent), state=event.state, since=record.at)
    return town.seat(agent)


@case(e.AgentEnded)
def agent_ended(town: S, event: e.AgentEnded, record: e.Record) -> S:
    agent = _agent(town, event.agent)
    deaths = agent.deaths + (not event.expected)
    agent = replace(agent, state="ended", since=record.at, pid=0, ended=event.reason, deaths=deaths)
    return town.seat(agent)


@case(e.Submitted)
def submitted(town: S, event: e.Submitted, record: e.Record) -> S:
    bead = lifecycle.make(fenced(town, event.bead, event.epoch), "submit", record.at)
    lines = {"added": event.added, "removed": event.removed}
    return town.put(bead.working(commit=event.commit, commits=event.commits, **lines, reviews=()))


def _judged(bead: Bead, review: Review, forward: str, at: float) -> Bead:
    if review.commit != bead.work.commit:
        raise Illegal(f"{review.by} looked at {review.commit[:9]}, {bead.id} is at {bead.work.commit[:9]}.", "")
    bead = bead.working(reviews=(*(r for r in bead.work.reviews if r.by != review.by), review))
    return lifecycle.make(bead, forward, at) if review.ok else back(bead, review.by, review.reason, at)


def back(bead: Bead, by: str, reason: str, at: float) -> Bead:
    """The bead with its polecat again, and who sent it there for what reason."""
    gone = Return(by, reason, at, bead.work.epoch)
    return lifecycle.make(bead, "send_back", at).working(returns=(*bead.work.returns, gone), landing="")


def unqueue(town: S, bead: Bead) -> S:
    """The town with a bead as it is now, and no entry of it in the queue."""
    town = town.put(bead)
    return town.with_(queue=town.queue.delete(bead.id)) if bead.id in town.queue else town


@case(e.Checked)
def checked(town: S, event: e.Checked, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    lifecycle.check(bead, "pass")
    return town.put(_judged(bead, event.review, "pass", record.at))


@case(e.Reviewed)
def reviewed(town: S, event: e.Reviewed, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    lifecycle.check(bead, "approve")
    bead = _judged(bead, event.review, "approve", record.at)
    town = town.put(bead)
    if not event.review.ok:
        return town
    entry = MergeRequest(bead.id, event.epoch, bead.work.commit, record.at, bead.priority)
    return town.with_(queue=town.queue.set(bead.id, entry))


@case(e.Conflicted)
def conflicted(town: S, event: e.Conflicted, record: e.Record) -> S:
    bead = lifecycle.still(unclaimed(fenced(town, event.bead, event.epoch)))
    lifecycle.check(bead, "land")
    return unqueue(town, back(bead, "refinery", event.reason, record.at))


@case(e.Gated)
def gated(town: S, event: e.Gated, record: e.Record) -> S:
    bead = unclaimed(fenced(town, event.bead, event.epoch))
    lifecycle.check(bead, "land")
    known = town.runs.get(event.tree)
    if event.tree and (known is None or not known.number):
        run = GateRun(event.tree, event.gates, event.review.ok, record.at, event.seconds, event.review.reason)
        town = town.with_(runs=town.runs.set(event.tree, run))
    bead = bead.working(reviews=(*(r for r in bead.work.reviews if r.by != "refinery"), event.review))
    if event.review.ok:
        return town.put(bead)
    lifecycle.still(bead)
    entry = town.queue.get(bead.id)
    if event.tree and (entry is None or entry.lane != "confirm"):  # else counted when it came there
        town = town.with_(rate=learned(town.rate, True))
    return unqueue(town, back(bead, "refinery", event.review.reason, record.at))


@case(e.MergeTurned)
def merge_turned(town: S, event: e.MergeTurned, record: e.Record) -> S:
    entry = _entry(town, event.bead)
    bead = unclaimed(_bead(town, event.bead))
    state = "staged" if bead.work.staged and event.state == "queued" else event.state
    return town.with_(queue=town.queue.set(event.bead, replace(entry, state=state, why=event.why)))


@case(e.LandingBegun)
def landing_begun(town: S, event: e.LandingBegun, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    lifecycle.check(bead, "land")
    if event.onto != town.tip:
        raise Illegal(f"The candidate of {bead.id} stands on {event.onto[:9]}, the tip is {town.tip[:9]}.", "")
    if town.train is not None or any(b.work.landing for b in town.in_column("refinery")):
        raise Illegal("A landing has begun and is not settled.", "")
    entry = _entry(town, bead.id)
    run = town.runs.get(event.tree)
    if entry.state != "allowed" and (run is None or not run.ok):
        raise Illegal(f"The gates did not pass on tree {event.tree[:9]}.", f"{bead.id} stays queued.")
    entry = replace(entry, state="landing", why="", candidate=event.candidate, onto=event.onto)
    return town.put(bead.working(landing=event.candidate)).with_(queue=town.queue.set(bead.id, entry))


@case(e.LandingFailed)
def landing_failed(town: S, event: e.LandingFailed, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    if not bead.work.landing or town.train is not None:
        raise Illegal(f"No landing of {bead.id} by itself has begun.", "")
    bead = bead.working(landing="")
    entry = replace(_entry(town, bead.id), state="waiting", why=event.why, candidate="", onto="")
    return town.put(bead).with_(queue=town.queue.set(bead.id, entry))


@case(e.Landed)
def landed(town: S, event: e.Landed, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    if bead.work.landing != event.commit:
        raise Illegal(f"No landing of {bead.id} as {event.commit[:9]} has begun.", "")
    was, bead = bead.work.staged, lifecycle.make(bead, "land", record.at)
    bead = bead.changed(close_reason=f"landed as {event.commit[:9]}")
    bead = bead.working(landing="", staged="", landed=event.commit, landed_onto=event.onto, landed_at=record.at)
    bead = bead.working(held="", back=turns.landed(bead.work.back))
    # Somebody may have moved the target on between git's landing and this record; a train moves the tip as a whole.
    alone = town.train is None and town.tip == _entry(town, bead.id).onto
    tip = event.commit if alone else town.tip
    return unqueue(town.with_(tip=tip, rate=town.rate if was else learned(town.rate, False)), bead)


@case(e.Escalated)
def escalated(town: S, event: e.Escalated, record: e.Record) -> S:
    need = event.need
    if need.id in town.needs:
        raise Illegal(f"{need.id} waits for an answer already.", "Nothing was changed.")
    if need.kind == "bead":
        town = town.put(_bead(town, need.bead).working(held=need.title))
    return town.with_(needs=town.needs.set(need.id, need))


@case(e.Answered)
def answered(town: S, event: e.Answered, record: e.Record) -> S:
    need = town.needs.get(event.need)
    if need is None:
        raise Illegal(f"Nothing called {event.need} waits for an answer.", "See what does with: gt status")
    if event.bead != need.bead:
        raise Illegal(f"{need.id} is about {need.bead or 'no bead'}, not {event.bead or 'none'}.", "")
    town = town.with_(needs=town.needs.delete(need.id))
    bead = town.beads.get(need.bead)
    if event.choice == "retry" and need.kind in ("bead", "mayor"):
        for agent in forgiven(event, town.agents):
            town = town.seat(replace(agent, deaths=0))
    if need.kind != "bead" or bead is None:
        return town
    if event.choice == "retry":
        bead = bead.working(forgiven=len(bead.work.returns))
    others = (n.title for n in town.needs.values() if n.kind == "bead" and n.bead == bead.id)
    return town.put(bead.working(held=next(others, "")))


@case(e.Said)
def said(town: S, event: e.Said, record: e.Record) -> S:
    return town.with_(chat=town.chat.set(record.seq, Speech(record.at, record.who, event)))


@case(e.MayorHeard)
def mayor_heard(town: S, event: e.MayorHeard, record: e.Record) -> S:
    return town.with_(heard=max(town.heard, event.upto))


@case(e.PlanSubmitted)
def plan_submitted(town: S, event: e.PlanSubmitted, record: e.Record) -> S:
    old = town.drafts.get(event.draft.id)
    if old is not None and old.state != "draft":
        raise Illegal(f"Plan {old.id} is {old.state}; it takes no revision.", "Submit it as a new plan.")
    return town.with_(drafts=town.drafts.set(event.draft.id, event.draft))


@case(e.PlanApproved)
def plan_approved(town: S, event: e.PlanApproved, record: e.Record) -> S:
    draft = _open_draft(town, event.plan)
    draft = replace(draft, state="approved", ids=event.ids, convoy=event.convoy.id)
    convoys = town.convoys.set(event.convoy.id, event.convoy)
    return town.with_(drafts=town.drafts.set(draft.id, draft), convoys=convoys)


@case(e.PlanDropped)
def plan_dropped(town: S, event: e.PlanDropped, record: e.Record) -> S:
    draft = replace(_open_draft(town, event.plan), state="dropped", reason=event.reason)
    return town.with_(drafts=town.drafts.set(draft.id, draft))


def _open_draft(town: State, id: str) -> Any:
    draft = town.drafts.get(id)
    if draft is None or draft.state != "draft":
        raise Illegal(f"Plan {id} is {'not there' if draft is None else draft.state}.", "See plans with: gt plan show")
    return draft


@case(e.Spent)
def spent(town: S, event: e.Spent, record: e.Record) -> S:
    town = town.with_(costs=town.costs.set(event.role, town.costs.get(event.role, 0.0) + event.usd))
    if (agent := town.agents.get(event.agent)) is not None:
        agent = replace(agent, cost_usd=agent.cost_usd + event.usd)
        town = town.seat(agent)
    if (bead := town.beads.get(event.bead)) is not None:
        town = town.put(bead.working(cost_usd=bead.work.cost_usd + event.usd))
    return town
