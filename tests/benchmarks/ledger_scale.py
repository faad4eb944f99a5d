"""Towns of 1,000 to 100,000 beads: what an event costs, what it leaves on disk, and how quickly the town is there."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from gastown_tui.door.host import hosting
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.history import History
from gastown_tui.engine.place import Place
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Dependency, Work
from gastown_tui.model.orders import CloseBead, CreateBead, Order, ReopenBead, UpdateBead
from gastown_tui.model.query import parse
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.objects import packs
from tests.benchmarks.hanoi import bare, git, sqlite
from tests.benchmarks.report import at_most, finish, say
from tests.engine.towns import founded
from tests.support.environment import clean
from tests.support.waiting import until_async

_AT_ONCE = 1000
_WORDS = re.findall(
    r"\w+",
    "parser lexer cache index socket pane widget query ledger commit branch merge rebase token stream buffer retry "
    "timeout header column footer theme session worktree gate verdict review plan convoy lease epoch budget clock",
)
_QUERY = "status = open and priority < 2 and label = backend order by updated desc"
_COLD = """
import json, sys, time
from pathlib import Path
from gastown_tui.engine.place import Place
from gastown_tui.engine.ledger.reading import read_town
town = read_town(Place(Path(sys.argv[1])))
ready = town.ready()
used = time.process_time()
rss = int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
print(json.dumps({"cpu_s": used, "beads": len(town.beads), "ready": len(ready), "rss_mb": rss}))
"""


def made(count: int, chance: random.Random) -> Iterator[e.BeadCreated]:
    """Beads as a year of work leaves them: six of ten closed, most others waiting for one or two before them."""
    for number in range(count):
        id = f"rg-{number:05x}"
        needs = {chance.randrange(max(0, number - 400), number) for _ in range(chance.randrange(3))} if number else ()
        closed = number < count * 0.6
        fields: dict[str, Any] = {"status": "closed", "closed_at": "2026-03-01T00:00:00Z"} if closed else {}
        yield e.BeadCreated(
            beads.make(
                id, _text(chance, 6), f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
                description=_text(chance, 40), priority=number % 5, labels=(("backend", "ui", "docs")[number % 3],),
                dependencies=tuple(Dependency(id, f"rg-{need:05x}") for need in sorted(needs)),
                work=Work(approved=True), **fields,
            )
        )  # fmt: skip


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words))


def orders(ids: list[str], count: int, chance: random.Random) -> Iterator[Order]:
    """What happens on an ordinary day: fields are set, beads are closed, reopened and filed."""
    for number in range(count):
        id = chance.choice(ids)
        if number % 4 == 0:
            yield CreateBead(_text(chance, 6), description=_text(chance, 40), needs=(id,))
        elif number % 4 == 1:
            yield UpdateBead(id, {"notes": _text(chance, 12)})
        else:
            yield CloseBead(id, "done") if number % 4 == 2 else ReopenBead(id)


async def fill(engine: Engine, count: int, chance: random.Random) -> list[str]:
    """File so many beads in bulk; their ids."""
    wanted = list(made(count, chance))
    for first in range(0, count, _AT_ONCE):
        await engine._base.books.record("import", *wanted[first : first + _AT_ONCE])
        await engine.flush()
    return [event.bead.id for event in wanted]


async def acknowledged(engine: Engine, ids: list[str], count: int, chance: random.Random) -> dict[str, float]:
    """Order after order, each durable before the next is asked, everything of the engine running beside it."""
    took: list[float] = []
    used = time.process_time()
    closed = [id for id in ids if engine.town.beads[id].status == "closed"]
    opened = [id for id in ids if engine.town.beads[id].status == "open"]
    for order in orders(ids, count, chance):
        if isinstance(order, CloseBead):
            order = CloseBead(opened.pop(chance.randrange(len(opened))), "done")
        elif isinstance(order, ReopenBead):
            order = ReopenBead(closed.pop(chance.randrange(len(closed))))
        began = time.perf_counter()
        await engine.ask(order)
        took.append(time.perf_counter() - began)
    used = time.process_time() - used
    took.sort()
    return {
        "event_p50_ms": statistics.median(took) * 1e3, "event_p99_ms": took[int(len(took) * 0.99)] * 1e3,
        "event_max_ms": took[-1] * 1e3, "event_cpu_us": used / count * 1e6,
    }  # fmt: skip


async def alone(engine: Engine, ids: list[str], count: int, chance: random.Random) -> None:
    """Events that come one by one: each is a commit of the ledger for itself."""
    for order in orders(ids, count * 4, chance):
        if isinstance(order, UpdateBead):
            await engine.ask(order)
            await engine.flush()


def folded(engine: Engine, ids: list[str], chance: random.Random, count: int = 2000) -> float:
    """Microseconds an event costs in memory alone: the town after it, with its indexes."""
    town = engine.town
    changes = [e.BeadChanged(chance.choice(ids), {"notes": _text(chance, 12)}) for _ in range(count)]
    began = time.process_time()
    for event in changes:
        town = town.after(e.Record(town.seq + 1, 1.8e9, "me", event))
    return (time.process_time() - began) / count * 1e6


def asked(engine: Engine) -> dict[str, float]:
    """Milliseconds of the ready list and of a query over the town in memory; the best of five."""
    town, now = engine.town, time.time()

    def best(work: Any) -> float:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            work()
            took.append(time.perf_counter() - began)
        return min(took) * 1e3

    return {
        "ready": len(town.ready()), "ready_ms": best(town.ready),
        "query_ms": best(lambda: parse(_QUERY).select(town, now)),
    }  # fmt: skip


async def packed(place: Place) -> dict[str, float]:
    """What the ledger takes of the disk, before and after what the engine does when it is quiet."""
    ledger, folder = Ledger(place.root), place.root / ".git/objects/pack"
    found: dict[str, float] = {"disk_before_mb": _size(folder) / 1e6, "packs_before": len(packs.own(folder))}
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    while await ledger.pack():
        ledger.retire()
    found |= {"packing_s": time.perf_counter() - began, "packs": len(packs.own(folder)), "disk_mb": _size(folder) / 1e6}
    found["packing_cpu_s"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used
    return found


def _size(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.iterdir() if path.suffix in (".pack", ".idx", ".keep"))


def cold(place: Place, home: Path) -> dict[str, float]:
    """CPU seconds of a process up to its first ready list, its interpreter's start counted; and the memory it takes."""
    command = [sys.executable, "-c", _COLD, str(place.root)]
    done = subprocess.run(command, env=clean(home), capture_output=True, check=True, cwd=Path.cwd())
    told: dict[str, float] = json.loads(done.stdout)
    return told


