"""A deferral that passes while the town rests: it is recorded, and what was let go starts by itself."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from gastown_tui.door.host import World, hosting
from gastown_tui.engine.ledger.reading import records
from gastown_tui.model import orders as o
from gastown_tui.model.events import Slung, Woken
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.engine.towns import Running, founded, note, rehearse


class Jumping(SystemClock):
    """A clock that is as far ahead as a test says."""

    ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


def test_a_deferred_bead_starts_when_its_time_comes(tmp_path: Path) -> None:
    """Slung before its time, it says until when; nobody needs to do anything then."""
    asyncio.run(_play(tmp_path))


async def _play(tmp_path: Path) -> None:
    place, clock = founded(tmp_path), Jumping()
    async with hosting(place, World(clock, RandomIds(), DiskFiles())) as engine:
        town = Running(engine, place)
        order = o.CreateBead("Later", rehearse(note("later.txt")))
        id = (await town.engine.ask(order))["bead"]
        until = datetime.fromtimestamp(time.time() + 600, UTC).isoformat()
        await town.engine.ask(o.UpdateBead(id, {"defer_until": until}))
        answer = await town.engine.ask(o.Sling(id))
        assert answer["would"] == [] and f"{id} is deferred until {until[:10]}" in answer["why"]
        assert town.town.column(town.bead(id)) == "backlog"
        assert town.town.wake_at == datetime.fromisoformat(until).timestamp()
        clock.ahead = 600.0
        await town.landed(id)
        assert town.town.wake_at == inf
    told = [record for record in records(place) if isinstance(record.event, Woken | Slung)]
    assert [type(record.event) for record in told] == [Woken, Slung] and told[0].event == Woken((id,))
    assert told[0].at >= datetime.fromisoformat(until).timestamp()
