"""Orders about the merge queue: what the overseer puts first, holds, sends back or tests again, and pausing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gastown_tui.engine import minutes, needs
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.refinery import blocked
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Bead, Review
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.merge import MergeRequest
from gastown_tui.model.orders import Caller
from gastown_tui.text import clean

PAUSED = "queue"
"""What is held while the queue is paused; landing is held apart from it, while the tip is not known to be sound."""

_MOST = 2000


@handles(o.Queue)
async def queue(desk: Desk, order: o.Queue, caller: Caller) -> Any:
    """Do one thing to one entry, or to the whole queue; what would change nothing is refused with the reason."""
    events = _whole(desk, order) if order.action in ("pause", "resume") else _of_bead(desk, order)
    await desk.base.books.record(caller.name, *events)
    return {"action": order.action, **({"bead": _named(desk, order).id} if order.bead else {})}


def _whole(desk: Desk, order: o.Queue) -> list[e.AnyEvent]:
    paused = desk.base.books.pending.holds.get(PAUSED)
    if order.action == "pause":
        if paused is not None:
            raise Refused(f"The queue is {paused} already.", "Let it go on with: gt mq resume")
        minutes.final("the queue stood still from then on; gt mq resume lets it go on")
        why = clean(order.why)[:_MOST]
        return [e.Held(PAUSED, f"paused by you: {why}" if why else "paused by you")]
    if paused is None:
        raise Refused("The queue is not paused.", "Nothing was changed. See why it waits with: gt mq")
    minutes.final("the queue went on; gt mq pause stops it")
    return [e.Resumed(PAUSED)]


def _named(desk: Desk, order: o.Queue) -> Bead:
    return desk.base.books.pending.bead(order.bead)


def _of_bead(desk: Desk, order: o.Queue) -> list[e.AnyEvent]:
    act = _ACTIONS.get(order.action)
    if act is None:
        there = ", ".join((*_ACTIONS, "pause", "resume"))
        raise Usage(f"The queue has no action {order.action}.", f"There are: {there}.")
    if not order.bead:
        raise Usage(f"{order.action} needs a bead.", f"For example: gt mq {order.action} ID")
    bead = _named(desk, order)
    entry = desk.base.books.pending.queue.get(bead.id)
    if entry is None:
        where = bead.work.stage if bead.work.stage not in ("idle", "dropped") else bead.status
        raise Refused(f"{bead.id} is not in the queue: it is {where}.", "See what is with: gt mq list")
    if bead.work.landing:
        raise Refused(f"{bead.id} is landing this moment.", "Nothing was changed.")
    if bead.work.staged and entry.state == "staged" and order.action in ("first", "retry"):
        title = f"{bead.id} is on staging/{bead.work.convoy}, which lands as one: there is nothing left to hurry."
        raise Refused(title, f"What it waits for: gt convoy show {bead.work.convoy}")
    return act(desk, bead, entry, clean(order.why)[:_MOST])


def _retry(desk: Desk, bead: Bead, entry: MergeRequest, why: str) -> list[e.AnyEvent]:
    """Test a red one once more alone, or try again to land what waits for the person's edits."""
    base, town = desk.base, desk.base.books.pending
    minutes.final("it is tested again")
    if held := entry.hold or bead.work.held:
        raise Refused(f"{bead.id} is held: {held}.", f"Let it go first: gt mq release {bead.id}")
    if entry.state == "waiting":
        need = next((need for need in town.needs.values() if need.kind == "landing"), None)
        settled = [e.Answered(need.id, "retry", bead=need.bead)] if need is not None else []
        asked = needs.raised(town, "ungated", bead.id)
        if asked is not None:
            raise Refused(f"{bead.id} waits for your yes: nothing tests it.", f"Answer it: gt answer {asked.id} land")
        return [*settled, *blocked.again(base)]
    if entry.lane or entry.tries or entry.alone is False:
        return [e.Shunted(bead.id, "confirm", "you asked for one more run")]
    raise Refused(f"{bead.id} waits its turn: no run of it was red.", f"To have it tested next: gt mq first {bead.id}")


def _reject(desk: Desk, bead: Bead, entry: MergeRequest, why: str) -> list[e.AnyEvent]:
    """Out of the queue and back to its polecat, with the overseer's words."""
    town = desk.base.books.pending
    minutes.final("its polecat was told")
    reason = f"The overseer took it out of the merge queue: {why or 'no reason was given'}"
    review = Review("refinery", False, bead.work.commit, reason)
    asked = needs.raised(town, "ungated", bead.id)
    settled = [e.Answered(asked.id, "rejected", bead=bead.id)] if asked is not None else []
    return [*settled, e.Gated(bead.id, bead.work.epoch, town.tip, "", "", review, 0.0)]


def _hold(desk: Desk, bead: Bead, entry: MergeRequest, why: str) -> list[e.AnyEvent]:
    if entry.hold:
        raise Refused(f"{bead.id} is held already: {entry.hold}.", f"Let it go with: gt mq release {bead.id}")
    return [e.MergeHeld(bead.id, why or "held by you")]


def _release(desk: Desk, bead: Bead, entry: MergeRequest, why: str) -> list[e.AnyEvent]:
    if not entry.hold:
        raise Refused(f"{bead.id} is not held in the queue.", "Nothing was changed. See why it waits with: gt mq")
    return [e.MergeHeld(bead.id, "")]


def _first(desk: Desk, bead: Bead, entry: MergeRequest, why: str) -> list[e.AnyEvent]:
    newest = max((m.first for m in desk.base.books.pending.queue.values()), default=0.0)
    if entry.first and entry.first == newest:
        raise Refused(f"{bead.id} is first already.", "Nothing was changed.")
    return [e.MergeFirst(bead.id)]


_Action = Callable[[Desk, Bead, MergeRequest, str], list[e.AnyEvent]]
_ACTIONS: dict[str, _Action] = {
    "retry": _retry, "reject": _reject, "hold": _hold, "release": _release, "first": _first,
}  # fmt: skip
