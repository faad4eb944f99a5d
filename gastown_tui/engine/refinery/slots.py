"""Test slots: pooled worktrees in which the gates run, each set up once and then only moved from commit to commit."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from gastown_tui.engine import commands
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.preparing import bring, mark
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.town import Town

MOST = 8
"""Slots that are made without being asked for: more share one disk and one set of ports."""

WARM = ("node_modules", ".venv", "venv", "target", ".gradle", "vendor", ".tox", ".nox")
"""Folders of dependencies and build products: they stay from run to run unless git has them."""

_SETUP_SECONDS = 900.0


class Slots:
    """The worktrees refinery-1 to refinery-N; nobody but the Refinery works in them."""

    def __init__(self, base: Base) -> None:
        self._base = base

    @property
    def count(self) -> int:
        """How many runs there may be at once: as config.toml says, else the cores divided by those of a run."""
        config = self._base.config
        if config.slots:
            return config.slots
        each = max((getattr(gate, "cores", 1.0) for gate in config.gates), default=1.0)
        return max(1, min(MOST, int(len(os.sched_getaffinity(0)) / max(each, 0.1))))

    def free(self, town: Town) -> list[int]:
        """The numbers of the slots that no run in flight has, lowest first."""
        taken = {run.slot for run in town.testing.values()}
        return [number for number in range(1, self.count + 1) if number not in taken]

    async def at(self, slot: int, commit: str) -> Path:
        """The worktree of a slot, exactly at a commit but for warm folders, and set up.

        Raises:
            GasTownError: it cannot be made, or a set-up command failed; it is tried again.
        """
        base = self._base
        settings = base.config.worktree
        path = await base.worktrees.add_detached(f"refinery-{slot}", commit)
        await base.worktrees.reset(path, commit, keep=(*WARM, *settings.copy, *settings.link))
        done = mark(base, path)
        wanted = repr(settings.setup)
        await asyncio.to_thread(bring, base, path)
        if await asyncio.to_thread(_says, done) != wanted:
            env = command_environment(base)
            for command in settings.setup:
                ran = await commands.run(command, path, env, _SETUP_SECONDS, base.clock)
                if not ran.ok:
                    title = f"Set-up of test slot {slot} failed: {ran.why(8)}"
                    raise GasTownError(title, "Nothing is tested there until it works; it is tried again.")
            done.write_text(wanted, encoding="utf-8")
        return path


def _says(mark: Path) -> str:
    try:
        return mark.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
