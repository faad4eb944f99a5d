"""How the events about landings taken back change the town."""

from __future__ import annotations

from typing import TypeVar

from gastown_tui.model import events as e
from gastown_tui.model import lifecycle
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import Illegal
from gastown_tui.model.folding import case
from gastown_tui.model.merge import MergeRequest
from gastown_tui.model.state import State
from gastown_tui.model.turns import Back

S = TypeVar("S", bound=State)


def _fenced(town: State, id: str, epoch: int) -> Bead:
    bead = town.beads.get(id)
    if bead is None:
        raise Illegal(f"There is no bead {id}.", "Nothing was changed.")
    if bead.work.epoch != epoch:
        raise Illegal(f"{id} is at epoch {bead.work.epoch}, not {epoch}.", "Somebody newer has the bead.")
    return bead


@case(e.UndoBegun)
def undo_begun(town: S, event: e.UndoBegun, record: e.Record) -> S:
    bead = _fenced(town, event.bead, event.epoch)
    if bead.work.back is None or not bead.work.back.turns:
        raise Illegal(f"{bead.id} takes no landing back.", "Nothing was changed.")
    bead = lifecycle.make(bead, "turn_back", record.at).working(commit=event.commit, commits=event.commits)
    entry = MergeRequest(bead.id, event.epoch, event.commit, record.at, bead.priority)
    return town.put(bead).with_(queue=town.queue.set(bead.id, entry))


@case(e.LandingUndone)
def landing_undone(town: S, event: e.LandingUndone, record: e.Record) -> S:
    bead = _fenced(town, event.bead, event.epoch)
    lifecycle.check(bead, "take_back")
    bead = lifecycle.make(bead, "take_back", record.at).changed(close_reason="", closed_at="")
    return town.put(bead.working(
        lease=None, returns=(), forgiven=0, landed="", landed_at=0.0, landed_onto="", commit="", commits=0, added=0,
        removed=0, approved=False, go=False, held="", back=Back((), event.by, event.branch, event.start),
    ))  # fmt: skip


@case(e.LandingRedone)
def landing_redone(town: S, event: e.LandingRedone, record: e.Record) -> S:
    bead = _fenced(town, event.bead, event.epoch)
    lifecycle.check(bead, "put_back")
    if bead.work.back is None or not bead.work.back.undone:
        raise Illegal(f"No landing of {bead.id} was taken back.", "Nothing was changed.")
    bead = lifecycle.make(bead, "put_back", record.at).changed(close_reason=f"landed again as {event.commit[:9]}")
    landed = bead.working(landed=event.commit, landed_onto=event.onto, landed_at=record.at, held="", back=None)
    return town.put(landed)
