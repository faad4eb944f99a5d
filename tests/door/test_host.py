"""The real engine behind the real door: a second cockpit sees what the first one sees, and one town has one engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.door.client import Client
from gastown_tui.door.host import hosting
from gastown_tui.model.errors import Refused
from gastown_tui.model.orders import DoOnce
from tests.door.serving import until
from tests.door.test_remote import following
from tests.engine.towns import founded, note, rehearse


def test_a_bead_lands_and_both_bodies_of_the_link_agree(tmp_path: Path) -> None:
    async def scene() -> None:
        place = founded(tmp_path)
        async with hosting(place) as engine, following(place) as link:
            await link.ready.wait()
            bead = (await link.ask(DoOnce(rehearse(note("a.txt")))))["bead"]
            await until(lambda: bead in link.town.beads and link.town.beads[bead].work.stage == "landed")
            await until(lambda: link.town == engine.town)
            polecat = next(a.name for a in link.town.agents.values() if a.bead == bead and a.role == "polecat")
            await until(lambda: link.feed(polecat) == engine.feed(polecat))
            assert link.spool(polecat) == engine.spool(polecat) and engine.spool(polecat) is not None
            assert link.config == engine.config
        assert not place.engine_json.exists() and not place.held
        assert not place.socket.exists()

    asyncio.run(scene())


def test_one_town_has_one_engine(tmp_path: Path) -> None:
    async def scene() -> None:
        place = founded(tmp_path)
        async with hosting(place):
            with pytest.raises(Refused, match="Another engine"):
                async with hosting(place):
                    pass
            assert (await asyncio.to_thread(Client.of(place).status))["engine"], "the first one never noticed"

    asyncio.run(scene())


def test_an_order_to_stop_ends_the_engine_and_the_door_with_it(tmp_path: Path) -> None:
    async def scene() -> None:
        place = founded(tmp_path)
        async with hosting(place) as engine:
            await asyncio.to_thread(Client.of(place).order, "stop")
            await until(engine.stopped.is_set)
        assert not place.held and not place.engine_json.exists()

    asyncio.run(scene())
