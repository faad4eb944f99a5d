"""Reads the output of jest, of vitest and of mocha."""

from __future__ import annotations

import re

from gastown_tui.model.outcomes.outcome import ToolReader
from gastown_tui.model.outcomes.places import place

_SUMMARY = re.compile(r" {0,8}Tests:? {2,12}(?=\d)(.{1,200})$")
_PART = re.compile(r"(\d{1,7}) (failed|passed|skipped|todo|total)\b")
_ALL = re.compile(r"\((\d{1,7})\)$")
_SUITES = re.compile(r" {0,8}Test (?:Suites:|Files) {1,12}(\d{1,7}) failed")
_FAIL = re.compile(r"FAIL (\S{1,300})(?: \(.{1,60}\))?$")
_BULLET = re.compile(r"  ● (.{1,300})$")
_VITEST = re.compile(r" FAIL {1,4}(?:\|[^|]{1,60}\| )?(\S{1,300}(?: > .{1,300}?)?)(?: \[ \S{1,300} \])?$")
_FILE = re.compile(r" (?:✓|❯|×) (?:\|[^|]{1,60}\| )?\S{1,300} \((\d{1,7}) tests?(?: \| ([^)]{1,100}))?\)")
_ONE = re.compile(r" {1,40}(✓|✔|✕|×|○|↓) (.{1,400})$")
_AT = re.compile(r" {1,12}(?:at|❯) ")
_PASSING = re.compile(r" {2}(\d{1,7}) (passing|failing|pending)\b")
_MOCHA = re.compile(r" {2}1\) (.{1,300})$")
_FRAME = re.compile(r" {1,12}>? {0,6}\d{0,6} {0,2}\|")


class JavaScript(ToolReader):
    """Jest's `● suite › name`, vitest's `FAIL file > suite > name`, mocha's `1) suite`; `Tests:` sums up."""

    tool = "jest"

    def __init__(self) -> None:
        super().__init__()
        self._file = ""
        self._open = False
        self._bad_suites = 0
        self._mocha = False

    def feed(self, line: str, number: int) -> None:
        """Take a line."""
        if line.startswith("FAIL ") and (fail := _FAIL.match(line)) is not None:
            self._file, self._open = fail[1], False
        elif line.startswith(" FAIL ") and (fail := _VITEST.match(line)) is not None:
            self._vitest(fail[1], number)
        elif line.startswith("  ● ") and (bullet := _BULLET.match(line)) is not None:
            self._bullet(bullet[1], number)
        elif "Test" in line[:16]:
            self._summed(line)
        elif line.startswith("⎯"):
            self._open = False
        elif self._open:
            self._below(line)
        elif line.startswith(" "):
            self._counted(line, number)

    def _vitest(self, name: str, number: int) -> None:
        self.tool = "vitest"
        again = self.failure.name.endswith(name.partition(" > ")[2] or "\0")
        self._open = self.failure.begin(name, number) or (again and not self.failure.where)
        if self._open:
            self.failure.name, self.failure.why = name[:200], []
            self.failure.where = "" if " > " in name else name

    def _bullet(self, name: str, number: int) -> None:
        broken = name == "Test suite failed to run"
        self._open = self.failure.begin(f"{self._file}: {name}" if broken else name, number)
        if self._open and broken:
            self.failure.where = self._file

    def _below(self, line: str) -> None:
        """A line of the first failure: what was expected, then a picture of the code, then where."""
        first = self.failure
        if _AT.match(line) is not None:
            if found := place(line):
                first.where = found
            self._open = self._open and not found
        elif _FRAME.match(line) is None:
            first.say(line.strip())

    def _summed(self, line: str) -> None:
        if (suites := _SUITES.match(line)) is not None:
            self._bad_suites = int(suites[1])
        elif (found := _SUMMARY.match(line)) is not None:
            by = {word: int(n) for n, word in _PART.findall(found[1])}
            all_ = int(whole[1]) if (whole := _ALL.search(found[1])) is not None else by.get("total", 0)
            failed = by.get("failed", 0) or self._bad_suites
            self.settle(by.get("passed", 0), failed, by.get("skipped", 0) + by.get("todo", 0), all_)
            self._open, self._bad_suites = False, 0
        elif line.startswith("Tests:") or line.startswith("Test Suites:"):
            self._open = False

    def _counted(self, line: str, number: int) -> None:
        live = self.live
        if (file := _FILE.match(line)) is not None:
            self.tool = "vitest"
            by = {word: int(n) for n, word in _PART.findall(file[2] or "")}
            failed, skipped = by.get("failed", 0), by.get("skipped", 0)
            live.passed += max(0, int(file[1]) - failed - skipped)
            live.failures += failed
            live.skipped += skipped
        elif (one := _ONE.match(line)) is not None:
            if self.tool == "vitest" and line.startswith("   "):
                return  # below its file's own line, which counted it
            live.passed += one[1] in "✓✔"
            live.failures += one[1] in "✕×"
            live.skipped += one[1] in "○↓"
        elif (passing := _PASSING.match(line)) is not None:
            name = {"passing": "passed", "failing": "failures", "pending": "skipped"}[passing[2]]
            self.tool, self._mocha = "mocha", True
            setattr(live, name, int(passing[1]))
        elif self._mocha and (head := _MOCHA.match(line)) is not None:
            self._open = self.failure.begin(head[1].rstrip(":"), number)
