"""The key of two that collide, from the pane to the engine and back: one waits, and it is said."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from gastown_tui.cockpit.app import Cockpit
from tests.cockpit.driving import Driven
from tests.cockpit.fixtures.links import FixedClock, FixtureLink
from tests.cockpit.fixtures.todo_app import NOW
from tests.engine.standing import ONE, OTHER, standing


def test_s_has_one_of_two_wait_for_the_other(tmp_path: Path) -> None:
    async def story() -> None:
        async with standing(tmp_path) as town:
            await town.until(lambda t: [c for c in t.collisions if c.kind == "conflict"], "the collision")
            # What is said on the screen stands as long as this clock does.
            clock = FixedClock(NOW)
            app = Cockpit(town.engine, clock=clock)
            async with app.run_test(size=(160, 40)) as pilot:
                await pilot.pause()
                it = Driven(app, pilot, clock, cast(FixtureLink, None))
                await it.press("g", "2")
                for _ in range(12):
                    if it.screen.board.bead in (ONE, OTHER):
                        break
                    await it.press("l")
                assert it.screen.board.bead in (ONE, OTHER)
                await it.press("s", "s")
                await town.until(lambda t: t.beads[OTHER].needs == (ONE,), "the other to wait")
                await it.redraw()
                assert f"({OTHER}) waits until" in it.text() and "u undoes it" in it.text()
                await it.press("s", "s")
                await it.redraw()
                assert "one of the two waits for the other already" in it.text()

    asyncio.run(story())
