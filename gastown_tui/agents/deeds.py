"""Turns an agent's tool calls and their results into one-line notes: READ, EDIT, RUN, PASS, FAIL, COMMIT, DONE."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, NamedTuple

from gastown_tui.redact import redact
from gastown_tui.text import one_line as clean_line

_LINE = 300  # characters kept of a line
_READS = {"Read": "file_path", "NotebookRead": "notebook_path", "Grep": "pattern", "Glob": "pattern", "LS": "path"}
_EDITS = {"Edit": "file_path", "MultiEdit": "file_path", "Write": "file_path", "NotebookEdit": "notebook_path"}
_QUIET = {"TodoWrite", "TodoRead", "BashOutput", "ExitPlanMode"}

_COMMIT = re.compile(r"\bgit\b(?:\s+-\S+(?:\s+[^-\s&|;]\S*)?)*?\s+commit\b")
_DONE = re.compile(r"(?:^|[\s;&|(])gt\s+done\b")
_COMMITTED = re.compile(r"^\[[^\]\n]*\s([0-9a-f]{7,40})\]\s(.*)$", re.M)
_MESSAGE = re.compile(r"""\s-(?:\w*m|-message)[\s=]*(?:"([^"\n]*)|'([^'\n]*)|(\S+))""")
_TESTS = re.compile(
    r"\b(?:pytest|py\.test|unittest|tox|nox|go\s+test|cargo\s+(?:test|nextest)|(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?test"
    r"|npx\s+(?:jest|vitest|mocha)|jest|vitest|mocha|rspec|make\s+(?:test|check)|ctest|mvn\s+\S*test|gradle\s+\S*test)\b"
)
_EXIT = re.compile(r"^(?:Error: )?Exit code (\d+)", re.M)


class Note(NamedTuple):
    """Something an agent did: when (Unix seconds), a verb, what, a detail such as counts, and whether it went well."""

    at: float | None
    verb: str
    text: str
    detail: str = ""
    ok: bool | None = None


def one_line(text: str) -> str:
    """Text of unknown origin as one line of at most 300 characters, without control and direction codes."""
    line = redact(clean_line(text[: _LINE * 8]))
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"


class _Call(NamedTuple):
    command: str
    tests: bool
    commits: bool
    done: bool


class Tools:
    """Remembers the commands that run, so that a result can be read with its command."""

    def __init__(self) -> None:
        self._running: dict[str, _Call] = {}
        self._seen: set[str] = set()

    def used(self, block: dict[str, Any], at: float | None, folder: str) -> list[Note]:
        """The notes of a `tool_use` block; none for one that was seen already (lines can repeat it)."""
        name, tool, given = str(block.get("id", "")), str(block.get("name", "")), block.get("input")
        if name in self._seen or not isinstance(given, dict):
            return []
        if name:
            self._seen.add(name)
        if tool == "Bash":
            return self._command(name, str(given.get("command", "")), at)
        if tool in _EDITS:
            return [Note(at, "EDIT", _path(given.get(_EDITS[tool]), folder), _size(given))]
        if tool in _READS:
            return [Note(at, "READ", _path(given.get(_READS[tool]), folder))]
        if tool in _QUIET:
            return []
        first = next((value for value in given.values() if isinstance(value, str)), "")
        return [Note(at, "RUN", one_line(f"{tool} {first}"))]

    def _command(self, name: str, command: str, at: float | None) -> list[Note]:
        call = _Call(command, bool(_TESTS.search(command)), bool(_COMMIT.search(command)), bool(_DONE.search(command)))
        self._running[name] = call
        # A commit or a `gt done` is told when it has worked; anything else when it starts.
        return [] if (call.commits or call.done) and not call.tests else [Note(at, "RUN", one_line(command))]

    def answered(self, block: dict[str, Any], at: float | None) -> list[Note]:
        """The notes of a `tool_result` block."""
        call = self._running.pop(str(block.get("tool_use_id", "")), None)
        if call is None:
            return []
        output = _text(block.get("content"))
        failed = bool(block.get("is_error"))
        notes: list[Note] = []
        if call.tests:
            # In `pytest | tail` the exit code is the pipe's last command's: what the run says about itself counts too.
            red = failed or bool(_RED.search(output[-20_000:]))
            notes.append(Note(at, "FAIL" if red else "PASS", one_line(call.command), _counts(output), not red))
        if call.commits:
            notes += _commits(call.command, output, failed, at)
        if call.done:
            text = _message(call.command, _DONE) or ""
            bad = Note(at, "FAIL", "gt done", _reason(output), False)
            notes.append(bad if failed else Note(at, "DONE", text, "", True))
        return notes


def _message(command: str, after: re.Pattern[str]) -> str | None:
    """What `-m` says behind the verb it belongs to; None when it says nothing there (`git commit -F`)."""
    verb = after.search(command)
    said = _MESSAGE.search(command, verb.end()) if verb else None
    return one_line(next((part for part in said.groups() if part), "")) if said else None


def _commits(command: str, output: str, failed: bool, at: float | None) -> list[Note]:
    found = _COMMITTED.findall(output)
    if found:
        return [Note(at, "COMMIT", one_line(subject), sha, True) for sha, subject in found]
    if failed:
        return [Note(at, "FAIL", "git commit", _reason(output), False)]
    # `git commit -q` prints nothing; with --no-edit it takes the words git prepared, which are a merge's.
    return [Note(at, "COMMIT", _message(command, _COMMIT) or ("merge" if "--no-edit" in command else ""), "", True)]


def _reason(output: str) -> str:
    return one_line(next((line for line in output.splitlines() if line.strip() and not _EXIT.match(line)), ""))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


def _path(value: object, folder: str) -> str:
    text = str(value or "")
    if folder and text.startswith(folder.rstrip("/") + "/"):
        text = str(PurePath(text).relative_to(folder))
    return one_line(text)


def _size(given: dict[str, Any]) -> str:
    """`+22 −9`: lines an edit puts in and takes out, without what it repeats at both ends."""
    edits = given.get("edits")
    pairs = [edit for edit in edits if isinstance(edit, dict)] if isinstance(edits, list) else [given]
    plus = minus = 0
    for edit in pairs:
        old = str(edit.get("old_string", "")).splitlines()
        new = str(edit.get("new_string", edit.get("content", edit.get("new_source", "")))).splitlines()
        same = _common(old, new)
        tail = _common(old[same:][::-1], new[same:][::-1])
        plus, minus = plus + len(new) - same - tail, minus + len(old) - same - tail
    return f"+{plus} −{minus}"


def _common(one: list[str], other: list[str]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped)\b")  # pytest, cargo, jest
_UNITTEST = re.compile(r"\b(failures|errors|skipped)=(\d+)")
_RED = re.compile(r"\b[1-9]\d* failed\b|^FAILED \(|^FAIL\s+\S+\s+[\d.]+s", re.M)
_RAN = re.compile(r"^Ran (\d+) tests? in", re.M)
_GO = re.compile(r"^(ok|FAIL)\s+\S+\s+[\d.]+s", re.M)


def _counts(output: str) -> str:
    """What a test run says about itself, such as `14 passed` or `1 failed, 13 passed`; empty when nothing is known."""
    tail = output[-20_000:]
    lines = [line for line in tail.splitlines() if _COUNTS.search(line)]
    found = [" ".join(match) for match in _COUNTS.findall(lines[-1])] if lines else []
    if not found and (ran := _RAN.findall(tail)):
        said = _UNITTEST.findall(tail)
        found = [f"{ran[-1]} ran", *(f"{n} {what.replace('failures', 'failed')}" for what, n in said)]
    if not found and (packages := _GO.findall(tail)):
        bad = packages.count("FAIL")
        found = [f"{len(packages) - bad} ok", *([f"{bad} failed"] if bad else [])]
    return ", ".join(dict.fromkeys(found))
