"""How fast candidates are merged and the radar follows: 5,000 files, 30 branches at work, beside git's own merges."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from immutables import Map

from gastown_tui.config import Config
from gastown_tui.engine.refinery.candidates import Candidates
from gastown_tui.model import bead as beads
from gastown_tui.model.merge import Car
from gastown_tui.model.town import Town
from gastown_tui.rig.radar.scope import Place, Radar
from gastown_tui.rig.repository import Repository
from gastown_tui.world import SystemClock
from tests.benchmarks.report import at_most, finish, say
from tests.support import rigs
from tests.support.environment import clean

# Processor time counts our process and the git it runs; a candidate is checked for lost lines and committed, as the
# Refinery makes it, where `git merge-tree --write-tree` does one merge and checks nothing.
FILES, BRANCHES, CARS = 5_000, 30, 8
HOT = 40
"""Files that many branches touch, so that some of them meet."""


def cost(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and processor milliseconds of some work, those of the processes it ran included."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    began = time.perf_counter()
    work()
    wall = time.perf_counter() - began
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    used = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
    return wall * 1e3, used * 1e3


def generated(folder: Path, chance: random.Random) -> tuple[Path, list[str]]:
    """A repository of FILES files and its paths."""
    text = {
        f"src/m{n % 50:02d}/p{n % 7}/f{n}.py": "".join(
            f"line {row} {chance.random()}\n" for row in range(chance.randint(20, 200))
        )
        for n in range(FILES)
    }
    root = rigs.make(folder / "rig", text)
    rigs.git(root, "repack", "-adq")
    return root, sorted(text)


def edited(worktree: Path, path: str, words: str, chance: random.Random) -> None:
    """One line of a file replaced."""
    lines = (worktree / path).read_text().splitlines(keepends=True)
    lines[chance.randrange(len(lines))] = f"{words}\n"
    (worktree / path).write_text("".join(lines))


def at_work(root: Path, paths: list[str], chance: random.Random) -> list[Path]:
    """A worktree for each branch: eight files edited, three of them hot; every second branch has committed."""
    hot, out = chance.sample(paths, HOT), []
    for number in range(BRANCHES):
        worktree = root.parent / f"w{number}"
        rigs.git(root, "worktree", "add", "-q", "-b", f"b{number}", str(worktree))
        for path in {*chance.sample(hot, 3), *chance.sample(paths, 5)}:
            edited(worktree, path, f"edit of {number}", chance)
        if number % 2:
            rigs.git(worktree, "commit", "-qam", f"Edit {number}")
        out.append(worktree)
    return out


def queue(root: Path, paths: list[str], chance: random.Random, count: int) -> list[str]:
    """Commits on the tip that do not touch one another: a queue without conflicts."""
    worktree, out = root.parent / "queue", []
    rigs.git(root, "worktree", "add", "-q", "--detach", str(worktree))
    for number, mine in enumerate(chance.sample(range(len(paths) - 8), count)):
        rigs.git(worktree, "checkout", "-q", "--detach", "main")
        for path in paths[mine : mine + 8]:
            with (worktree / path).open("a") as file:
                file.write(f"end of {number}\n")
        out.append(rigs.commit(worktree, {f"new/{number}.py": f"{number}\n"}, f"Queued {number}"))
    return out


def candidates(root: Path, commits: list[str], rounds: int) -> dict[str, float]:
    """Processor milliseconds of a candidate of CARS from nothing, and of one whose tail alone is another."""
    repo = Repository(root)
    made = {f"t-{n}": beads.make(f"t-{n}", f"Bead {n}", "") for n in range(len(commits))}
    cars = [Car(f"t-{n}", 1, commit) for n, commit in enumerate(commits)]
    town = Town().with_(beads=Map(made))
    tip = repo.tip("refs/heads/main")
    base: Any = SimpleNamespace(place=SimpleNamespace(root=root), repo=repo, config=Config(), clock=SystemClock())
    whole: list[float] = []
    tail: list[float] = []
    for turn in range(rounds):
        order = cars[turn:] + cars[:turn]
        fresh = Candidates(base)
        other = [*order[: CARS - 1], order[CARS]]
        for into, train in ((whole, order[:CARS]), (tail, other)):
            into.append(cost(partial(_merged, fresh, town, tip, train))[1])
    return {"candidate_cpu_ms": statistics.median(whole), "tail_cpu_ms": statistics.median(tail)}


def _merged(made: Candidates, town: Town, tip: str, cars: list[Car]) -> None:
    steps = made.chain(town, tip, cars)
    assert len(steps) == CARS and all(step.ok for step in steps), "the queue was made without conflicts"


def radar(root: Path, worktrees: list[Path], paths: list[str], chance: random.Random, rounds: int) -> dict[str, float]:
    """Milliseconds of a round after one branch moved, and how long the event loop was kept waiting meanwhile."""
    found = Radar(root / ".git")

    def everybody() -> None:
        found.aim(rigs.git(root, "rev-parse", "main"))
        for number, worktree in enumerate(worktrees):
            found.look(f"b{number:02d}", Place(worktree))

    first = cost(everybody)[0]
    walls: list[float] = []
    used: list[float] = []
    gaps: list[float] = []

    def moved(turn: int) -> Callable[[], object]:
        number = chance.randrange(len(worktrees))
        edited(worktrees[number], chance.choice(paths), f"round {turn}", chance)
        return lambda: found.look(f"b{number:02d}", Place(worktrees[number]))

    async def watched(turn: int) -> None:
        work = moved(turn)
        watching = asyncio.create_task(_gap(gaps))
        await asyncio.sleep(0.03)
        await asyncio.to_thread(work)
        watching.cancel()

    for turn in range(rounds):
        wall, spent = cost(moved(turn))
        walls.append(wall)
        used.append(spent)
        asyncio.run(watched(turn))
    return {
        "everybody_ms": first, "meetings": len(found.meetings()), "round_ms": statistics.median(walls),
        "round_best_ms": min(walls), "round_cpu_ms": statistics.median(used), "gap_ms": statistics.median(gaps),
        "gap_worst_ms": max(gaps),
    }  # fmt: skip


async def _gap(out: list[float]) -> None:
    """The longest the loop was late while this ran, in milliseconds."""
    worst, before = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            worst, before = max(worst, (now - before) * 1e3 - 1.0), now
    finally:
        out.append(worst)


def merge_tree(root: Path, pairs: int, chance: random.Random) -> dict[str, float]:
    """Git's own merge of two of the committed branches, one process a pair, and what all pairs would take so."""
    names = [f"b{number}" for number in range(1, BRANCHES, 2)]
    chosen = [chance.sample(names, 2) for _ in range(pairs)]

    def each() -> None:
        for one, other in chosen:
            rigs.git(root, "merge-tree", "--write-tree", one, other, check=False)

    wall, used = (value / pairs for value in cost(each))
    every = BRANCHES * (BRANCHES - 1) / 2
    return {"git_pair_ms": wall, "git_pair_cpu_ms": used, "git_one_moved_ms": wall * (BRANCHES - 1),
            "git_all_pairs_ms": wall * every}  # fmt: skip


