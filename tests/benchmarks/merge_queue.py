"""The merge queue against its peers in a simulator: how long changes wait, and what they cost in test runs."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from tests.benchmarks.queueing.figures import Figures, averaged, played
from tests.benchmarks.queueing.load import arriving, of_agents
from tests.benchmarks.queueing.peers import Batch, Bors, Oracle, Serial, Zuul
from tests.benchmarks.queueing.prefix import Prefix
from tests.benchmarks.queueing.whole import Whole
from tests.benchmarks.queueing.world import Policy, World
from tests.benchmarks.report import at_least, at_most, finish, say

SLOTS = (1, 2, 4, 8)
TABLE: dict[str, tuple[type[Policy], dict[int, tuple[float, float]]]] = {
    "serial": (Serial, dict.fromkeys(SLOTS, (35, 1.18))),
    "Gas Town": (Batch, dict.fromkeys(SLOTS, (21, 0.83))),
    "bors 8": (Bors, dict.fromkeys(SLOTS, (14, 0.68))),
    "Zuul": (Zuul, {1: (35, 1.18), 2: (15, 1.38), 4: (4.2, 1.86), 8: (2.0, 2.55)}),
    "prefix": (Prefix, {1: (8.8, 0.54), 2: (4.4, 0.79), 4: (1.7, 1.17), 8: (1.2, 1.67)}),
    "oracle": (Oracle, {1: (1.5, 0.32), 2: (1.2, 0.56), 4: (1.1, 0.88), 8: (1.0, 1.0)}),
}
"""Policy, and by slots the mean wait in d and the runs for each landed change (facts/merge-queue.md)."""

ONE_SLOT = ("serial", "Gas Town", "bors 8")
NEAR = 0.15


def table(seeds: int) -> dict[str, dict[int, Figures]]:
    """Every policy on 84 changes of 20 agents."""
    out: dict[str, dict[int, Figures]] = {}
    say(f"84 changes of 20 agents, 1 % flaky runs, {seeds} workloads: mean wait in d (p95, longest), runs a change")
    for name, (policy, wanted) in TABLE.items():
        out[name] = {}
        for slots in SLOTS[:1] if name in ONE_SLOT else SLOTS:
            found = averaged(played(policy, of_agents(seed), slots, seed) for seed in range(seeds))
            out[name][slots] = found
            mean, runs = wanted[slots]
            say(
                f"  {name:9} {slots} slots {found.mean:5.2f} ({found.p95:5.1f}, {found.longest:5.1f}) {found.runs:5.2f}"
                f"   table {mean:4.3g} / {runs:4.2f}: {found.mean / mean - 1:+4.0%}, {found.runs / runs - 1:+4.0%}"
            )
    return out


def reproduced(found: dict[str, dict[int, Figures]]) -> float:
    """By how much the figure of a peer that is farthest from the table differs from it."""
    worst, where = 0.0, ""
    for name, (_, wanted) in TABLE.items():
        if name == "prefix":
            continue
        for slots, got in found[name].items():
            for mine, theirs in zip((got.mean, got.runs), wanted[slots], strict=True):
                if abs(mine / theirs - 1) > worst:
                    worst, where = abs(mine / theirs - 1), f"{name}, {slots} slots: {mine:.2f} for {theirs:g}"
    say(f"  the peers are within {worst:.0%} of the table ({where})")
    return worst


def grid(seeds: int, quick: bool) -> dict[str, float]:
    """Ours beside the oracle over culprit and flake rates; returns the worst of each thing that must hold."""
    wrong = longest = 0.0
    say("  alone bad, flaky: prefix mean wait (runs a change), times the oracle's, longest wait / p95")
    for slots in (1, 2, 4):
        for alone in (0.0, 0.05, 0.13, 0.25):
            for flake in (0.0, 0.05) if quick else (0.0, 0.01, 0.05):
                loads = [(seed, of_agents(seed, alone=alone)) for seed in range(seeds)]
                mine = averaged(played(Prefix, load, slots, seed, flake) for seed, load in loads)
                best = averaged(played(Oracle, load, slots, seed, flake) for seed, load in loads)
                wrong, longest = wrong + mine.wrong, max(longest, mine.longest / mine.p95)
                ratios = f"{mine.mean / best.mean:5.2f}x  {mine.longest / mine.p95:.2f}"
                rates = f"{alone:4.0%} ({mine.back:4.0%} went back) {flake:3.0%}"
                say(f"  {slots} slots {rates}  {mine.mean:6.2f} ({mine.runs:.2f})  {ratios}")
    return {"wrong": wrong, "longest": longest}


def agreed(seeds: int) -> float:
    """Of some workloads, in which share the real town and the Refinery's thinking land the same at the same times."""
    same = []
    for slots in SLOTS[:3]:
        for seed in range(seeds):
            load = of_agents(seed)
            planned, whole = (World(load, slots, seed).play(policy()) for policy in (Prefix, Whole))
            same.append(planned.waits == whole.waits and planned.runs == whole.runs and not whole.wrong)
    say(f"  the town's own folding and the Refinery's thinking decide the same in {sum(same)} of {len(same)} workloads")
    return sum(same) / len(same)


