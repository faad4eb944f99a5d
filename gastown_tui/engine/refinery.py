"""The Refinery: merges approved work onto the tip in memory, tests that tree, and lands exactly what was tested."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from pathlib import Path

from gastown_tui.engine import commands, needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.landing import Landing
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Review
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.town import Town
from gastown_tui.rig import merging

_SLOT = "refinery-1"


class Refinery:
    """One slot, serial: one entry of the queue is merged, tested and landed before the next is looked at."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self._landing = Landing(base)
        self._set_up = False

    def look(self, town: Town) -> None:
        """Settle a landing that was cut off, or take the next entry."""
        if self._jobs.busy("refinery"):
            return
        begun = next((b for b in town.in_column("refinery") if b.work.landing), None)
        if begun is not None:
            self._jobs.start("refinery", partial(self._landing.settle, begun))
            return
        if "landing" in town.holds:
            return
        for entry in sorted(town.queue.values(), key=lambda m: (m.priority, m.entered)):
            bead = town.beads[entry.bead]
            if bead.work.held or (entry.state == "waiting" and needs.raised(town, "ungated", bead.id)):
                continue
            if entry.state == "waiting" and needs.raised(town, "landing", bead.id):
                self._jobs.start(f"unblock {bead.id}", partial(self._landing.unblock, bead))
                continue
            self._jobs.start("refinery", partial(self._take, bead))
            return

    def gates_id(self) -> str:
        """Names the gates as they are configured: verdicts are kept by tree and by this."""
        return hashlib.sha256(repr(self._base.config.gates).encode()).hexdigest()[:12]

    async def _take(self, bead: Bead) -> None:
        """Merge, test, land; what fails goes back with its reason."""
        base = self._base
        tip = base.repo.tip(f"refs/heads/{base.config.target}")
        if tip != base.books.town.tip:
            return
        merged = await asyncio.to_thread(merging.merge, base.place.root, tip, bead.work.commit)
        if isinstance(merged, merging.Conflict):
            await self._conflict(bead, tip, merged)
            return
        if lost := await asyncio.to_thread(self._lost, tip, bead.work.commit, merged.tree):
            needs.hold_bead(base, bead, f"The merge of {bead.id} loses lines", "\n".join(lost[:20]))
            return
        candidate = self._landing.candidate(bead, tip, merged.tree)
        if not await self._tested(bead, tip, candidate, merged.tree):
            return
        if bead.work.no_land:
            lease = bead.work.lease
            why = f"not landed: branch {lease.branch if lease else '?'} is left"
            await base.books.record("refinery", e.BeadMoved(bead.id, "set_aside", why))
            return
        await self._landing.land(bead, tip, candidate, merged.tree)

    def _lost(self, tip: str, commit: str, tree: str) -> list[str]:
        """Lines of either side that the merge does not have."""
        root, fork = self._base.place.root, self._base.repo.merge_base(tip, commit)
        return ["no common history"] if fork is None else merging.survived(root, fork, tip, commit, tree)

    async def _conflict(self, bead: Bead, tip: str, found: merging.Conflict) -> None:
        base = self._base
        names = tuple(path.path for path in found.paths)
        hunks = "\n".join(f"{p.path} ({p.kind})\n{p.hunks}" for p in found.paths)[:8000]
        reason = (
            f"Your commit conflicts with {base.config.target} at {tip[:9]} in {', '.join(names)}.\n{hunks}\n"
            f"Run `git merge {base.config.target}`, keep what both sides meant, test, commit, and run `gt done`."
        )
        said = f"conflict in {', '.join(names)}"
        await base.feed.add(base.clock.now(), "refinery", "BACK", said, bead=bead.id, ok=False)
        await base.books.record("refinery", e.Conflicted(bead.id, bead.work.epoch, tip, names, reason))

    async def _tested(self, bead: Bead, tip: str, candidate: str, tree: str) -> bool:
        """Whether the tree's gates are green; runs them unless this very tree was run already."""
        base = self._base
        if not base.config.gated:
            return self._allowed(bead)
        known = base.books.town.runs.get(tree)
        if known is not None and known.gates == self.gates_id() and known.ok:
            return True
        await base.books.record("refinery", e.MergeTurned(bead.id, "testing", f"on {tip[:9]}"))
        base.notes["refinery"] = f"testing {bead.id} on {tip[:9]}"
        began = base.clock.monotonic()
        try:
            review = await self._run_gates(bead, candidate)
        finally:
            base.notes.pop("refinery", None)
        seconds = round(base.clock.monotonic() - began, 3)
        gated = e.Gated(bead.id, bead.work.epoch, tip, tree, self.gates_id(), review, seconds)
        await base.books.record("refinery", gated)
        return review.ok

    def _allowed(self, bead: Bead) -> bool:
        """Without gates each landing asks; the answer may have come since this round looked."""
        base = self._base
        entry = base.books.pending.queue.get(bead.id)
        if entry is None or entry.state == "allowed":
            return entry is not None
        question = f"{base.config.rig} is UNGATED: nothing was tested. Land {bead.id} ({bead.title}) all the same?"
        title = f"Land {bead.id} untested?"
        asked = needs.asked(base, "ungated", bead.id, title, question, ("wait", "land"), bead=bead.id)
        base.books.write("refinery", e.MergeTurned(bead.id, "waiting", "UNGATED: waits for your yes"), *asked)
        return False

    async def _run_gates(self, bead: Bead, candidate: str) -> Review:
        base = self._base
        slot = await base.worktrees.add_detached(_SLOT, candidate)
        await base.worktrees.reset(slot, candidate)
        env = command_environment(base)
        if not self._set_up:
            for command in base.config.worktree.setup:
                ran = await commands.run(command, slot, env, 900.0, base.clock)
                if not ran.ok:
                    raise GasTownError(f"Set-up of the test worktree failed: {ran.why(8)}", "Landing waits; mend it.")
            self._set_up = True
        checks = []
        for gate in base.config.gates:
            ran = await commands.run(gate.run, slot, env, gate.timeout, base.clock)
            self._keep_log(bead, candidate, gate.name, ran.output)
            checks.append(ran.check(gate.name))
            await base.feed.add(base.clock.now(), "refinery", "RUN", gate.run, detail=ran.took, ok=ran.ok, bead=bead.id)
            if not ran.ok:
                reason = (
                    f"Gate {gate.name} is red on the combined tree: your commit merged onto {base.config.target}, "
                    f"which moved since you began. {ran.why()}\nRun `git merge {base.config.target}`, mend it, test, "
                    "commit, and run `gt done`."
                )
                return Review("refinery", False, bead.work.commit, reason, tuple(checks))
        return Review("refinery", True, bead.work.commit, "", tuple(checks))

    def _keep_log(self, bead: Bead, candidate: str, gate: str, output: str) -> None:
        folder = self._base.place.gastown / "log" / "gates"
        folder.mkdir(parents=True, exist_ok=True)
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in f"{bead.id}-{candidate[:9]}-{gate}")
        Path(folder / f"{safe}.log").write_text(output, encoding="utf-8")
