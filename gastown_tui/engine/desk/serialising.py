"""The order that has one bead land after another which it would conflict with."""

from __future__ import annotations

from typing import Any

from gastown_tui.engine.desk import Desk, handles
from gastown_tui.model import collision
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town


@handles(o.Serialise)
async def serialise(desk: Desk, order: o.Serialise, caller: Caller) -> Any:
    """Put the edge on the bead that waits; the radar's round tells its polecat, and again when it may go on."""
    town = desk.base.books.pending
    first, second = _meant(town, order)
    for bead in (first, second):
        if bead.status == "closed" or bead.work.landing:
            how = "is landing this moment" if bead.work.landing else "is closed"
            raise Refused(f"{bead.id} {how}.", "Nothing was changed.")
    if first.id == second.id:
        raise Usage(f"{first.id} cannot wait for itself.", "Name two beads: gt conflicts --serialise FIRST SECOND")
    if first.id in collision.awaited(town, second):
        raise Refused(f"{second.id} waits for {first.id} already.", f"See it with: gt bead show {second.id}")
    if lanes.circular(town, first.id, second.id):
        hint = f"The other way round it can be: gt conflicts --serialise {second.id} {first.id}"
        raise Refused(f"{first.id} waits for {second.id}, so {second.id} cannot wait for it.", hint)
    edges = collision.serial(second, first.id)
    await desk.base.books.record(caller.name, e.BeadChanged(second.id, {"dependencies": edges}))
    return {"first": first.id, "second": second.id, "first_agent": first.assignee, "second_agent": second.assignee}


def _meant(town: Town, order: o.Serialise) -> tuple[Bead, Bead]:
    """Who goes first and who waits; of one bead alone, the worst pair the radar sees it in."""
    if order.first and order.second:
        return town.bead(order.first), town.bead(order.second)
    if not order.first and not order.second:
        raise Usage("No bead is named.", "Nothing was changed.")
    bead = town.bead(order.first or order.second)
    found = next((c for c in collision.of(town.collisions, bead.id) if collision.loose(town, c)), None)
    if found is None:
        raise Refused(f"{bead.id} meets nobody it does not wait for already.", "See who meets whom: gt conflicts")
    first, second = collision.in_order(town, found)
    return town.beads[first], town.beads[second]
