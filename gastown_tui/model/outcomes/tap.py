"""Reads the Test Anything Protocol, and the summary of Node's own runner."""

from __future__ import annotations

import re

from gastown_tui.model.outcomes.outcome import ToolReader
from gastown_tui.model.outcomes.places import place

_PLAN = re.compile(r"1\.\.(\d{1,7})(?:\s|$)")
_POINT = re.compile(r"(not )?ok\b[ \t]{0,4}(\d{0,7})[ \t]{0,4}(?:- )?([^#]{0,300})(?:# ?(SKIP|TODO)\b)?", re.I)
_SUM = re.compile(r"(?:#|ℹ) (tests|pass|fail|cancelled|skipped|todo) (\d{1,7})$")
_SPEC = re.compile(r" {0,20}(✔|✖|﹣) (.{1,300}?) \(\d{1,9}(?:\.\d{1,9})?ms\)")
_AT = re.compile(r"test at (\S{1,300}:\d{1,7}):\d{1,5}$")
_KEY = re.compile(r" {2,3}(\w{1,40}): ?(.{0,300})$")
_TOLD = frozenset({"error", "message", "got", "expected", "actual", "wanted", "found"})


class Tap(ToolReader):
    """`1..41`, `ok 1 - name`, `not ok 2 - name` with a block of YAML below; indented points are a subtest's own."""

    tool = "tap"

    def __init__(self) -> None:
        super().__init__()
        self._known = False
        self._open = False
        self._deep = False
        self._spec_open = False
        self._sums: dict[str, int] = {}

    def feed(self, line: str, number: int) -> None:
        """Take a line."""
        if line.startswith("TAP version ") or (line.startswith("1..") and _PLAN.match(line) is not None):
            self._known = True
            self.live.total = int(plan[1]) if (plan := _PLAN.match(line)) is not None else self.live.total
        elif line.startswith(("ok", "not ok")) and (point := _POINT.match(line)) is not None:
            if self._known or point[2]:
                self._point(point[1] is not None, point[3].strip(), (point[4] or "").upper(), number)
        elif line.startswith("Bail out!") and self._known:
            self.live.failures += 1
            self._open = self.failure.begin(line, number)
        elif line.startswith(("# ", "ℹ ")) and (told := _SUM.match(line)) is not None:
            self._summed(told[1], int(told[2]))
        elif self._open:
            self._block(line)
        elif self._spec_open:
            self._trace(line)
        elif line.lstrip(" ")[:1] in ("✔", "✖", "﹣", "t"):
            self._spec(line, number)

    def _point(self, failed: bool, name: str, directive: str, number: int) -> None:
        self._open = False
        if directive == "SKIP":
            self.live.skipped += 1
        elif failed and directive != "TODO":
            self.live.failures += 1
            self._open = self.failure.begin(name or "(no name)", number)
        else:
            self.live.passed += 1

    def _block(self, line: str) -> None:
        """A line of YAML, or of bats' comments, below the first point that failed."""
        first = self.failure
        if not line.startswith((" ", "#")) or line == "  ...":
            self._open = False
        elif (key := _KEY.match(line)) is not None:
            self._deep = key[1] in _TOLD
            value = key[2].strip().strip("'\"")
            if key[1] in ("location", "at", "file"):
                first.where = first.where or place(value) or value
            elif key[1] == "line" and first.where and ":" not in first.where:
                first.where = f"{first.where}:{value}"
            elif self._deep and value not in ("|-", "|", ">-", ""):
                first.say(line.strip())
        elif line.startswith("#"):
            first.where = first.where or place(line) or _bats(line)
            first.say(line.lstrip("# "))
        elif self._deep:
            first.say(line.strip())

    def _trace(self, line: str) -> None:
        """A line below the first test that Node's own reporter says failed."""
        if line.lstrip(" ").startswith("at "):
            self.failure.where, self._spec_open = self.failure.where or place(line), False
        elif not line.startswith(" ") and line:
            self._spec_open = False
        else:
            self.failure.say(line.strip())

    def _spec(self, line: str, number: int) -> None:
        if (at := _AT.match(line)) is not None:
            self.failure.where = self.failure.where or at[1]
        elif (one := _SPEC.match(line)) is not None and not self._sums:
            self.live.passed += one[1] == "✔"
            self.live.failures += one[1] == "✖"
            self.live.skipped += one[1] == "﹣"
            if one[1] == "✖":
                self._spec_open = self.failure.begin(one[2], number)

    def _summed(self, name: str, count: int) -> None:
        self._sums[name] = count
        if name == "todo" and "tests" in self._sums:
            by = self._sums
            passed, failed = by.get("pass", 0) + count, by.get("fail", 0) + by.get("cancelled", 0)
            self.settle(passed, failed, by.get("skipped", 0), by["tests"])


_IN_FILE = re.compile(r"in (?:test )?file (\S{1,300}), line (\d{1,7})")


def _bats(line: str) -> str:
    found = _IN_FILE.search(line)
    return f"{found[1]}:{found[2]}" if found is not None else ""
