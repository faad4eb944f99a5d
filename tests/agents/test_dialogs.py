"""A dialog is answered only when it looks exactly as it was recorded; limits are read off a screen."""

from __future__ import annotations

import pytest

from gastown_tui.agents import runtime
from gastown_tui.agents.dialogs import Dialog

CLAUDE = runtime.load("claude")
TRUST = """
──────────────────────────────────────────────
 Accessing workspace:

 /rig/wt

 Quick safety check: Is this a project you created or one you trust?

 {one}
 {two}

 Enter to confirm · Esc to cancel
"""


def _dialog(text: str) -> Dialog | None:
    return CLAUDE.dialog(text.splitlines())


@pytest.mark.parametrize(
    ("one", "two", "yes", "no"),
    [
        ("  1. Yes, I trust this folder", "❯ 2. No, exit", [b"\x1b[A", b"\r"], [b"\r"]),
        ("❯ No, exit", "  Yes, I trust this folder", [b"\x1b[B", b"\r"], [b"\r"]),
        ("❯ 1. Yes, I trust this folder", "  2. No, exit", [b"\r"], [b"\x1b[B", b"\r"]),
        ("│ ❯ 1. Yes, I trust this folder   │", "│   2. No, exit      │", [b"\r"], [b"\x1b[B", b"\r"]),
    ],
)
def test_the_trust_dialog(one: str, two: str, yes: list[bytes], no: list[bytes]) -> None:
    dialog = _dialog(TRUST.format(one=one, two=two))
    assert dialog is not None
    assert (dialog.name, dialog.safe) == ("trust", "no")
    assert dialog.steps("yes") == yes
    assert dialog.steps("no") == no
    assert dialog.keys("yes") == b"".join(yes)
    assert dialog.keys("maybe") is None


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("  1. Yes, I trust this folder", "  2. No, exit"),
        ("❯ 1. Yes, I trust this folder", "❯ 2. No, exit"),
        ("❯ 1. Yes, I trust this folder", "  2. No, ask me later"),
        ("❯ 1. Yes, I trust this folder", "  2. Yes, I trust the parent"),
        ("", ""),
    ],
)
def test_no_key_is_pressed_in_a_layout_nobody_recorded(one: str, two: str) -> None:
    dialog = _dialog(TRUST.format(one=one, two=two))
    assert dialog is not None
    assert dialog.name == "trust"
    assert dialog.keys("yes") is None
    assert dialog.keys("no") is None
    assert dialog.question


def test_other_screens_show_no_dialog() -> None:
    assert _dialog("● Read(app.py)\n❯ \n") is None
    assert _dialog("") is None


def test_the_lowest_dialog_counts() -> None:
    old = TRUST.format(one="❯ No, exit", two="  Yes, I trust this folder")
    new = TRUST.format(one="  No, exit", two="❯ Yes, I trust this folder")
    dialog = _dialog(old + new)
    assert dialog is not None
    assert dialog.keys("yes") == b"\r"


def test_a_question_of_the_rehearsal_waits_only_while_it_is_last() -> None:
    rehearsal = runtime.load("rehearsal")
    lines = ["─" * 40, " Delete it?", "   1. Yes", " ❯ 2. No", " Enter to confirm · Esc to cancel"]
    dialog = rehearsal.dialog([*lines, "", ""])
    assert dialog is not None
    assert dialog.keys("yes") == b"\x1b[A\r"
    assert rehearsal.dialog([*lines, "● Bash(rm x)"]) is None


@pytest.mark.parametrize(
    ("line", "name", "found"),
    [
        (" ⎿ API Error · retrying in 8s · attempt 3/10", "retrying", {"seconds": "8", "attempt": "3", "of": "10"}),
        ("You've hit your weekly limit", "usage", {}),
        ("Opus limit · resets 3pm", "usage", {"resets": "3pm"}),
        ("limit · resets 11:30am (UTC)", "usage", {"resets": "11:30am"}),
    ],
)
def test_limits(line: str, name: str, found: dict[str, str]) -> None:
    limit = CLAUDE.limit(["● working", line, "❯ "])
    assert limit is not None
    assert (limit.name, limit.line, limit.found) == (name, line.strip(), found)


def test_no_limit() -> None:
    assert CLAUDE.limit(["The speed limit is 50", "retrying"]) is None


def test_the_lowest_limit_counts() -> None:
    limit = CLAUDE.limit(["retrying in 8s · attempt 3/10", "retrying in 16s · attempt 4/10"])
    assert limit is not None
    assert limit.found["attempt"] == "4"
