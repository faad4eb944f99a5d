"""Lands a tested commit: durable intent first, then git, then the event; a cut-off landing is settled from git."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.importing import adopted
from gastown_tui.rig import merging
from gastown_tui.rig.errors import InTheWay

_LOOK_EVERY = 2.0


class Landing:
    """Moves the target, and nothing else does."""

    def __init__(self, base: Base) -> None:
        self._base = base

    def candidate(self, bead: Bead, tip: str, tree: str) -> str:
        """The `--no-ff` merge commit that will land if its tree is green (interfaces.md)."""
        base, work = self._base, bead.work
        name, email = base.repo.ident()
        text = merging.landing_message(f"Merge {bead.id}: {bead.title}", bead.id, work.epoch)
        return merging.landing_commit(
            base.place.root, tree=tree, parents=[tip, work.commit], message=text,
            author=(name if adopted(bead) else bead.assignee or name, email), committer=(name, email), when=work.since,
        )  # fmt: skip

    async def land(self, bead: Bead, tip: str, candidate: str, tree: str) -> None:
        """Make the candidate the target's tip, where a checkout has it by a fast-forward there."""
        base = self._base
        now = base.books.pending
        current = now.beads[bead.id]
        wanted = ("refinery", bead.work.epoch, bead.work.commit)
        if (current.work.stage, current.work.epoch, current.work.commit) != wanted:
            return
        if "landing" in now.holds or now.tip != tip:
            return
        await base.books.record("refinery", e.LandingBegun(bead.id, bead.work.epoch, candidate, tip, tree))
        await self._move(bead, tip, candidate)

    async def _move(self, bead: Bead, tip: str, candidate: str) -> None:
        base = self._base
        branch = base.config.target
        where: list[Path] = base.repo.checkouts_of(branch)
        try:
            if where:
                await asyncio.to_thread(base.repo.fast_forward, where[0], candidate)
            else:
                base.repo.move(f"refs/heads/{branch}", tip, candidate)
        except InTheWay as error:
            why = f"your edits are in the way: {', '.join(error.paths[:5])}"
            paths = ", ".join(error.paths)
            question = f"{bead.id} is tested and waits. In your checkout git will not overwrite: {paths}"
            title = f"{bead.id} waits for your edits"
            asked = needs.asked(base, "landing", bead.id, title, question, ("retry",), bead=bead.id)
            await base.books.record("refinery", e.LandingFailed(bead.id, bead.work.epoch, why), *asked)
            return
        await self._landed(bead, candidate)

    async def unblock(self, bead: Bead) -> None:
        """Queue a bead again once nothing it changes is edited in the person's checkout; looks every two seconds."""
        base = self._base
        await base.clock.sleep(_LOOK_EVERY)
        where = base.repo.checkouts_of(base.config.target)
        dirty = {line[3:].strip('"') for path in where for line in await asyncio.to_thread(base.repo.status, path)}
        touched = await asyncio.to_thread(base.repo.changed_paths, base.books.town.tip, bead.work.commit)
        entry = base.books.pending.queue.get(bead.id)
        if entry is not None and entry.state == "waiting" and not dirty & set(touched):
            answered = needs.settled(base.books.pending, "landing", bead.id, "your edits are out of the way")
            base.books.write("refinery", *answered, e.MergeTurned(bead.id, "queued"))

    async def settle(self, bead: Bead) -> None:
        """Finish a landing whose engine died between its intent and its event: git knows whether it happened."""
        base, candidate = self._base, bead.work.landing
        tip = base.repo.tip(f"refs/heads/{base.config.target}")
        if tip == candidate or base.repo.is_ancestor(candidate, tip):
            await self._landed(bead, candidate)
        elif tip == base.books.town.tip:
            await self._move(bead, tip, candidate)
        else:
            await base.books.record("refinery", e.LandingFailed(bead.id, bead.work.epoch, "the target moved"))

    async def _landed(self, bead: Bead, candidate: str) -> None:
        base = self._base
        town = base.books.pending
        answered = [x for kind in ("landing", "ungated") for x in needs.settled(town, kind, bead.id, "landed")]
        await base.books.record("refinery", e.Landed(bead.id, bead.work.epoch, candidate), *answered)
        said = f"{bead.id} {bead.title}"
        await base.feed.add(base.clock.now(), "refinery", "LANDED", said, detail=candidate[:9], bead=bead.id)
