"""A convoy's integration branch goes to the target as one: merged in memory, tested, and asked about when it cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.refinery import branches
from gastown_tui.engine.refinery.tip import FILE, RED
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Convoy
from gastown_tui.model.merge import CLOSING, CLOSING_AGAIN, GateRun, TestRun, Train
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town
from gastown_tui.rig import equivalence, merging
from gastown_tui.text import clip, count

log = logging.getLogger(__name__)

NEED = "staging"
"""The kind of question about a branch that cannot land."""

WAIT, AGAIN = "wait", "test again"
_LINES = 20


@dataclass
class Closed:
    """What is to be done: the train that may depart, and the runs that tell nothing any more."""

    train: Train | None = None
    stale: list[int] = field(default_factory=list)


class Made(msgspec.Struct, frozen=True):
    """A branch merged with the target's tip: commit and tree, or what is in the way, in words, and where."""

    commit: str = ""
    tree: str = ""
    why: str = ""
    more: str = ""


class Closing:
    """What it merged, and which red run it asked about, is its own; all else stands in the town."""

    def __init__(self, base: Base, jobs: Jobs, gates: Callable[[], str]) -> None:
        """`gates` names the gates as they are configured."""
        self._base = base
        self._gates = gates
        self._made: dict[str, tuple[tuple[str, str], Made]] = {}
        self._asked: dict[str, int] = {}
        self._branches = branches.Branches(base, jobs)
        self._afloat: tuple[object, bool] = None, False

    def afloat(self, town: Town) -> bool:
        """Whether any integration branch is to land: where there is none, nothing here costs a round anything."""
        if self._afloat[0] is not town.convoys:
            self._afloat = town.convoys, bool(lanes.afloat(town))
        return self._afloat[1]

    def seen(self, town: Town) -> tuple[object, ...]:
        """What of integration branches, when it changes, is worth another look at the queue."""
        if not self.afloat(town):
            return ()
        return town.convoys, tuple(convoy.id for convoy in lanes.complete(town))

    def lines(self, town: Town) -> list[str]:
        """The lines something is to be planned for (`lanes.active`)."""
        return lanes.active(town) if self.afloat(town) else [""]

    def look(self, town: Town) -> None:
        """Notice integration branches that somebody else moved, and take away those that have landed."""
        self._branches.look(town, self.afloat(town))

    def sound(self, town: Town, lane: str) -> bool:
        """Whether a convoy's branch is where it was left: only then anything is put on it."""
        return self._branches.sound(town, lane)

    async def go(self, town: Town, free: Sequence[int]) -> Closed:
        """Have the oldest convoy that is complete tested with the target, and say when it may land.

        Args:
            free: the test slots nobody has.
        """
        out, trees = Closed(), set()
        for convoy in lanes.complete(town) if self.afloat(town) else ():
            beads = lanes.staged(town, convoy)
            if RED in town.holds or not self.sound(town, convoy.id) or any(_kept(town, bead) for bead in beads):
                continue
            made = await asyncio.to_thread(self._merged, town, convoy, beads)
            trees.add(made.tree)
            if self._stuck(town, convoy, made):
                continue
            if not self._base.config.gated:
                out.train = self._allowed(town, convoy, beads, made)
            else:
                out.train = self._tested(town, convoy, beads, made, free)
            if out.train is not None or not self._asks(convoy):
                break
        closing = (CLOSING, CLOSING_AGAIN)
        out.stale = [n for n, run in sorted(town.testing.items()) if run.kind in closing and run.tree not in trees]
        return out

    def _asks(self, convoy: Convoy) -> bool:
        return needs.raised(self._base.books.pending, NEED, convoy.id) is not None

    def _merged(self, town: Town, convoy: Convoy, beads: list[Bead]) -> Made:
        """The branch on the tip of the target, made once for each pair of them."""
        key = town.tip, convoy.tip
        known = self._made.get(convoy.id)
        if known is None or known[0] != key:
            self._made = {id: one for id, one in self._made.items() if id in town.convoys}
            known = self._made[convoy.id] = key, self._merge(town, convoy, beads)
        return known[1]

    def _merge(self, town: Town, convoy: Convoy, beads: list[Bead]) -> Made:
        root, target = self._base.place.root, self._base.config.target
        merged = merging.merge(root, town.tip, convoy.tip)
        if isinstance(merged, merging.Conflict):
            names = ", ".join(path.path for path in merged.paths[:5])
            more = "\n".join(f"{path.path} ({path.kind})\n{path.hunks}" for path in merged.paths)
            return Made(why=f"{convoy.branch} conflicts with {target} in {names}", more=more)
        if lost := merging.survived(root, merged.base, town.tip, convoy.tip, merged.tree):
            return Made(why=f"The merge of {convoy.branch} loses lines", more="\n".join(lost[:_LINES]))
        commit = self._commit(town, convoy, beads, merged.tree, 0)
        found = equivalence.check(root, fork=merged.base, commit=convoy.tip, onto=town.tip, tree=commit)
        if found is not None:
            return Made(why=f"{convoy.branch} would land as another change than was approved", more=found.words)
        return Made(commit, merged.tree)

    def _commit(self, town: Town, convoy: Convoy, beads: list[Bead], tree: str, number: int) -> str:
        """The one step of the target; the beads' own commits, with their trailers, are behind it."""
        base = self._base
        name, email = base.repo.ident()
        named = "\n".join(f"{bead.work.staged[:9]} {bead.id} {clip(bead.title, 100)}" for bead in beads)
        how = f", tested as a whole in run {number}" if number else ""
        title = clip(f"Land convoy {convoy.id}: {convoy.title}", 100)
        text = f"{title}\n\n{count(len(beads), 'bead')} from {convoy.branch}{how}:\n\n{named}\n"
        return merging.landing_commit(
            base.place.root, tree=tree, parents=[town.tip, convoy.tip], message=text, author=(name, email),
            committer=(name, email), when=base.clock.now(),
        )  # fmt: skip

    def _stuck(self, town: Town, convoy: Convoy, made: Made) -> bool:
        """Ask about a branch that does not merge, or that could go only by pull request."""
        target = self._base.config.target
        if self._base.config.land == "pr":
            title = f"{convoy.branch} cannot land: pull requests offer one bead each"
            self._ask(convoy, title, 'Set land = "local" or "push" in .gastown/config.toml; then it goes on.', (WAIT,))
        elif made.why:
            asks = f"Nothing was landed. Shall a bead merge {target} into it? It is looked at again when either moves."
            self._ask(convoy, made.why, f"{made.more[:4000]}\n{asks}", (WAIT, FILE))
        return bool(made.why) or self._base.config.land == "pr"

    def _tested(self, town: Town, convoy: Convoy, beads: list[Bead], made: Made, free: Sequence[int]) -> Train | None:
        """The train, once its tree is green; what is not known is tested, and what was red is tested once more."""
        run = town.runs.get(made.tree)
        run = run if run is not None and run.gates == self._gates() else None
        if run is not None and run.ok:
            self._settle(convoy, "it is green")
            return self._train(town, convoy, beads, made, run.number)
        if run is not None and run.kind == CLOSING_AGAIN and self._ask_red(convoy, run):
            return None
        flying = any(run.kind in (CLOSING, CLOSING_AGAIN) for run in town.testing.values())
        if free and not flying:
            kind = CLOSING if run is None else CLOSING_AGAIN
            cars = tuple(town.queue[bead.id].car for bead in beads)
            now = self._base.books.pending
            begun = TestRun(now.run_number + 1, kind, town.tip, cars, made.commit, made.tree, self._gates(), free[0],
                            self._base.clock.now())  # fmt: skip
            self._settle(convoy, "it is tested again")
            self._base.books.write("refinery", e.RunBegun(begun))
        return None

    def _ask_red(self, convoy: Convoy, run: GateRun) -> bool:
        """Whether a branch that was red twice waits for an answer; once that is to test it again, it does not."""
        asked = self._asks(convoy)
        if not asked and self._asked.get(convoy.id) == run.number:
            return False
        self._asked[convoy.id] = run.number
        first = f": {run.first}" if run.first else ""
        title = f"{run.gate or 'A gate'} is red on {convoy.branch} merged with {self._base.config.target}{first}"
        asks = (
            f"Nothing was landed; run {run.number} was red, and the one before it. It is tested again when either "
            "branch moves. Shall a bead mend it on the branch?"
        )
        self._ask(convoy, title, f"{run.failed}\n{asks}", (WAIT, AGAIN, FILE))
        return True

    def _allowed(self, town: Town, convoy: Convoy, beads: list[Bead], made: Made) -> Train | None:
        """Without gates the landing of the branch asks."""
        if all(town.queue[bead.id].state == "allowed" for bead in beads):
            return self._train(town, convoy, beads, made, 0)
        whole = f"{convoy.branch} ({count(len(beads), 'bead')})"
        question = f"{self._base.config.rig} is UNGATED: nothing was tested. Land {whole} all the same?"
        needs.ask(self._base, "ungated", convoy.id, f"Land {whole} untested?", question, (WAIT, "land"))
        return None

    def _train(self, town: Town, convoy: Convoy, beads: list[Bead], made: Made, number: int) -> Train:
        commit = self._commit(town, convoy, beads, made.tree, number)
        cars = tuple(town.queue[bead.id].car for bead in beads)
        steps = tuple(bead.work.staged for bead in beads)
        now = self._base.clock.now()
        return Train(cars, steps, commit, town.tip, made.tree, number, now, closes=convoy.id)

    def _ask(self, convoy: Convoy, title: str, question: str, choices: tuple[str, ...]) -> None:
        """Ask about a branch; what was asked of it before and is no longer so, goes."""
        known = needs.raised(self._base.books.pending, NEED, convoy.id)
        if known is not None and (known.title, known.choices) != (title, choices):
            self._settle(convoy, "red or in conflict otherwise")
        needs.ask(self._base, NEED, convoy.id, title, question, choices)

    def _settle(self, convoy: Convoy, how: str) -> None:
        needs.settle(self._base, NEED, convoy.id, how)


def _kept(town: Town, bead: Bead) -> bool:
    """Whether the overseer keeps a bead, and with it all of its convoy, from landing."""
    entry = town.queue[bead.id]
    return bool(entry.hold or bead.work.held) or entry.state == "waiting"
