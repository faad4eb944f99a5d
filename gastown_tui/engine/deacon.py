"""The Deacon: recovery after a crash, foreign moves of refs, storms of deaths, and dialogs that wait for a person."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from pathlib import Path

from gastown_tui.agents import processes
from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import services
from gastown_tui.engine.polecat import ended_leases
from gastown_tui.engine.sessions import Live, Sessions
from gastown_tui.model import events as e
from gastown_tui.model.bead import Lease
from gastown_tui.model.town import Town
from gastown_tui.rig import locks

log = logging.getLogger(__name__)
_STORM, _SHARE, _WITHIN = 3, 5, 30.0
_QUIET = 3.0
_SHOWN = 8
"""Rows of the terminal that a dialog's question quotes."""
HOLD, GO_ON = "keep holding", "go on"
_SETS_BACK = (
    "Nothing is lost: the journal has everything. `go on` sets it back; what is there now is kept under refs/gt/moved."
)


class Deacon:
    """Looks after what no other round does."""

    def __init__(self, base: Base, sessions: Sessions) -> None:
        self._base = base
        self._sessions = sessions
        self._deaths: deque[float] = deque()

    async def recover(self) -> None:
        """Before the first round: end what the engine before us left running, and keep its unsaved work."""
        base = self._base
        town = base.books.town
        pairs = [(agent.pid, agent.start_ticks) for agent in town.live_agents()]
        left = [pair for pair in pairs if processes.is_alive(*pair)]
        for pid, _ in list(left):
            left += processes.tree(pid)
        left += processes.with_environment("GT_SOCKET", base.socket)
        if left:
            log.info("ending %d processes of an engine before this one", len(left))
            await processes.end(list(dict.fromkeys(left)), base.clock, grace=1.0)
        await services.recover(base)
        await self._unlock()
        if ended := ended_leases(town):
            await base.books.record("deacon", *ended)
        for column in ("working", "sheriff", "witness", "refinery"):
            for bead in town.in_column(column):
                lease = bead.work.lease
                if lease is not None:
                    await self.keep_work(bead.id, lease)

    async def _unlock(self) -> None:
        """Take away the locks of git's that a power cut left: nobody holds them, and landings would wait for them."""
        base = self._base
        try:
            gone = await asyncio.to_thread(locks.clear, base.repo.common_dir, locks.started())
        except OSError as error:
            log.warning("a lock of git's cannot be taken away: %s", error)
            return
        if gone:
            names = ", ".join(str(path.relative_to(base.repo.common_dir)) for path in gone)
            log.info("taken away, for they are older than this machine's start: %s", names)
            said = f"took away what a power cut left in .git: {names}"
            await base.feed.add(base.clock.now(), "deacon", "UNLOCKED", said)

    async def keep_work(self, bead: str, lease: Lease) -> None:
        """Keep what a worktree has unsaved under refs/gt/wip/; the worktree stays as it is."""
        worktree = Path(lease.worktree)
        if await asyncio.to_thread(worktree.is_dir):
            ref = f"refs/gt/wip/{bead}/e{lease.epoch}"
            await self._base.worktrees.save_wip(worktree, ref, f"unsaved work of {lease.polecat}")

    def died(self, name: str, expected: bool) -> None:
        """Count a death; so many within 30 seconds that more than one bead is to blame stop all spawning."""
        if expected:
            return
        now, deaths = self._base.clock.monotonic(), self._deaths
        deaths.append(now)
        while now - deaths[0] >= _WITHIN:
            deaths.popleft()
        if len(deaths) >= storm(self._at_work(name)):
            agent = self._base.books.pending.agents.get(name)
            how = agent.ended if agent else "unknown"
            why = f"{len(deaths)} agents died within {_WITHIN:.0f} s, last {name}: {how}"
            deaths.clear()
            if "dispatch" not in self._base.books.pending.holds:
                self._base.books.write("deacon", e.Held("dispatch", why))
            needs.ask(self._base, "storm", "dispatch", "Agents keep dying", f"{why}. Start more?", (HOLD, GO_ON))

    def _at_work(self, name: str) -> int:
        """How many agents were at work when one died, itself among them."""
        return len({*self._sessions.live, name})

    def look(self, town: Town) -> None:
        """Notice a target that moved underneath us, a budget that is used up, and a deferral that has passed."""
        self._tip()
        self._budget()
        self._wake()

    def _wake(self) -> None:
        """Say that deferrals have passed: nothing else tells a town that rests."""
        base, now = self._base, self._base.clock.now()
        if base.books.pending.wake_at <= now and (ids := base.books.pending.waking(now)):
            base.books.write("deacon", e.Woken(tuple(ids)))

    def _tip(self) -> None:
        base = self._base
        town = base.books.pending
        ref = f"refs/heads/{base.config.target}"
        found = base.repo.lookup(ref)
        begun = {b.work.landing for b in town.in_column("refinery") if b.work.landing}
        begun |= {town.train.commit} if town.train is not None else set()
        if found == town.tip:
            for old in [n for n in town.needs.values() if n.kind == "tip"]:
                base.books.write("deacon", e.Answered(old.id, "moved back"), *needs.landing_resumed(town, "tip"))
            return
        if found in begun or (found is not None and found == base.expected_tip):
            return
        if base.books.town is not town:
            return
        if found is None or needs.raised(town, "tip", found) is not None:
            return
        for old in [n for n in town.needs.values() if n.kind == "tip"]:
            base.books.write("deacon", e.Answered(old.id, "moved again"))
        why = f"{base.config.target} moved to {found[:9]}, and not by us"
        base.books.write("deacon", e.TipMoved(town.tip, found), e.Held("landing", why))
        question = self._whose(town.tip, found)
        needs.ask(base, "tip", found, why, question, (HOLD, GO_ON))

    def _whose(self, old: str, new: str) -> str:
        """What a foreign move was, in words."""
        base = self._base
        if not base.repo.is_ancestor(old, new):
            return f"{base.config.target} no longer contains {old[:9]}: it was rewritten. Landing waits. Build on it?"
        commits = base.repo.log(old, new)
        said = "\n".join(f"{c.id[:9]} {c.author}: {c.subject}" for c in commits[:8])
        return f"Commits nobody here landed: {len(commits)}. Landing waits. Build on them?\n{said}"

    def _budget(self) -> None:
        base = self._base
        town, cap = base.books.pending, base.config.budget_usd
        if cap and town.cost_usd >= cap:
            question = f"${town.cost_usd:.2f} of ${cap:.2f} is spent. Agents at work go on; no new one starts."
            needs.ask(base, "budget", f"{cap}", "The budget is used up", question, (HOLD, "double it"))

    def ledger_moved(self, why: str) -> None:
        """Somebody else moved the ledger branch: landing holds, and the overseer is asked."""
        base = self._base
        if "landing" not in base.books.pending.holds:
            base.books.write("deacon", e.Held("landing", why))
        question = f"{why}. {_SETS_BACK}"
        needs.ask(base, "ledger", "ledger", "The ledger branch moved, and not by us", question, (HOLD, GO_ON))

    def ledger_back(self) -> None:
        """The branch is where we left it: nothing more is asked about it."""
        base = self._base
        if events := needs.settled(base.books.pending, "ledger", "ledger", "moved back"):
            base.books.write("deacon", *events, *needs.landing_resumed(base.books.pending, "ledger"))

    async def dialogs(self) -> None:
        """Show the overseer a dialog an agent's terminal waits in; no key is ever sent blind."""
        now = self._base.clock.monotonic()
        for live in list(self._sessions.live.values()):
            if live.ending or live.idle or now - live.session.last_output < _QUIET or not live.runtime.dialogs:
                continue
            if live.notes.get("looked") == str(live.session.last_output):
                continue
            live.notes["looked"] = str(live.session.last_output)
            await asyncio.to_thread(live.session.load_screen)
            self._dialog(live)

    def _dialog(self, live: Live) -> None:
        name = live.caller.name
        shown = live.session.tail_text(40).splitlines()
        dialog = live.runtime.dialog(shown)
        if dialog is None:
            needs.settle(self._base, "dialog", name, "gone")
            return
        tail = [line for line in map(str.rstrip, shown) if line][-_SHOWN:]
        needs.ask(
            self._base, "dialog", name, f"{name} asks: {dialog.question}"[:200], "\n".join(tail),
            tuple(row.choice for row in dialog.rows), bead=live.caller.bead, agent=name,
        )  # fmt: skip
        if (turned := self._sessions.turned(name, "asking")) is not None:
            self._base.books.write("deacon", turned)


def storm(agents: int) -> int:
    """How many deaths within half a minute hold a town in which so many agents are at work.

    Three where there are few: a runtime that is missing, or a login that ended, kills each at its first step. Where
    there are many a fifth of them: three of thirty fall over their own beads, and each bead is held by its own third
    death anyhow; what kills them all is past a fifth in seconds.
    """
    return max(_STORM, -(-agents // _SHARE))
