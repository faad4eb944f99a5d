"""The bare tip: its last verdict is known and shown, and one that is red stops the queue until it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.gating.tested import SETUP, unready
from gastown_tui.engine.jobs import Jobs
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.merge import GateRun, MergeRequest, TestRun
from gastown_tui.model.town import Town

RED = "red"
"""The name of the hold, and of the question under needs-you."""

MENDS = "mends-main"
"""The label of beads that are tested on top of a red tip."""

HOLD, FILE = "keep holding", "file a bead"
AGAIN = 60.0
"""Seconds before a tip on which set-up or services do not work is tried again: the cause may be a network."""

_IDLE = 5.0
"""Seconds without anything to test before the tip is tested for its own sake."""


def mends(bead: Bead) -> bool:
    """Whether a bead is there to make a red tip green."""
    return MENDS in bead.labels


def goes_on(bead: Bead, entry: MergeRequest) -> bool:
    """Whether an entry is tested on top of a red tip: what mends it, and once what takes a landing back.

    What takes a landing back may be just what makes the tip green; red there it is not to blame, and waits as others.
    """
    back = bead.work.back
    return mends(bead) or (back is not None and bool(back.turns) and not _was_red(entry))


class Tip:
    """One look a round. What it knows stands in the town; when it last had something to do is its own."""

    def __init__(self, base: Base, jobs: Jobs, free: Callable[[Town], list[int]], gates: Callable[[], str]) -> None:
        """`free` are the test slots nobody has, `gates` names the gates as they are configured."""
        self._base = base
        self._jobs = jobs
        self._free = free
        self._gates = gates
        self._trees: dict[str, str] = {}
        self._tip = ""
        self._moved = False
        self._busy = base.clock.monotonic()

    def verdict(self, town: Town) -> GateRun | None:
        """The last run on the tip's own tree, by the gates as they are configured."""
        run = town.runs.get(self._trees.get(town.tip, ""))
        return run if run is not None and run.gates == self._gates() else None

    def green(self, town: Town) -> bool:
        """Whether the bare tip is known to be green: only then is a red bead to blame."""
        run = self.verdict(town)
        return run is not None and run.ok

    def look(self, town: Town) -> None:
        """Say what is known of the tip, have it tested when nobody knows, and hold the queue while it is red."""
        base = self._base
        if not base.config.gated or town.tip != base.repo.lookup(f"refs/heads/{base.config.target}"):
            base.notes.pop("tip", None)
            return
        if town.tip not in self._trees:
            self._jobs.start("refinery tip", partial(self._know, town.tip))
            return
        self._follow(town)
        run = self.verdict(town)
        flying = any(run.kind in ("tip", "all") for run in town.testing.values())
        base.notes["tip"] = _said(run, flying)
        if base.books.pending is town:
            self._act(town, run, flying)

    async def _know(self, tip: str) -> None:
        """Find out the tree of the tip, once."""
        told = await asyncio.to_thread(self._base.repo.git, "rev-parse", f"{tip}^{{tree}}")
        self._trees = {tip: told.line}

    def _act(self, town: Town, run: GateRun | None, flying: bool) -> None:
        target = self._base.config.target
        if run is None:
            self._moved |= RED in town.holds
            self._let_go(town, f"{target} is tested again")
            if not flying and (self._wanted(town) or self._idle(town)):
                self._begin(town, "tip")
        elif run.ok:
            self._let_go(town, f"{target} is green again")
            if run.left and not flying and self._idle(town):
                self._begin(town, "all")
        elif run.kind == "all":
            self._hold(town, run)
            # Only when all is said: the question is not to wait for another try.
            if self._base.books.pending is town and not flying and unready(run) and self._late(run):
                self._begin(town, "all")
        elif not flying:
            # Once is no proof: a test may be flaky, and a verdict that stops everybody is asked for twice.
            self._begin(town, "all")

    def _late(self, run: GateRun) -> bool:
        """Whether what could not be run on the tip is worth another try."""
        return self._base.clock.now() - run.at >= AGAIN

    def _follow(self, town: Town) -> None:
        """Notice that the tip is another, and that there is something to do."""
        if self._tip and self._tip != town.tip:
            self._moved = True
        self._tip = town.tip
        if _queued(town) or any(run.kind not in ("tip", "all") for run in town.testing.values()):
            self._busy = self._base.clock.monotonic()

    def _wanted(self, town: Town) -> bool:
        """Whether somebody waits to hear of the tip: it was moved by others, or a bead is red alone on it."""
        return self._moved or any(_was_red(entry) for entry in town.queue.values())

    def _idle(self, town: Town) -> bool:
        return not _queued(town) and not town.testing and self._base.clock.monotonic() - self._busy >= _IDLE

    def _begin(self, town: Town, kind: str) -> None:
        base = self._base
        free = self._free(town)
        if not free or "landing" in town.holds or town.train is not None:
            return
        self._moved = False
        run = TestRun(
            town.run_number + 1, kind, town.tip, (), town.tip, self._trees[town.tip], self._gates(), free[0],
            base.clock.now(),
        )  # fmt: skip
        base.books.write("refinery", e.RunBegun(run))

    def _hold(self, town: Town, run: GateRun) -> None:
        """Stop the queue, once for each red tip; those that were red on it are tested again when it is green."""
        base = self._base
        why = words(base.config.target, run)
        events: list[e.AnyEvent] = []
        if town.holds.get(RED) != why:
            events = [e.Held(RED, why), *needs.settled(town, RED, RED, "red otherwise")]
            for id, entry in sorted(town.queue.items()):
                if _was_red(entry) and not town.beads[id].work.landing:
                    events.append(e.Shunted(id, "main", why))
        elif needs.raised(town, RED, RED) is None and not any(mends(b) for b in _open(town)):
            asks = f"Nothing lands until {base.config.target} is green. Shall a bead mend it, before all others?"
            if unready(run):
                asks = f"No change is to blame, and nothing can be tested. It is tried again every minute. {asks}"
            events = needs.asked(base, RED, RED, why, f"{run.failed}\n{asks}", (HOLD, FILE))
        if events:
            base.books.write("refinery", *events)

    def _let_go(self, town: Town, how: str) -> None:
        if RED in town.holds:
            self._base.books.write("refinery", e.Resumed(RED), *needs.settled(town, RED, RED, how))


