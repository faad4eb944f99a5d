"""A transcript tells what an agent did, said and cost, while it is being written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.agents.deeds import Note
from gastown_tui.agents.transcript import Prices, Transcript

PRICES = {"opus": Prices(10.0, 100.0, 1.0, 20.0), "default": Prices(1.0, 10.0, 0.1, 2.0)}
AT = "2026-11-21T03:46:40.500Z"
SECONDS = 1795232800.5


class Writer:
    """Writes lines as Claude Code 2.1 does: one line a content block, with the message's id and usage on each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def line(self, **fields: Any) -> None:
        base = {"isSidechain": False, "cwd": "/rig/wt", "sessionId": "s", "version": "2.1.329", "timestamp": AT}
        with self.path.open("ab") as file:
            file.write(json.dumps({**base, **fields}).encode() + b"\n")

    def prompt(self, text: str) -> None:
        self.line(type="user", message={"role": "user", "content": text})

    def says(self, *blocks: dict[str, Any], model: str = "claude-sonnet-4-5", side: bool = False, **usage: Any) -> str:
        self.count += 1
        name = f"msg_{self.count}"
        for block in blocks:
            self.line(type="assistant", isSidechain=side, message={
                "id": name, "type": "message", "role": "assistant", "model": model, "content": [block],
                "stop_reason": None, "usage": usage or {"input_tokens": 0, "output_tokens": 0}})  # fmt: skip
        return name

    def tool(self, name: str, **given: Any) -> str:
        self.count += 1
        use = f"toolu_{self.count}"
        self.says({"type": "tool_use", "id": use, "name": name, "input": given})
        return use

    def result(self, use: str, text: str | list[dict[str, str]], failed: bool = False) -> None:
        block = {"type": "tool_result", "tool_use_id": use, "content": text, "is_error": failed}
        self.line(type="user", message={"role": "user", "content": [block]})

    def bash(self, command: str, output: str, failed: bool = False) -> None:
        self.result(self.tool("Bash", command=command), output, failed)

    def cost(self, total: float) -> None:
        self.line(type="cost-state", totalCostUSD=total, modelUsage={})


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """A transcript being written."""
    return Writer(tmp_path / "session.jsonl")


def _notes(writer: Writer) -> list[tuple[str, str, str, bool | None]]:
    return [(note.verb, note.text, note.detail, note.ok) for note in Transcript(writer.path).poll()]


