"""What agents say they are doing, line by line: kept a while in memory and in a file, never in the ledger."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from gastown_tui.redact import redact

_KEPT = 200


class FeedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the feed: `[obsidian] RUN python -m unittest ... PASS`; `ok` is None where there is no outcome."""

    seq: int
    at: float
    agent: str
    verb: str
    text: str
    detail: str = ""
    bead: str = ""
    role: str = ""
    ok: bool | None = None


class Feed:
    """The last lines of every agent, and a file of all of them."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._by_agent: dict[str, deque[FeedLine]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._all: deque[FeedLine] = deque(maxlen=20 * _KEPT)
        self._more = asyncio.Condition()
        self.seq = 0
        for line in self._read():
            self._keep(line)

    def _read(self) -> list[FeedLine]:
        """What the file still holds; a torn or strange line is passed over: the feed is a convenience."""
        if self._path is None or not self._path.exists():
            return []
        out = []
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - 512 * 1024))
            for raw in file:
                try:
                    out.append(msgspec.json.decode(raw, type=FeedLine))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
        return out

    def _keep(self, line: FeedLine) -> None:
        self.seq = max(self.seq, line.seq)
        self._by_agent[line.agent].append(line)
        self._all.append(line)

    async def add(self, at: float, agent: str, verb: str, text: str, **more: str | bool | None) -> None:
        """Add a line, without secrets; `more` are the other fields of FeedLine."""
        more = {name: redact(value) if isinstance(value, str) else value for name, value in more.items()}
        values = {"seq": self.seq + 1, "at": at, "agent": agent, "verb": verb, "text": redact(text), **more}
        line = msgspec.convert(values, FeedLine)
        self._keep(line)
        if self._path is not None:
            with contextlib.suppress(OSError), self._path.open("ab") as file:  # a full disk stops no work over this
                file.write(msgspec.json.encode(line) + b"\n")
        async with self._more:
            self._more.notify_all()

    def of(self, agent: str) -> tuple[FeedLine, ...]:
        """The latest lines of one agent, oldest first."""
        return tuple(self._by_agent[agent]) if agent in self._by_agent else ()

    def lines(self, after: int = 0) -> tuple[FeedLine, ...]:
        """The latest lines of everybody above a number, oldest first."""
        return tuple(line for line in self._all if line.seq > after)

    async def follow(self, after: int = 0) -> AsyncIterator[FeedLine]:
        """Lines above a number, then each new one as it comes."""
        while True:
            for line in self.lines(after):
                after = line.seq
                yield line
            async with self._more:
                while self.seq <= after:
                    await self._more.wait()
