"""Integration branches as refs: one that somebody else moved is asked about, one that has landed is taken away."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.model import events as e
from gastown_tui.model.convoy import Convoy
from gastown_tui.model.errors import GasTownError, Refused
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town
from gastown_tui.rig.errors import InTheWay

log = logging.getLogger(__name__)

MOVED = "branch moved"
"""The kind of question about an integration branch that is not where the town left it."""

HOLD, BACK = "keep holding", "set it back"


class Branches:
    """One look a round."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self._known: object = None

    def look(self, town: Town, afloat: bool) -> None:
        """Ask about each branch that was moved, if any is to land, and tidy once after each change of a convoy."""
        base = self._base
        if base.books.pending is not town or town.train is not None:
            return
        for lane in sorted({lanes.of(town, town.beads[id]) for id in town.queue} - {""}) if afloat else ():
            if self.sound(town, lane):
                needs.settle(base, MOVED, lane, "it is back")
            else:
                self._ask(town.convoys[lane])
        if town.convoys is not self._known:
            self._known = town.convoys
            if landed := [convoy for convoy in town.convoys.values() if convoy.branch and convoy.landed]:
                self._jobs.start("refinery branches", partial(self._tidy, landed))

    def sound(self, town: Town, lane: str) -> bool:
        """Whether a convoy's branch is where the town left it."""
        convoy = town.convoys[lane]
        return self._base.repo.lookup(f"refs/heads/{convoy.branch}") == (convoy.tip or None)

    def _ask(self, convoy: Convoy) -> None:
        found = self._base.repo.lookup(f"refs/heads/{convoy.branch}")
        how = f"is at {found[:9]}" if found else "is gone"
        left = f"The Refinery left it at {convoy.tip[:9]}." if convoy.tip else "The Refinery has not made it yet."
        question = (
            f"{left} Nothing lands on it, or with it, while it is elsewhere. `{BACK}` undoes that; what is there now "
            "is kept under refs/gt/moved."
        )
        title = f"{convoy.branch} {how}, and not by us"
        needs.ask(self._base, MOVED, convoy.id, title, question, (HOLD, BACK))

    async def _tidy(self, landed: list[Convoy]) -> None:
        """Take away the branches of convoys that have landed: all that is on them is in the target."""
        for convoy in landed:
            try:
                await asyncio.to_thread(self._drop, convoy)
            except InTheWay as error:
                log.info("%s stays: %s", convoy.branch, error.title)
            except GasTownError as error:
                log.warning("%s stays: %s", convoy.branch, error)

    def _drop(self, convoy: Convoy) -> None:
        repo = self._base.repo
        if repo.lookup(f"refs/heads/{convoy.branch}") == convoy.tip:
            repo.delete_branch(convoy.branch, convoy.tip)


def set_back(base: Base, need: e.Need) -> None:
    """Put an integration branch back to where the town left it; raises Refused where somebody works on it."""
    convoy = base.books.pending.convoys[need.about]
    ref, repo = f"refs/heads/{convoy.branch}", base.repo
    found = repo.lookup(ref)
    if held := repo.checkouts_of(convoy.branch):
        raise Refused(f"{convoy.branch} is checked out at {held[0]}.", "Switch away from it there, and answer again.")
    if found is None:
        repo.move(ref, None, convoy.tip)
        return
    kept = f"refs/gt/moved/{convoy.branch}-{found[:12]}"
    if not repo.exists(kept):
        repo.move(kept, None, found)
    if convoy.tip:
        repo.move(ref, found, convoy.tip)
    else:
        repo.delete_branch(convoy.branch, found)
