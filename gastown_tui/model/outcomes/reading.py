"""Reads a command's output as it comes, whichever runner it is, and says at any moment how far it is."""

from __future__ import annotations

import re
from collections import deque

from gastown_tui.model.outcomes.cargo import Cargo
from gastown_tui.model.outcomes.go import Go
from gastown_tui.model.outcomes.javascript import JavaScript
from gastown_tui.model.outcomes.outcome import SAID, Outcome, Tally, ToolReader
from gastown_tui.model.outcomes.places import place
from gastown_tui.model.outcomes.pytest import Pytest, dots
from gastown_tui.model.outcomes.tap import Tap
from gastown_tui.model.outcomes.unittest import Unittest

_LINE, _JSON = 2000, 16_000
"""Characters of a line that are read; one of JSON is longer."""

_COLOURS = re.compile(r"\x1b(?:\[[0-9;:?]{0,40}[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))")
_BAD = re.compile(r"\b(?:error|failed|failure|fatal|panic|exception|cannot|undefined|assert\w{0,20})\b", re.I)


class Reader:
    """Feed it the output in pieces cut anywhere; it never raises, and its time is linear in what it is given."""

    def __init__(self, root: str = "") -> None:
        """`root` is the folder the command runs in: it is left out of the places that are told."""
        self._root = f"{root.rstrip('/')}/" if root else ""
        self._tools: list[ToolReader] = [Pytest(), Unittest(), Go(), Cargo(), JavaScript(), Tap()]
        self._rest = ""
        self._number = 0
        self._tail: deque[str] = deque(maxlen=SAID)
        self._place = ""
        self._bad: list[str] = []

    def feed(self, text: str) -> None:
        """Take more of the output."""
        whole = self._rest + text
        lines = whole.split("\n")
        self._rest = lines.pop()[-_JSON:]
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """The output is over."""
        if self._rest:
            self._line(self._rest)
            self._rest = ""
        for tool in self._tools:
            tool.finish()

    def _line(self, raw: str) -> None:
        line = _plain(raw)
        self._number += 1
        for tool in self._tools:
            tool.feed(line, self._number)
        if line.strip():
            self._tail.append(line[:240])
            if len(self._bad) < SAID and _BAD.search(line[:400]) is not None:
                self._bad.append(line[:240])
                self._place = self._place or place(line)

    def outcome(self, red: bool = False) -> Outcome:
        """What is known so far; `red` when the command failed: without a runner's word, its last lines say why."""
        tally = Tally()
        for tool in self._tools:
            tally.add(tool.done)
            tally.add(tool.live)
        if (more := dots(_plain(self._rest)) if self._rest else None) is not None:
            tally.add(more)
        told = [tool for tool in self._tools if tool.failure.at]
        if told:
            first = min(told, key=lambda tool: tool.failure.at)
            name, where, why, by = first.failure.name, first.failure.where, tuple(first.failure.why), first.tool
        elif red:
            name, where, by = "", self._place, ""
            why = tuple(self._bad if self._place else self._tail)
        else:
            counted = (t.tool for t in self._tools if t.done.total or t.live.passed)
            name, where, why, by = "", "", (), next(counted, "")
        return Outcome(
            tally.passed, tally.failures, tally.skipped, tally.total, name or where, self._short(where), why, by
        )  # fmt: skip

    def _short(self, where: str) -> str:
        return where.removeprefix(self._root).removeprefix("./") if self._root else where


def _plain(raw: str) -> str:
    """One line without colours, and of one that was drawn over again and again its last state."""
    line = raw[: _JSON if raw.startswith("{") else _LINE].rstrip("\r\n")
    if "\r" in line:
        line = line.rpartition("\r")[2]
    return _COLOURS.sub("", line) if "\x1b" in line else line