def history(place: Place, ids: list[str], chance: random.Random) -> dict[str, float]:
    """Seconds of the first look back, which makes the index, and milliseconds of a bead's whole history after it."""
    began = time.perf_counter()
    History(place).close()
    found = {"history_index_s": time.perf_counter() - began}
    took = []
    for id in chance.sample(ids, 20):
        began = time.perf_counter()
        past = History(place)
        entries = past.of(id)
        past.close()
        took.append(time.perf_counter() - began)
        assert entries, f"nothing is known of {id}"
    return {**found, "history_ms": statistics.median(took) * 1e3}


async def measure(folder: Path, count: int, sample: int, singles: int) -> dict[str, float]:
    """Every figure of a town of `count` beads."""
    chance = random.Random(count)
    place = founded(folder)
    async with hosting(place) as engine:
        await until_async(lambda: engine.town.engine.running, "the engine to run")
        began = time.perf_counter()
        ids = await fill(engine, count, chance)
        found: dict[str, float] = {"beads": count, "filed_s": time.perf_counter() - began}
        # The import's packs first, as in any quiet moment: measured is a town at work, not the end of its filling.
        await engine._caretaker.look(quiet=True)
        await acknowledged(engine, ids, 40, chance)
        disk = bare(place.gastown)
        found |= await acknowledged(engine, ids, sample, chance)
        found["bare_fdatasync_ms"] = 1e3 / statistics.median((disk, bare(place.gastown)))
        found["event_in_memory_us"] = folded(engine, ids, chance)
        found |= asked(engine)
        found["engine_rss_mb"] = psutil.Process().memory_info().rss / 2**20
        await alone(engine, ids, singles, chance)
        await engine.flush()
        seq = engine.town.seq
    found |= {"events": seq, **await packed(place)}
    found["disk_per_event"] = found["disk_mb"] * 1e6 / seq
    for name, gone in (("cold_cached", False), ("cold", True)):
        if gone:
            shutil.rmtree(place.gastown / "cache", ignore_errors=True)
        told = cold(place, folder / "home")
        assert told["beads"] >= count and told["ready"] > 0, told
        found |= {f"{name}_cpu_s": told["cpu_s"], f"{name}_rss_mb": told["rss_mb"]}
    found |= history(place, ids, chance)
    return found


