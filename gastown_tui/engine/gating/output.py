"""Keeps what a gate prints: in a private file of bounded size, without secrets, while it is printed."""

from __future__ import annotations

import codecs
import os
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from gastown_tui.model.outcomes.reading import Reader
from gastown_tui.redact import redact
from gastown_tui.redact.cover import Stream
from gastown_tui.text import clean

MOST, HEAD, TAIL = 4 << 20, 64 << 10, 1 << 20
"""Bytes a log may have; of a longer one the beginning and the end are kept."""

_LAST = 40
"""Lines at the end that are quoted to whoever has to mend it."""


class Output:
    """One gate's log. Methods block for a moment: call them in a thread."""

    def __init__(self, path: Path, root: Path) -> None:
        """Open a new file at `path`; `root` is the folder the command runs in."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self.reader = Reader(str(root))
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._safe = Stream()
        self._size = self._lost = 0
        self._last: deque[str] = deque(maxlen=_LAST)
        self._rest = ""
        self._one = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def feed(self, data: bytes) -> None:
        """Take more of what the command printed. A full disk loses the log, not the verdict."""
        with self._one:
            if self._fd >= 0:
                text = self._decode(data)
                self.reader.feed(text)
                self._keep(self._safe.feed(text))

    def note(self, line: str) -> None:
        """A line of ours between the command's."""
        with self._one:
            self._keep(redact(f"{line}\n"))

    def close(self) -> None:
        """Everything was printed. What a thread still feeds then comes too late: the file's number may be another's."""
        with self._one:
            self._close()

    def _close(self) -> None:
        if self._fd < 0:
            return
        last = self._decode(b"", True)
        self.reader.feed(last)
        self.reader.finish()
        self._keep(self._safe.feed(last) + self._safe.end())
        if self._rest:
            self._last.append(self._rest)
            self._rest = ""
        os.close(self._fd)
        self._fd = -1

    def last(self, lines: int = 30) -> str:
        """The last lines, clean, for a person or an agent to read."""
        return "\n".join(clean(line)[:400] for line in list(self._last)[-lines:])

    def _keep(self, text: str) -> None:
        if not text:
            return
        lines = (self._rest + text).split("\n")
        self._rest = lines.pop()[-4000:]
        self._last.extend(line.rstrip("\r")[:2000] for line in lines[-_LAST:] if line.strip())
        data = text.encode("utf-8", "replace")
        try:
            if self._size + len(data) > MOST:
                self._shorten()
            self._size += os.write(self._fd, data[-TAIL:])
        except OSError:
            return

    def _shorten(self) -> None:
        """Leave out the middle: what was said first and last is what is looked for."""
        with self.path.open("rb") as file:
            head = file.read(HEAD)
            file.seek(max(HEAD, self._size - TAIL))
            tail = file.read()
        self._lost += self._size - len(head) - len(tail)
        whole = head + f"\n[... {self._lost} bytes left out here ...]\n".encode() + tail
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        self._size = os.write(self._fd, whole)
