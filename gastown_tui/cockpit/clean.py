"""What every text passes before it reaches a cell: no control code, no direction override, no broken surrogate."""

from __future__ import annotations

import re
from functools import lru_cache

from gastown_tui.text import clean

__all__ = ["clean", "one_line"]

LONGEST = 2000
"""Characters of one line that are ever looked at: no screen is wider, and a 100 KB title must cost nothing."""

_BREAKS = re.compile(r"[\s\u0085\u2028\u2029]+")


@lru_cache(maxsize=8192)
def one_line(text: str) -> str:
    """A text as one clean line: runs of white space become one space, the rest is cut at LONGEST characters."""
    return clean(_BREAKS.sub(" ", text[:LONGEST])).strip()