def main() -> int:
    """Run it all, in a folder that is gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under 40 seconds")
    quick = parser.parse_args().quick
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="gt-merging-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        os.environ.update(clean(folder / "home"))
        root, paths = generated(folder, chance)
        commits = queue(root, paths, chance, CARS + (4 if quick else 9))
        worktrees = at_work(root, paths, chance)
        say(f"{FILES} files, {BRANCHES} branches at work, {len(commits)} queued")
        figures = {
            **candidates(root, commits, 3 if quick else 8),
            **radar(root, worktrees, paths, chance, 30 if quick else 150),
            **merge_tree(root, 30 if quick else 200, chance),
        }
    figures = {key: round(value, 2) for key, value in figures.items()}
    git = figures["git_pair_cpu_ms"]
    say(f"a candidate of {CARS}: {figures['candidate_cpu_ms']} ms, with another tail {figures['tail_cpu_ms']} ms")
    say(f"    beside it git merge-tree alone, unchecked and not committed: {git * CARS:.0f} ms")
    say(f"one branch moved: {figures['round_cpu_ms']} ms CPU ({figures['round_ms']} ms on the clock, at best "
        f"{figures['round_best_ms']}), the loop late by {figures['gap_ms']} ms")  # fmt: skip
    say(f"    beside it a git merge-tree for each of its 29 pairs, blind to what is unsaved: {git * 29:.0f} ms CPU")
    say(f"all 30 from nothing: {figures['everybody_ms']} ms, {figures['meetings']:.0f} pairs meet")
    say(f"    beside it git merge-tree of all 435 pairs: {figures['git_all_pairs_ms']} ms")
    return finish("merging", figures, {
        "a candidate of 8, CPU ms": at_most(500, figures["candidate_cpu_ms"]),
        "only its tail changed, CPU ms": at_most(80, figures["tail_cpu_ms"]),
        "a radar round after one branch moved, CPU ms": at_most(60, figures["round_cpu_ms"]),
        "event loop gap, ms": at_most(20, figures["gap_ms"]),
    })  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
