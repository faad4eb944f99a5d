"""What goes back to a polecat from the queue, and why: conflicts with their hunks, red gates with their log."""

from __future__ import annotations

from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery.candidates import Step
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Check, Review
from gastown_tui.model.merge import GateRun
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town

_HUNKS = 8000


def conflicted(base: Base, town: Town, bead: Bead, step: Step, meant: str = "") -> e.Conflicted:
    """A bead that does not merge onto the tip goes back with the hunks, and with what both sides meant."""
    names = tuple(path.path for path in step.conflicts)
    hunks = "\n".join(f"{p.path} ({p.kind})\n{p.hunks}" for p in step.conflicts)[:_HUNKS]
    target = lanes.branch(town, lanes.of(town, bead), base.config.target)
    reason = (
        f"Your commit conflicts with {target} at {step.onto[:9]} in {', '.join(names)}.\n{hunks}\n"
        f"{meant}{meant and chr(10)}"
        f"Run `git merge {target}`, keep what both sides meant, test, commit, and run `gt done`."
    )
    return e.Conflicted(bead.id, bead.work.epoch, step.onto, names, reason)


def red_run(town: Town, bead: str) -> GateRun | None:
    """The run that says most about a red bead: the last one of it alone, else the last in which it was the last."""
    reds = [run for run in town.runs.values() if not run.ok and run.number and bead in run.beads]
    return max(reds, key=lambda run: (run.beads == (bead,), run.beads[-1] == bead, run.number), default=None)


def company(town: Town, bead: str) -> tuple[str, ...]:
    """Those ahead of a bead in the shortest train that was red because of it: the last one it ended."""
    reds = [run for run in town.runs.values() if not run.ok and run.beads and run.beads[-1] == bead]
    run = max(reds, key=lambda run: run.number, default=None)
    return () if run is None else run.beads[:-1]


def gated(base: Base, town: Town, bead: Bead, run: GateRun) -> e.Gated:
    """A bead whose gates are red goes back with the end of their output."""
    target = lanes.branch(town, lanes.of(town, bead), base.config.target)
    beside = tuple(id for id in dict.fromkeys((*run.beads[:-1], *town.queue[bead.id].beside)) if id != bead.id)
    ahead = f" It is red together with {', '.join(_named(town, id) for id in beside[:5])}." if beside else ""
    reason = (
        f"Gate {run.gate} is red on the combined tree: your commit merged onto {target} at {run.base[:9]}."
        f"{ahead} {run.failed}\nRun `git merge {target}`, mend it, test, commit, and run `gt done`."
    )
    first = f" {run.first}" + (f" ({run.where})" if run.where else "") if run.first else ""
    checks = (Check(run.gate or "gates", "fail", f"{run.failed[-2000:]}{first}".strip(), run.seconds),)
    review = Review("refinery", False, bead.work.commit, reason, checks)
    return e.Gated(bead.id, bead.work.epoch, run.base, run.tree, run.gates, review, run.seconds)


def _named(town: Town, id: str) -> str:
    bead = town.beads.get(id)
    return id if bead is None else f"{id} ({bead.title})"
