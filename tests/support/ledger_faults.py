"""Faults of disks, clocks and people, each put to a town's ledger: how often, and how often nothing was lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.door.host import World, hosting
from gastown_tui.engine.books import Books
from gastown_tui.engine.ledger.archive import Archive
from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.engine.ledger.records import load
from gastown_tui.engine.opening import opened
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import CreateBead
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.segments import encode
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.cli.towns import gt
from tests.engine.towns import founded
from tests.rig.faults import FaultyDisk
from tests.support import rigs
from tests.support.killing import Count, Expected, Killer, whole
from tests.support.waiting import until, until_async


@dataclass(frozen=True)
class Outcome:
    """One fault: how often it was put, how often the town survived it whole, what a person saw, what was counted."""

    fault: str
    runs: int
    survived: int
    seen: str
    counted: str = ""

    @property
    def good(self) -> bool:
        """Whether every run survived."""
        return self.survived == self.runs


class Hasty(SystemClock):
    """Never waits: a disk is looked at again at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Unsynced(DiskFiles):
    """For tests that cut files themselves: nothing has to reach the disk."""

    def sync(self, fd: int) -> None:
        """Do nothing."""

    def sync_folder(self, path: Path) -> None:
        """Do nothing."""


def bead(id: str) -> e.BeadCreated:
    """An event that files a bead."""
    return e.BeadCreated(beads.make(id, f"Bead {id}", "2026-01-01T00:00:00Z", work=Work(approved=True)))


def killed(folder: Path, runs: int, seed: int, *, per_town: int = 25, longest: float = 0.5) -> Outcome:
    """SIGKILL a loaded engine, on a disk that refuses one write in a hundred, at instants of its first half second."""
    chance, count = random.Random(seed), Count()
    survived = 0
    with Killer(folder / "home") as killer:
        while count.kills < runs:
            place, expected = founded(folder / f"town{count.kills}"), Expected()
            for _ in range(min(per_town, runs - count.kills)):
                before = len(count.wrong)
                killer.kill(place, expected, count, chance, longest)
                survived += len(count.wrong) == before
            count.wrong += whole(place)
    counted = f"{count.answered} answered, {count.refused} refused, {count.busy} kills under load; fsck after each"
    wrong = f" WRONG: {'; '.join(count.wrong[:3])}" if count.wrong else ""
    return Outcome("kill -9", count.kills, survived if not count.wrong else survived - 1, "nothing", counted + wrong)


def cut(folder: Path, step: int) -> Outcome:
    """Cut the journal at every `step`th byte: what is whole is there, and the next record follows."""
    towns, block = [Town()], b""
    events: list[e.AnyEvent] = [e.TownFounded("r", "main", "r", "0"), *(bead(f"r-{n}") for n in range(11))]
    for seq, event in enumerate(events, 1):
        record = e.Record(seq, 1.5 * seq, "me", event)
        towns.append(towns[-1].after(record))
        block += encode(seq, e.encode(record))
    runs = survived = 0
    folder.mkdir(exist_ok=True)
    path = folder / "1.jsonl"
    for length in range(0, len(block) + 1, step):
        path.write_bytes(block[:length])
        journal = Journal(folder, Unsynced())
        town = Town().after_all(e.decode(line) for _, line in journal.replay(0))
        following = e.Said("overseer", "on") if town.seq else events[0]
        record = e.Record(town.seq + 1, 99.0, "me", following)
        journal.append([(record.seq, e.encode(record))])
        journal.close()
        again = Journal(folder, Unsynced(), readonly=True)
        later = Town().after_all(e.decode(line) for _, line in again.replay(0))
        runs += 1
        survived += town == towns[block[:length].count(b"\n")] and later == town.after(record)
        for left in folder.iterdir():
            left.unlink()
    return Outcome("journal cut at a byte", runs, survived, "nothing", f"{len(block)} bytes, 12 records")


