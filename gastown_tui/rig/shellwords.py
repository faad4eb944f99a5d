"""Reads a shell command line into the simple commands it would run, enough to judge them before they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

UNKNOWN = "\ufffd"
"""Stands in a word for what only running it would tell: a substitution or a variable."""

_OPERATORS = re.compile(r"&&|\|\||;;&?|;&|\|&|[;&|\n]")
_REDIRECT = re.compile(r"(?:\d+|&)?(<<<|<<-?|<>|<&|>&|>>|>\||<|>)")
_PARAMETER = re.compile(r"\$(?:\{(\w+)\}|(\w+)|[@*#?$!-])")
_KEYWORDS = frozenset({
    "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "time", "!", "{", "}", "coproc",
})
_DEEPEST = 20


@dataclass
class Simple:
    """One simple command: its words, the files it writes to by redirection, and its here-document."""

    words: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    stdin: str = ""


@dataclass(frozen=True)
class Bracket:
    """The beginning or end of a subshell: a `cd` in it does not last."""

    opens: bool


Step = Simple | Bracket


def steps(command: str, known: dict[str, str] | None = None, depth: int = 0) -> Iterator[Step]:
    """What a command line runs, in order, substitutions before the command they are part of.

    Args:
        known: values of variables that may be filled in (HOME, PWD); others become UNKNOWN.
    """
    if depth < _DEEPEST:
        yield from _Reader(command, known or {}, depth).read()


class _Reader:
    def __init__(self, text: str, known: dict[str, str], depth: int) -> None:
        self.text = text.replace("\r\n", "\n").replace("\\\n", "")
        self.at = 0
        self.known = known
        self.depth = depth
        self.now = Simple()
        self.inner: list[Step] = []
        self.documents: list[tuple[str, bool, Simple]] = []

    def read(self) -> Iterator[Step]:
        while self.at < len(self.text):
            yield from self._token()
        yield from self._end()

    def _end(self) -> Iterator[Step]:
        yield from self.inner
        self.inner = []
        if self.now.words or self.now.writes:
            yield self.now
        self.now = Simple()

    def _token(self) -> Iterator[Step]:
        char = self.text[self.at]
        if char in " \t":
            self.at += 1
        elif char == "#":
            self.at = self._find("\n")
        elif redirect := self._redirection():
            self._redirect(redirect)
        elif operator := _OPERATORS.match(self.text, self.at):
            self.at = operator.end()
            # A here-document's text follows the line, yet belongs to a command that has been read already.
            pending, self.documents = (self.documents, []) if operator[0] == "\n" else ([], self.documents)
            for document in pending:
                self._take_document(*document)
            if not (self.documents and operator[0] != "\n"):
                yield from self._end()
            else:
                self._split_before_document()
        elif char in "()":
            self.at += 1
            yield from self._end()
            yield Bracket(char == "(")
        else:
            word = self._word()
            if self.now.words or word not in _KEYWORDS:
                self.now.words.append(word)

    def _split_before_document(self) -> None:
        """Keep a command waiting for its here-document while the rest of its line is read."""
        if self.now.words or self.now.writes:
            self.inner.append(self.now)
        self.now = Simple()

    def _redirection(self) -> re.Match[str] | None:
        found = _REDIRECT.match(self.text, self.at)
        # <( and >( are process substitutions, part of a word.
        return None if found and found[1] in "<>" and self.text[found.end() : found.end() + 1] == "(" else found

    def _redirect(self, found: re.Match[str]) -> None:
        self.at = found.end()
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        start = self.at
        target = self._word()
        if found[1] in ("<<", "<<-"):
            self.documents.append((target, found[1] == "<<-", self.now))
        elif found[1] == "<<<":
            self.now.stdin = target
        elif ">" in found[1] and not (found[1] == ">&" and re.fullmatch(r"\d*-?", self.text[start : self.at])):
            self.now.writes.append(target)

    def _take_document(self, end: str, tabs: bool, owner: Simple) -> None:
        lines = []
        while self.at < len(self.text):
            stop = self._find("\n")
            line, self.at = self.text[self.at : stop], min(stop + 1, len(self.text))
            if (line.lstrip("\t") if tabs else line) == end:
                break
            lines.append(line)
        owner.stdin = "\n".join(lines)

    def _find(self, what: str) -> int:
        found = self.text.find(what, self.at)
        return len(self.text) if found < 0 else found

    def _word(self) -> str:
        out: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\n;&|()" or (char in "<>" and self.text[self.at + 1 : self.at + 2] != "("):
                break
            if char == "'":
                end = self.text.find("'", self.at + 1)
                end = len(self.text) if end < 0 else end
                out.append(self.text[self.at + 1 : end])
                self.at = end + 1
            elif char == '"':
                self.at += 1
                out.append(self._quoted())
            elif char == "\\":
                out.append(self.text[self.at + 1 : self.at + 2])
                self.at += 2
            elif char in "<>":
                self.at += 1
                out.append(self._substitution())
            else:
                out.append(self._plain())
        return "".join(out)

    def _quoted(self) -> str:
        out: list[str] = []
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in ('"', "\\", "$", "`"):
                out.append(self.text[self.at + 1])
                self.at += 2
            else:
                out.append(self._plain())
        self.at += 1
        return "".join(out)

    def _plain(self) -> str:
        """One character, or what stands for a variable or a substitution."""
        char = self.text[self.at]
        if char == "`":
            end = self.text.find("`", self.at + 1)
            end = len(self.text) if end < 0 else end
            self._nest(self.text[self.at + 1 : end])
            self.at = end + 1
            return UNKNOWN
        if self.text.startswith("$(", self.at):
            self.at += 1
            return self._substitution()
        if char == "$" and self.text.startswith("${", self.at) and not _PARAMETER.match(self.text, self.at):
            self.at = self._find("}") + 1
            return UNKNOWN
        if char == "$" and (found := _PARAMETER.match(self.text, self.at)):
            self.at = found.end()
            return self.known.get(found[1] or found[2] or "", UNKNOWN)
        self.at += 1
        return char

    def _substitution(self) -> str:
        """Step over `( ... )`, and read what runs in it."""
        start = self.at + 1
        self.at = _closing(self.text, start)
        if not self.text.startswith("(", start):
            self._nest(self.text[start : self.at])
        self.at += 1
        return UNKNOWN

    def _nest(self, text: str) -> None:
        self.inner += [Bracket(True), *steps(text, self.known, self.depth + 1), Bracket(False)]


def _closing(text: str, at: int, inside: int = 0) -> int:
    """Where the bracket that is open at `at` closes; quotes and here-documents in between are stepped over."""
    if inside > _DEEPEST:
        return len(text)
    depth, document = 1, re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
    ends: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'":
            at = _after(text, "'", at + 1)
        elif char == '"':
            at = _end_of_quotes(text, at + 1, inside)
        elif char == "<" and (found := document.match(text, at)) and not text.startswith("<<<", at):
            ends.append(found[2])
            at = found.end() - 1
        elif char == "\n" and ends:
            for end in ends:
                found = re.compile(rf"^[ \t]*{re.escape(end)}[ \t]*$", re.MULTILINE).search(text, at + 1)
                at = found.end() if found else len(text)
            ends = []
            continue
        elif char in "()":
            depth += 1 if char == "(" else -1
            if not depth:
                return at
        at += 1
    return len(text)


def _after(text: str, what: str, at: int) -> int:
    found = text.find(what, at)
    return len(text) if found < 0 else found


def _end_of_quotes(text: str, at: int, inside: int) -> int:
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            at += 1
        elif text.startswith("$(", at):
            at = _closing(text, at + 2, inside + 1)
        at += 1
    return at
