"""Polecats: started for every lease that should run, told what came back, nudged when they stop short, tidied after."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path

from gastown_tui.agents import prompts
from gastown_tui.engine import commands, needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.briefing import instructions
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.preparing import mark, prepared
from gastown_tui.engine.sessions import Live, Sessions, Start
from gastown_tui.engine.sling import place_name
from gastown_tui.engine.undoing.settling import unattended
from gastown_tui.engine.undoing.words import resumed
from gastown_tui.model import collision
from gastown_tui.model import events as e
from gastown_tui.model.agent import POLECAT, Agent
from gastown_tui.model.bead import Bead, Lease
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town

_GATES = ("sheriff", "witness", "refinery")
_DEATHS = 3
_NUDGES = 2
_SETTLE = 1.0
_PLACE = re.compile(r"^(?P<name>[A-Za-z0-9]+)-(?P<bead>.+)-e(?P<epoch>\d+)$")


class Polecats:
    """One round over every bead somebody has."""

    def __init__(self, base: Base, sessions: Sessions, jobs: Jobs) -> None:
        self._base = base
        self._sessions = sessions
        self._jobs = jobs

    def look(self, town: Town) -> None:
        """Start, steer and park polecats; frozen ones are left as they are."""
        if self._sessions.frozen:
            return
        for bead in list(town.in_column("working")):
            lease = bead.work.lease
            if lease is None or bead.work.held or unattended(bead):
                continue
            if len(bead.work.returns) - bead.work.forgiven >= self._base.config.max_returns:
                self._escalate(bead)
                continue
            live = self._sessions.live.get(lease.polecat)
            key = f"polecat {bead.id} e{lease.epoch}"
            if live is None:
                if "dispatch" not in town.holds:
                    self._jobs.start(key, partial(self._start, bead, lease))
            elif (live.caller.bead, live.caller.epoch) == (bead.id, lease.epoch):
                self._steer(town, bead, live)
        for live in list(self._sessions.live.values()):
            if live.caller.role == POLECAT and not live.ending:
                self._park_or_end(town, live)
        self._rest(town)

    def _escalate(self, bead: Bead) -> None:
        last = bead.work.returns[-1]
        count = len(bead.work.returns)
        needs.hold_bead(
            self._base, bead, f"{bead.id} came back {count} times", f"Last from the {last.by}: {last.reason}"
        )

    def _steer(self, town: Town, bead: Bead, live: Live) -> None:
        """Hand over what came back; nudge a polecat that stopped without `gt done`."""
        base = self._base
        if live.told < len(bead.work.returns):
            live.told = len(bead.work.returns)
            live.nudged = 0
            self._sessions.tell(live.caller.name, sent_back(base, bead))
        elif needs.asking(now := base.books.pending, live.caller.name) or collision.awaited(now, bead):
            return
        elif collision.past(now, bead):
            return  # it is about to be told that its wait is over
        elif live.idle:
            if base.clock.monotonic() - live.idle_since < _SETTLE:
                return
            if live.nudged >= _NUDGES:
                needs.hold_bead(base, bead, f"{live.caller.name} stopped short", "It ends its turns without `gt done`.")
                return
            live.nudged += 1
            self._sessions.tell(live.caller.name, prompts.render("nudge", bead=bead.id, title=bead.title))
        if (turned := self._sessions.turned(live.caller.name, "working")) is not None:
            base.books.write("engine", turned)

    def _park_or_end(self, town: Town, live: Live) -> None:
        bead = town.beads.get(live.caller.bead)
        mine = bead is not None and bead.work.epoch == live.caller.epoch and bead.work.lease is not None
        if mine and bead is not None and bead.work.stage in _GATES and not bead.work.staged:
            if (turned := self._sessions.turned(live.caller.name, "parked")) is not None:
                self._base.books.write("engine", turned)
        elif not mine or bead is None or bead.work.stage != "working":
            why = "its bead is gone"
            if bead is not None:
                why = f"{live.caller.bead} {'staged' if bead.work.staged else bead.work.stage}"
            self._jobs.start(f"end {live.caller.name}", partial(self._sessions.end, live.caller.name, why))

    def _rest(self, town: Town) -> None:
        """End the sessions parked longest, when more are parked than may work: a bead that comes back resumes its own.

        Else every bead that waits in a long queue would keep a process alive beside it.
        """
        parked = [
            (live.idle_since, name, agent) for name, live in self._sessions.live.items()
            if live.caller.role == POLECAT and not live.ending and live.idle
            and (agent := town.agents.get(name)) is not None and agent.state == "parked"
        ]  # fmt: skip
        most = self._base.config.max_polecats
        for _, name, agent in sorted(parked, key=lambda row: row[:2])[: max(0, len(parked) - most)]:
            if self._sessions.may_resume(agent):
                self._jobs.start(f"end {name}", partial(self._sessions.end, name, "parked long; it can resume"))

    async def _start(self, bead: Bead, lease: Lease) -> None:
        """Make the worktree if it is not there, and start or resume the session."""
        base = self._base
        agent = base.books.pending.agents.get(lease.polecat)
        known = agent is not None and (agent.bead, agent.epoch, agent.role) == (bead.id, lease.epoch, POLECAT)
        deaths = agent.deaths if known and agent is not None else 0
        if deaths >= _DEATHS:
            why = agent.ended if agent is not None else ""
            needs.hold_bead(base, bead, f"{lease.polecat} died {deaths} times", f"Last: {why}. Its work is kept.")
            return
        worktree = await prepared(base, lease)
        resume = known and deaths < 2 and agent is not None and self._sessions.may_resume(agent)
        session = agent.session if resume and agent is not None else ("" if known else lease.session)
        prompt = self._prompt(bead, lease, agent if known else None, resume)
        caller = Caller(POLECAT, lease.polecat, bead.id, lease.epoch)
        told = len(bead.work.returns)
        await self._sessions.start(Start(caller, worktree, prompt, lease.branch, session, resume, told))

    def _prompt(self, bead: Bead, lease: Lease, agent: Agent | None, resume: bool) -> str:
        back = sent_back(self._base, bead) if bead.work.returned else ""
        if resume:
            carry = prompts.render("handoff", bead=bead.id, title=bead.title)
            return f"{back}\n\n{carry}" if back else carry
        whole = polecat_prompt(self._base, self._sessions, bead, lease)
        if agent is not None:
            whole += "\n\n" + prompts.render("handoff", bead=bead.id, title=bead.title)
        return f"{whole}\n\n{back}" if back else whole

    def tidy(self, town: Town) -> None:
        """Take away worktrees whose bead has landed or is nobody's; unsaved work is kept under refs/gt/wip/."""
        folder = self._base.worktrees.folder
        active = {
            place_name(bead.assignee, bead.id, bead.work.epoch)
            for column in ("working", *_GATES)
            for bead in town.in_column(column)
        } | {place_name("witness", bead.id, bead.work.epoch) for bead in town.in_column("witness")}
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            found = _PLACE.match(path.name)
            if found is None or path.name in active:
                continue
            bead = next((b for b in (town.beads.get(found["bead"]),) if b is not None), None)
            if bead is not None and not {found["name"], f"{found['name']}-{bead.id}"} & set(self._sessions.live):
                work = partial(self._tidy, path, bead, found["name"], int(found["epoch"]))
                self._jobs.start(f"tidy {path.name}", work)

    async def _tidy(self, path: Path, bead: Bead, name: str, epoch: int) -> None:
        base = self._base
        for command in base.config.worktree.teardown if name != "witness" else ():
            await commands.run(command, path, command_environment(base), 300.0, base.clock)
        ref = f"refs/gt/wip/{bead.id}/e{epoch}" if name != "witness" else f"refs/gt/wip/{bead.id}/witness-e{epoch}"
        kept = await base.worktrees.save_wip(path, ref, f"unsaved work of {name} on {bead.id}")
        await base.worktrees.remove(path, unsaved=kept or "refuse")
        mark(base, path).unlink(missing_ok=True)
        if name != "witness" and bead.work.landed:
            await asyncio.to_thread(self._drop_branch, f"polecat/{path.name}", bead, epoch)

    def _drop_branch(self, branch: str, bead: Bead, epoch: int) -> None:
        """Delete the branch of a bead that landed; commits on it that did not land are kept under refs/gt/wip/."""
        repo = self._base.repo
        if not repo.exists(f"refs/heads/{branch}"):
            return
        tip = repo.tip(f"refs/heads/{branch}")
        if not repo.is_ancestor(tip, bead.work.landed):
            repo.move(f"refs/gt/wip/{bead.id}/branch-e{epoch}", None, tip)
        repo.delete_branch(branch, tip)


