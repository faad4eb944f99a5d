"""A dropped line reaches a screen that is only being made."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from gastown_tui.cockpit import run
from tests.support.waiting import until_async


class Deaf:
    """A screen that is not there yet: it is told to go, and hears nothing."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def exit(self, why: str) -> None:
        """Forget it."""
        self.told.append(why)


def test_a_screen_that_did_not_hear_of_the_dropped_line_is_told_again() -> None:
    async def story() -> None:
        app: Any = Deaf()
        with run._signals(app):
            os.kill(os.getpid(), signal.SIGHUP)
            await until_async(lambda: len(app.told) >= 2, "the second word")
        told = list(app.told)
        await asyncio.sleep(2 * run._INSISTS)
        assert app.told == told == [run.HANGUP] * len(told), "it was told after it went"

    asyncio.run(story())
