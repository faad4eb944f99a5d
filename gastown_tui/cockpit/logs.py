"""Logs of gate runs as they grow: read from where the last look ended, cleaned line by line when they are shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gastown_tui.model.merge import GateRun, TestRun

KEPT = 16 * 1024 * 1024
"""Bytes of a log from its end that are ever read; what is before them is counted as missing."""
_AT_ONCE = 4 * 1024 * 1024
_LOOK_EVERY = 0.25
_MOST_LOGS = 12
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


class Log:
    """One file that may still grow: `lines`, the last perhaps half written; `cut`: some before them are missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self.cut = False
        self._at = 0
        self._open = b""
        self._looked = float("-inf")

    def poll(self, monotonic: float, whole: bool = False) -> bool:
        """Read what is new, at most so often (always when `whole`); whether there was anything."""
        if not whole and monotonic - self._looked < _LOOK_EVERY:
            return False
        self._looked = monotonic
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                if size < self._at:
                    self.lines, self._at, self._open, self.cut = [], 0, b"", False
                if size - self._at > KEPT:
                    self.lines, self._open, self.cut = [], b"", True
                    self._at = size - KEPT
                file.seek(self._at)
                new = file.read(KEPT if whole else _AT_ONCE)
        except OSError:
            return False
        if not new:
            return False
        self._at += len(new)
        self._take(new)
        return True

    def _take(self, new: bytes) -> None:
        if self.lines and self._open:
            self.lines.pop()
        *done, self._open = (self._open + new).split(b"\n")
        self.lines += [shown(raw) for raw in done]
        if self._open:
            self.lines.append(shown(self._open))


def shown(raw: bytes) -> str:
    """A line as a terminal would leave it: colours dropped, of what overwrote itself the last."""
    text = _ESCAPES.sub(b"", raw).rstrip(b"\r")
    return text.rpartition(b"\r")[2].decode(errors="replace").expandtabs(8).rstrip()


class Logs:
    """The logs looked at lately, each read once."""

    def __init__(self) -> None:
        self._logs: dict[Path, Log] = {}
        self._found: dict[int, tuple[float, Path]] = {}

    def of_run(self, folder: Path, run: GateRun | TestRun, monotonic: float) -> Log | None:
        """The log of a run under `folder`, read up to now: of its red gate, else of the one that wrote last."""
        if isinstance(run, GateRun) and run.log:
            return self._of(folder / run.log, monotonic)
        found = self._found.get(run.number)
        if found is None or monotonic - found[0] >= _LOOK_EVERY:
            if (path := newest(folder / str(run.number))) is None:
                return None
            found = self._found[run.number] = (monotonic, path)
        return self._of(found[1], monotonic)

    def _of(self, path: Path, monotonic: float) -> Log:
        log = self._logs.pop(path, None) or Log(path)
        self._logs[path] = log
        while len(self._logs) > _MOST_LOGS:
            self._logs.pop(next(iter(self._logs)))
        log.poll(monotonic)
        return log

    def changed(self, monotonic: float) -> bool:
        """Whether one of them grew since it was last read."""
        grown = [log for log in self._logs.values() if log.poll(monotonic)]
        return bool(grown)


def newest(folder: Path) -> Path | None:
    """The log that was written to last: a run has one for each gate; None where there is none."""
    try:
        with os.scandir(folder) as entries:
            logs = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.name.endswith(".log")]
    except OSError:
        return None
    return Path(max(logs)[1]) if logs else None
