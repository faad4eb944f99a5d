"""Records what is printed as an asciicast, for a player to show again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from gastown_tui.redact.cover import Stream
from gastown_tui.world import Clock


class Cast:
    """An asciicast v3 file (facts/interop.md): a header, then `[seconds since the last, "o", text]` a line."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        """With no path nothing is recorded."""
        self._path = path
        self._clock = clock
        self._file: IO[str] | None = None
        self._last = clock.monotonic()
        self._secrets = Stream()

    def __enter__(self) -> Self:
        if self._path is not None:
            size = shutil.get_terminal_size()
            header = {"version": 3, "term": {"cols": size.columns, "rows": size.lines}, "command": "gt demo"}
            self._file = self._path.open("w", encoding="utf-8")
            self._write(header)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._file is not None:
            self._put(self._secrets.end())
            self._file.close()

    def line(self, text: str) -> None:
        """A line that was printed now."""
        self.output(f"{text}\r\n")

    def output(self, text: str) -> None:
        """What reached the terminal now, without secrets: the beginning of what may be one waits for the rest."""
        self._put(self._secrets.feed(text))

    def _put(self, text: str) -> None:
        if not text:
            return
        now = self._clock.monotonic()
        self._write([round(now - self._last, 3), "o", text])
        self._last = now

    def _write(self, value: object) -> None:
        if self._file is not None:
            self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
