"""Gas Town's durability demo: the Towers of Hanoi as chains of beads, each close durable before the next is asked."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gastown_tui.door.client import Client
from gastown_tui.door.host import hosting
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.place import Place
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Dependency, Work
from gastown_tui.model.orders import CloseBead
from tests.benchmarks.report import at_least, finish, say
from tests.engine.towns import founded
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import until_async

PUBLISHED = 9.0
"""Closes a second Gas Town publishes: 32,767 moves in about an hour, 1,023 in two minutes."""

_AT_ONCE = 1000
_PAUSES = 8
_LINE = b"x" * 130
"""About what the journal holds of one close."""


def chain(name: str, moves: int) -> list[e.BeadCreated]:
    """The moves of one tower: each bead needs the one before it."""
    made = []
    for number in range(1, moves + 1):
        id, before = f"{name}-{number:05}", f"{name}-{number - 1:05}"
        needs = (Dependency(id, before, "blocks"),) if number > 1 else ()
        work = Work(approved=True)
        made.append(
            e.BeadCreated(beads.make(id, f"Move {number}", "2026-01-01T00:00:00Z", dependencies=needs, work=work))
        )
    return made


async def create(engine: Engine, wanted: list[e.BeadCreated]) -> float:
    """File beads in bulk through the books, and bring the ledger up to them; returns the seconds the filing took."""
    began = time.perf_counter()
    for first in range(0, len(wanted), _AT_ONCE):
        await engine._base.books.record("hanoi", *wanted[first : first + _AT_ONCE])
    took = time.perf_counter() - began
    await engine.flush()
    return took


async def climb(engine: Engine, ids: list[str]) -> None:
    """Close a chain from its beginning; a bead whose turn it is not would be seen, as would one not closed."""
    for id in ids:
        assert engine.town.column(engine.town.beads[id]) == "ready", f"{id} is not ready"
        await engine.ask(CloseBead(id))
        assert engine.town.beads[id].status == "closed", f"{id} is acknowledged and not closed"


async def chains(engine: Engine, name: str, count: int, moves: int, disk: list[float]) -> tuple[float, float]:
    """Close `count` chains of `moves` beads side by side; returns closes a second and CPU microseconds a close.

    The disk's bare rate is sampled before and in seven pauses on the way (kept in `disk`): others use this disk, too.
    """
    made = [chain(f"{name}{number}", moves) for number in range(count)]
    await create(engine, [event for one in made for event in one])
    seconds = cpu = 0.0
    step = -(-moves // _PAUSES)
    for first in range(0, moves, step):
        await engine.flush()
        disk.append(bare(engine.place.gastown))
        began, used = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for one in made:
                group.create_task(climb(engine, [event.bead.id for event in one[first : first + step]]))
        seconds, cpu = seconds + time.perf_counter() - began, cpu + time.process_time() - used
    return count * moves / seconds, cpu / (count * moves) * 1e6


async def door(engine: Engine, place: Place, moves: int) -> float:
    """Closes a second through the door, one request after the other, a connection each, as `gt` and agents ask."""
    made = chain("door", moves)
    await create(engine, made)
    client = Client.of(place)

    def ask() -> float:
        began = time.perf_counter()
        for event in made:
            client.order("close_bead", {"bead": event.bead.id})
        return moves / (time.perf_counter() - began)

    return await asyncio.to_thread(ask)


def bare(folder: Path, seconds: float = 0.15) -> float:
    """Appends of one line with an fdatasync each, a second: what this disk can do at the most."""
    path = folder / "bare"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        os.write(fd, _LINE)
        os.fdatasync(fd)
        count += 1
    took = time.perf_counter() - began
    os.close(fd)
    path.unlink()
    return count / took


def git(root: Path, count: int) -> float:
    """Closes a second as a commit each, by git's own commands, told to sync what they write."""
    env = clean(root.parent / "home")
    sync = ["git", "-c", "core.fsync=all"]
    tree = rigs.git(root, "rev-parse", "main^{tree}")
    parent = rigs.git(root, "rev-parse", "main")
    began = time.perf_counter()
    for number in range(count):
        command = [*sync, "commit-tree", tree, "-p", parent, "-m", f"close hanoi-{number}"]
        parent = subprocess.run(command, cwd=root, env=env, check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run([*sync, "update-ref", "refs/heads/peer", parent], cwd=root, env=env, check=True)
    return count / (time.perf_counter() - began)


def sqlite(folder: Path, count: int) -> float:
    """Closes a second as a transaction each: WAL, synchronous=FULL, one row changed and one event written."""
    base = sqlite3.connect(folder / "peer.db", isolation_level=None)
    base.execute("pragma journal_mode=wal")
    base.execute("pragma synchronous=full")
    base.execute("create table beads (id text primary key, status text)")
    base.execute("create table events (seq integer primary key, bead text, what text)")
    base.execute("begin")
    base.executemany("insert into beads values (?, 'open')", [(f"hanoi-{n}",) for n in range(count)])
    base.execute("commit")
    began = time.perf_counter()
    for number in range(count):
        base.execute("begin")
        base.execute("update beads set status = 'closed' where id = ?", (f"hanoi-{number}",))
        base.execute("insert into events (bead, what) values (?, 'closed')", (f"hanoi-{number}",))
        base.execute("commit")
    took = time.perf_counter() - began
    base.close()
    return count / took


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[tuple[Engine, Place]]:
    """An engine with its door in a new repository."""
    place = founded(folder)
    async with hosting(place) as engine:
        await until_async(lambda: engine.town.engine.running, "the engine to run")
        yield engine, place


async def measure(folder: Path, disks: int, count: int, sample: int) -> dict[str, float]:
    """Every figure of one run."""
    moves = 2**disks - 1
    found: dict[str, float] = {"disks": disks, "moves": moves, "chains": count}
    async with town(folder) as (engine, place):
        for name, side, length in (("one_chain", 1, moves), ("chains", count, max(1, moves // count))):
            disk: list[float] = []
            rate, cpu = await chains(engine, name, side, length, disk)
            floor = statistics.median(disk)
            found |= {f"{name}_per_s": rate, f"{name}_cpu_us": cpu, f"{name}_bare_per_s": floor}
            beside = f"the disk's bare fdatasync {floor:.0f} ({min(disk):.0f} to {max(disk):.0f})"
            say(f"{side} x {length} moves: {rate:.0f} closes a second, {cpu:.0f} us of CPU each; beside it {beside}")
        found["door_per_s"] = await door(engine, place, sample)
        say(f"through the door, one after the other: {found['door_per_s']:.0f} a second")
        await engine.flush()
        held = engine.town
    again = Engine.open(place)
    found["survived"] = float(again.town.beads == held.beads and again.town.seq >= held.seq)
    again.close()
    found["git_per_s"], found["sqlite_per_s"] = git(place.root, sample), sqlite(folder, sample)
    found["one_chain_to_bare"] = found["one_chain_per_s"] / found["one_chain_bare_per_s"]
    return found


def main() -> int:
    """Run the benchmark and print its figures, JSON last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disks", type=int, default=15, help="a tower of N disks takes 2^N-1 moves")
    parser.add_argument("--chains", type=int, default=30, help="how many towers are moved side by side")
    parser.add_argument("--quick", action="store_true", help="12 disks and samples of 200: under 40 s")
    options = parser.parse_args()
    disks, sample = (12, 200) if options.quick else (options.disks, 500)
    folder = Path(tempfile.mkdtemp(prefix="hanoi-"))
    try:
        found = asyncio.run(measure(folder, disks, options.chains, sample))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"git commit-tree + update-ref, synced: {found['git_per_s']:.0f} a second (sample of {sample})")
    say(f"SQLite WAL, synchronous=FULL: {found['sqlite_per_s']:.0f} a second (sample of {sample})")
    say(f"Gas Town publishes {PUBLISHED:.0f}: one chain is {found['one_chain_per_s'] / PUBLISHED:.0f} times that")
    targets = {
        "one_chain_per_s": at_least(1000, found["one_chain_per_s"]),
        "one_chain_to_bare": at_least(0.15, found["one_chain_to_bare"]),
        f"{options.chains}_chains_per_s": at_least(4000, found["chains_per_s"]),
        "reopened_as_acknowledged": at_least(1, found["survived"]),
    }
    figures = {name: round(value, 3) for name, value in found.items()}
    return finish("hanoi", {**figures, "published_per_s": PUBLISHED}, targets)


if __name__ == "__main__":
    raise SystemExit(main())
