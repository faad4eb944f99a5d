"""The application: themes, the screen, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType

from gastown_tui.cockpit import themes
from gastown_tui.cockpit.guide import Guide
from gastown_tui.cockpit.screen import TownScreen
from gastown_tui.cockpit.themes import Palette
from gastown_tui.engine.link import Link
from gastown_tui.world import Clock, SystemClock

DEFAULT_THEME = "gastown"
BEHIND = 6
"""Writes a terminal may be behind before nothing more is drawn; Textual blocks at 30."""


class Cockpit(App[str], inherit_bindings=False):
    """The cockpit over one link to a town; its result says why it ended."""

    TITLE = "Gas Town"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = "Screen { background: $background; }"

    def __init__(self, link: Link, *, theme: str | None = None, read_only: bool = False, clock: Clock | None = None,
                 ascii: bool = False, ask_cap: Callable[[float], None] | None = None,
                 guide: Guide | None = None) -> None:  # fmt: skip
        super().__init__()
        self._palettes: dict[str, Palette] = {}
        for name in themes.names():
            made, palette = themes.named(name)
            palette.ascii = ascii
            self.register_theme(made)
            self._palettes[name] = palette
        chosen = theme or DEFAULT_THEME
        if chosen not in self._palettes:
            themes.named(chosen)
        self.theme = chosen
        self.town = TownScreen(link, self._palettes[chosen], clock or SystemClock(), read_only, ask_cap, guide)

    def get_default_screen(self) -> TownScreen:
        """The one screen."""
        return self.town

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Variables of ours, for Textual's own themes, which do not have them."""
        return {"gt-well": "#0e0f12", "gt-muted": "#9a9ea6"}

    @property
    def backed_up(self) -> bool:
        """Whether the terminal takes nothing (a stalled line, ctrl+s): writing on would block the loop, and with it the
        engine that runs in it.
        """
        writer = getattr(self._driver, "_writer_thread", None)
        return writer is not None and writer._queue.qsize() > BEHIND

    def change_theme(self, name: str) -> None:
        """Another theme; "" is the next one."""
        names = list(self._palettes)
        self.theme = name or names[(names.index(self.theme) + 1) % len(names)]
        self.town.palette = self._palettes[self.theme]
        self.town.draw()


def wants_ascii() -> bool:
    """Whether the locale cannot draw the signs."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return bool(locale) and "utf" not in locale.lower()
