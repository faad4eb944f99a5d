"""Names a town by its folder: the rig's, and the short prefix its beads carry."""

from __future__ import annotations

import re

_LONGEST = 40


def rig_name(folder: str) -> str:
    """A rig's name out of a folder's: letters, digits, dots, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder).strip("-.")[:_LONGEST] or "rig"


def prefix(folder: str) -> str:
    """Two to four letters: the initials of several words, else the first letter and the consonants after it.

    `todo` gives td, `gas-town-tui` gives gtt.
    """
    words: list[str] = re.findall(r"[a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1-\2", folder).lower())
    words = [word for word in words if word[0].isalpha()] or ["gt"]
    if len(words) > 1:
        return "".join(word[0] for word in words)[:4]
    word = words[0]
    consonants = re.sub(r"[aeiou0-9]", "", word[1:])
    return (word[0] + (consonants or word[1:] or "t"))[:2]
