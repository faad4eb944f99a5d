"""Orders about gates: run some on a commit, find the landing that broke one, and mend a red tip."""

from __future__ import annotations

import asyncio
from typing import Any

from gastown_tui.engine.base import Base
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.desk.beads import new_bead
from gastown_tui.engine.gating import bisecting
from gastown_tui.engine.gating.asked import gates_id, some
from gastown_tui.engine.refinery.candidates import Candidates
from gastown_tui.engine.refinery.tip import MENDS
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Bead, Work
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.merge import Car, TestRun
from gastown_tui.model.orders import Caller
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town


@handles(o.RunGate)
async def run_gate(desk: Desk, order: o.RunGate, caller: Caller) -> Any:
    """Begin a run; whoever asked follows its account in .gastown/log/gates."""
    base = desk.base
    town = base.books.pending
    if bool(order.name) == order.all:
        raise Usage("Name a gate, or ask for all of them.", f"There are: {_names(base) or 'none'}.")
    if order.name or not base.config.gated:
        _known(base, order.name)
    cars: tuple[Car, ...] = ()
    commit = onto = town.tip
    if order.bead:
        car = _car(town.bead(order.bead))
        lane = lanes.of(town, town.beads[car.bead])
        onto = lanes.tip(town, lane)
        step = await asyncio.to_thread(Candidates(base).step, town, onto, car)
        if not step.ok:
            paths = ", ".join(path.path for path in step.conflicts[:5]) or "its merge loses lines"
            branch = lanes.branch(town, lane, base.config.target)
            raise Refused(f"{car.bead} does not merge onto {branch}: {paths}.", "Nothing was run.")
        cars, commit = (car,), step.commit
    return await _begin(base, "asked", cars, commit, order.name, onto)


def _car(bead: Bead) -> Car:
    work = bead.work
    if work.landed:
        raise Refused(f"{bead.id} has landed.", "Without a bead the target itself is tested: gt gate run NAME")
    if not work.commit:
        raise Refused(f"{bead.id} has nothing handed in yet.", "Its own worktree is where to test it until then.")
    return Car(bead.id, work.epoch, work.commit)


async def _begin(
    base: Base, kind: str, cars: tuple[Car, ...], commit: str, name: str, onto: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Record a run in the worktree of those that are asked for; the Refinery's round runs it, also after a crash."""
    tree = (await asyncio.to_thread(base.repo.git, "rev-parse", f"{commit}^{{tree}}")).line
    town = base.books.pending
    _free(town)
    gates = some(base, name) if name else gates_id(base)
    number = town.run_number + 1
    run = TestRun(number, kind, onto or town.tip, cars, commit, tree, gates, 0, base.clock.now())
    await base.books.record("refinery", e.RunBegun(run))
    ran = [name] if name else [gate.name for gate in base.config.gates]
    return {"run": number, "commit": commit, "tree": tree, "gates": ran, "beads": list(run.beads)}


def _free(town: Town) -> None:
    if (other := next((run for run in town.testing.values() if not run.slot), None)) is not None:
        what = "A search" if other.kind == "bisect" else "A run somebody asked for"
        raise Refused(f"{what} is under way: run {other.number}.", "Nothing was begun. Wait for it, then ask again.")


def _known(base: Base, name: str) -> None:
    if name not in [gate.name for gate in base.config.gates]:
        there = f"There are: {_names(base)}." if base.config.gated else "This rig is UNGATED: see gates in config.toml."
        raise Refused(f"There is no gate {name}.", there)


def _names(base: Base) -> str:
    return ", ".join(gate.name for gate in base.config.gates)


@handles(o.Bisect)
async def bisect(desk: Desk, order: o.Bisect, caller: Caller) -> Any:
    """One step of a search: what is known decides, so it is asked again after each run, and goes on after a crash."""
    base = desk.base
    _known(base, order.gate)
    town = base.books.pending
    if (run := next((run for run in town.testing.values() if not run.slot), None)) is not None and run.kind == "bisect":
        return {"state": "testing", "run": run.number, "commit": run.commit, "subject": "", "left": 0}
    verdict = await asyncio.to_thread(bisecting.verdicts, base, town, order.gate)
    found = await asyncio.to_thread(bisecting.search, base.repo, town.tip, verdict)
    known = {"good": found.good, "bad": found.bad, "left": found.left}
    if found.probe is not None:
        begun = await _begin(base, "bisect", (), found.probe.commit, order.gate)
        return {"state": "testing", "run": begun["run"], "commit": found.probe.commit, "subject": found.probe.subject,
                **known}  # fmt: skip
    if found.found is None:
        return {"state": "green" if found.green else "nowhere", "commit": town.tip, **known}
    return {"state": "found", **known, **await asyncio.to_thread(_culprit, base, town, found.found, order.gate)}


def _culprit(base: Base, town: Town, step: bisecting.Step, name: str) -> dict[str, Any]:
    """Who broke it, and what the gate said there."""
    run = bisecting.red_run(base, step.tree, name)
    verdict = town.runs.get(step.tree)
    number, first, where = (run[0], run[1].first, run[1].where) if run else (0, "", "")
    if run is None and verdict is not None:
        number, first, where = verdict.number, verdict.first, verdict.where
    bead = town.beads.get(step.bead)
    return {
        "commit": step.commit, "subject": step.subject, "author": step.author, "bead": step.bead,
        "title": bead.title if bead else "", "agent": bead.assignee if bead else "", "run": number,
        "first": first, "where": where,
    }  # fmt: skip


def mending_branch(desk: Desk, need: e.Need) -> Bead:
    """A bead of a convoy that makes its integration branch fit to land; the branch lands when this is on it."""
    branch, target = desk.base.books.pending.convoys[need.about].branch, desk.base.config.target
    text = (
        f"{need.title}. All of its beads are on {branch}, which lands on {target} as one when this is mended.\n\n"
        f"{need.question}\n\nYour branch begins at {branch}. Run `git merge {target}`, keep what both sides meant, "
        "find out why it is red if it is, mend the cause (do not take a test out), test, commit, and run `gt done`."
    )
    return new_bead(
        desk, f"Mend {branch}: {need.title}"[:400], Work(convoy=need.about, approved=True, go=True), description=text,
        priority=0, issue_type="bug", created_by=o.OVERSEER,
    )  # fmt: skip


def mending(desk: Desk, need: e.Need) -> Bead:
    """A bead that makes a red tip green again: it goes at once, before all others, and lands on top of it."""
    text = (
        f"{need.title}. Nothing else lands until this is mended.\n\n{need.question}\n\n"
        "Find out why it is red on the target as it stands, and mend the cause: do not take the test out."
    )
    return new_bead(
        desk, f"Mend: {need.title}"[:400], Work(approved=True, go=True), description=text, priority=0,
        issue_type="bug", labels=(MENDS,), created_by=o.OVERSEER,
    )  # fmt: skip
