"""Reads pytest's output, quiet, verbose or with workers."""

from __future__ import annotations

import re

from gastown_tui.model.outcomes.outcome import Tally, ToolReader
from gastown_tui.model.outcomes.places import foreign

_TITLE = re.compile(r"={2,200} (.{1,300}?) ={2,200}$")
_HEAD = re.compile(r"_{1,200} (.{1,300}?) _{1,200}$")
_COLLECTED = re.compile(r"(?:collecting \.\.\. )?collected (\d{1,7}) items?(.{0,200})$")
_SELECTED = re.compile(r"/ (\d{1,7}) selected")
_WORKERS = re.compile(r"\d{1,4} workers? \[(\d{1,7}) items?\]|gw\d{1,3} \[(\d{1,7})\]")
_DOTS = re.compile(r"(?:\S{1,300} )?([.FEsxXR]{1,1000})[ \t]{0,200}(?:\[ {0,3}\d{1,3}%\])?$")
_VERBOSE = re.compile(r"(?:^| )(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)(?: |$)")
_ENDED = re.compile(r" in \d{1,7}\.\d{1,3}s(?: \([^)]{1,30}\))?$")
_COUNT = re.compile(r"(\d{1,9}) (failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?|rerun)(?:, |$)")
_PLACE = re.compile(r"(\S{1,300}?):(\d{1,7})(?::(?: (.{0,300}))?)?$")
_FELL = re.compile(r"(?:ERROR at (?:setup|teardown) of|ERROR collecting) ")

_SIGNS = {".": "passed", "x": "passed", "X": "passed", "F": "failures", "E": "failures", "s": "skipped"}
_WORDS = {
    "PASSED": "passed", "XFAIL": "passed", "XPASS": "passed", "FAILED": "failures", "ERROR": "failures",
    "SKIPPED": "skipped",
}  # fmt: skip
_FAILING = ("ERRORS", "FAILURES")


def dots(text: str) -> Tally | None:
    """What a line of dots and letters counts, one with a file's name or a share too; None when it is another line."""
    found = _DOTS.match(text)
    if found is None:
        return None
    return Tally(*(sum(found[1].count(sign) for sign, of in _SIGNS.items() if of == name)
                   for name in ("passed", "failures", "skipped")))  # fmt: skip


class Pytest(ToolReader):
    """Sections by their titles; the summary line has the last word on the counts."""

    tool = "pytest"

    def __init__(self) -> None:
        super().__init__()
        self._section = ""
        self._open = False

    def feed(self, line: str, number: int) -> None:
        """Take a line."""
        if line.startswith("=") and (title := _TITLE.match(line)) is not None:
            self._entitled(title[1])
        elif self._section in _FAILING:
            self._failing(line, number)
        elif line.startswith(("FAILED ", "ERROR ")) and "[" not in line[-7:]:
            self._summed(line, number)
        elif line[:1].isdigit() and self._ended(line):
            return
        elif "[" in line or "collect" in line:
            self._counted(line)

    def _entitled(self, title: str) -> None:
        if title == "test session starts":
            self.live = Tally()
        self._open = False
        self._section = title
        self._ended(title)

    def _ended(self, text: str) -> bool:
        """Whether this was the summary: `1 failed, 5 passed in 0.10s`."""
        end = _ENDED.search(text[:400])
        if end is None:
            return False
        counts = text[: end.start()]
        found = _COUNT.findall(counts)
        if counts != "no tests ran" and ", ".join(f"{n} {word}" for n, word in found) != counts:
            return False
        by = {word.rstrip("s"): int(n) for n, word in found}
        passed = by.get("passed", 0) + by.get("xfailed", 0) + by.get("xpassed", 0)
        self.settle(passed, by.get("failed", 0) + by.get("error", 0), by.get("skipped", 0))
        self._section, self._open = "", False
        return True

    def _counted(self, line: str) -> None:
        if (found := _COLLECTED.match(line)) is not None:
            picked = _SELECTED.search(found[2])
            self.live.total = int(picked[1] if picked else found[1])
        elif (workers := _WORKERS.match(line)) is not None:
            self.live.total = int(workers[1] or workers[2])
        elif line.endswith("%]"):
            if (more := dots(line)) is not None:
                self.live.add(more)
            elif "::" in line and (word := _VERBOSE.search(line)) is not None:
                self._one(word[1])
        elif line.startswith("[gw") and (word := _VERBOSE.search(line[:40])) is not None:
            self._one(word[1])

    def _one(self, word: str) -> None:
        name = _WORDS[word]
        setattr(self.live, name, getattr(self.live, name) + 1)

    def _failing(self, line: str, number: int) -> None:
        """A line below ERRORS or FAILURES."""
        if line.startswith("_") and not line.startswith("_ _") and (head := _HEAD.match(line)) is not None:
            self._open = self.failure.begin(_FELL.sub("", head[1]), number)
            return
        place = _PLACE.match(line)
        if not self._open:
            if place is None or not place[3] or not self.failure.begin("", number):
                return
            self.failure.say(place[3])  # --tb=line has no heads
        if line.startswith("E  "):
            self.failure.say(line[1:].strip())
        if place is not None and (not foreign(place[1]) or not self.failure.where):
            self.failure.where = f"{place[1]}:{place[2]}"
        self._open = self._open and not self._ended(line)

    def _summed(self, line: str, number: int) -> None:
        """A line of the short summary: it has the test's whole name."""
        name, _, why = line.partition(" ")[2].partition(" - ")
        first = self.failure
        if first.begin(name, number):
            first.say(why)
            return
        short = name.partition("::")[2].replace("::", ".")
        file = name.partition("::")[0]
        if first.name == short or (not first.name and file and file in first.where):
            first.name = name[:200]
