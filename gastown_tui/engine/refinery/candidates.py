"""Candidates: chains of merges in memory, one bead on the other; a step is kept, so a changed tail costs the tail."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery import strategies
from gastown_tui.model.merge import Car
from gastown_tui.model.town import Town
from gastown_tui.rig import merging
from gastown_tui.rig.conflicts import Conflicted
from gastown_tui.rig.stacking import Merger

_KEPT = 4096
"""Steps that are kept: a queue of some hundred beads, in some orders."""

_FRESH = 60.0
"""Seconds for which the person's name in git's settings is taken as read."""


@dataclass(frozen=True)
class Step:
    """One bead merged onto the commit `onto`: `commit` and its `tree`, or what is in the way of having them.

    Of one that was only tried the tree is known, and there is no commit yet.

    `chain` are all the commits it brings that were made for it, oldest first; `commit` is the last of them.
    """

    car: Car
    onto: str
    commit: str = ""
    tree: str = ""
    conflicts: tuple[Conflicted, ...] = ()
    lost: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it can be tested."""
        return bool(self.tree)


class Candidates:
    """What the tree would be with some beads landed. Every call works for a while: not on the event loop."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._who: tuple[float, tuple[str, str]] | None = None
        self._steps: OrderedDict[tuple[str, Car, str], Step] = OrderedDict()
        self._merger = Merger(base.place.root)

    @property
    def together(self) -> bool:
        """Whether several beads may land as one; else each is tested, and lands, by itself."""
        return strategies.together(self._base.config.strategy)

    def begin(self, tip: str) -> None:
        """A look from a tip begins: what was only tried before it is built on no more. Raises GasTownError."""
        self._merger.begin(tip)

    def chain(self, town: Town, tip: str, cars: Iterable[Car]) -> list[Step]:
        """The beads one on the other from a tip on, up to the first that cannot be merged there (it is the last).

        Raises:
            GasTownError: git is unsure; nothing is known of any conflict.
        """
        out: list[Step] = []
        for car in cars:
            step = self.step(town, out[-1].commit if out else tip, car)
            out.append(step)
            if not step.ok:
                break
        return out

    def tree(self, town: Town, tip: str, cars: Iterable[Car]) -> str:
        """The tree of a whole chain; "" when something in it cannot be merged. Raises GasTownError."""
        steps: list[Step] = []
        for car in cars:
            steps.append(step := self.tried(town, tip, steps, car))
            if not step.ok:
                return ""
        return steps[-1].tree if steps else ""

    def tried(self, town: Town, tip: str, ahead: Sequence[Step], car: Car) -> Step:
        """One bead merged behind others, in memory: the tree is known, and nothing is written. Raises GasTownError.

        Args:
            ahead: what stands between the tip and it, in order; each of them merges.
        """
        if not self.together:
            return self.step(town, ahead[-1].commit if ahead else tip, car)
        merger = self._merger
        side = merger.side(tip, car.commit)
        if not side.plain or any(side.own & merger.side(tip, step.car.commit).own for step in ahead):
            steps = self.chain(town, tip, [*(step.car for step in ahead), car])
            return steps[-1]
        onto = bytes.fromhex(ahead[-1].tree) if ahead else merger.tree(tip)
        found = merger.merged(onto, side)
        return Step(car, "" if ahead else tip, "", found.tree.hex(), found.conflicts, found.lost)

    def step(self, town: Town, onto: str, car: Car) -> Step:
        """One bead merged onto a commit. Raises GasTownError."""
        key = onto, car, self._base.config.strategy
        if (known := self._steps.get(key)) is None:
            known = self._steps[key] = self._merged(town, onto, car)
        self._steps.move_to_end(key)
        while len(self._steps) > _KEPT:
            self._steps.popitem(last=False)
        return known

    def _merged(self, town: Town, onto: str, car: Car) -> Step:
        base = self._base
        root = base.place.root
        tree, conflicts, lost = self._combined(onto, car.commit)
        if not tree:
            return Step(car, onto, conflicts=conflicts, lost=lost)
        bead, strategy = town.beads[car.bead], base.config.strategy
        made = strategies.made(root, strategy, bead, car, onto, tree, self._ident())
        return Step(car, onto, made.commit, made.tree, made.conflicts, chain=made.chain)

    def _combined(self, onto: str, commit: str) -> tuple[str, tuple[Conflicted, ...], tuple[str, ...]]:
        """The tree of two commits' merge, written durably; or its conflicts, or the lines it would lose."""
        root, merger = self._base.place.root, self._merger
        side = merger.side(onto, commit)
        if side.plain:
            found = merger.merged(merger.tree(onto), side)
            return merger.keep(found.tree) if found.tree else "", found.conflicts, found.lost
        merged = merging.merge(root, onto, commit)
        if isinstance(merged, merging.Conflict):
            return "", merged.paths, ()
        lost = merging.survived(root, merged.base, onto, commit, merged.tree)
        return "" if lost else merged.tree, (), tuple(lost)

    def _ident(self) -> tuple[str, str]:
        """The person's name and address, asked for once a minute."""
        now = self._base.clock.monotonic()
        if self._who is None or now - self._who[0] > _FRESH:
            self._who = now, self._base.repo.ident()
        return self._who[1]

    def whole(self, steps: list[Step], number: int, when: float) -> str:
        """The commit a train lands as: its only step, or one merge of them all, of the tree that was tested.

        Args:
            number: the run in which they were tested.
            when: Unix seconds.
        """
        if len(steps) == 1:
            return steps[0].commit
        base = self._base
        ids = [step.car.bead for step in steps]
        name, email = base.repo.ident()
        merges = "\n".join(f"{step.commit[:9]} {step.car.bead}" for step in steps)
        text = (
            f"Land {len(ids)} beads: {', '.join(ids)}\n\n"
            f"Tested as a whole in run {number}, and not one by one:\n\n{merges}\n"
        )
        return merging.landing_commit(
            base.place.root, tree=steps[-1].tree, parents=[steps[0].onto, steps[-1].commit], message=text,
            author=(name, email), committer=(name, email), when=when,
        )  # fmt: skip