def refused_at_every_call(folder: Path, times: int) -> Outcome:
    """Let each write and each sync fail in turn, `times` in a row: ENOSPC for a write, EIO for a sync."""
    root, runs, survived, at, seen = rigs.make(folder / "rig"), 0, 0, 0, ""
    while True:
        disk = FaultyDisk(at, times)
        good, said = asyncio.run(_five_orders(root, folder / f"journal{at}", f"ledger{at}", disk))
        if len(disk.calls) <= at:
            return Outcome(
                f"{times} write or sync fails", runs, survived, seen, f"each of {runs} calls of 6 orders and 3 commits"
            )
        runs, survived, at = runs + 1, survived + good, at + 1
        seen = said or seen


async def _five_orders(root: Path, folder: Path, branch: str, disk: FaultyDisk) -> tuple[bool, str]:
    done: list[str] = []
    refused: list[str] = []
    said = ""
    try:
        journal, ledger = Journal(folder, disk), Ledger(root, branch, disk)
    except GasTownError as error:
        return not Journal(folder, DiskFiles(), readonly=True).segments(), error.title
    books, archive = Books(journal, Hasty(), load(ledger, journal)), Archive(ledger, journal)
    books.listeners.append(archive.take)
    async with asyncio.TaskGroup() as group:
        group.create_task(books.run())
        founding = e.TownFounded("r", "main", "r", "0")
        events: list[tuple[str, e.AnyEvent]] = [("", founding), *((f"r-{n}", bead(f"r-{n}")) for n in range(5))]
        for number, (id, event) in enumerate(events):
            while True:
                try:
                    await books.record("me", event)
                    done.append(id)
                    break
                except GasTownError as error:
                    said = f"{error.title} {error.hint}"
                    if id and id not in refused and number % 2:
                        refused.append(id)  # given up: it must not be there
                        break
            if number % 2:
                with contextlib.suppress(OSError, GasTownError):
                    await archive.flush(books.town)
        books.close()
    journal.close()
    found = load(Ledger(root, branch), Journal(folder, DiskFiles(), readonly=True))
    journal = Journal(folder, DiskFiles())
    journal.append([(found.seq + 1, b"{}")])
    journal.close()
    return set(found.beads) == {id for id in done if id} and not set(refused) & set(found.beads), said


def clock(folder: Path, runs: int, seed: int) -> Outcome:
    """Let the clock jump by up to a year before each order, and open the town again."""
    chance = random.Random(seed)

    class Jumping(SystemClock):
        def now(self) -> float:
            return time.time() + chance.uniform(-3e7, 3e7)

    place = founded(folder)

    async def story() -> int:
        held = opened(place, Jumping(), RandomIds(), DiskFiles())
        books, archive = held.base.books, held.base.archive
        books.listeners.append(archive.take)
        async with asyncio.TaskGroup() as group:
            group.create_task(books.run())
            for number in range(runs):
                await books.record("me", bead(f"rg-{number}"))
                if number % 16 == 0:
                    await archive.flush(books.town)
            books.close()
        held.close()
        return int(read_town(place) == books.town)

    same = asyncio.run(story())
    return Outcome("clock jumps", runs, runs if same else 0, "nothing", "jumps of up to a year, either way")


def two_engines(folder: Path, runs: int) -> Outcome:
    """Open a town that has an engine: the second is refused and told who has it."""
    place, refused, seen = founded(folder), 0, ""
    held = opened(place, SystemClock(), RandomIds(), DiskFiles())
    for _ in range(runs):
        try:
            opened(place, SystemClock(), RandomIds(), DiskFiles()).close()
        except GasTownError as error:
            refused += str(os.getpid()) in error.title
            seen = f"{error.title} {error.hint}"
    held.close()
    return Outcome("two engines", runs, refused, seen)


