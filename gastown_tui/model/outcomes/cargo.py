"""Reads the output of cargo test and of cargo nextest."""

from __future__ import annotations

import re

from gastown_tui.model.outcomes.outcome import ToolReader
from gastown_tui.model.outcomes.places import place

_RUNNING = re.compile(r"running (\d{1,7}) tests?$")
_TEST = re.compile(r"test (.{1,300}) \.\.\. (ok|FAILED|ignored)\b")
_RESULT = re.compile(r"test result: \w{1,10}\. (\d{1,7}) passed; (\d{1,7}) failed; (\d{1,7}) ignored;")
_STDOUT = re.compile(r"---- (.{1,300}) stdout ----$")
_PANIC = re.compile(r"thread '.{0,300}?' (?:\(\d{1,12}\) )?panicked at (.{1,600})$")
_NEXT = re.compile(r" {4,12}(PASS|FAIL|SKIP|TIMEOUT|SIGABRT|SIGSEGV) \[[^\]]{1,20}\] (?:\([^)]{1,20}\) )?(.{1,300})$")
_STARTING = re.compile(r" {1,8}Starting (\d{1,7}) tests? across")
_SUMMARY = re.compile(r" {1,10}Summary \[[^\]]{1,20}\] .{0,60}? tests? run: (.{1,200})$")
_PARTS = re.compile(r"(\d{1,7}) (passed|failed|skipped|timed out)")
_ERROR = re.compile(r"error(?:\[E\d{4}\])?: (.{1,300})$")
_AT = re.compile(r" {1,8}--> (\S{1,300}:\d{1,7}):\d{1,5}$")


class Cargo(ToolReader):
    """A block of counts a crate; failures with their panic below `---- name stdout ----`; compile errors."""

    tool = "cargo"

    def __init__(self) -> None:
        super().__init__()
        self._open = False
        self._next = False

    def feed(self, line: str, number: int) -> None:
        """Take a line."""
        if line.startswith("test "):
            self._test(line, number)
        elif line.startswith("---- ") and (head := _STDOUT.match(line)) is not None:
            # The name may be known from its own line: what is said below is about the first one only.
            self._open = self.failure.begin(head[1], number) or (self.failure.name == head[1] and not self.failure.why)
        elif line.startswith("running ") and (running := _RUNNING.match(line)) is not None:
            self.live.total += int(running[1])
        elif line.startswith("error") and (error := _ERROR.match(line)) is not None:
            self._compile(error[1], number)
        elif line.startswith("    ") or line.startswith(" "):
            self._indented(line, number)
        elif self._open:
            self._said(line)

    def _test(self, line: str, number: int) -> None:
        if (result := _RESULT.match(line)) is not None:
            self.settle(*(int(n) for n in result.groups()))
            self._open = False
        elif (one := _TEST.match(line)) is not None:
            self.live.passed += one[2] == "ok"
            self.live.failures += one[2] == "FAILED"
            self.live.skipped += one[2] == "ignored"
            if one[2] == "FAILED":
                self.failure.begin(one[1], number)

    def _said(self, line: str) -> None:
        """A line below the head of the first failure."""
        if (panic := _PANIC.match(line)) is not None:
            self.failure.where = self.failure.where or place(panic[1])
            if panic[1].startswith("'"):  # Rust before 1.73 said it in one line
                self.failure.say(panic[1])
        elif line.startswith(("stack backtrace:", "note: ", "failures:")):
            self._open = False
        elif self.failure.where:
            self.failure.say(line)

    def _indented(self, line: str, number: int) -> None:
        if (at := _AT.match(line)) is not None:
            if self._open and not self.failure.where:
                self.failure.where, self._open = at[1], False
        elif (one := _NEXT.match(line)) is not None:
            self._nextest(one[1], one[2], number)
        elif (start := _STARTING.match(line)) is not None:
            self.live.total, self._next = int(start[1]), True
        elif (summary := _SUMMARY.match(line)) is not None:
            by = {word: int(n) for n, word in _PARTS.findall(summary[1])}
            self.settle(by.get("passed", 0), by.get("failed", 0) + by.get("timed out", 0), by.get("skipped", 0))
            self._next = False
        elif self._open:
            self._said(line)

    def _nextest(self, word: str, name: str, number: int) -> None:
        if not self._next:  # failures are listed again below the summary
            return
        self.live.passed += word == "PASS"
        self.live.skipped += word == "SKIP"
        if word not in ("PASS", "SKIP"):
            self.live.failures += 1
            self._open = self.failure.begin(name, number) or self._open

    def _compile(self, said: str, number: int) -> None:
        if not said.startswith(("test failed", "could not compile", "aborting")) and self.failure.begin(said, number):
            self.failure.say(f"error: {said}")
            self.live.failures += 1
            self._open = True
