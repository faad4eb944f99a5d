"""Opens a cockpit without a terminal, presses keys, and reads what is on its screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from gastown_tui.cockpit.app import Cockpit
from tests.cockpit.fixtures.links import FixedClock, FixtureLink
from tests.cockpit.fixtures.todo_app import NOW

Script = Callable[["Driven"], Awaitable[None]]


class Driven:
    """A running cockpit."""

    def __init__(self, app: Cockpit, pilot: Pilot[Any], clock: FixedClock, link: FixtureLink) -> None:
        self.app, self.pilot, self.clock, self.link = app, pilot, clock, link
        self.screen = app.town

    async def press(self, *keys: str) -> None:
        """Press keys and wait until everything they caused is done."""
        await self.pilot.press(*keys)
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def redraw(self) -> None:
        """Let the screen look at the town again."""
        self.screen.poll()
        await self.pilot.pause()

    def rows(self) -> list[str]:
        """The screen as text."""
        return ["".join(part.text for part in strip).rstrip() for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.rows())


def drive(link: FixtureLink, script: Script, size: tuple[int, int] = (120, 40), **options: Any) -> str | None:
    """Run a script against a cockpit over a link; the cockpit's result is returned."""
    clock = FixedClock(NOW)
    app = Cockpit(link, clock=clock, **options)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(Driven(app, pilot, clock, link))

    asyncio.run(run())
    return app.return_value
