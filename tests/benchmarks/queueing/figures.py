"""What a policy's run of a workload is measured by, and several of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import fmean
from typing import NamedTuple

from tests.benchmarks.queueing.load import Load
from tests.benchmarks.queueing.world import Policy, World


class Figures(NamedTuple):
    """Waits from arrival to landing in d, runs for each landed change, the share sent back, and bad ones landed."""

    mean: float
    p95: float
    longest: float
    runs: float
    back: float
    wrong: int
    pace: float


def played(policy: Callable[[], Policy], load: Load, slots: int, seed: int, flake: float = 0.01) -> Figures:
    """Play one workload; `pace` is changes landed in a d from the first arrival to the last event."""
    world = World(load, slots, seed, flake).play(policy())
    waits = sorted(world.waits.values())
    span = world.now - load.changes[0].at
    return Figures(
        fmean(waits), waits[max(0, round(0.95 * len(waits)) - 1)], waits[-1], world.runs / len(waits),
        len(world.back) / len(load.changes), len(world.wrong), len(waits) / span,
    )  # fmt: skip


def averaged(several: Iterable[Figures]) -> Figures:
    """The mean of each figure; of what landed wrong the sum."""
    rows = list(several)
    means = {name: fmean(getattr(row, name) for row in rows) for name in Figures._fields}
    return Figures._make({**means, "wrong": sum(row.wrong for row in rows)}.values())
