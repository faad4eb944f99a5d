"""A town seen through the door: the same town, and what is known stays while the line is down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gastown_tui.door.remote import RemoteTown
from gastown_tui.engine.link import Link
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import NoEngine, Refused
from gastown_tui.model.orders import CloseBead, CreateBead
from tests.door.fake import FakeEngine
from tests.door.serving import a_place, serving, until


@contextlib.asynccontextmanager
async def following(place: Place) -> AsyncIterator[RemoteTown]:
    """A link that follows while the block runs."""
    link = RemoteTown(place, again=(0.01,))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(), name="link")
        try:
            yield link
        finally:
            task.cancel()


def test_it_is_a_link(tmp_path: Path) -> None:
    async def scene() -> None:
        link: Link = RemoteTown(a_place(tmp_path))
        assert link.config.rig == "todo" and "lost" in link.notes

    asyncio.run(scene())


def test_snapshot_then_every_event_feed_and_notes(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        await engine.write(e.Said("overseer", "before"))
        async with serving(engine, place), following(place) as link:
            await link.ready.wait()
            assert link.town == engine.town
            assert await link.ask(CreateBead("A wall")) == {"bead": "td-2"}
            await until(lambda: link.town == engine.town and "td-2" in link.town.beads)
            with pytest.raises(Refused):
                await link.ask(CloseBead("td-2"))
            await engine.lines.add(1.0, "obsidian", "RUN", "make", bead="td-2")
            engine.notes["refinery"] = "testing td-2"
            await until(lambda: link.feed("obsidian") and link.notes == {"refinery": "testing td-2"})
            assert [line.text for line in link.feed("obsidian")] == ["make"] and link.feed("quartz") == ()

    asyncio.run(scene())


def test_a_lost_engine_is_said_and_come_back_to(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        async with following(place) as link:
            async with serving(engine, place):
                await engine.write(e.Said("overseer", "one"))
                await until(lambda: link.town.seq == 2)
                assert "lost" not in link.notes
            await until(lambda: "lost" in link.notes)
            assert link.town == engine.town, "what was known stays on the board"
            with pytest.raises(NoEngine):
                await link.ask(CreateBead("A wall"))
            await engine.write(e.Said("overseer", "while nobody listened"))
            async with serving(engine, place):
                await until(lambda: link.town == engine.town and "lost" not in link.notes)

    asyncio.run(scene())


def test_an_event_that_does_not_fit_starts_from_a_new_snapshot(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        async with serving(engine, place), following(place) as link:
            await link.ready.wait()
            engine.records.append(e.Record(9, 9.0, "overseer", e.Said("overseer", "from nowhere")))
            await engine.write(e.Said("overseer", "two"))
            engine.records.sort(key=lambda record: record.seq)
            await until(lambda: link.town == engine.town)
            engine.records = [record for record in engine.records if record.seq < 9]
            await engine.write(e.Said("overseer", "three"))
            await until(lambda: link.town == engine.town)

    asyncio.run(scene())


def test_events_that_are_no_longer_at_hand_start_from_a_new_snapshot(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        async with following(place) as link:
            async with serving(engine, place):
                await until(lambda: link.town == engine.town)
            await engine.write(*(e.Said("overseer", str(n)) for n in range(5)))
            engine.forgotten = engine.town.seq
            async with serving(engine, place):
                await until(lambda: link.town == engine.town and "lost" not in link.notes)

    asyncio.run(scene())
