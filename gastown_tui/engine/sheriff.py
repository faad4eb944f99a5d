"""The sheriff: cheap commands in the polecat's worktree after `gt done`; red goes straight back, no tokens spent."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from gastown_tui.engine import commands, rewriting, stops
from gastown_tui.engine.base import Base
from gastown_tui.engine.debris import unsaved
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.preparing import mark, prepared
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Check, Review
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town
from gastown_tui.redact import redact
from gastown_tui.rig.carried import carried
from gastown_tui.text import one_line

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
        if await self._taken_up(bead, worktree):
            return
        checks: list[Check] = []
        reason = await self._moved(worktree, bead)
        if not reason:
            reason, stopped = await self._stopped(bead)
            checks += stopped
        if not reason:
            reason = await self._commands(bead, worktree, checks)
            # What a formatter rewrote becomes a commit of its own, and the next round checks that one.
            found = await rewriting.of_commands(base, bead, worktree, base.config.sheriff)
            if found.again:
                return
            if found.note and checks:
                checks[-1] = replace(checks[-1], note=f"{found.note}\n{checks[-1].note}".strip())
        review = Review("sheriff", not reason, bead.work.commit, reason, tuple(checks))
        now = base.books.pending.beads[bead.id].work
        if (now.stage, now.commit, now.epoch) == ("sheriff", bead.work.commit, bead.work.epoch):
            await base.books.record("sheriff", e.Checked(bead.id, bead.work.epoch, review))

    async def _taken_up(self, bead: Bead, worktree: Path) -> bool:
        head = await asyncio.to_thread(self._base.repo.head_of, worktree)
        return head != bead.work.commit and await rewriting.taken_up(self._base, bead, worktree)

    async def _stopped(self, bead: Bead) -> tuple[str, tuple[Check, ...]]:
        """Why the branch goes no further because of what it carries, or nothing; and that as checks."""
        base, lease = self._base, bead.work.lease
        tip = lanes.base(base.books.town, bead)
        fork = await asyncio.to_thread(base.repo.merge_base, tip, bead.work.commit)
        if fork is None or lease is None:
            return "", ()
        known = [oid for oid in (tip, lease.base) if oid]
        found = await asyncio.to_thread(self._looked_over, bead, fork, known)
        if not found:
            return "", ()
        said = ", ".join(dict.fromkeys(f"{stop.name} {stop.path}" for stop in found[:4]))
        await base.feed.add(base.clock.now(), "sheriff", "STOP", one_line(said), ok=False, bead=bead.id)
        return redact(stops.reason(found, fork)), stops.checks(found)

    def _looked_over(self, bead: Bead, fork: str, known: list[str]) -> list[stops.Stop]:
        base = self._base
        return stops.stops(carried(base.place.root, fork, bead.work.commit, known), bead, base.config)

    async def _commands(self, bead: Bead, worktree: Path, checks: list[Check]) -> str:
        """Run the rig's commands up to the first red one; its reason, or nothing."""
        base = self._base
        env = command_environment(base)
        for command in base.config.sheriff:
            ran = await commands.run(command, worktree, env, base.config.sheriff_timeout, base.clock)
            checks.append(ran.check(command))
            await base.feed.add(base.clock.now(), "sheriff", "RUN", command, detail=ran.took, ok=ran.ok, bead=bead.id)
            if not ran.ok:
                return ran.why()
        return ""

    async def _moved(self, worktree: Path, bead: Bead) -> str:
        """Why the worktree no longer is what `gt done` said, or nothing."""
        head = await asyncio.to_thread(self._base.repo.head_of, worktree)
        if head != bead.work.commit:
            return f"After `gt done` at {bead.work.commit[:9]} the branch moved to {head[:9]}. Run `gt done` again."
        if changed := unsaved(await asyncio.to_thread(self._base.repo.status, worktree)):
            return "After `gt done` files changed without a commit:\n" + "\n".join(changed[:10])
        return ""