def moved(folder: Path, runs: int) -> Outcome:
    """Move or delete gt-ledger between two commits: noticed, nothing lost, set back on the overseer's word."""
    place, survived, seen = founded(folder), 0, ""
    stranger = rigs.git(place.root, "rev-parse", "main")

    async def story() -> None:
        nonlocal survived, seen
        held = opened(place, SystemClock(), RandomIds(), DiskFiles())
        books, archive = held.base.books, held.base.archive
        books.listeners.append(archive.take)
        async with asyncio.TaskGroup() as group:
            group.create_task(books.run())
            await books.record("me", bead("rg-first"))
            await archive.flush(books.town)
            for number in range(runs):
                where = ("-d", "refs/heads/gt-ledger") if number % 3 == 2 else ("refs/heads/gt-ledger", stranger)
                rigs.git(place.root, "update-ref", *where)
                seen = archive.moved() or seen
                await books.record("me", bead(f"rg-{number}"))
                with contextlib.suppress(GasTownError):
                    await archive.flush(books.town)
                archive.set_back()
                await archive.flush(books.town)
                survived += load(Ledger(place.root), Journal(folder / "none", DiskFiles())) == books.town
            books.close()
        held.close()

    asyncio.run(story())
    return Outcome("gt-ledger moved underneath", runs, survived, seen)


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path | None]:
    """A file system of its own in `folder`; None where this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], capture_output=True, check=False
    )
    try:
        yield folder if made.returncode == 0 else None
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def _remounted(disk: Path, how: str) -> bool:
    command = ["mount", "-o", f"remount,{how}", str(disk)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def full_disk(folder: Path) -> Outcome:
    """Fill the disk under a running engine, and free it again."""
    with small_disk(folder, 32) as disk:
        if disk is None:
            return Outcome("a full disk (tmpfs)", 0, 0, "skipped: only root may mount one")
        place = founded(disk)
        seen = asyncio.run(_filled(place.root, disk))
    return Outcome("a full disk (tmpfs)", 1, int(seen.startswith("The journal")), seen)


async def _filled(root: Path, disk: Path) -> str:
    from gastown_tui.engine.place import Place

    async with hosting(Place(root), World.real()) as engine:
        kept = (await engine.ask(CreateBead("Kept")))["bead"]
        filler = disk / "filler"
        with filler.open("wb") as file, contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))
        said, titles = "", 0
        try:
            while titles < 500:
                await engine.ask(CreateBead(f"Bead {titles} {'x' * 400}"))
                titles += 1
        except GasTownError as error:
            said = f"{error.title} {error.hint}"
        shown = await asyncio.to_thread(gt, root, "status")
        refused = await asyncio.to_thread(gt, root, "bead", "create", "Refused")
        well = "ledger: cannot write (No space left on device)" in shown.out and refused.code == 6
        filler.unlink()
        await until_async(lambda: "ledger" not in engine.notes, "the disk to be found well")
        last = (await engine.ask(CreateBead("After")))["bead"]
        await engine.flush()
        found = read_town(Place(root)).beads
        well = well and kept in found and last in found and len(found) == titles + 2
        return said if well else f"WRONG: {said} {shown.out} {refused}"


def read_only(folder: Path) -> Outcome:
    """Mount the disk read-only while no engine runs: everything reads, nothing starts, and it says why."""
    with small_disk(folder, 32) as disk:
        if disk is None:
            return Outcome("a read-only disk (tmpfs)", 0, 0, "skipped: only root may mount one")
        root = founded(disk).root
        assert gt(root, "up").code == 0 and gt(root, "bead", "create", "Kept").code == 0 and gt(root, "down").code == 0
        until(lambda: _remounted(disk, "ro"), "the engine to be gone from the disk")
        looks = [gt(root, *words) for words in (("status",), ("bead", "list"), ("log",), ("doctor",))]
        up = gt(root, "up")
        assert _remounted(disk, "rw")
        again = gt(root, "up").code == 0 and gt(root, "down").code == 0
        reads = [said.code for said in looks] == [0, 0, 0, 1] and "Kept" in looks[1].out and "Kept" in looks[2].out
        seen = " ".join(up.err.split())
        good = reads and up.code == 6 and again
        wrong = "" if good else f"WRONG: {[(said.code, said.err[-200:]) for said in looks]} {up.code} {again} "
        return Outcome("a read-only disk (tmpfs)", 1, int(good), wrong + seen)
