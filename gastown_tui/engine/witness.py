"""The Witness: a fresh session reads one bead's diff with the sheriff's output and answers through `gt verdict`."""

from __future__ import annotations

import asyncio
from functools import partial

from gastown_tui.agents import prompts
from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.briefing import instructions
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.sessions import Sessions, Start
from gastown_tui.engine.sling import place_name
from gastown_tui.model.agent import WITNESS
from gastown_tui.model.bead import Bead
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town

AT_ONCE, SHARE, A_CORE = 3, 4, 4
"""Reviewers there always may be; one for so many polecats, for a review takes a fraction of the work it is about; and
at most so many on a core, for starting one is work here, whatever then waits for its model."""

_DIFF_BYTES = 200_000
_TRIES = 3
_SETTLE = 2.0


def name_of(bead: Bead) -> str:
    """What the witness of a bead is called."""
    return f"witness-{bead.id}"


def at_once(polecats: int, cores: float) -> int:
    """How many reviewers there may be beside so many polecats."""
    return max(AT_ONCE, min(-(-polecats // SHARE), int(A_CORE * cores)))


class Witness:
    """One round over the Witness's column."""

    def __init__(self, base: Base, sessions: Sessions, jobs: Jobs) -> None:
        self._base = base
        self._sessions = sessions
        self._jobs = jobs

    def look(self, town: Town) -> None:
        """Start a reviewer for each bead that waits; end those that have spoken, or will not."""
        waiting = {name_of(bead): bead for bead in town.in_column("witness") if not bead.work.held}
        for live in list(self._sessions.live.values()):
            if live.caller.role != WITNESS or live.ending:
                continue
            bead = waiting.get(live.caller.name)
            silent = live.idle and self._base.clock.monotonic() - live.idle_since > _SETTLE
            if bead is None or bead.work.epoch != live.caller.epoch or live.notes["commit"] != bead.work.commit:
                self._end(live.caller.name, "its verdict is in")
            elif silent and live.nudged:
                self._end(live.caller.name, "it gave no verdict", expected=False)
            elif silent:
                live.nudged = 1
                self._sessions.tell(live.caller.name, prompts.render("no_verdict", bead=bead.id))
        running = sum(1 for live in self._sessions.live.values() if live.caller.role == WITNESS)
        running += self._jobs.busy("witness ")
        most = at_once(self._base.config.max_polecats, self._base.turns.cores)
        if "dispatch" in town.holds or self._sessions.frozen:
            return
        for name, bead in sorted(waiting.items(), key=lambda pair: pair[1].work.since):
            if name in self._sessions.live or running >= most:
                continue
            if self._given_up(town, bead):
                continue
            running += self._jobs.start(f"witness {bead.id} {bead.work.commit}", partial(self._review, bead))

    def _end(self, name: str, why: str, expected: bool = True) -> None:
        self._jobs.start(f"end {name}", partial(self._sessions.end, name, why, expected))

    def _given_up(self, town: Town, bead: Bead) -> bool:
        agent = town.agents.get(name_of(bead))
        if agent is None or agent.bead != bead.id or agent.epoch != bead.work.epoch or agent.deaths < _TRIES:
            return False
        needs.hold_bead(
            self._base, bead, f"No verdict on {bead.id}",
            f"The Witness ended {agent.deaths} times without a verdict ({agent.ended}). Nothing was approved.",
        )  # fmt: skip
        return True

    async def _review(self, bead: Bead) -> None:
        base, work = self._base, bead.work
        worktree = await base.worktrees.add_detached(place_name(WITNESS, bead.id, work.epoch), work.commit)
        diff = await asyncio.to_thread(base.repo.diff, lanes.base(base.books.town, bead), work.commit, _DIFF_BYTES)
        sheriff = next((r for r in work.reviews if r.by == "sheriff"), None)
        said = "\n".join(f"{c.name}: {c.verdict}\n{c.note}" for c in sheriff.checks) if sheriff else ""
        runtime, _ = self._sessions.runtime_of(WITNESS)
        before = [r for r in work.returns if r.by == "witness"]
        prompt = prompts.render(
            "witness", bead=bead.id, epoch=str(work.epoch), title=bead.title, description=bead.description,
            acceptance_criteria=str(bead.cold("acceptance_criteria", "")), files=", ".join(work.files),
            sheriff=said or "The rig has no sheriff commands.", diff=diff, commit=work.commit,
            before="\n".join(f"- {r.reason}" for r in before), rig=base.config.rig, target=base.config.target,
            instructions=instructions(worktree, runtime),
        )  # fmt: skip
        caller = Caller(WITNESS, name_of(bead), bead.id, work.epoch)
        await self._sessions.start(Start(caller, worktree, prompt, notes={"commit": work.commit}))
