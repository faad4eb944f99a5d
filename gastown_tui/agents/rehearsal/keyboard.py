"""Turns the bytes a terminal sends into keys and pastes, whatever chunks they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_PASTE, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O\x1b])", re.S)
_NAMED = {
    b"\r": "enter", b"\x03": "ctrl-c", b"\x04": "ctrl-d", b"\x7f": "backspace", b"\x08": "backspace",
    b"\x1b[A": "up", b"\x1b[B": "down", b"\x1bOA": "up", b"\x1bOB": "down",
}


class Key(NamedTuple):
    """One key: its name, and for `text` and `paste` what was typed or pasted (without control codes)."""

    name: str
    text: str = ""


class Keyboard:
    """Collects bytes until they make a key; what is incomplete waits for more, or for `settle`."""

    def __init__(self) -> None:
        self._left = b""

    @property
    def undecided(self) -> bool:
        """True when all that is left is a beginning, such as an ESC that may be the Esc key."""
        return bool(self._left) and not self._left.startswith(_PASTE)

    def feed(self, data: bytes) -> Iterator[Key]:
        """Keys that are complete with these bytes."""
        self._left += data
        while self._left:
            key, used = self._next()
            if not used:
                return
            self._left = self._left[used:]
            if key is not None:
                yield key

    def settle(self) -> Iterator[Key]:
        """No more bytes came for a moment: a waiting ESC was the key, half a character is dropped."""
        left, self._left = self._left, b""
        if left.startswith(b"\x1b"):
            yield Key("esc")
            yield from self.feed(left[1:])

    def _next(self) -> tuple[Key | None, int]:
        """The first key of what is left and its length in bytes; length 0 when it is incomplete."""
        left = self._left
        if left.startswith(_PASTE):
            end = left.find(_PASTE_END)
            text = left[len(_PASTE):end].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
            return (None, 0) if end < 0 else (Key("paste", clean(text)), end + len(_PASTE_END))
        if left[0] == 0x1b:
            match = _SEQUENCE.match(left)
            if match is None:
                return (Key("esc"), 1) if left[1:2] == b"\x1b" else (None, 0 if len(left) < 64 else 1)
            name = _NAMED.get(match.group())
            return (Key(name) if name else None), match.end()
        if left[:1] in _NAMED:
            return Key(_NAMED[left[:1]]), 1
        if left[0] < 0x20:
            return (Key("text", "\n") if left[0] == 0x0a else None), 1
        return _typed(left)


def _typed(data: bytes) -> tuple[Key | None, int]:
    """The run of printable text at the start; half a UTF-8 character at the end waits for its rest."""
    match = re.match(rb"[^\x00-\x1f\x7f]+", data)
    run = match.group() if match else data[:1]
    for cut in range(min(4, len(run))):
        try:
            return Key("text", clean(run[:len(run) - cut].decode("utf-8"))), len(run) - cut
        except UnicodeDecodeError:
            continue
    if len(run) < 4 and len(run) == len(data):
        return None, 0
    return Key("text", clean(run.decode("utf-8", "replace"))), len(run)


def clean(text: str) -> str:
    """Text without anything a terminal would obey: control codes go, newlines and tabs stay."""
    return "".join(char for char in text
                   if char in "\n\t" or (ord(char) >= 0x20 and not 0x7f <= ord(char) <= 0x9f
                                         and not 0x202a <= ord(char) <= 0x202e and not 0x2066 <= ord(char) <= 0x2069))
