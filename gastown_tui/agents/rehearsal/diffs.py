"""Reads a unified diff as git prints it, strictly: what does not add up is an error and never half a diff."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(r"^(`{3,})diff[ \t]*\n", re.M)
_HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_HEADER = re.compile(r"^(?:index |old mode |new mode |new file mode |deleted file mode |similarity index |"
                     r"dissimilarity index |rename |copy |--- |Binary files |GIT binary patch)")


class Unreadable(ValueError):
    """Text that is no whole diff; the message names the line."""


class Added(NamedTuple):
    """A line a diff adds: its number in the new file, and its text."""

    number: int
    text: str


class Changed(NamedTuple):
    """One file of a diff: its new path (the old one when it was deleted), and the lines added and removed."""

    path: str
    added: tuple[Added, ...]
    removed: tuple[str, ...]


def fenced(prompt: str) -> str | None:
    """The text in the last ```diff fence of a prompt, or None when there is none that is closed.

    No line of a diff begins with a backtick, so the last fence that opens is the diff's own.
    """
    found = list(_FENCE.finditer(prompt))
    if not found:
        return None
    start = found[-1].end()
    close = re.compile(rf"^{found[-1].group(1)}`*[ \t]*$", re.M).search(prompt, start)
    return prompt[start:close.start()] if close else None


def parse(text: str) -> list[Changed]:
    """The files a diff changes.

    Raises:
        Unreadable: a line belongs to no file or hunk, or a hunk is shorter than its header says.
    """
    reader = _Reader()
    for number, row in enumerate(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"), 1):
        if not reader.take(row):
            raise Unreadable(f"line {number} of the diff makes no sense here: {row[:60]}")
    return reader.end()


class _Reader:
    """Takes a diff line by line, counting what each hunk still has to bring."""

    def __init__(self) -> None:
        self._files: list[Changed] = []
        self._path = ""
        self._added: list[Added] = []
        self._removed: list[str] = []
        self._old = self._new = self._number = 0
        self._binary = self._owes = False

    def take(self, row: str) -> bool:
        """Take one line; False when it does not belong where it stands."""
        if self._old or self._new:
            return self._inside(row)
        if row.startswith("\\"):
            return True
        if row.startswith("diff --git "):
            self._close()
            self._path = row.rsplit(" b/", 1)[-1].rstrip('"')
            return True
        if not self._path:
            return not row.strip()
        if row.startswith("+++ "):
            self._path = row[4:].rstrip("\t").strip('"').removeprefix("b/") if row != "+++ /dev/null" else self._path
            self._owes = True  # git names a file this way only when hunks follow
            return True
        if match := _HUNK.match(row):
            self._old, self._new = int(match.group(1) or 1), int(match.group(3) or 1)
            self._number = int(match.group(2))
            self._owes = False
            return True
        self._binary = self._binary or row.startswith("GIT binary patch")
        return self._binary or not row.strip() or bool(_HEADER.match(row))

    def end(self) -> list[Changed]:
        """The files, once everything was taken."""
        if self._old or self._new:
            raise Unreadable(f"the last hunk of {self._path} is cut off")
        self._close()
        return self._files

    def _inside(self, row: str) -> bool:
        sign = row[:1] or " "
        if sign == "\\":
            return True
        self._old -= sign in " -"
        self._new -= sign in " +"
        if sign == "+":
            self._added.append(Added(self._number, row[1:]))
        elif sign == "-":
            self._removed.append(row[1:])
        self._number += sign in " +"
        return sign in " +-" and self._old >= 0 and self._new >= 0

    def _close(self) -> None:
        if self._owes:
            raise Unreadable(f"no hunk follows the header of {self._path}")
        if self._path:
            self._files.append(Changed(self._path, tuple(self._added), tuple(self._removed)))
        self._path, self._added, self._removed, self._binary = "", [], [], False
