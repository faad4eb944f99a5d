"""Makes untrusted text safe to show: nothing a terminal would obey gets through, and what was there is seen."""

from __future__ import annotations

import re
import unicodedata

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile(r"[ \t\n\u2028\u2029]+")

MARK = "\ufffd"
"""Stands where something was taken out, so that a reader sees that the text was not what it seems."""


def clean(text: str) -> str:
    """Text without control codes, bidirectional overrides and lone surrogates; newlines and tabs stay.

    Each character taken out becomes U+FFFD; Windows line ends become newlines (facts/untrusted-text.md, rule 1).
    """
    if text.isprintable():
        return text
    return _OBEYED.sub(MARK, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Clean text in one line: every run of blanks and breaks is one space."""
    return _BREAKS.sub(" ", clean(text)).strip()


def width(text: str) -> int:
    """Terminal cells a clean line takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def clip(text: str, cells: int) -> str:
    """A clean line in at most so many cells; an ellipsis says that something is missing."""
    if width(text) <= cells:
        return text
    out, left = [], cells - 1
    for char in text:
        left -= _cells(char)
        if left < 0:
            break
        out.append(char)
    return "".join(out).rstrip() + "…" if cells > 0 else ""


def pad(text: str, cells: int) -> str:
    """A clean line in exactly so many cells."""
    short = clip(text, cells)
    return short + " " * (cells - width(short))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def count(number: int, noun: str) -> str:
    """`1 bead`, `3 beads`."""
    return f"{number} {noun}{'s' * (number != 1)}"


def brings(commits: int, added: int, removed: int) -> str:
    """`+41 lines`, `+41 −9`; `3 commits` of work that was handed in before lines were counted."""
    if added and removed:
        return f"+{added} −{removed}"
    if added or removed:
        return ("+" if added else "−") + count(added or removed, "line")
    return count(commits, "commit") if commits else ""