def _was_red(entry: MergeRequest) -> bool:
    """Whether an entry was red alone: the tip may be to blame."""
    return bool(entry.lane) or entry.alone is False


def _queued(town: Town) -> bool:
    """Whether anything is to be tested: what waits on an integration branch for the rest of its convoy is not."""
    return any(not town.beads[id].work.staged for id in town.queue)


def _open(town: Town) -> list[Bead]:
    columns = ("backlog", "ready", "working", "sheriff", "witness", "refinery")
    return [bead for column in columns for bead in town.in_column(column)]


def words(target: str, run: GateRun) -> str:
    """`unit is red on main at 1a2b3c4d5: tests/test_cart.py::test_total`."""
    if unready(run):
        what = "set-up does not work" if run.gate == SETUP else f"the services of {run.gate} do not come up"
        return f"{what} on {target} at {run.commit[:9]}"
    first = f": {run.first}" if run.first else ""
    return f"{run.gate or 'a gate'} is red on {target} at {run.commit[:9]}{first}"


def _said(run: GateRun | None, flying: bool) -> str:
    """The passing fact `tip`, for whoever looks."""
    if flying:
        return "being tested"
    if run is None:
        return "not tested"
    count = f", {run.passed} passed" if run.passed else ""
    return f"green{count} (run {run.number})" if run.ok else f"red: {run.first or run.gate} (run {run.number})"
