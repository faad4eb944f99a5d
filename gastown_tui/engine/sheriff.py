"""The sheriff: cheap commands in the polecat's worktree after `gt done`; red goes straight back, no tokens spent."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from gastown_tui.engine import commands
from gastown_tui.engine.base import Base
from gastown_tui.engine.debris import unsaved
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.preparing import mark, prepared
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Check, Review
from gastown_tui.model.town import Town

_AT_ONCE = 2


class Sheriff:
    """One round over the Sheriff's column."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs

    def look(self, town: Town) -> None:
        """Start a check for each bead that waits, a few at once, oldest first."""
        for bead in sorted(town.in_column("sheriff"), key=lambda b: b.work.since):
            if self._jobs.busy("sheriff ") >= _AT_ONCE:
                return
            if not bead.work.held:
                self._jobs.start(f"sheriff {bead.id} {bead.work.commit}", partial(self._check, bead))

    async def _check(self, bead: Bead) -> None:
        base, lease = self._base, bead.work.lease
        if lease is None:
            return
        worktree = Path(lease.worktree)
        if not mark(base, worktree).exists():  # adopted work: no polecat was here before
            await prepared(base, lease)
        checks: list[Check] = []
        reason = await self._moved(worktree, bead)
        env = command_environment(base)
        for command in base.config.sheriff if not reason else ():
            ran = await commands.run(command, worktree, env, base.config.sheriff_timeout, base.clock)
            checks.append(ran.check(command))
            await base.feed.add(base.clock.now(), "sheriff", "RUN", command, detail=ran.took, ok=ran.ok, bead=bead.id)
            if not ran.ok:
                reason = ran.why()
                break
        review = Review("sheriff", not reason, bead.work.commit, reason, tuple(checks))
        now = base.books.pending.beads[bead.id].work
        if (now.stage, now.commit, now.epoch) == ("sheriff", bead.work.commit, bead.work.epoch):
            await base.books.record("sheriff", e.Checked(bead.id, bead.work.epoch, review))

    async def _moved(self, worktree: Path, bead: Bead) -> str:
        """Why the worktree no longer is what `gt done` said, or nothing."""
        head = await asyncio.to_thread(self._base.repo.head_of, worktree)
        if head != bead.work.commit:
            return f"After `gt done` at {bead.work.commit[:9]} the branch moved to {head[:9]}. Run `gt done` again."
        if changed := unsaved(await asyncio.to_thread(self._base.repo.status, worktree)):
            return "After `gt done` files changed without a commit:\n" + "\n".join(changed[:10])
        return ""
