"""Orders about beads: file, change, close, reopen, sling, release, do."""

from __future__ import annotations

import asyncio
from typing import Any

from gastown_tui.engine import rewriting
from gastown_tui.engine.debris import unsaved
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.model import bead as beads
from gastown_tui.model import collision
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.agent import POLECAT
from gastown_tui.model.bead import Bead, Dependency, Work
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.ids import bead_id
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import stamp
from gastown_tui.text import clean

_STATUS_MOVES = {"open": "open", "deferred": "defer", "blocked": "block", "pinned": "pin"}
_TITLE = 500


def new_bead(desk: Desk, title: str, work: Work, needs: tuple[str, ...] = (), salt: str = "", **fields: Any) -> Bead:
    """A bead with a fresh id; `needs` become blocking dependencies. Raises Usage or Refused."""
    base = desk.base
    town = base.books.pending
    title = " ".join(clean(title).split())
    if not title or len(title) > _TITLE:
        raise Usage(f"A title has 1 to {_TITLE} characters; this has {len(title)}.", "Nothing was filed.")
    now = base.clock.now()
    id = bead_id(town.prefix, f"{title}\0{now}\0{town.seq}\0{salt}", town.beads, len(town.beads) + 1)
    edges = tuple(Dependency(id, town.bead(need).id, "blocks") for need in needs)
    if source := fields.pop("discovered_from", ""):
        edges += (Dependency(id, town.bead(source).id, "discovered-from"),)
    fields = {k: clean(v) if isinstance(v, str) else v for k, v in fields.items()}
    return beads.make(id, title, stamp(now), dependencies=edges, work=work, **fields)


@handles(o.CreateBead)
async def create(desk: Desk, order: o.CreateBead, caller: Caller) -> Any:
    if not 0 <= order.priority <= 4:
        raise Usage(f"Priority {order.priority} is not between 0 and 4.", "Nothing was filed.")
    town = desk.base.books.pending
    source = order.discovered_from
    work = Work(files=order.files, approved=True)
    if caller.role != o.OVERSEER:
        source = source or caller.bead
        work = Work(files=order.files, filed_by=caller.name)
        cap = desk.base.config.filed_cap
        if sum(1 for b in town.in_column("backlog") if b.work.filed_by and not b.work.approved) >= cap:
            raise Refused(f"{cap} beads that agents filed wait already.", "Say it in the note of gt done instead.")
    bead = new_bead(
        desk, order.title, work, order.needs, description=order.description, priority=order.priority,
        acceptance_criteria=order.acceptance_criteria, issue_type=order.issue_type, labels=order.labels,
        discovered_from=source, created_by=caller.name,
    )  # fmt: skip
    await desk.base.books.record(caller.name, e.BeadCreated(bead))
    return {"bead": bead.id}


@handles(o.UpdateBead)
async def update(desk: Desk, order: o.UpdateBead, caller: Caller) -> Any:
    meant = _meant(desk, order)
    changes = {k: clean(v) if isinstance(v, str) else v for k, v in order.changes.items()}
    events: list[e.AnyEvent] = []
    if (status := changes.pop("status", None)) is not None:
        if status not in _STATUS_MOVES:
            raise Usage(f"Status {status} is not set by hand.", f"One of: {', '.join(_STATUS_MOVES)}.")
        events += [e.BeadMoved(bead.id, _STATUS_MOVES[str(status)]) for bead in meant]
    if unknown := [name for name in changes if name not in beads.EDITABLE]:
        raise Usage(f"{', '.join(unknown)} cannot be set.", f"These can: {', '.join(beads.EDITABLE)}.")
    if "title" in changes and not str(changes["title"]).strip():
        raise Usage("A title cannot be empty.", "Nothing was changed.")
    priority = changes.get("priority", 0)
    if not isinstance(priority, int) or not 0 <= priority <= 4:
        raise Usage(f"Priority {priority} is not between 0 and 4.", "Nothing was changed.")
    if changes:
        events += [e.BeadChanged(bead.id, changes) for bead in meant]
    if events:
        await desk.base.books.record(caller.name, *events)
    return _which(meant)


def _meant(desk: Desk, order: o.UpdateBead | o.CloseBead | o.ReopenBead) -> list[Bead]:
    """The beads of an order, each once; raises Refused for one that is not there."""
    town = desk.base.books.pending
    if not order.all:
        raise Usage("No bead is named.", "Nothing was changed.")
    return list({(bead := town.bead(id)).id: bead for id in order.all}.values())


def _which(meant: list[Bead]) -> dict[str, Any]:
    return {"bead": meant[0].id, "beads": [bead.id for bead in meant]}


@handles(o.CloseBead)
async def close(desk: Desk, order: o.CloseBead, caller: Caller) -> Any:
    meant = _meant(desk, order)
    if landing := [bead.id for bead in meant if bead.work.landing]:
        raise Refused(f"{landing[0]} is landing this moment.", "Wait for it; then undo it if it was not wanted.")
    reason = clean(order.reason)
    await desk.base.books.record(caller.name, *(e.BeadMoved(bead.id, "close", reason) for bead in meant))
    offered = [bead.work.request for bead in meant if bead.work.request is not None and not bead.work.landed]
    return {**_which(meant), "requests": [{"number": one.number, "url": one.url} for one in offered]}


