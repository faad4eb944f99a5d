"""Takes on what a person changes in config.toml while the engine runs, and says what has to wait for the next start."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from gastown_tui import config as settings
from gastown_tui.config import Config
from gastown_tui.engine.base import Base
from gastown_tui.model.errors import GasTownError

NOTE = "settings"

LIVE = frozenset({
    "gates", "slots", "pregate", "sheriff", "sheriff_timeout", "sheriff_allow", "max_file_mb", "max_polecats",
    "max_returns", "budget_usd", "memory_reserve_mb", "ci_timeout", "sign_off", "theme",
})  # fmt: skip
"""What may change at any moment; the rest says what the town is, and holds from start to end."""


class Rereading:
    """One look at the file a tick: a stat, unless it was written."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._seen = _stamp(base.place.config)

    async def look(self) -> None:
        """Take on what is new; a file that cannot be read changes nothing, and is said."""
        base, stamp = self._base, _stamp(self._base.place.config)
        if stamp == self._seen:
            return
        self._seen = stamp
        if not stamp:
            base.notes[NOTE] = "config.toml is gone: what it said holds until the engine ends"
            return
        try:
            found = settings.load(base.place.config)
        except GasTownError as error:
            base.notes[NOTE] = f"{error.title} What it said before holds."
            return
        names = _other(base.config, found)
        new = [name for name in names if name in LIVE]
        base.config = replace(base.config, **{name: getattr(found, name) for name in new})
        if later := [name for name in names if name not in LIVE]:
            base.notes[NOTE] = f"changed in config.toml, and taken on by gt down, gt up: {', '.join(later)}"
        else:
            base.notes.pop(NOTE, None)
        if new:
            await base.feed.add(base.clock.now(), "engine", "SETTINGS", f"config.toml is read again: {', '.join(new)}")


def _other(one: Config, two: Config) -> list[str]:
    return [field.name for field in fields(Config) if getattr(one, field.name) != getattr(two, field.name)]


def _stamp(path: Path) -> tuple[int, ...]:
    """What tells one writing of a file from another; () where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
