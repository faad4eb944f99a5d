"""What a program that ended by itself said on its screen about why, in one line for the overseer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gastown_tui.text import clip, one_line

CELLS = 160
_TROUBLE = re.compile(
    r"\b(?:error|errno|fail(?:ed|ure)?|unable|cannot|can't|could not|couldn't|not found|no such|denied|refused|invalid"
    r"|expired|log ?in|unauthori[sz]ed|forbidden|limit|exceeded|panic|fatal|exception|killed|out of memory|missing)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_FRAME = re.compile(r"^[\s│|╭╰─·•●⎿>❯]+|[\s│|╮╯─]+$")


def last_words(rows: Sequence[str]) -> str:
    """The rows that tell of trouble, the first two of them; else the last row with words in it; else nothing.

    Args:
        rows: of a screen, from its top; untrusted text.
    """
    said = [line for row in rows if _WORD.search(line := _FRAME.sub("", one_line(row)))]
    trouble = [line for line in said if _TROUBLE.search(line)]
    return clip("; ".join(line.rstrip(".;:") for line in (trouble[:2] or said[-1:])), CELLS)
