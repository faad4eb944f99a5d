"""Takes back what is offered of beads that were closed without landing: their pull requests are closed, with a word."""

from __future__ import annotations

import asyncio

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.refinery import asking, describing
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.merge import PullRequest
from gastown_tui.model.town import Town
from gastown_tui.rig.github import GhFailed, GitHub, NoGh
from gastown_tui.text import one_line

LOOK_EVERY = 30.0
"""Seconds before a pull request that could not be closed is tried again."""


class Withdrawals:
    """Knows which beads have a request, from one look at all of them and at those at work ever after."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self._offered: set[str] = set()
        self._begun = False

    def look(self, town: Town) -> None:
        """Have the requests of closed beads taken back."""
        self._offered.update(bead.id for bead in town.in_column("refinery") if bead.work.request is not None)
        if not self._begun or self._closed(town):
            self._jobs.start("refinery withdraw", self._withdraw)

    def _closed(self, town: Town) -> list[Bead]:
        """The beads that were closed and have a request still, by id; those that have none any more are forgotten."""
        found = [bead for id in sorted(self._offered) if (bead := town.beads.get(id)) is not None]
        self._offered = {bead.id for bead in found if bead.work.request is not None and not bead.work.landed}
        return [bead for bead in found if bead.id in self._offered and bead.work.stage == "dropped"]

    async def _withdraw(self) -> None:
        base = self._base
        if not self._begun:
            # Before a crash, or while no engine ran: a bead may be closed without one.
            self._offered |= await asyncio.to_thread(_all, base.books.town)
            self._begun = True
        hub, left = GitHub(base.place.root), False
        for bead in self._closed(base.books.pending):
            if (request := bead.work.request) is not None:
                left |= not await self._tried(hub, bead, request)
        if left:
            await base.clock.sleep(LOOK_EVERY)

    async def _tried(self, hub: GitHub, bead: Bead, request: PullRequest) -> bool:
        """Close one request, or ask about one that cannot be closed; says whether it is settled."""
        try:
            theirs = await closed(hub, bead, request)
        except NoGh as error:
            theirs = f"{error.title} {error.hint}"
        except GhFailed as error:
            self._base.notes["gh"] = one_line(error.title)
            return False
        now = self._base.books.pending.beads[bead.id]
        if now.work.stage != "dropped" or now.work.request != request:
            return True
        if theirs:
            asking.still_open(self._base, bead, request, theirs)
            return False
        await self._settled(now, request)
        return True

    async def _settled(self, bead: Bead, request: PullRequest) -> None:
        base = self._base
        answered = needs.settled(base.books.pending, asking.REQUEST, bead.id, "it is closed")
        await base.books.record("refinery", e.RequestClosed(bead.id, bead.work.epoch), *answered)
        said = f"pull request #{request.number} of {bead.id}, which was closed here"
        await base.feed.add(base.clock.now(), "refinery", "WITHDREW", said, detail=request.url, bead=bead.id)


async def closed(hub: GitHub, bead: Bead, request: PullRequest) -> str:
    """Close a request with a word why; says why not, where it holds somebody else's work, else "".

    Raises NoGh, GhFailed.
    """
    pull = await hub.view(request.number)
    if pull.state != "OPEN":
        return ""
    if pull.head != request.commit:
        return "It has commits of somebody else."
    text = describing.withdrawn(bead)
    if not any(said.strip() == text.strip() for _, said in pull.comments):
        await hub.comment(request.number, text)
    await hub.close(request.number)
    return ""


def _all(town: Town) -> set[str]:
    """Ids of all beads with a request that nobody settled."""
    found = town.beads.values()
    return {bead.id for bead in found if bead.work.request is not None and not bead.work.landed}
