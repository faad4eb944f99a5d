"""What a test run came to: how many passed, failed and were skipped, and the first failure in the runner's words."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

SAID = 8
"""Lines of the first failure that are kept."""

_NAME, _LINE = 200, 240


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of one run so far; `total` is how many it announced (0: it did not say).

    `first` names the first failing test, `where` its file:line, `why` holds the few lines that say what went wrong.
    """

    passed: int = 0
    failures: int = 0
    skipped: int = 0
    total: int = 0
    first: str = ""
    where: str = ""
    why: tuple[str, ...] = ()
    tool: str = ""

    def words(self, expected: int = 0) -> str:
        """`28 of 41 passed, none failed`; `expected` is the last run's total, for runners that announce none."""
        if not (self.passed or self.failures or self.skipped or self.total):
            return ""
        all_ = self.total or max(0, expected - self.skipped)
        of = f" of {all_}" if all_ > self.passed else ""
        return f"{self.passed}{of} passed, {self.failures or 'none'} failed"


@dataclass
class Tally:
    """Counts that grow."""

    passed: int = 0
    failures: int = 0
    skipped: int = 0
    total: int = 0

    def add(self, other: Tally) -> None:
        """Take another's counts into these."""
        self.passed += other.passed
        self.failures += other.failures
        self.skipped += other.skipped
        self.total += other.total


@dataclass
class Failure:
    """The first failure of a run: begun once, at line number `at`; later ones are only counted."""

    name: str = ""
    where: str = ""
    why: list[str] = field(default_factory=list)
    at: int = 0

    def begin(self, name: str, at: int) -> bool:
        """Whether this is the first one."""
        if self.at:
            return False
        self.name, self.at = name.strip()[:_NAME], at
        return True

    def say(self, line: str) -> None:
        """Keep a line of why, unless there are enough."""
        if line.strip() and len(self.why) < SAID:
            self.why.append(line.rstrip()[:_LINE])


class ToolReader:
    """One runner's output. `done` counts the runs that ended, `live` the one that goes on."""

    tool = ""

    def __init__(self) -> None:
        self.done = Tally()
        self.live = Tally()
        self.failure = Failure()

    def feed(self, line: str, number: int) -> None:
        """Take one line (without its end, colours and what is over a few thousand characters); `number` from 1."""

    def finish(self) -> None:
        """The output is over."""

    def settle(self, passed: int, failures: int, skipped: int, total: int = 0) -> None:
        """The runner's own summary: it replaces what was counted meanwhile."""
        self.done.add(Tally(passed, failures, skipped, total or passed + failures + skipped))
        self.live = Tally()
