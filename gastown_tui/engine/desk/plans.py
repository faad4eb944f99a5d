"""Orders about plans: submit, edit, approve, drop; and what is said to the Mayor."""

from __future__ import annotations

from typing import Any

import msgspec

from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.desk.beads import new_bead
from gastown_tui.model import convoy as convoys
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.agent import MAYOR
from gastown_tui.model.bead import Bead, Dependency, Work
from gastown_tui.model.convoy import Convoy, Draft, Plan, PlannedBead
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.ids import bead_id, numbered
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town
from gastown_tui.text import clean


def draft_of(town: Town, id: str) -> Draft:
    """The draft of that id, or the only open one for an empty id; raises Refused."""
    open_ones = sorted((d for d in town.drafts.values() if d.state == "draft"), key=lambda d: d.at)
    if not id and len(open_ones) == 1:
        return open_ones[0]
    found = town.drafts.get(id)
    if found is None:
        names = ", ".join(d.id for d in open_ones) or "none"
        raise Refused(f"There is no plan {id or 'to take: name one'}.", f"Open drafts: {names}.")
    return found


def _cleaned(plan: Plan) -> Plan:
    """The plan with every text made safe, as it enters the town."""

    def safe(value: Any) -> Any:
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, list):
            return [safe(item) for item in value]
        return {k: safe(v) for k, v in value.items()} if isinstance(value, dict) else value

    return msgspec.convert(safe(msgspec.to_builtins(plan)), Plan)


def _filed(draft: Draft) -> dict[str, Any]:
    """What `gt plan submit` answers; ids are given at once, the beads come to be when the plan is approved."""
    return {
        "plan": draft.id, "revision": draft.revision, "convoy": draft.convoy, "beads": draft.ids, "state": draft.state
    }  # fmt: skip


def _filed_before(town: Town, plan: Plan) -> Draft | None:
    """The Mayor's very same plan, filed before it was killed and could note the answer."""
    return next((d for d in town.drafts.values() if d.plan == plan and d.by == MAYOR and d.state != "dropped"), None)


async def _file(desk: Desk, plan: Plan, caller: Caller, old: Draft | None) -> Any:
    base = desk.base
    plan = _cleaned(plan)
    convoys.check(plan)
    town = base.books.pending
    if caller.role == MAYOR and (known := _filed_before(town, plan)) is not None:
        return _filed(known)
    if old is None:
        same = [d for d in town.drafts.values() if d.state == "draft" and d.plan.title == plan.title]
        old = same[0] if same else None
    if old is not None and old.state != "draft":
        raise Refused(f"Plan {old.id} is {old.state}; it takes no revision.", "Submit it as a new plan.")
    now = base.clock.now()
    ids: dict[str, str] = dict(old.ids) if old is not None else {}
    taken = {*town.beads, *(id for d in town.drafts.values() for id in d.ids.values())}
    for bead in plan.beads:
        if bead.key not in ids:
            seed = f"{plan.title}\0{bead.key}\0{now}"
            ids[bead.key] = bead_id(town.prefix, seed, taken, len(taken) + 1)
            taken.add(ids[bead.key])
    ids = {bead.key: ids[bead.key] for bead in plan.beads}
    id = old.id if old is not None else numbered("p", town.drafts, len(town.drafts) + 1)
    draft = Draft(id, plan, old.revision + 1 if old is not None else 1, caller.name, now, ids=ids)
    draft = msgspec.structs.replace(draft, convoy=old.convoy if old is not None else f"c{id[1:]}")
    await base.books.record(caller.name, e.PlanSubmitted(draft))
    answer = _filed(draft)
    if base.config.approve_plan == "auto":
        await _approve(desk, draft, (), caller)
        answer["state"] = "approved"
    return answer


@handles(o.SubmitPlan)
async def submit(desk: Desk, order: o.SubmitPlan, caller: Caller) -> Any:
    old = draft_of(desk.base.books.pending, order.revises) if order.revises else None
    return await _file(desk, order.plan, caller, old)


