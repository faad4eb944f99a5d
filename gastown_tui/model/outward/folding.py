"""How a rewritten branch and an answered pull request change the town."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from gastown_tui.model import events as e
from gastown_tui.model import lifecycle
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import Illegal
from gastown_tui.model.folding import back, case, fenced, unclaimed, unqueue
from gastown_tui.model.merge import PullRequest, learned
from gastown_tui.model.state import State

S = TypeVar("S", bound=State)
replace = msgspec.structs.replace


@case(e.Rewritten)
def rewritten(town: S, event: e.Rewritten, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    lifecycle.check(bead, "pass")
    return town.put(bead.working(commit=event.commit, commits=bead.work.commits + 1))


@case(e.RequestOpened)
def request_opened(town: S, event: e.RequestOpened, record: e.Record) -> S:
    bead = unclaimed(fenced(town, event.bead, event.epoch))
    lifecycle.check(bead, "land")
    entry = town.queue.get(bead.id)
    if entry is None or entry.commit != event.request.commit:
        raise Illegal(f"{bead.id} is not queued at {event.request.commit[:9]}.", "Nothing was changed.")
    entry = replace(entry, state="requested", why=f"pull request #{event.request.number}")
    town = town.put(bead.working(request=event.request))
    return town.with_(queue=town.queue.set(bead.id, entry))


@case(e.RequestReturned)
def request_returned(town: S, event: e.RequestReturned, record: e.Record) -> S:
    bead, request = _requested(town, event.bead, event.epoch)
    review = event.review
    bead = bead.working(
        reviews=(*(r for r in bead.work.reviews if r.by != review.by), review),
        request=replace(request, seen=max(request.seen, event.seen)),
    )
    return unqueue(town, back(bead, review.by, review.reason, record.at))


@case(e.RequestMerged)
def request_merged(town: S, event: e.RequestMerged, record: e.Record) -> S:
    bead, _ = _requested(town, event.bead, event.epoch)
    bead = lifecycle.make(bead, "land", record.at)
    bead = bead.changed(close_reason=f"merged as {event.commit[:9]}")
    bead = bead.working(landed=event.commit, landed_at=record.at, held="")
    return unqueue(town.with_(rate=learned(town.rate, False)), bead)


@case(e.RequestClosed)
def request_closed(town: S, event: e.RequestClosed, record: e.Record) -> S:
    closed = fenced(town, event.bead, event.epoch)
    if closed.work.stage == "dropped" and closed.work.request is not None:
        return town.put(closed.working(request=None))
    bead, request = _requested(town, event.bead, event.epoch)
    town = town.put(bead.working(request=None))
    entry = replace(town.queue[bead.id], state="queued", why=f"pull request #{request.number} was closed")
    return town.with_(queue=town.queue.set(bead.id, entry))


def _requested(town: State, id: str, epoch: int) -> tuple[Bead, PullRequest]:
    """A bead that waits in the queue for its pull request."""
    bead = unclaimed(fenced(town, id, epoch))
    lifecycle.check(bead, "land")
    entry = town.queue.get(id)
    if bead.work.request is None or entry is None or entry.state != "requested":
        raise Illegal(f"{id} waits for no pull request.", "Nothing was changed.")
    return bead, bead.work.request
