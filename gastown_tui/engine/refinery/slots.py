"""Test slots: pooled worktrees in which the gates run, each set up once and then only moved from commit to commit."""

from __future__ import annotations

from gastown_tui.engine.base import Base
from gastown_tui.engine.gating.turns import cores_here
from gastown_tui.model.town import Town

MOST = 8
"""Slots that are made without being asked for: more share one disk and one set of ports."""


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
        each = max((gate.cores for gate in config.gates), default=1.0)
        return max(1, min(MOST, int(cores_here() / each)))

    def free(self, town: Town) -> list[int]:
        """The numbers of the slots that no run in flight has, lowest first."""
        taken = {run.slot for run in town.testing.values()}
        return [number for number in range(1, self.count + 1) if number not in taken]
