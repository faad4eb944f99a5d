"""A disk that is full, slow or read-only: a clear refusal, nothing begun meanwhile, and the town goes on by itself."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.door.host import World, hosting
from gastown_tui.engine.books import SLOW, Books
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.opening import opened
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import CannotWrite, Refused
from gastown_tui.model.orders import CreateBead
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.cli.towns import gt
from tests.engine.towns import Running, founded, holding, note, rehearse
from tests.support.waiting import until_async


class Refusing(DiskFiles):
    """A disk that refuses every write while `why` is an error's number."""

    why = 0

    def append(self, fd: int, data: bytes) -> None:
        if self.why:
            raise OSError(self.why, os.strerror(self.why))
        super().append(fd, data)


@contextlib.asynccontextmanager
async def on(place: Place, files: DiskFiles) -> AsyncIterator[Running]:
    """The town's engine and door on that disk."""
    async with hosting(place, World(SystemClock(), RandomIds(), files)) as engine:
        yield Running(engine, place)


def test_a_full_disk_holds_the_town_says_so_everywhere_and_everything_goes_on_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        files = Refusing()
        async with on(founded(tmp_path), files) as town:
            root = town.place.root
            at_work = await town.do(rehearse("write a.txt <<END\na\nEND\nonce held wait 600\ncommit Add a\ndone A"))
            await town.until(lambda t: holding(town.place), "a polecat at work")
            await town.engine.flush()
            files.why = errno.ENOSPC
            said = await asyncio.to_thread(gt, root, "bead", "create", "Refused", "--json")
            assert said.code == 6 == said.error["code"] and "kept" in said.error["hint"]
            assert said.error["title"] == "The journal cannot be written: No space left on device."
            shown = await asyncio.to_thread(gt, root, "status")
            assert "\nledger: cannot write (No space left on device)\n" in shown.out
            told = (await asyncio.to_thread(gt, root, "status", "--json")).json
            assert told["notes"]["ledger"] == "ledger: cannot write (No space left on device)"
            agent = next(iter(town.town.live_agents()))
            os.killpg(agent.pid, signal.SIGKILL)
            await until_async(lambda: not processes.is_alive(agent.pid, agent.start_ticks), "it to be dead")
            assert town.town.agents[agent.name].live, "it cannot be written yet"
            files.why = 0
            await town.until(lambda t: not town.engine.notes.get("ledger"), "the disk to be found well")
            await town.landed(at_work)
            assert town.town.agents[agent.name].deaths == 1
            assert [b.title for b in town.town.beads.values() if b.title == "Refused"] == []

    asyncio.run(story())


def test_nothing_is_slung_while_nothing_can_be_written(tmp_path: Path) -> None:
    async def story() -> None:
        files = Refusing()
        async with on(founded(tmp_path), files) as town:
            town.engine.config = dataclasses.replace(town.engine.config, max_polecats=0)
            bead = await town.do(rehearse(note("a.txt")))
            files.why = errno.EROFS
            with pytest.raises(CannotWrite, match="Read-only file system"):
                await town.engine.ask(CreateBead("Refused"))
            town.engine.config = dataclasses.replace(town.engine.config, max_polecats=1)
            held = "holding 1: ledger: cannot write (Read-only file system)"
            await until_async(lambda: town.engine.notes.get("dispatch") == held, "the sling to say why")
            assert not town.engine._sessions.live
            files.why = 0
            await town.landed(bead)

    asyncio.run(story())


class Hanging(DiskFiles):
    """A disk whose next sync answers only when it is let go."""

    def __init__(self) -> None:
        self.hang = False
        self.go = threading.Event()

    def sync(self, fd: int) -> None:
        if self.hang:
            self.go.wait(600)
        super().sync(fd)


class Hands(SystemClock):
    """A clock whose monotonic hand a test can move on."""

    ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


def test_a_disk_that_does_not_answer_refuses_what_comes_and_keeps_what_it_took(tmp_path: Path) -> None:
    async def story() -> None:
        files, clock = Hanging(), Hands()
        books = Books(Journal(tmp_path / "journal", files), clock, Town())
        writer = asyncio.create_task(books.run())
        await books.record("me", e.TownFounded("r", "main", "r", "0"))
        files.hang = True
        taken = books.write("me", e.Said("overseer", "one"))
        await asyncio.sleep(0)
        clock.ahead = SLOW + 2
        await until_async(lambda: books.trouble, "the wait to be noticed")
        assert books.trouble.startswith("ledger: cannot write (the disk has not answered for ")
        with pytest.raises(CannotWrite, match="has not answered"):
            books.write("me", e.Said("overseer", "two"))
        files.hang = False
        files.go.set()
        await taken
        assert not books.trouble and [s.said.text for s in books.town.chat.values()] == ["one"]
        books.close()
        await writer

    asyncio.run(story())


def test_a_ledger_that_took_a_group_is_well_again_though_the_journal_could_not_be_trimmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to write then: were that still trouble, no round would begin anything that could end it."""

    async def story() -> None:
        held = opened(founded(tmp_path), SystemClock(), RandomIds(), DiskFiles())
        books, archive = held.base.books, held.base.archive
        books.listeners.append(archive.take)
        async with asyncio.TaskGroup() as group:
            group.create_task(books.run(), name="books")
            await books.record("me", e.Held("dispatch", "so"))
            with monkeypatch.context() as patched:
                patched.setattr(Journal, "trim", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "unlink")))
                with pytest.raises(OSError, match="unlink") as refused:
                    await archive.flush(books.town)
            archive.failed(refused.value)
            assert held.base.trouble
            await archive.flush(books.town)
            assert not held.base.trouble
            books.close()
        held.close()

    asyncio.run(story())


def test_a_second_engine_is_told_who_has_the_town(tmp_path: Path) -> None:
    place = founded(tmp_path)
    held = opened(place, SystemClock(), RandomIds(), DiskFiles())
    with pytest.raises(Refused, match=f"Another engine has this town: process {os.getpid()}"):
        Engine.open(place)
    said = gt(place.root, "up", "--json")
    assert said.code == 1 and said.error["title"] == f"Another engine has this town: process {os.getpid()}."
    held.close()


def test_a_clock_that_jumps_changes_no_order_and_holds_nobody_up(tmp_path: Path) -> None:
    class Jumping(SystemClock):
        ahead = 0.0

        def now(self) -> float:
            return time.time() + self.ahead

    async def story() -> None:
        clock, place = Jumping(), founded(tmp_path)
        async with hosting(place, World(clock, RandomIds(), DiskFiles())) as engine:
            town = Running(engine, place)
            first = await town.do(rehearse(note("a.txt")))
            clock.ahead = 3e7
            second = await town.do(rehearse(note("b.txt")))
            clock.ahead = -3e7
            await town.landed(first, second)
            seqs = [record.seq for record in engine._base.books._recent]
            assert seqs == list(range(seqs[0], town.town.seq + 1)), "the order is the number's, whatever the clock says"
        async with hosting(place) as engine:
            await Running(engine, place).landed(first, second)

    asyncio.run(story())
