"""Reads JUnit XML, the report nearly every runner can write."""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from gastown_tui.model.outcomes.outcome import Failure, Outcome, Tally
from gastown_tui.model.outcomes.places import place

_BAD = ("failure", "error")
_TEXT = 20_000


class _Doctype(ValueError):
    """A report that declares entities: none needs to."""


class _Report:
    def __init__(self) -> None:
        self.tally = Tally()
        self.first = Failure()
        self._case: Mapping[str, str] | None = None
        self._state = "passed"
        self._count = 0
        self._text: list[str] = []
        self._held = 0
        self._message = ""
        self._inside = ""

    def start(self, name: str, values: Mapping[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "testcase":
            self._case, self._state, self._count = values, "passed", self._count + 1
        elif self._case is not None and name == "skipped" and self._state == "passed":
            self._state = "skipped"
        elif self._case is not None and name in _BAD and self._state != "failures":
            self._state, self._inside = "failures", name
            self._message, self._text, self._held = values.get("message", ""), [], 0

    def text(self, data: str) -> None:
        if self._inside and self._held < _TEXT:
            self._text.append(data[:_TEXT])
            self._held += len(data)

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == self._inside:
            self._inside = ""
        elif name == "testcase" and self._case is not None:
            setattr(self.tally, self._state, getattr(self.tally, self._state) + 1)
            if self._state == "failures" and self.first.begin(_named(self._case), self._count):
                self._tell(self._case)
            self._case = None

    def _tell(self, case: Mapping[str, str]) -> None:
        text = "".join(self._text)[:_TEXT]
        if (file := case.get("file", "")) and case.get("line", ""):
            self.first.where = f"{file}:{case['line']}"
        else:
            # The last place in a trace is where it broke; runners name it there or say nothing.
            places = [found for line in text.splitlines() if (found := place(line))]
            self.first.where = places[-1] if places else ""
        for line in (self._message or text).splitlines():
            self.first.say(line.strip())


def _named(case: Mapping[str, str]) -> str:
    owner, name = case.get("classname", ""), case.get("name", "") or "(no name)"
    return f"{owner}.{name}" if owner and not name.startswith(owner) else name


def read(data: bytes) -> Outcome | None:
    """What a report says, as far as it can be read; None when it is none. Entities are not taken from anybody."""
    report = _Report()
    parser = expat.ParserCreate(namespace_separator=None)
    parser.StartElementHandler = report.start
    parser.EndElementHandler = report.end
    parser.CharacterDataHandler = report.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _Doctype, ValueError, LookupError):
        if not report.tally.passed and not report.first.at:
            return None
    tally, first = report.tally, report.first
    if not (all_ := tally.passed + tally.failures + tally.skipped):
        return None
    return Outcome(
        tally.passed, tally.failures, tally.skipped, all_, first.name, first.where, tuple(first.why), "junit"
    )  # fmt: skip


def _refuse(*_: object) -> None:
    raise _Doctype


def joined(outcomes: list[Outcome]) -> Outcome | None:
    """Several reports as one: counts added up, the first failure the first one's."""
    if not outcomes:
        return None
    bad = next((one for one in outcomes if one.first), outcomes[0])
    return Outcome(
        sum(o.passed for o in outcomes), sum(o.failures for o in outcomes), sum(o.skipped for o in outcomes),
        sum(o.total for o in outcomes), bad.first, bad.where, bad.why, "junit",
    )  # fmt: skip
