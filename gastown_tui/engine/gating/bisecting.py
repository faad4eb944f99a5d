"""Finds which landing broke a gate: over the target's first-parent steps, then inside the train that was one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import kept
from gastown_tui.engine.gating.asked import gates_id
from gastown_tui.model.town import Town
from gastown_tui.rig.repository import Repository

_MOST = 5000
"""Steps of the target's history that are looked at."""

_BEAD = re.compile(r"^Bead: (\S{1,200})@(\d{1,9})$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One commit of a line of history, newest first: its tree, parents, author, subject and the bead it names."""

    commit: str
    tree: str
    parents: tuple[str, ...]
    author: str
    subject: str
    bead: str


@dataclass(frozen=True)
class Search:
    """Where a search stands: `probe` is to be tested next, or `found` broke it, or `green` / `nowhere` say why neither.

    `good` and `bad` are the nearest commits known, `left` about how many runs are still wanted.
    """

    probe: Step | None = None
    found: Step | None = None
    green: bool = False
    nowhere: bool = False
    good: str = ""
    bad: str = ""
    left: int = 0


Verdict = Callable[[str], bool | None]


def line(repo: Repository, tip: str, stop: str = "") -> list[Step]:
    """The first-parent steps from `tip` back, to before `stop`. Blocks."""
    shape = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%s%x1f%b"
    span = [f"{stop}..{tip}"] if stop else [tip]
    told = repo.git("log", "-z", "--first-parent", "--no-show-signature", f"--max-count={_MOST}", shape, *span).text
    steps = []
    for row in told.split("\0"):
        if row.count("\x1f") < 5:
            continue
        commit, tree, parents, author, subject, body = row.split("\x1f", 5)
        named = _BEAD.findall(body)
        steps.append(Step(commit.strip(), tree, tuple(parents.split()), author, subject, named[-1][0] if named else ""))
    return steps


def search(repo: Repository, tip: str, verdict: Verdict) -> Search:
    """What to do next, from nothing but what is known of trees; asked again after each run. Blocks."""
    steps = line(repo, tip)
    if not steps or (known := verdict(steps[0].tree)) is None:
        return Search(probe=steps[0] if steps else None, left=1)
    if known:
        return Search(green=True, good=tip)
    return _inside(repo, _narrowed(steps, verdict), verdict)


def _inside(repo: Repository, outer: Search, verdict: Verdict) -> Search:
    """Look into a step that brought several beads: a train, or a convoy's branch, which has beads and trains on it."""
    step = outer.found
    if step is None or len(step.parents) != 2 or step.bead:
        return outer
    inner = line(repo, step.parents[1], step.parents[0])
    if not inner or not all(one.bead or len(one.parents) == 2 for one in inner):
        return outer
    if inner[0].tree == step.tree:
        return _inside(repo, _narrowed(inner, verdict, bottom=True), verdict)
    # A branch that was merged with what had landed meanwhile: it may be red only together with that.
    known = verdict(inner[0].tree)
    if known is None:
        return Search(probe=inner[0], good=outer.good, bad=outer.bad, left=len(inner).bit_length() + 1)
    fork = inner[-1].parents[0] if inner[-1].parents else ""
    found = _narrowed([*inner, *line(repo, fork)[:1]] if fork else inner, verdict) if not known else outer
    return _inside(repo, found, verdict) if found.found is not step and not found.nowhere else outer


def _narrowed(steps: Sequence[Step], verdict: Verdict, bottom: bool = False) -> Search:
    """Halve what lies between the newest known green step and the oldest red one above it.

    The first step is red; with `bottom` what lies below the last is green.
    """
    bad, good = 0, len(steps) if bottom else -1
    for at, step in enumerate(steps[1:], 1):
        known = verdict(step.tree)
        if known:
            good = at
            break
        if known is False:
            bad = at
    if good < 0:
        # Nothing older is known to be green: look in ever longer strides.
        if bad == len(steps) - 1:
            return Search(nowhere=True, bad=steps[bad].commit)
        probe = steps[min(len(steps) - 1, max(1, 2 * bad))]
        return Search(probe=probe, bad=steps[bad].commit, left=2 * max(1, bad).bit_length())
    below = steps[good].commit if good < len(steps) else ""
    if good - bad == 1:
        return Search(found=steps[bad], good=below, bad=steps[bad].commit)
    probe = steps[(good + bad) // 2]
    return Search(probe=probe, good=below, bad=steps[bad].commit, left=(good - bad - 1).bit_length())


def verdicts(base: Base, town: Town, name: str) -> Verdict:
    """What is known of a gate on trees: from the town's verdicts, and from runs of the gate alone. Blocks."""
    command = next(gate.run for gate in base.config.gates if gate.name == name)
    own: dict[str, bool] = {}
    for run in kept.runs(base.place):
        for gate in run.gates:
            if gate.name == name and gate.command == command:
                own.setdefault(run.tree, gate.ok)
    gates = gates_id(base)

    def verdict(tree: str) -> bool | None:
        if tree in own:
            return own[tree]
        run = town.runs.get(tree)
        if run is None or run.gates != gates or name in run.left:
            return None
        return True if run.ok else False if run.gate == name else None

    return verdict


def red_run(base: Base, tree: str, name: str) -> tuple[int, kept.KeptGate] | None:
    """The newest run that is kept in which a gate was red on a tree. Blocks."""
    for run in kept.runs(base.place):
        for gate in run.gates:
            if run.tree == tree and gate.name == name and not gate.ok:
                return run.number, gate
    return None
