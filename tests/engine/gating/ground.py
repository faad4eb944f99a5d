"""A founded town's base without its engine: gates run in real worktrees, and nothing happens by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.config import Config
from gastown_tui.engine.base import Base
from gastown_tui.engine.gating.turns import Turns
from gastown_tui.engine.opening import opened
from gastown_tui.model.merge import Car, TestRun
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.engine.towns import founded

CORES = 4.0


@contextlib.contextmanager
def ground(folder: Path, files: dict[str, str] | None = None, **changes: object) -> Iterator[Base]:
    """The base of a town in a new repository; as many cores as the tests think there are."""
    held = opened(founded(folder, files, **changes), SystemClock(), RandomIds(), DiskFiles())
    held.base.turns = Turns(CORES)
    try:
        yield held.base
    finally:
        held.close()


def run(base: Base, number: int = 1, commit: str = "", kind: str = "asked", *beads: str) -> TestRun:
    """A run of the tip, or of another commit."""
    tip = base.repo.tip(f"refs/heads/{base.config.target}")
    cars = tuple(Car(bead, 1, commit or tip) for bead in beads)
    tree = str(base.repo.git("rev-parse", f"{commit or tip}^{{tree}}").line)
    return TestRun(number, kind, tip, cars, commit or tip, tree, "gates", 1, 1_700_000_000.0)


def configured(base: Base, **changes: object) -> Config:
    """Have the town use other settings."""
    import dataclasses

    base.config = dataclasses.replace(base.config, **changes)  # type: ignore[arg-type]
    return base.config