def steady(slots: int, seeds: int) -> dict[str, Any]:
    """Arrivals by chance at 0.7 of the capacity that was measured with more than could be landed."""
    pace = averaged(played(Prefix, arriving(seed, 200, 2.0 + slots), slots, seed) for seed in range(seeds)).pace
    loads = [(seed, arriving(seed, 200, 0.7 * pace)) for seed in range(seeds)]
    mine = averaged(played(Prefix, load, slots, seed) for seed, load in loads)
    best = averaged(played(Oracle, load, slots, seed) for seed, load in loads)
    say(
        f"  {slots} slots: {pace:.2f} changes a d land at most; at 0.7 of that {mine.mean:.2f} ({mine.p95:.1f}, "
        f"{mine.longest:.1f}), {mine.runs:.2f} runs a change, {mine.mean / best.mean:.2f}x the oracle"
    )
    return {"pace": round(pace, 2), "mean": round(mine.mean, 2), "p95": round(mine.p95, 2), "wrong": mine.wrong,
            "longest_of_p95": round(mine.longest / mine.p95, 2), "runs": round(mine.runs, 2)}  # fmt: skip


def targets(found: dict[str, dict[int, Figures]], near: float, wrong: float, longest: float) -> dict[str, Any]:
    """What facts/merge-queue.md wants to hold."""
    mine, best = found["prefix"], found["oracle"]

    def times(slots: int) -> float:
        return mine[slots].mean / best[slots].mean

    return {
        "peers_off_the_table": at_most(NEAR, near),
        "slots_1_mean_of_oracle": at_most(7, times(1)),
        "slots_1_runs": at_most(0.60, mine[1].runs),
        "slots_2_mean_of_oracle": at_most(5, times(2)),
        "slots_2_p95_of_oracle": at_most(7, mine[2].p95 / best[2].p95),
        "slots_2_runs": at_most(0.90, mine[2].runs),
        "slots_4_mean_of_oracle": at_most(2, times(4)),
        "slots_8_mean_of_oracle": at_most(1.3, times(8)),
        "culprits_landed": at_most(0, wrong),
        "longest_wait_of_p95": at_most(3, longest),
    }


def main() -> int:
    """Run it; returns 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer workloads, under 40 s")
    quick = parser.parse_args().quick
    found = table(30 if quick else 100)
    near = reproduced(found)
    same = agreed(4 if quick else 10)
    say("Over culprit and flake rates:")
    held = grid(3 if quick else 20, quick)
    say("Arrivals at 0.7 of the capacity:")
    steadily = {slots: steady(slots, 2 if quick else 10) for slots in (1, 2, 4)}
    mine = found["prefix"]
    wrong = held["wrong"] + sum(row["wrong"] for row in steadily.values()) + sum(row.wrong for row in mine.values())
    ratios = [held["longest"], *(row["longest_of_p95"] for row in steadily.values())]
    longest = max(*ratios, *(row.longest / row.p95 for row in mine.values()))
    figures = {
        name: {str(slots): [round(row.mean, 2), round(row.p95, 2), round(row.runs, 2)] for slots, row in rows.items()}
        for name, rows in found.items()
    }
    return finish(
        "merge_queue",
        {**figures, "at_0.7": steadily},
        {**targets(found, near, wrong, longest), "refinery_decides_the_same": at_least(1, same)},
    )


if __name__ == "__main__":
    sys.exit(main())
