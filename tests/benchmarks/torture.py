"""A torture town: many polecats on one small repository full of conflicts, breaks and culprits, and nobody there."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from gastown_tui.config import Config, EnvSettings, Gate, Roles, RoleSettings
from gastown_tui.door.client import Client
from gastown_tui.door.host import host
from gastown_tui.engine import founding, secrecy
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError, NoEngine
from gastown_tui.world import DiskFiles, SystemClock
from tests.benchmarks.report import at_most, finish, say
from tests.support import rigs, torture_play
from tests.support.environment import clean
from tests.support.torture_account import account
from tests.support.waiting import until

_LOOK, _TELL = 1.0, 15.0
"""Seconds between two looks at the town, and between two lines about it."""

_STILL = 240.0
"""Seconds in which nothing lands or is escalated, after which the run is given up and accounted for as it is."""

_TICK, _LONG = 0.005, 0.05
"""Seconds between two looks at the event loop, and how long of work without a turn is noted with its place."""


@dataclass(frozen=True)
class Options:
    """The size of the town."""

    polecats: int
    beads: int
    slots: int
    seed: int
    gate: float
    limit: float


def found(root: Path, options: Options) -> Place:
    """The repository and its town, with nothing inherited but PATH."""
    rigs.make(root, torture_play.seed())
    python, player = shlex.quote(sys.executable), RoleSettings("rehearsal")
    config = Config(
        rig="torture", prefix="tt", target="main", max_polecats=options.polecats, slots=options.slots,
        memory_reserve_mb=64, gates=(Gate("check", f"{python} -I -S check.py {options.gate:g}", 120.0),),
        sheriff=(torture_play.SHERIFFS,), roles=Roles(player, player, player),
        env=EnvSettings(only=("PATH",), set={"LANG": "C.UTF-8", "GT_PACE": "0.001"}),
    )  # fmt: skip
    place = Place(root)
    founding.found(place, config, clock=SystemClock(), files=DiskFiles())
    return place


# the engine, in a process of its own


class Gaps:
    """How long the event loop answered to nobody: by the wall clock, and by what its thread worked meanwhile."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.worked: list[float] = []
        self.held_by: dict[str, float] = {}
        self._main = threading.get_ident()
        self._seen: list[str] = []

    async def measure(self) -> None:
        """Look at the clocks again and again, until cancelled."""
        threading.Thread(target=self._watch, daemon=True).start()
        while True:
            self._seen.clear()
            wall, cpu = time.monotonic(), time.thread_time()
            await asyncio.sleep(_TICK)
            self.waited.append(time.monotonic() - wall - _TICK)
            self.worked.append(held := time.thread_time() - cpu)
            if held > _LONG and self._seen:
                where = Counter(self._seen).most_common(1)[0][0]
                self.held_by[where] = max(held, self.held_by.get(where, 0.0))

    def _watch(self) -> None:
        """Note where the loop's thread is; what it is at for long is seen several times."""
        while True:
            time.sleep(_TICK * 2)
            frame = sys._current_frames().get(self._main)
            names = [f"{f.f_code.co_filename.rpartition('/')[2]}:{f.f_code.co_name}" for f in _frames(frame)]
            ours = [name for name in names if not name.startswith(("base_events", "events"))]
            self._seen.append(" < ".join(ours[:4]))


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


async def _engine(place: Place) -> dict[str, Any]:
    gaps = Gaps()
    async with asyncio.TaskGroup() as group:
        measuring = group.create_task(gaps.measure(), name="gaps")
        await host(place)
        measuring.cancel()
    waited, worked = sorted(gaps.waited), sorted(gaps.worked)
    at = int(len(waited) * 0.99)
    longest = sorted(gaps.held_by.items(), key=lambda one: -one[1])[:8]
    return {
        "held_by_ms": {where: round(held * 1e3) for where, held in longest},
        "gap_p99_ms": waited[at] * 1e3, "gap_worst_ms": waited[-1] * 1e3, "held_p99_ms": worked[at] * 1e3,
        "held_worst_ms": worked[-1] * 1e3, "rss_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "engine_cpu_s": time.process_time(),
    }  # fmt: skip


def engine(root: Path, result: Path) -> int:
    """Run the town's engine until it is told to stop; then write what it cost."""
    place = Place(root)
    secrecy.log_to(place.gastown / "log" / "engine.log")
    found = asyncio.run(_engine(place))
    shown = {name: round(value, 1) if isinstance(value, float) else value for name, value in found.items()}
    result.write_text(json.dumps(shown), encoding="utf-8")
    return 0