def sent_back(base: Base, bead: Bead) -> str:
    """What a polecat is told when a gate sent its work back."""
    last = bead.work.returns[-1]
    gates = "\n".join(gate.run for gate in base.config.gates)
    return prompts.render(
        "sent_back", by=last.by, count=str(len(bead.work.returns)), most=str(base.config.max_returns),
        reason=last.reason, target=_target(base, bead), gates=gates, bead=bead.id,
    )  # fmt: skip


def _target(base: Base, bead: Bead) -> str:
    """The branch a bead's work is merged with."""
    town = base.books.pending
    return lanes.branch(town, lanes.of(town, bead), base.config.target)


def polecat_prompt(base: Base, sessions: Sessions, bead: Bead, lease: Lease) -> str:
    """What a polecat is told first."""
    runtime, _ = sessions.runtime_of(POLECAT)
    gates = "\n".join(gate.run for gate in base.config.gates)
    text = "\n\n".join(filter(None, (bead.description, resumed(bead))))
    return prompts.render(
        "polecat", name=lease.polecat, rig=base.config.rig, bead=bead.id, title=bead.title,
        description=text, acceptance_criteria=str(bead.cold("acceptance_criteria", "")),
        files=", ".join(bead.work.files), branch=lease.branch, target=_target(base, bead), worktree=lease.worktree,
        gates=gates, instructions=instructions(Path(lease.worktree), runtime),
    )  # fmt: skip


def ended_leases(town: Town) -> list[e.AgentEnded]:
    """For a new engine: every agent the last one left running is over."""
    return [e.AgentEnded(agent.name, "the engine before this one died", True) for agent in town.live_agents()]
