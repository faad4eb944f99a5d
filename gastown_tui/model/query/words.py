"""A query's text cut into words, each knowing where it stood, and the error that points at one of them."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from gastown_tui.model.errors import Usage

LONGEST = 4000
"""Characters of a query: more than anybody types, few enough that no query keeps a machine busy."""
_AROUND = 60
_TOKEN = re.compile(
    r"""\s+|(?P<sign>!=|!~|<=|>=|<>|==|[=<>~])|(?P<mark>[(),])|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<word>[^\s(),=!<>~"'][^\s(),=!<>~]*)|(?P<bad>.)""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"""\\(["'\\])""")
_SAME = {"==": "=", "<>": "!="}


class Token(NamedTuple):
    """One word, sign or mark; `text` is what it says, `kind` is word, quoted, sign, mark or end."""

    kind: str
    text: str
    at: int
    length: int

    @property
    def keyword(self) -> str:
        """The word in lower case, or nothing for what was quoted or is no word."""
        return self.text.lower() if self.kind == "word" else ""

    def marks(self, text: str) -> bool:
        """Whether it is this parenthesis or comma, and not one in quotes."""
        return self.kind == "mark" and self.text == text


class QueryError(Usage):
    """A query that cannot be read: `at` is the character (from 0), `length` how many are meant."""

    def __init__(self, query: str, at: int, length: int, what: str, expected: str) -> None:
        super().__init__(f"{what} (character {at + 1}).", f"{picture(query, at, length)}\n{expected}")
        self.at = at
        self.length = length
        self.expected = expected


def cut(query: str) -> list[Token]:
    """The words of a query, the last of them the end; raises QueryError. Takes time in proportion to the text."""
    if len(query) > LONGEST:
        raise QueryError(query, LONGEST, 1, f"A query has at most {LONGEST} characters", "Say it in fewer words.")
    out = []
    for found in _TOKEN.finditer(query):
        kind, at, length = found.lastgroup, found.start(), len(found.group())
        if kind == "bad":
            raise _bad(query, at)
        if kind in ("double", "single"):
            out.append(Token("quoted", _ESCAPED.sub(r"\1", found.group(kind)), at, length))
        elif kind is not None:
            text = found.group()
            out.append(Token(kind, _SAME.get(text, text) if kind == "sign" else text, at, length))
    out.append(Token("end", "", len(query.rstrip()), 1))
    return out


def _bad(query: str, at: int) -> QueryError:
    if query[at] == "!":
        return QueryError(query, at, 1, "! stands alone", "Expected != or !~, or the word not.")
    return QueryError(query, at, 1, "This quote is never closed", f"Expected another {query[at]} after it.")


def quoted(text: str) -> str:
    """A text in quotes, as `cut` reads it back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def shown(text: str) -> str:
    """A person's own word in an error: short, and without what a terminal would obey."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:40])
    return f"{clean}…" if len(text) > 40 else clean


def picture(query: str, at: int, length: int) -> str:
    """The query's neighbourhood in one line, and a line under it that points."""
    start, end = max(0, at - _AROUND), min(len(query), at + max(length, 1) + _AROUND)
    before = ("…" if start else "") + _line(query[start:at])
    meant = _line(query[at : min(at + length, end)])
    after = _line(query[min(at + length, end) : end]) + ("…" if end < len(query) else "")
    return f"  {before}{meant}{after}\n  {' ' * _cells(before)}{'^' * max(1, _cells(meant))}"


def _line(text: str) -> str:
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _cells(text: str) -> int:
    """Terminal cells: the floors above have a better measure, which the model must not know."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me") for char in text)
