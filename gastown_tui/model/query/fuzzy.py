"""Finds a word typed in a hurry: the beginnings of a title's words, run together."""

from __future__ import annotations

import re

_WORDS = re.compile(r"\w+")
_SHORTEST, _LONGEST = 3, 40


def fits(word: str, text: str) -> bool:
    """Whether a word is made of beginnings of a text's words, in their order: `ratlog` fits `rate-limit the login`.

    Both in lower case. Takes time in proportion to the text: words of more than 40 letters fit nothing.
    """
    if not _SHORTEST <= len(word) <= _LONGEST or not _in_order(word, text):
        return False
    reached = {0}
    for part in _WORDS.findall(text):
        reached |= {start + length for start in reached for length in range(1, _shared(word, start, part) + 1)}
        if len(word) in reached:
            return True
    return False


def _shared(word: str, start: int, part: str) -> int:
    """How many letters of a word from `start` on are the first ones of a part."""
    length, most = 0, min(len(word) - start, len(part))
    while length < most and word[start + length] == part[length]:
        length += 1
    return length


def _in_order(word: str, text: str) -> bool:
    """Whether the letters stand in this order at all: what most titles fail, at little cost."""
    at = -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return False
    return True
