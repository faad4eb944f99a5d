"""Follows a run of the gates from its files, as far as it is, until it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gastown_tui.engine.gating import kept
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NoEngine

_EVERY = 0.15
_MOST = 256 * 1024

Say = Callable[[str, str, bool], None]
"""Gets a gate's name, whole lines it printed, and whether more than one gate prints."""


class Follower:
    """Reads what the engine writes beside: nothing of it goes through the door."""

    def __init__(self, place: Place, number: int) -> None:
        self._place = place
        self._number = number
        self._at: dict[Path, int] = {}
        self._rest: dict[Path, str] = {}

    def follow(self, say: Say | None) -> kept.KeptRun:
        """Wait for the end of the run, and hand on what its gates print. Raises NoEngine when the engine goes."""
        while True:
            over = kept.read(self._place, self._number)
            ended = over is not None and over.ok is not None
            if say is not None:
                self._hand_on(say, last=ended)
            if over is not None and ended:
                return over
            if not self._place.held:
                raise NoEngine(f"The engine left before run {self._number} was over.", "gt up goes on with it.")
            time.sleep(_EVERY)

    def _hand_on(self, say: Say, last: bool) -> None:
        folder = kept.folder(self._place) / str(self._number)
        files = sorted(folder.glob("*.log")) if folder.is_dir() else []
        for path in files:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                at = self._at.get(path, 0)
                # A long log was shortened meanwhile: go on where it is now.
                file.seek(at if at <= size else max(0, size - _MOST))
                data = file.read()
                self._at[path] = file.tell()
            text = self._rest.get(path, "") + data.decode("utf-8", "replace")
            whole, _, rest = text.rpartition("\n")
            if last and rest:
                whole, rest = text, ""
            self._rest[path] = rest
            if whole:
                say(path.stem, whole, len(files) > 1)
