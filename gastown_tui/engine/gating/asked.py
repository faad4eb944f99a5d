"""How runs are named by their gates: of all of them as they are configured, or of one alone."""

from __future__ import annotations

import hashlib

from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery import ci
from gastown_tui.model.merge import TestRun

SLOT = "gates-1"
"""The worktree of runs somebody asked for: they take no test slot from the queue."""

_OF = ":"


def gates_id(base: Base) -> str:
    """Names the gates as they are configured: verdicts are kept by tree and by this."""
    return hashlib.sha256(f"{base.config.gates!r}{ci.named(base)}".encode()).hexdigest()[:12]


def some(base: Base, name: str) -> str:
    """What a run of one gate alone carries: it is no verdict on its tree."""
    return f"{gates_id(base)}{_OF}{name}"


def only(run: TestRun) -> tuple[str, ...]:
    """The names of the only gates a run is of; none when it is of all."""
    name = run.gates.partition(_OF)[2]
    return (name,) if name else ()


def outdated(base: Base, run: TestRun) -> bool:
    """Whether the gates are configured otherwise than when a run began: it would be no verdict of either."""
    return run.gates.partition(_OF)[0] != gates_id(base)
