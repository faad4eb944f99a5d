"""Reads the output of Python's unittest, and of Django's tests, which end the same way."""

from __future__ import annotations

import re

from gastown_tui.model.outcomes.outcome import Tally, ToolReader
from gastown_tui.model.outcomes.places import foreign

_HEAD = re.compile(r"(?:FAIL|ERROR): (.{1,400})$")
_NAME = re.compile(r"(\S{1,200}) \(([\w.<>]{1,300})\)(.{0,100})")
_FILE = re.compile(r' {2}File "([^"]{1,400})", line (\d{1,7})')
_RAN = re.compile(r"Ran (\d{1,7}) tests? in ")
_ENDED = re.compile(r"(?:OK|FAILED|NO TESTS RAN)(?: \(([^)]{1,200})\))?$")
_COUNT = re.compile(r"(failures|errors|skipped|expected failures|unexpected successes)=(\d{1,7})")
_FOUND = re.compile(r"Found (\d{1,7}) test\(s\)\.$")
_SAID = re.compile(r"\.\.\. (?:(ok|expected failure)|(FAIL|ERROR|unexpected success)|(skipped\b.{0,300}))$")
_DOTS = re.compile(r"[.FEsxu]{1,100000}$")


class Unittest(ToolReader):
    """Dots or verbose lines while it runs, blocks for failures, then `Ran 3 tests` and `FAILED (failures=1)`."""

    tool = "unittest"

    def __init__(self) -> None:
        super().__init__()
        self._ran = -1
        self._open = False
        self._traced = False

    def feed(self, line: str, number: int) -> None:
        """Take a line."""
        if line.startswith(("FAIL: ", "ERROR: ")) and (head := _HEAD.match(line)) is not None:
            self._open = self.failure.begin(_named(head[1]), number)
            self._traced = False
        elif line.startswith("Ran ") and (ran := _RAN.match(line)) is not None:
            self._ran, self._open = int(ran[1]), False
        elif self._ran >= 0 and (ended := _ENDED.match(line)) is not None:
            self._end(ended[1] or "")
        elif line.startswith("====="):
            self._open = False
        elif self._open:
            self._traceback(line)
        else:
            self._count(line)

    def _traceback(self, line: str) -> None:
        if (file := _FILE.match(line)) is not None:
            self._traced = True
            if not foreign(file[1]) or not self.failure.where:
                self.failure.where = f"{file[1]}:{file[2]}"
        elif self._traced and line and not line.startswith((" ", "Traceback ", "-----")):
            self.failure.say(line)

    def _count(self, line: str) -> None:
        live = self.live
        if "... " in line and (said := _SAID.search(line[-320:])) is not None and not line.startswith("test "):
            live.passed += said[1] is not None
            live.failures += said[2] is not None
            live.skipped += said[3] is not None
        elif line and line[0] in ".FEsxu" and _DOTS.match(line) is not None:
            bad = line.count("F") + line.count("E") + line.count("u")
            live.add(Tally(len(line) - bad - line.count("s"), bad, line.count("s")))
        elif line.startswith("Found ") and (found := _FOUND.match(line)) is not None:
            live.total = int(found[1])

    def _end(self, counts: str) -> None:
        by = {name: int(n) for name, n in _COUNT.findall(counts)}
        bad = by.get("failures", 0) + by.get("errors", 0) + by.get("unexpected successes", 0)
        skipped = by.get("skipped", 0)
        self.settle(max(0, self._ran - bad - skipped), bad, skipped, self._ran)
        self._ran = -1

    def finish(self) -> None:
        """Dots that no summary followed were no test's."""
        self.live = Tally()


def _named(head: str) -> str:
    """`test_bad (tests.test_u.T.test_bad) (n=2)` as tests.test_u.T.test_bad (n=2); old Pythons leave the method out."""
    found = _NAME.match(head)
    if found is None:
        return head
    method, owner, more = found.groups()
    whole = owner if owner.endswith(f".{method}") else f"{owner}.{method}"
    return whole + more
