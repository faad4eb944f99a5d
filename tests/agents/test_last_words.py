"""What a screen says about why its program ended."""

from __future__ import annotations

import pytest

from gastown_tui.agents.last_words import CELLS, last_words
from gastown_tui.text import width

OFFLINE = """
       █████████      *
.......█ █   █ █..........................................

 Unable to connect to Anthropic services

 Failed to connect to api.example.com: ENOTFOUND

 Check your internet connection and network settings.
"""


@pytest.mark.parametrize(
    ("screen", "said"),
    [
        ("", ""), ("  \n ░░░░ ▓▓ \n 12 : 4 \n", ""),
        (OFFLINE, "Unable to connect to Anthropic services; Failed to connect to api.example.com: ENOTFOUND"),
        ("│ Invalid API key · Please run /login │", "Invalid API key · Please run /login"),
        ("$ claude\nsh: 1: claude: not found", "sh: 1: claude: not found"),
        ("Hello.\nThat was all.\n", "That was all"),
        ("an \x1b[31merror\x1b[0m\u202e here", "an \ufffd[31merror\ufffd[0m\ufffd here"),
    ],
)  # fmt: skip
def test_trouble_is_quoted_first(screen: str, said: str) -> None:
    assert last_words(screen.splitlines()) == said


def test_it_is_never_long() -> None:
    assert width(last_words(["error " + "漢" * 500] * 3)) <= CELLS
