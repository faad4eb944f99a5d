"""The only writer: durable before told, all of a group or nothing, and a disk that says no."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.engine.books import Books
from gastown_tui.engine.ledger.archive import Archive, headline, message, records_of
from gastown_tui.engine.ledger.reading import read_town, records
from gastown_tui.engine.ledger.records import load
from gastown_tui.engine.place import Place
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.model.errors import CannotWrite, Illegal
from gastown_tui.model.orders import Answer, CreateBead
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.world import DiskFiles, SystemClock
from tests.engine.towns import founded, running
from tests.support import rigs


class Failing(DiskFiles):
    """A disk that refuses while `full` is set."""

    full = False

    def append(self, fd: int, data: bytes) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().append(fd, data)


def created(id: str) -> e.BeadCreated:
    """An event that makes a bead."""
    return e.BeadCreated(beads.make(id, f"Bead {id}", "2026-11-21T00:00:00Z", work=Work(approved=True)))


def test_a_full_disk_refuses_keeps_what_was_acknowledged_and_goes_on_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        files = Failing()
        journal = Journal(tmp_path / "journal", files)
        books = Books(journal, SystemClock(), Town())
        writer = asyncio.create_task(books.run())
        await books.record("me", e.TownFounded("r", "main", "r", "0"), created("r-1"))
        files.full = True
        first = books.write("me", created("r-2"))
        second = books.write("me", created("r-3"))
        for refused in (first, second):
            with pytest.raises(CannotWrite, match="cannot be written"):
                await refused
        assert set(books.town.beads) == set(books.pending.beads) == {"r-1"}
        assert "cannot write" in books.trouble
        files.full = False
        await books.record("me", created("r-2"))
        assert not books.trouble
        books.close()
        await writer
        journal.close()
        again = Journal(tmp_path / "journal", files, readonly=True)
        assert [seq for seq, _ in again.replay(0)] == [1, 2, 3]

    asyncio.run(story())


def test_a_group_with_one_illegal_event_changes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        books = Books(Journal(tmp_path / "journal", DiskFiles()), SystemClock(), Town())
        before = books.pending
        with pytest.raises(Illegal):
            books.write("me", e.TownFounded("r", "main", "r", "0"), created("r-1"), created("r-1"))
        assert books.pending is before

    asyncio.run(story())


def test_a_watcher_gets_what_it_missed_and_then_what_comes(tmp_path: Path) -> None:
    async def story() -> None:
        books = Books(Journal(tmp_path / "journal", DiskFiles()), SystemClock(), Town())
        writer = asyncio.create_task(books.run())
        await books.record("me", e.TownFounded("r", "main", "r", "0"), created("r-1"))
        seen: list[int] = []

        async def watch() -> None:
            async for record in books.watch(1):
                seen.append(record.seq)
                if record.seq == 4:
                    return

        watcher = asyncio.create_task(watch())
        await books.record("me", created("r-2"))
        await books.record("me", created("r-3"))
        await watcher
        assert seen == [2, 3, 4]
        books.close()
        await writer

    asyncio.run(story())


def test_the_ledger_alone_gives_the_town_back(tmp_path: Path) -> None:
    async def story() -> None:
        root = rigs.make(tmp_path / "rig")
        files = DiskFiles()
        journal, ledger = Journal(tmp_path / "journal", files), Ledger(root, files=files)
        books = Books(journal, SystemClock(), load(ledger, journal))
        archive = Archive(ledger, journal)
        books.listeners.append(archive.take)
        writer = asyncio.create_task(books.run())
        await books.record("me", e.TownFounded("r", "main", "r", "0"))
        for number in range(40):
            await books.record("me", created(f"r-{number}"), e.Said("overseer", f"line\n{number} \x1b[31m"))
            if number % 7 == 0:
                await archive.flush(books.town)
        await archive.flush(books.town)
        books.close()
        await writer
        assert load(Ledger(root, files=files), Journal(tmp_path / "empty", files)) == books.town
        assert rigs.is_sound(root)
        shown = rigs.git(root, "log", "-1", "--format=%B", "gt-ledger")
        assert shown.rstrip().endswith("Seq: 81")

    asyncio.run(story())


def test_a_flush_that_is_cancelled_is_written_once_and_whole(tmp_path: Path) -> None:
    """The engine stops while the ledger follows: what the thread was writing counts, and nothing is written again."""
    entered, go = threading.Event(), threading.Event()

    class Slow(Ledger):
        def commit(self, *given: Any) -> str:
            entered.set()
            assert go.wait(30)
            return super().commit(*given)

    async def story() -> None:
        files = DiskFiles()
        journal, ledger = Journal(tmp_path / "journal", files), Slow(rigs.make(tmp_path / "rig"), files=files)
        books = Books(journal, SystemClock(), load(ledger, journal))
        archive = Archive(ledger, journal)
        books.listeners.append(archive.take)
        writer = asyncio.create_task(books.run())
        await books.record("me", e.TownFounded("r", "main", "r", "0"), created("r-1"))
        flushing = asyncio.create_task(archive.flush(books.town))
        await asyncio.to_thread(entered.wait, 30)
        flushing.cancel()
        asyncio.get_running_loop().call_later(0.05, go.set)
        with pytest.raises(asyncio.CancelledError):
            await flushing
        await books.record("me", created("r-2"))
        await archive.flush(books.town)
        books.close()
        await writer
        told = [record.seq for _, _, text in ledger.messages() for record in records_of(text)]
        assert told == [1, 2, 3] and ledger.moved() is None

    asyncio.run(story())


def test_a_message_holds_its_records_whatever_they_say() -> None:
    group = [
        e.Record(1, 1.5, "me", e.Said("overseer", 'a\n{"seq":9}\nSeq: 99\n\x1b]52;c;x\x07')),
        e.Record(2, 2.5, "me", created("r-1")),
    ]
    assert list(records_of(message(group))) == group
    assert "\n" not in headline(group)


def test_a_ledger_somebody_moved_holds_landing_and_asks(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            root = town.place.root
            await town.engine.ask(CreateBead("One"))
            await town.until(lambda t: rigs.git(root, "branch", "--list", "gt-ledger"), "the ledger")
            await town.engine.flush()
            stranger = rigs.git(root, "rev-parse", "main")
            rigs.git(root, "update-ref", "refs/heads/gt-ledger", stranger)
            await town.until(lambda t: any(n.kind == "ledger" for n in t.needs.values()), "the question")
            assert "landing" in town.town.holds
            two = (await town.engine.ask(CreateBead("Two")))["bead"]
            need = next(n for n in town.town.needs.values() if n.kind == "ledger")
            await town.engine.ask(Answer(need.id, "go on"))
            await town.until(lambda t: "landing" not in t.holds, "landing to go on")
            await town.engine.flush()
            assert rigs.git(root, "for-each-ref", "--format=%(objectname)", "refs/gt/moved") == stranger
        assert {b.title for b in read_town(town.place).beads.values()} == {"One", "Two"}, f"with {two}"
        shutil.rmtree(town.place.journal)
        assert {b.title for b in read_town(town.place).beads.values()} == {"One", "Two"}, "the branch alone has all"

    asyncio.run(story())


def test_a_town_can_be_read_beside_its_engine(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        async with running(place) as town:
            bead = (await town.engine.ask(CreateBead("One")))["bead"]
            assert read_town(place).beads[bead].title == "One"
        assert [r.seq for r in records(place)] == list(range(1, read_town(place).seq + 1))

    asyncio.run(story(founded(tmp_path)))


def test_answering_what_nobody_asked_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            with pytest.raises(Exception, match="waits for an answer"):
                await town.engine.ask(Answer("n1", "yes"))

    asyncio.run(story())
