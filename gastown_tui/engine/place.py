"""Where a town keeps its things: every path under `.gastown` (interfaces.md)."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.model.errors import NoTown


@dataclass(frozen=True)
class Place:
    """The paths of the town in one repository."""

    root: Path

    @property
    def gastown(self) -> Path:
        """The town's folder."""
        return self.root / ".gastown"

    @property
    def config(self) -> Path:
        """config.toml."""
        return self.gastown / "config.toml"

    @property
    def engine_json(self) -> Path:
        """Which engine answers, and where."""
        return self.gastown / "engine.json"

    @property
    def lock(self) -> Path:
        """Held by the engine that has the town."""
        return self.gastown / "engine.lock"

    @property
    def socket(self) -> Path:
        """The door's socket, unless its path is too long."""
        return self.gastown / "engine.sock"

    @property
    def journal(self) -> Path:
        """What is durable and not yet in the ledger."""
        return self.gastown / "journal"

    @property
    def spool(self) -> Path:
        """Raw terminal bytes of every session."""
        return self.gastown / "spool"

    @property
    def worktrees(self) -> Path:
        """Where worktrees are, unless the repository's tools would walk into them."""
        return self.gastown / "worktrees"

    @property
    def hooks(self) -> Path:
        """Git hooks of the guard, and the `gt` agents call."""
        return self.gastown / "hooks"

    @property
    def sessions(self) -> Path:
        """Private scratch folders of sessions: settings files, transcripts."""
        return self.gastown / "sessions"

    @property
    def cache(self) -> Path:
        """What can be made again from the ledger, and may be thrown away at any time."""
        return self.gastown / "cache"

    @property
    def log(self) -> Path:
        """What the engine says of itself."""
        return self.gastown / "log" / "engine.log"

    @property
    def gate_logs(self) -> Path:
        """What the gates printed, a file for each run."""
        return self.gastown / "log" / "gates"

    @property
    def feed(self) -> Path:
        """The feed's lines."""
        return self.spool / "feed.jsonl"

    @property
    def there(self) -> bool:
        """Whether a town was founded here."""
        return self.config.exists()

    @property
    def held(self) -> bool:
        """Whether an engine holds the town now; the lock goes with its process."""
        try:
            fd = os.open(self.lock, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False


def find(start: Path) -> Place:
    """The town `start` lies in: the nearest folder upward with a `.gastown`. Raises NoTown."""
    here = start.resolve()
    outside = _outside_worktree(here)
    for folder in (outside, *outside.parents):
        if Place(folder).there:
            return Place(folder)
    raise NoTown(f"There is no town in {here} or above it.", "Make one in this repository with: gt init")


def _outside_worktree(folder: Path) -> Path:
    """A worktree inside `.gastown` belongs to the town around it."""
    parts = folder.parts
    if ".gastown" in parts:
        return Path(*parts[: parts.index(".gastown")] or (os.sep,))
    return folder
