"""One run of the gates in a test slot: from the commit that was built in memory to a verdict on its tree."""

from __future__ import annotations

import asyncio

from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import flaky
from gastown_tui.engine.gating.asked import SLOT, gates_id, only, outdated
from gastown_tui.engine.gating.fair import fairly
from gastown_tui.engine.refinery import ci
from gastown_tui.engine.refinery.tip import mends
from gastown_tui.model import events as e
from gastown_tui.model.merge import TestRun

_OTHERS = "the gates are configured otherwise now"


class Testing:
    """Runs the gates; what it learns is durable before anybody goes by it."""

    def __init__(self, base: Base) -> None:
        self._base = base

    def gates_id(self) -> str:
        """Names the gates as they are configured: verdicts are kept by tree and by this."""
        return gates_id(self._base)

    async def run(self, run: TestRun) -> None:
        """Run the gates on a run's commit, and record the verdict on its tree; begun again after a crash."""
        base = self._base
        if outdated(base, run):
            await self._drop(run, _OTHERS)
            return
        slot = f"refinery-{run.slot}" if run.slot else SLOT
        some = only(run)
        asked = run.kind in ("asked", "bisect")
        meant = [bead for id in run.beads if (bead := base.books.pending.beads.get(id)) is not None]
        mending = bool(meant) and all(map(mends, meant))
        tested = await fairly(base, run, slot, only=some, keep_going=asked, mends=mending)
        if some:
            # A part of the gates is no verdict on the tree; what it came to is kept beside its logs.
            said = f"{', '.join(some)}: {'green' if tested.ok else 'red'}"
            await self._drop(run, said)
            return
        if outdated(base, run):
            await self._drop(run, _OTHERS)
            return
        if tested.excused:
            tree = (await asyncio.to_thread(base.repo.git, "rev-parse", f"{run.base}^{{tree}}")).line
            why = f"{tested.unready} does not work on {base.config.target} alone either"
            over = tested.of_tip(base.clock.now(), tree)
            await base.books.record("refinery", e.RunDropped(run.number, why, run.beads), e.RunEnded(over))
            return
        record = await ci.after(base, run, tested.record(base.clock.now()))
        await base.books.record("refinery", e.RunEnded(record), *flaky.noticed(base.books.pending, record))

    async def _drop(self, run: TestRun, why: str) -> None:
        await self._base.books.record("refinery", e.RunDropped(run.number, why, run.beads))