@handles(o.EditPlan)
async def edit(desk: Desk, order: o.EditPlan, caller: Caller) -> Any:
    return await _file(desk, order.changed, caller, draft_of(desk.base.books.pending, order.plan))


@handles(o.ApprovePlan)
async def approve(desk: Desk, order: o.ApprovePlan, caller: Caller) -> Any:
    return await _approve(desk, draft_of(desk.base.books.pending, order.plan), order.keys, caller)


async def _approve(desk: Desk, draft: Draft, keys: tuple[str, ...], caller: Caller) -> Any:
    base = desk.base
    if draft.state != "draft":
        raise Refused(f"Plan {draft.id} is {draft.state} already.", "See it with: gt plan show")
    chosen = _with_needs(draft.plan, keys) if keys else draft.plan.beads
    created = [e.BeadCreated(_bead(desk, draft, planned, chosen)) for planned in chosen]
    ids = {planned.key: draft.ids[planned.key] for planned in chosen}
    branch = f"{lanes.PREFIX}{draft.convoy}" if base.config.staging == lanes.CONVOY else ""
    if branch and base.repo.exists("refs/heads/staging"):
        hint = 'Rename it (git branch -m staging NAME), or set staging = "" in config.toml. The plan waits.'
        raise Refused(f"A branch called staging is in the way of {branch}.", hint)
    convoy = Convoy(draft.convoy, draft.plan.title, tuple(ids.values()), base.clock.now(), draft.id, branch)
    await base.books.record(caller.name, *created, e.PlanApproved(draft.id, convoy, ids))
    return {"plan": draft.id, "convoy": convoy.id, "beads": ids}


def _bead(desk: Desk, draft: Draft, planned: PlannedBead, chosen: tuple[PlannedBead, ...]) -> Bead:
    kept = {bead.key for bead in chosen}
    work = Work(convoy=draft.convoy, key=planned.key, files=planned.files, approved=True, go=True)
    bead = new_bead(
        desk, planned.title, work, salt=planned.key, description=planned.description, priority=planned.priority,
        acceptance_criteria=planned.acceptance_criteria, labels=planned.labels, created_by=draft.by,
        estimated_minutes=planned.estimated_minutes,
    )  # fmt: skip
    id = draft.ids[planned.key]
    edges = tuple(Dependency(id, draft.ids[need], "blocks") for need in planned.needs if need in kept)
    return msgspec.structs.replace(bead, id=id, dependencies=edges)


def _with_needs(plan: Plan, keys: tuple[str, ...]) -> tuple[PlannedBead, ...]:
    """The beads of some keys and all they need."""
    by_key = {bead.key: bead for bead in plan.beads}
    if unknown := [key for key in keys if key not in by_key]:
        raise Usage(f"The plan has no {', '.join(unknown)}.", f"It has: {', '.join(by_key)}.")
    wanted, left = set(keys), list(keys)
    while left:
        for need in by_key[left.pop()].needs:
            if need not in wanted:
                wanted.add(need)
                left.append(need)
    return tuple(bead for bead in plan.beads if bead.key in wanted)


@handles(o.DropPlan)
async def drop(desk: Desk, order: o.DropPlan, caller: Caller) -> Any:
    draft = draft_of(desk.base.books.pending, order.plan)
    reason = clean(order.reason).strip()
    events: list[e.AnyEvent] = [e.PlanDropped(draft.id, reason)]
    if reason and draft.by == "mayor":
        events.append(e.Said("overseer", f"The overseer refused plan {draft.id} ({draft.plan.title}): {reason}"))
    await desk.base.books.record(caller.name, *events)
    return {"plan": draft.id}


@handles(o.TellMayor)
async def tell(desk: Desk, order: o.TellMayor, caller: Caller) -> Any:
    text = clean(order.text).strip()
    if not text:
        raise Usage("There is nothing to say.", "gt mayor tell TEXT")
    await desk.base.books.record(caller.name, e.Said("overseer", text))
    return {}
