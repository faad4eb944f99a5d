"""Why a bead is not ready, in words for a person."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

from gastown_tui.model import collision
from gastown_tui.model.bead import Bead

if TYPE_CHECKING:
    from gastown_tui.model.state import State


def waits(town: State, bead: Bead) -> str:
    """What keeps a bead from being slung, as `waits for td-1`; empty when nothing does, or somebody has it."""
    if bead.work.stage != "idle" or bead.status == "closed":
        return ""
    if found := town.blockers(bead):
        return f"waits for {', '.join(found)}"
    if bead.status != "open":
        return f"is {bead.status}"
    if bead.work.held:
        return f"waits for your answer: {bead.work.held}"
    if town.later.get(bead.id) == inf:
        return "is pinned or ephemeral, and never slung"
    if bead.id in town.stopped:
        return _deferred(town, bead)
    return collision.kept_back(town, bead.id, town.at) if bead.work.approved else "waits for your approval"


def _deferred(town: State, bead: Bead) -> str:
    """Which deferral holds a bead: its own, or that of the nearest it belongs to."""
    seen, left = {bead.id}, [bead]
    for one in left:
        until = town.later.get(one.id, 0.0)
        if one.status == "deferred" or town.at < until < inf:
            when = f"deferred until {_date(until)}" if town.at < until < inf else "deferred"
            return f"is {when}" if one is bead else f"belongs to {one.id}, which is {when}"
        parents = [town.beads[id] for id in one.parents if id in town.stopped and id not in seen]
        seen.update(parent.id for parent in parents)
        left.extend(parents)
    return "is stopped"


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
