"""Which Python runs the town, and whether the terminal emulator fits it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gastown_tui import __version__
from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, Finding
from gastown_tui.engine.place import Place


def check(place: Place, config: Config) -> Iterator[Finding]:
    """The interpreter, and the emulator behind every screen."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", OK, f"{version} at {sys.executable}, gastown-tui {__version__}")
    try:
        from gastown_tui.agents import screen
    except (ImportError, AssertionError, RuntimeError) as error:
        yield Finding("screens", BAD, f"the terminal emulator does not load: {error}", "Reinstall gastown-tui.")
    else:
        yield Finding("screens", OK, f"the terminal emulator is there ({screen.Screen.__module__})")
