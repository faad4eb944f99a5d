"""What a program may do at a cockpit in a person's place: write to the Mayor and turn to a pane, until a hand moves."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gastown_tui.cockpit.places import accordion

if TYPE_CHECKING:
    from gastown_tui.cockpit.screen import TownScreen

_BEAT = 1 / 24
"""Seconds between two pieces of typing: quicker ones would only be drawn together."""
_WEIGHT = {" ": 1.6, ",": 5.0, ":": 7.0, ".": 9.0, "/": 2.0}
"""How long a sign takes beside a letter's 1: people rest after words, and longer where a thought ends."""
_BREATH = 0.5
"""Seconds between the last letter and Enter."""


class Guide:
    """Give one to `run_cockpit` and use it from a task beside it. Where there is no screen it does nothing.

    `taken` says that a person has begun to choose for themselves: panes are not turned for them any more.
    """

    def __init__(self) -> None:
        self._screen: TownScreen | None = None
        self._opened, self._sent = asyncio.Event(), asyncio.Event()
        self._writing, self._rest = False, ""
        self._touched = 0.0
        self.taken = False

    async def write(self, text: str, seconds: float) -> bool:
        """Write to the Mayor letter by letter in about so many seconds, and send it.

        Enter, or any other key that writes nothing, sends all of it at once. A letter of the person's makes what is
        written theirs: to change, and to send when they like.

        Returns:
            Whether something was sent; False when there is no screen, and the caller has to see to it.
        """
        await self._opened.wait()
        if self._screen is None:
            return False
        self._writing, self._rest = True, text
        self._sent.clear()
        for letters, pause in rhythm(text, seconds - _BREATH):
            if self._screen is None or not self._writing:
                break
            self._rest = self._rest[len(letters) :]
            self._screen.call_later(self._screen.mayor_field.insert, letters)
            await self._rest_for(pause)
        else:
            await self._rest_for(_BREATH)
            if self._writing:
                self._finish()
        await self._sent.wait()
        return self._screen is not None

    async def _rest_for(self, seconds: float) -> None:
        """Wait, unless it is sent meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._sent.wait(), seconds)

    def turn(self, pane: str) -> None:
        """Show a pane, unless the person chooses for themselves or has something open."""
        screen = self._screen
        if screen is not None and not self.taken and not self._occupied(screen):
            screen.call_later(screen.desk.focus_pane, pane)

    def say(self, text: str) -> None:
        """Say something in the footer for a few seconds."""
        if self._screen is not None:
            self._screen.call_later(self._screen.desk.say, text)

    @property
    def seated(self) -> bool:
        """Whether there is a screen."""
        return self._screen is not None

    @property
    def narrow(self) -> bool:
        """Whether there is a screen, and it shows one pane at a time."""
        return self._screen is not None and accordion(*self._screen.app.size)

    @property
    def still(self) -> float:
        """Seconds since the person last used a key; 0 while they have something open, infinite without a screen."""
        screen = self._screen
        if screen is None:
            return math.inf
        return 0.0 if self._occupied(screen) else screen.clock.monotonic() - self._touched

    @staticmethod
    def _occupied(screen: TownScreen) -> bool:
        """Whether the person has something open that is theirs to close."""
        if screen.top is not None:
            return screen.top.dims
        return screen.paused or screen.submit is not None or bool(screen.mayor_field.text)

    def _finish(self) -> None:
        """Write what is left, and send."""
        if self._screen is not None:
            self._screen.call_later(self._screen.mayor_field.insert, self._rest)
            self._screen.call_later(self._screen.mayor_field.send)
        self._writing, self._rest = False, ""

    # What the screen tells the guide.

    def sit(self, screen: TownScreen) -> None:
        """There is a screen."""
        self._screen, self._touched = screen, screen.clock.monotonic()
        self._opened.set()

    def rise(self) -> None:
        """There is no screen any more, or there will never be one."""
        self._screen, self._writing = None, False
        self._opened.set()
        self._sent.set()

    def sent(self) -> None:
        """Something was said to the Mayor."""
        self._writing = False
        self._sent.set()

    def touched(self, key: str, character: str | None = None, writing: bool = False) -> bool:
        """The person used a key or clicked, while the cursor was in the Mayor's field (`writing`) or not.

        Returns:
            Whether the key has done its work by that.
        """
        if self._screen is None:
            return False
        self._touched = self._screen.clock.monotonic()
        if not self._writing:
            self.taken = True
            return False
        if writing and character is not None and character.isprintable() and character != " ":
            self.taken, self._writing = True, False
            self.say("It is yours now: Enter sends what is written")
            return False
        self._finish()
        used = key in ("enter", "space")
        self.taken = self.taken or not used
        return used


def rhythm(text: str, seconds: float) -> Iterator[tuple[str, float]]:
    """Pieces of a text, and the seconds to wait after each: as a person writes, in so many seconds altogether.

    Letters that would come sooner than a screen shows them come together.
    """
    weights = [_WEIGHT.get(char, 1.0) for char in text]
    unit = max(0.0, seconds) / (sum(weights) or 1.0)
    letters, waited = "", 0.0
    for char, weight in zip(text, weights, strict=True):
        letters += char
        waited += weight * unit
        if waited >= _BEAT:
            yield letters, waited
            letters, waited = "", 0.0
    if letters:
        yield letters, waited