# whoever watches it


def _answers(place: Place) -> bool:
    try:
        return bool(Client.of(place).status()["engine"]["pid"])
    except NoEngine:
        return False


def run(place: Place, planted: list[torture_play.Planted], options: Options) -> tuple[dict[str, str], str]:
    """Hand the plan in, approve it, and look on until every bead has landed or waits for the overseer.

    Returns:
        The bead of each key, and what kept the town from its end ("" when nothing did).
    """
    client = Client.of(place)
    filed = client.order("submit_plan", {"plan": torture_play.plan(planted)})
    ids: dict[str, str] = client.order("approve_plan", {"plan": filed["plan"]})["beads"]
    began = moved = told = time.monotonic()
    last = (0, 0)
    while True:
        status = client.status()
        held = {need["bead"] for need in status["needs_you"] if need.get("bead")}
        now, settled = time.monotonic(), (status["beads"]["landed"], len(held))
        if settled != last:
            last, moved = settled, now
        if sum(settled) >= len(planted):
            return ids, ""
        if now - told > _TELL:
            told = now
            say(_line(status, now - began))
        if now - moved > _STILL or now - began > options.limit:
            return ids, f"{len(planted) - sum(settled)} beads left after {now - began:.0f} s: {_stuck(status)}"
        time.sleep(_LOOK)


def _line(status: dict[str, Any], seconds: float) -> str:
    columns = " ".join(f"{name} {count}" for name, count in status["beads"].items() if count)
    needs = " ".join(sorted({need["kind"] for need in status["needs_you"]}))
    return f"{seconds:6.0f} s  {columns}  agents {len(status['agents'])}  {needs} {status['notes'] or ''}"


def _stuck(status: dict[str, Any]) -> str:
    shown = {name: status[name] for name in ("beads", "queue", "needs_you", "holds", "notes")}
    return json.dumps(shown)[:4000]


def torture(options: Options, keep: bool) -> int:
    """One run and its account."""
    work = Path(tempfile.mkdtemp(prefix="torture-"))
    planted = torture_play.beads(options.beads, options.polecats, random.Random(options.seed))
    place = found(work / "rig", options)
    say(f"{options}, the town is {place.root}")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.torture", "--engine", str(place.root), str(work / "cost")],
        env=clean(work / "home"), cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        until(lambda: _answers(place), "an engine that answers")
        ids, stuck = run(place, planted, options)
        Client.of(place).order("stop")
        process.wait(120)
    except (GasTownError, AssertionError):
        process.terminate()
        process.wait(60)
        raise
    cost = json.loads((work / "cost").read_text(encoding="utf-8"))
    (work / "look").mkdir()
    found_out = account(place, planted, ids, work / "look")
    figures = {**vars(options), **found_out.figures, **cost, "stuck": stuck}
    for name, value in figures.items():
        say(f"  {name:20} {value}")
    wrong = [*([stuck] if stuck else []), *found_out.wrong]
    for line in wrong[:40]:
        say(f"WRONG: {line}")
    if keep or wrong:
        say(f"the town is kept: {place.root}")
    else:
        shutil.rmtree(work, ignore_errors=True)
    return finish("torture", figures, {"nothing_wrong": at_most(0, len(wrong))})


def main() -> int:
    """`python -m tests.benchmarks.torture`: JSON last."""
    if sys.argv[1:2] == ["--engine"]:
        return engine(Path(sys.argv[2]), Path(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="6 polecats, 24 beads: under 40 s on an idle machine")
    parser.add_argument("--polecats", type=int)
    parser.add_argument("--beads", type=int)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gate", type=float, help="seconds a run of the gate takes (1; quick 0.3)")
    parser.add_argument("--limit", type=float, default=3000.0, help="seconds after which it is given up")
    parser.add_argument("--keep", action="store_true", help="keep the town")
    given = parser.parse_args()
    usual = (6, 24, 0.3) if given.quick else (30, 200, 1.0)
    wanted = (given.polecats, given.beads, given.gate)
    polecats, beads, gate = (a if a is not None else b for a, b in zip(wanted, usual, strict=True))
    return torture(Options(int(polecats), int(beads), given.slots, given.seed, float(gate), given.limit), given.keep)


if __name__ == "__main__":
    raise SystemExit(main())
