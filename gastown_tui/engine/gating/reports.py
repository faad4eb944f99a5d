"""Finds the JUnit reports a gate wrote, inside its slot only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gastown_tui.model.outcomes import junit
from gastown_tui.model.outcomes.outcome import Outcome

_FILES, _BYTES = 2000, 16 << 20


def clear(slot: Path, globs: Iterable[str]) -> None:
    """Take reports of an earlier run away: in a folder that is kept warm they would be taken for this one's."""
    for path in _found(slot, globs):
        path.unlink(missing_ok=True)


def read(slot: Path, globs: Iterable[str]) -> Outcome | None:
    """What the reports say together, or None when there are none."""
    found = (junit.read(path.read_bytes()) for path in _found(slot, globs) if path.stat().st_size <= _BYTES)
    return junit.joined([outcome for outcome in found if outcome is not None])


def _found(slot: Path, globs: Iterable[str]) -> Iterator[Path]:
    inside = slot.resolve()
    for glob in globs:
        if not glob or glob.startswith("/") or ".." in glob.split("/"):
            continue
        for _, path in zip(range(_FILES), sorted(slot.glob(glob)), strict=False):
            # A link could name a file of the person's.
            if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(inside):
                yield path