def test_a_polecat_at_work(writer: Writer) -> None:
    writer.prompt("Do bead gt-1")
    writer.says({"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "I will read\nthe code first."})
    writer.result(writer.tool("Read", file_path="/rig/wt/app/auth.py"), "1\tcode")
    writer.tool("Grep", pattern="def login", path="/rig/wt")
    writer.tool("Glob", pattern="**/*.py")
    writer.tool("Edit", file_path="/rig/wt/app/auth.py", old_string="a\nb\nc", new_string="a\nx\ny\nc")
    writer.tool("Write", file_path="/rig/wt/new.py", content="1\n2\n3\n")
    writer.tool("Read", file_path="/rig/wt2/other.py")
    writer.bash("python -m unittest -q", "....\nRan 14 tests in 0.3s\n\nOK")
    writer.bash("git add -A && git commit -m 'Add login'", "[polecat/x 1a2b3c4] Add login\n 2 files changed")
    writer.bash("gt done -m 'Login works'", "handed in")
    assert _notes(writer) == [
        ("SAY", "I will read the code first.", "", None),
        ("READ", "app/auth.py", "", None),
        ("READ", "def login", "", None),
        ("READ", "**/*.py", "", None),
        ("EDIT", "app/auth.py", "+2 −1", None),
        ("EDIT", "new.py", "+3 −0", None),
        ("READ", "/rig/wt2/other.py", "", None),
        ("RUN", "python -m unittest -q", "", None),
        ("PASS", "python -m unittest -q", "14 ran", True),
        ("COMMIT", "Add login", "1a2b3c4", True),
        ("DONE", "Login works", "", True),
    ]


def test_times_turns_and_last_words(writer: Writer) -> None:
    writer.prompt("One")
    writer.line(type="user", isMeta=True, message={"role": "user", "content": "<caveat>"})
    writer.says({"type": "text", "text": "# Plan\n\n- a"})
    writer.line(type="user", message={"role": "user", "content": [{"type": "text", "text": "Two"}]})
    writer.line(type="summary", summary="x")
    writer.line(type="file-history-snapshot", snapshot={})
    transcript = Transcript(writer.path)
    assert transcript.poll() == [Note(SECONDS, "SAY", "# Plan - a", "", None)]
    assert transcript.last_text == "# Plan\n\n- a"
    assert transcript.turns == 2


@pytest.mark.parametrize(
    ("command", "output", "failed", "want"),
    [
        ("pytest -q", "....\n12 passed, 1 skipped in 0.31s", False, ("PASS", "12 passed, 1 skipped")),
        ("cd x && .venv/bin/pytest", "== 2 failed, 10 passed in 1s ==", True, ("FAIL", "2 failed, 10 passed")),
        ("pytest 2>&1 | tail -3", "1 failed, 3 passed in 1s", False, ("FAIL", "1 failed, 3 passed")),
        ("python -m unittest", "Ran 3 tests in 0.0s\n\nFAILED (failures=1, errors=2)", True,
         ("FAIL", "3 ran, 1 failed, 2 errors")),
        ("python3 -m unittest | cat", "Ran 3 tests in 0.0s\n\nFAILED (failures=1)", False, ("FAIL", "3 ran, 1 failed")),
        ("go test ./...", "ok  \ta/b\t0.012s\nok  \ta/c\t0.1s", False, ("PASS", "2 ok")),
        ("go test ./...", "FAIL\ta/b\t0.012s\nok  \ta/c\t0.1s\nFAIL", True, ("FAIL", "1 ok, 1 failed")),
        ("cargo test", "test result: ok. 7 passed; 0 failed; 0 ignored", False, ("PASS", "7 passed, 0 failed")),
        ("npm test", "Tests:       5 passed, 5 total", False, ("PASS", "5 passed")),
        ("npm run test -- --ci", "Error: Exit code 1", True, ("FAIL", "")),
        ("make check", "", False, ("PASS", "")),
    ],
)  # fmt: skip
def test_test_runs(writer: Writer, command: str, output: str, failed: bool, want: tuple[str, str]) -> None:
    writer.bash(command, output, failed)
    run, result = Transcript(writer.path).poll()
    assert (run.verb, run.text) == ("RUN", command)
    assert (result.verb, result.detail, result.ok) == (*want, want[0] == "PASS")


@pytest.mark.parametrize("command", ["ls -la", "cat tests/test_x.py", "grep unittests .", "git log", "echo pytests"])
def test_other_commands_pass_no_test(writer: Writer, command: str) -> None:
    writer.bash(command, "x failed", True)
    assert [note[:2] for note in _notes(writer)] == [("RUN", command)]


@pytest.mark.parametrize(
    ("command", "output", "failed", "want"),
    [
        ("git commit -qm 'Quiet one'", "", False, [("COMMIT", "Quiet one", True)]),
        ('git -C /x -c user.name=a commit -m "Two"', "[b 1234567] Two", False, [("COMMIT", "Two", True)]),
        ("git commit -m x", "nothing to commit, working tree clean", True, [("FAIL", "git commit", False)]),
        ("gt done -m x", "Refused: 2 files are not committed", True, [("FAIL", "gt done", False)]),
        ("git commit -m 'A' && gt done -m 'B'", "[b 1234567] A\nhanded in", False,
         [("COMMIT", "A", True), ("DONE", "B", True)]),
        ("python -m pytest && git commit -qm 'A'", "3 passed in 1s", False,
         [("RUN", "python -m pytest && git commit -qm 'A'", None),
          ("PASS", "python -m pytest && git commit -qm 'A'", True), ("COMMIT", "A", True)]),
        ("git commit --message=One --quiet", "", False, [("COMMIT", "One", True)]),
        ("git commit -F- <<E", "[b (root-commit) 1234567] Long\n", False, [("COMMIT", "Long", True)]),
        ("gt bead create x", "gt-2", False, [("RUN", "gt bead create x", None)]),
    ],
)  # fmt: skip
def test_commits_and_handing_in(
    writer: Writer, command: str, output: str, failed: bool, want: list[tuple[str, str, bool | None]]
) -> None:
    writer.bash(command, output, failed)
    assert [(verb, text, ok) for verb, text, _, ok in _notes(writer)] == want


def test_why_a_commit_or_handing_in_failed_is_said(writer: Writer) -> None:
    writer.bash("gt done -m x", "Exit code 1\nRefused: 2 files are not committed", True)
    assert _notes(writer) == [("FAIL", "gt done", "Refused: 2 files are not committed", False)]


def test_several_edits_in_one_and_other_tools(writer: Writer) -> None:
    writer.tool("MultiEdit", file_path="/rig/wt/a", edits=[
        {"old_string": "a", "new_string": "b"}, {"old_string": "", "new_string": "c\nd"}])  # fmt: skip
    writer.tool("NotebookEdit", notebook_path="/rig/wt/n.ipynb", new_source="x\ny")
    writer.tool("TodoWrite", todos=[])
    writer.tool("WebFetch", url="https://example.org")
    assert _notes(writer) == [
        ("EDIT", "a", "+3 −1", None), ("EDIT", "n.ipynb", "+2 −0", None),
        ("RUN", "WebFetch https://example.org", "", None),
    ]  # fmt: skip


def test_a_line_is_read_when_it_is_whole(writer: Writer) -> None:
    transcript = Transcript(writer.path)
    assert transcript.poll() == []
    writer.says({"type": "text", "text": "first"})
    whole = writer.path.read_bytes()
    writer.path.write_bytes(whole[:40])
    assert transcript.poll() == []
    with writer.path.open("ab") as file:
        file.write(whole[40:-1])
    assert transcript.poll() == []
    with writer.path.open("ab") as file:
        file.write(b"\n")
    assert [note.text for note in transcript.poll()] == ["first"]
    assert transcript.poll() == []


def test_torn_and_foreign_lines_are_passed_over(writer: Writer) -> None:
    writer.says({"type": "text", "text": "one"})
    with writer.path.open("ab") as file:
        file.write(b'{"type":"assistant","mess\n\xff\xfe\n[1,2]\n"x"\nnull\n{"type":"assistant","message":7}\n')
        file.write(b'{"type":"assistant","message":{"content":[1,{"type":"tool_use","name":"Bash","input":3}],"usage":4}}\n')
        file.write(b'{"type":"user","timestamp":"soon","message":{"content":[{"type":"tool_result","tool_use_id":5}]}}\n')
        file.write(b'{"type":"cost-state","totalCostUSD":"much"}\n')
    writer.says({"type": "text", "text": "two"})
    assert [text for _, text, _, _ in _notes(writer)] == ["one", "two"]


def test_a_file_that_became_shorter_is_read_anew(writer: Writer) -> None:
    writer.says({"type": "text", "text": "a long first line"}, output_tokens=1_000_000)
    transcript = Transcript(writer.path, PRICES)
    transcript.poll()
    assert transcript.cost_usd == 10.0
    writer.path.write_bytes(b"")
    writer.says({"type": "text", "text": "new"}, output_tokens=100_000)
    assert [note.text for note in transcript.poll()] == ["new"]
    assert transcript.cost_usd == 1.0


def test_what_is_said_is_one_harmless_line(writer: Writer) -> None:
    writer.says({"type": "text", "text": "a\x1b]52;c;x\x07\u202e b\n\n" + "x" * 5000})
    writer.tool("Bash", command="printf '\x9b31m'\nls")
    said, run = Transcript(writer.path).poll()
    assert len(said.text) == 300
    assert "\x1b" not in said.text
    assert run.text == "printf '\ufffd31m' ls"


def test_a_messages_usage_counts_once(writer: Writer) -> None:
    usage: Any = {"input_tokens": 1000, "output_tokens": 200, "cache_read_input_tokens": 5000,
             "cache_creation_input_tokens": 3000}  # fmt: skip
    writer.says({"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "text", "text": "c"}, **usage)
    transcript = Transcript(writer.path, PRICES)
    transcript.poll()
    assert transcript.tokens == 9200
    assert transcript.cost_usd == pytest.approx((1000 * 1 + 200 * 10 + 5000 * 0.1 + 3000 * 2) / 1e6)


def test_a_later_line_of_a_message_knows_more(writer: Writer) -> None:
    for output in (1, 500):
        writer.line(type="assistant", message={"id": "m", "model": "claude-opus-4", "content": [],
                                               "usage": {"output_tokens": output}})  # fmt: skip
    transcript = Transcript(writer.path, PRICES)
    transcript.poll()
    assert (transcript.tokens, transcript.cost_usd) == (500, 0.05)


def test_the_agents_own_account_goes_before_prices(writer: Writer) -> None:
    transcript = Transcript(writer.path, PRICES)
    name = writer.says({"type": "text", "text": "a"}, output_tokens=1_000_000)
    transcript.poll()
    assert transcript.cost_usd == 10.0
    writer.cost(7.5)
    transcript.poll()
    assert transcript.cost_usd == 7.5
    writer.line(type="assistant", message={"id": name, "model": "m", "content": [], "usage": {"output_tokens": 9}})
    transcript.poll()
    assert transcript.cost_usd == 7.5, "an old message's line again is no new spending"
    writer.says({"type": "text", "text": "b"}, output_tokens=100_000)
    transcript.poll()
    assert transcript.cost_usd == 8.5
    writer.cost(8.25)
    transcript.poll()
    assert transcript.cost_usd == 8.25


def test_a_resumed_process_that_counts_from_zero_is_added(writer: Writer) -> None:
    for total in (2.0, 3.0, 0.5, 0.75):
        writer.cost(total)
    transcript = Transcript(writer.path, PRICES)
    transcript.poll()
    assert transcript.cost_usd == 3.75


def test_subagents_cost_but_do_not_speak(writer: Writer) -> None:
    writer.says({"type": "text", "text": "sub"}, side=True, output_tokens=100_000)
    transcript = Transcript(writer.path, PRICES)
    assert transcript.poll() == []
    assert (transcript.last_text, transcript.cost_usd) == ("", 1.0)


def test_an_error_of_the_service_is_no_answer(writer: Writer) -> None:
    writer.says({"type": "text", "text": "API Error: 529"}, model="<synthetic>", output_tokens=5)
    transcript = Transcript(writer.path, PRICES)
    assert transcript.poll() == [Note(SECONDS, "SAY", "API Error: 529", "", False)]
    assert (transcript.last_text, transcript.tokens) == ("", 0)


def test_without_prices_only_the_agents_account_counts(writer: Writer) -> None:
    writer.says({"type": "text", "text": "a"}, output_tokens=1000)
    writer.cost(0.5)
    writer.says({"type": "text", "text": "a"}, output_tokens=1000)
    transcript = Transcript(writer.path)
    transcript.poll()
    assert transcript.cost_usd == 0.5