@handles(o.ReopenBead)
async def reopen(desk: Desk, order: o.ReopenBead, caller: Caller) -> Any:
    meant = _meant(desk, order)
    await desk.base.books.record(caller.name, *(e.BeadMoved(bead.id, "reopen") for bead in meant))
    return _which(meant)


@handles(o.Sling)
async def sling(desk: Desk, order: o.Sling, caller: Caller) -> Any:
    """Let beads go; with `dry_run` only say which would start now and why the rest waits.

    `meets` names, of all of them, those whose declared files somebody is changing now, and who.
    """
    town = desk.base.books.pending
    if order.bead:
        bead = town.bead(order.bead)
        if bead.work.stage != "idle" or bead.status != "open":
            raise Refused(f"{bead.id} is {bead.status}, {bead.work.stage}.", "Only an open bead is slung.")
        wanted = [bead]
    else:
        wanted = town.ready()
    room, why = desk.sling.room(town)
    ready = [b for b in wanted if town.column(b.working(approved=True)) == "ready"]
    given, kept = desk.sling.picked(town, ready, room)
    would = [bead.id for bead in given]
    left = len(wanted) - len(would)
    if len(ready) < len(wanted):
        why = f"{wanted[0].id} {town.waits(wanted[0])}" if order.bead else why
    elif len(would) < room and kept:
        why = kept[0]
    meets = [
        {"bead": bead.id, "starts": bead.id in would, "why": said}
        for bead in ready if (said := collision.changing(town, bead.id))
    ]  # fmt: skip
    answer = {"slung": [] if order.dry_run else would, "would": would, "holding": left, "why": why if left else "",
              "meets": meets}  # fmt: skip
    if not order.dry_run and (go := [b for b in wanted if not (b.work.go and b.work.approved)]):
        await desk.base.books.record(caller.name, *(e.BeadApproved(b.id) for b in go))
    return answer


@handles(o.Release)
async def release(desk: Desk, order: o.Release, caller: Caller) -> Any:
    bead = desk.base.books.pending.bead(order.bead)
    if bead.work.landing:
        raise Refused(f"{bead.id} is landing this moment.", "Wait for it.")
    await desk.base.books.record(caller.name, e.BeadMoved(bead.id, "release", clean(order.reason)))
    return {"bead": bead.id}


@handles(o.DoOnce)
async def do_once(desk: Desk, order: o.DoOnce, caller: Caller) -> Any:
    """One bead that goes by itself; its first line is the title."""
    text = clean(order.text).strip()
    title = (text.splitlines() or [""])[0]
    short = title if len(title) <= 120 else title[:119] + "…"
    work = Work(approved=True, go=True, no_land=not order.land)
    bead = new_bead(desk, short, work, description=text, created_by=caller.name)
    await desk.base.books.record(caller.name, e.BeadCreated(bead))
    return {"bead": bead.id}


@handles(o.Done)
async def done(desk: Desk, order: o.Done, caller: Caller) -> Any:
    """Take a polecat's word for it only as far as git agrees: clean, committed, ahead of its base."""
    base = desk.base
    bead = base.books.pending.bead(caller.bead)
    live = desk.sessions.of(caller)
    lease = bead.work.lease
    if lease is None or live is None or caller.role != POLECAT:
        raise Refused(f"{bead.id} is not yours.", "Stop here.")
    if bead.work.stage != "working":
        raise Refused(f"{bead.id} is with the {bead.work.stage} already.", "Wait for what it says.")
    town = base.books.pending
    if waits := collision.awaited(town, bead):
        target = " and ".join(lanes.where(town, bead, waits, base.config.target))
        hint = f"Stop here. You will be told when to merge {target}, test, and run gt done."
        raise Refused(f"{bead.id} lands after {', '.join(waits)}, which has not landed yet.", hint)
    changed = unsaved(await asyncio.to_thread(base.repo.status, live.worktree))
    if changed and not await rewriting.of_hook(base, bead, live, changed):
        shown = "\n".join(changed[:10])
        raise Refused(f"There are changes without a commit:\n{shown}", "Commit what belongs to the bead, then gt done.")
    head = await asyncio.to_thread(base.repo.head_of, live.worktree)
    if base.repo.tip(f"refs/heads/{lease.branch}") != head:
        raise Refused(f"The worktree is not on its branch {lease.branch}.", f"git switch {lease.branch}, then gt done.")
    for first, commit in collision.landed(base.books.pending, bead).items():
        if not await asyncio.to_thread(base.repo.is_ancestor, commit, head):
            target = lanes.where(base.books.pending, bead, [first], base.config.target)[0]
            hint = f"Run `git merge {target}`, keep what both sides meant, test, commit, then gt done."
            raise Refused(f"{first} has landed, and your branch does not have it yet.", hint)
    onto = lanes.base(base.books.town, bead)
    own = await asyncio.to_thread(base.repo.log, onto, head)
    if not own:
        raise Refused("There is no commit yet.", "Commit your work on this branch, then gt done.")
    stat = await asyncio.to_thread(base.repo.diff_stat, onto, head)
    note = clean(order.note)[:2000]
    event = e.Submitted(bead.id, caller.epoch, head, len(own), note, stat.added, stat.removed)
    await base.books.record(caller.name, event)
    return {"bead": bead.id, "epoch": caller.epoch, "commit": head}