def peers(folder: Path, sample: int) -> dict[str, float]:
    """Milliseconds of one event elsewhere, on the same disk, one durable after the other."""
    place = founded(folder)
    return {
        "git_commit_and_ref_ms": 1e3 / git(place.root, sample), "sqlite_wal_full_ms": 1e3 / sqlite(folder, sample),
        "bare_fdatasync_ms": 1e3 / bare(folder),
    }  # fmt: skip


def main() -> int:
    """Run the benchmark and print its figures, JSON last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 beads only: under 40 s")
    parser.add_argument("--sizes", type=int, nargs="+", help="other numbers of beads; targets need 10000 among them")
    options = parser.parse_args()
    sizes, sample, singles = ((1_000, 10_000), 400, 40) if options.quick else ((1_000, 10_000, 100_000), 2000, 400)
    sizes = options.sizes or sizes
    folder = Path(tempfile.mkdtemp(prefix="ledger-scale-"))
    found: dict[int, dict[str, float]] = {}
    try:
        for size in sizes:
            found[size] = asyncio.run(measure(folder / str(size), size, min(sample, size), singles))
            say(f"{size} beads: " + ", ".join(f"{name} {value:.4g}" for name, value in found[size].items()))
            shutil.rmtree(folder / str(size))
        beside = peers(folder / "peers", 100 if options.quick else 300)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say("beside it, one event: " + ", ".join(f"{name} {value:.3g}" for name, value in beside.items()))
    figures: dict[str, Any] = {f"{size}": {k: round(v, 3) for k, v in of.items()} for size, of in found.items()}
    return finish("ledger_scale", {**figures, "peers": beside}, targets(found))


def targets(found: dict[int, dict[str, float]]) -> dict[str, dict[str, Any]]:
    """What was promised, at the sizes that were run."""
    most = found[max(found)]
    held = {
        "disk_per_event_bytes": at_most(2048, most["disk_per_event"]),
        "history_ms": at_most(50, most["history_ms"]),
        "ready_ms_at_10k": at_most(30, found[10_000]["ready_ms"]),
    }
    if 100_000 in found:
        small, large = found[10_000], found[100_000]
        held |= {
            "cold_start_cpu_s_cached": at_most(1.5, large["cold_cached_cpu_s"]),
            "cold_start_cpu_s": at_most(8, large["cold_cpu_s"]),
            "event_growth_10k_to_100k": at_most(1.5, large["event_p50_ms"] / small["event_p50_ms"]),
            "event_cpu_growth_10k_to_100k": at_most(1.5, large["event_cpu_us"] / small["event_cpu_us"]),
        }
    return held


if __name__ == "__main__":
    raise SystemExit(main())
