"""Reads the output of go test, plain, verbose or as JSON."""

from __future__ import annotations

import re

import msgspec

from gastown_tui.model.outcomes.outcome import ToolReader
from gastown_tui.model.outcomes.places import foreign, place

_RESULT = re.compile(r"( {0,40})--- (PASS|FAIL|SKIP): (\S{1,300}) \(\d{1,7}\.\d{1,3}s\)$")
_PACKAGE = re.compile(r"(ok|FAIL|---|\?) {0,4}\t(\S{1,300})(?:\t|\s|$)")
_BUILD = re.compile(r"(\S{1,300}\.go:\d{1,7}):\d{1,5}: (.{1,300})$")
_STACK = re.compile(r"\t(\S{1,300}\.go:\d{1,7}) \+0x")
_LOGGED = re.compile(r" {4,60}(\S{1,200}\.go:\d{1,7}): (.{0,300})$")
_TESTS = 4096
"""Tests of a run with -json whose output is held at once; more run at the same time nowhere."""


class Event(msgspec.Struct):
    """A line of `go test -json` (`go doc test2json`)."""

    Action: str
    Package: str = ""
    Test: str = ""
    Output: str = ""
    ImportPath: str = ""


_decode = msgspec.json.Decoder(Event).decode


class Go(ToolReader):
    """Counts tests where they are told of (-v, -json, and failing ones), packages where they are not."""

    tool = "go test"

    def __init__(self) -> None:
        super().__init__()
        self._packages = 0
        self._named = False
        self._open = False
        self._above: list[tuple[str, str]] = []
        self._logged: list[str] = []
        self._outputs: dict[tuple[str, str], list[str]] = {}
        self._parents: set[tuple[str, str]] = set()
        self._package = ""

    def feed(self, line: str, number: int) -> None:
        """Take a line."""
        if line.startswith("{") and '"Action"' in line:
            self._json(line, number)
        elif "--- " in line[:48] and (result := _RESULT.match(line)) is not None:
            self._result(len(result[1]) // 4, result[2], result[3], number)
        elif line.startswith(("ok", "FAIL", "?")) and (package := _PACKAGE.match(line)) is not None:
            self._ended(package[1], package[2], line, number)
        elif line.startswith("=== RUN"):
            self._named, self._logged = True, []
        elif line.startswith("# ") and line.count("/"):
            self._package = line[2:].split(" ", 1)[0]
        elif self._open and line.startswith("panic: "):
            self._said(line)
        elif self._open or (self._package and ".go:" in line):
            self._below(line, number)
        elif line.startswith("    ") and _LOGGED.match(line) is not None:
            # With -v a test's own lines come before its result.
            self._logged = [*self._logged, line][-8:]

    def _result(self, depth: int, word: str, name: str, number: int) -> None:
        """One test's end. A test with subtests failed because one of them did: only the innermost counts."""
        del self._above[depth:]
        parent, outcome = self._above[-1] if self._above else ("", "")
        if outcome == word and name.startswith(f"{parent}/"):
            self._count(word, -1)
            self._above[-1] = (parent, "")
            if self.failure.name == parent:
                self.failure.name = name
                self._open = True
        elif word == "FAIL":
            self._open = self.failure.begin(name, number)
            for line in self._logged if self._open else ():
                self._said(line)
        else:
            self._open = False
        self._above.append((name, word))
        self._logged = []
        self._count(word, 1)

    def _count(self, word: str, by: int) -> None:
        self.live.passed += by * (word in ("PASS", "pass"))
        self.live.failures += by * (word in ("FAIL", "fail"))
        self.live.skipped += by * (word in ("SKIP", "skip"))

    def _ended(self, word: str, package: str, line: str, number: int) -> None:
        self._open, self._above = False, []
        if word == "ok":
            self._packages += 1
        elif word == "FAIL" and ("[build failed]" in line or "[setup failed]" in line):
            self.live.failures += 1
            self.failure.begin(f"{package} {line[line.index('[') :].strip()}", number)
        elif word == "FAIL" and not self.live.failures and self.failure.begin(package, number):
            self.live.failures += 1

    def _said(self, line: str) -> None:
        if (logged := _LOGGED.match(line)) is not None:
            self.failure.where = logged[1]
        self.failure.say(line.strip())

    def _below(self, line: str, number: int) -> None:
        """A line of a failing test, of the trace of a panic, or of a package that does not build."""
        if (built := _BUILD.match(line)) is not None:
            if self.failure.begin(f"{self._package} [build failed]", number):
                self.failure.where = built[1]
                self.failure.say(line)
        elif (stack := _STACK.match(line)) is not None:
            if not foreign(stack[1]) and not self.failure.where:
                self.failure.where = stack[1]
        elif self._open and line.startswith("    "):
            self._said(line)

    # -json

    def _json(self, line: str, number: int) -> None:
        try:
            event = _decode(line)
        except (msgspec.DecodeError, UnicodeError):
            return
        key = (event.Package, event.Test)
        if event.Action == "build-output":
            self._built(event, number)
        elif event.Action == "output" and event.Test:
            if len(self._outputs) < _TESTS or key in self._outputs:
                self._outputs[key] = [*self._outputs.get(key, ()), event.Output[:400]][-40:]
        elif event.Action == "run" and "/" in event.Test and len(self._parents) < _TESTS:
            self._parents.add((event.Package, event.Test.rpartition("/")[0]))
        elif event.Action in ("pass", "fail", "skip"):
            self._over(event, key, number)

    def _over(self, event: Event, key: tuple[str, str], number: int) -> None:
        said = self._outputs.pop(key, [])
        self._named = True
        if not event.Test:
            if event.Action == "fail" and not self.live.failures:
                self.failure.begin(event.Package, number)
                self.live.failures += 1
            return
        if key in self._parents:
            self._parents.discard(key)
            return
        self._count(event.Action, 1)
        if event.Action == "fail" and self.failure.begin(event.Test, number):
            for line in said:
                self._told(line.rstrip("\n"))

    def _told(self, line: str) -> None:
        if (stack := _STACK.match(line)) is not None:
            if not foreign(stack[1]) and not self.failure.where:
                self.failure.where = stack[1]
        elif _LOGGED.match(line) is not None or line.startswith("panic: "):
            self._said(line)

    def _built(self, event: Event, number: int) -> None:
        name = event.ImportPath.split(" ", 1)[0]
        if not event.Output.startswith("# "):
            if self.failure.begin(f"{name} [build failed]", number):
                self.live.failures += 1
            if self.failure.name == f"{name} [build failed]":
                self.failure.where = self.failure.where or place(event.Output)
                self.failure.say(event.Output)

    def finish(self) -> None:
        """Without -v only packages were told of."""
        if not self._named and not self.live.passed:
            self.live.passed = self._packages
