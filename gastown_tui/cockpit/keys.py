"""Keys to commands: a trie over the table's chords, with counts before them and prefixes that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from gastown_tui.model.errors import GasTownError

T = TypeVar("T")

WHICH_KEY_AFTER = 0.25
"""Seconds after a prefix until its continuations are shown (facts/keyboard.md)."""

_NAMES = {"return": "enter", "ctrl+m": "enter", "ctrl+i": "tab", "down": "j", "up": "k", "left": "h", "right": "l",
          "home": "g g", "end": "G", "pagedown": "ctrl+d", "pageup": "ctrl+u"}  # fmt: skip


class Hit(NamedTuple, Generic[T]):
    """A whole chord: what it stands for, and the number typed before it (None: none)."""

    found: T
    times: int | None


class Pending(NamedTuple):
    """The beginning of a chord: the keys so far."""

    keys: tuple[str, ...]


class Miss(NamedTuple):
    """Keys that mean nothing here."""

    keys: tuple[str, ...]


def spelled(key: str, character: str | None) -> str:
    """A key as the table spells it: the printed character, else the key's name; arrows are their letters."""
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return _NAMES.get(key, key)


@dataclass
class _Node(Generic[T]):
    found: T | None = None
    after: dict[str, _Node[T]] = field(default_factory=dict)


class Trie(Generic[T]):
    """Chords (`g 1`, `ctrl+q d`, `j`) to what they stand for; refuses one that hides another."""

    def __init__(self, chords: Iterable[tuple[str, T]]) -> None:
        self._top: _Node[T] = _Node()
        for chord, value in chords:
            self._add(chord, value)

    def _add(self, chord: str, value: T) -> None:
        node = self._top
        for key in chord.split(" "):
            if node.found is not None:
                raise GasTownError(f"The key {chord} hides behind a shorter one.", "Give one of them another key.")
            node = node.after.setdefault(key, _Node())
        if node.found is not None or node.after:
            raise GasTownError(f"The key {chord} is taken.", "Give one of the two another key.")
        node.found = value

    def find(self, keys: Iterable[str]) -> T | dict[str, T | None] | None:
        """What a chord stands for; for the beginning of one, what may follow; None where it leads nowhere."""
        node: _Node[T] | None = self._top
        for key in keys:
            node = node.after.get(key) if node is not None else None
        if node is None:
            return None
        if node.found is not None:
            return node.found
        return {key: after.found for key, after in node.after.items()}


class Dispatcher(Generic[T]):
    """Turns keys into hits. Scopes are given with each key, the innermost first; time is given too."""

    def __init__(self, tries: Mapping[str, Trie[T]]) -> None:
        self._tries = tries
        self.keys: tuple[str, ...] = ()
        self.digits = ""
        self.since = 0.0

    def feed(self, key: str, scopes: Iterable[str], now: float, counts: bool = True) -> Hit[T] | Pending | Miss:
        """One more key; `counts` says whether bare digits are a count here."""
        if key == "g g" and not self.keys:
            keys: tuple[str, ...] = ("g", "g")
        else:
            if counts and not self.keys and key.isdigit() and (self.digits or key != "0"):
                self.digits = (self.digits + key)[-4:]
                self.since = now
                return Pending((self.digits,))
            keys = (*self.keys, key)
        waits = False
        for scope in scopes:
            trie = self._tries.get(scope)
            found = trie.find(keys) if trie is not None else None
            if found is not None and not isinstance(found, dict):
                hit: Hit[T] = Hit(found, int(self.digits) if self.digits else None)
                self.reset()
                return hit
            waits = waits or bool(found)
        if waits:
            self.keys, self.since = keys, now
            return Pending(keys)
        self.reset()
        return Miss(keys)

    def reset(self) -> None:
        """Forget what was begun."""
        self.keys, self.digits = (), ""

    def following(self, scopes: Iterable[str]) -> dict[str, T | None]:
        """What may follow the keys typed so far; the innermost scope wins."""
        out: dict[str, T | None] = {}
        for scope in scopes:
            trie = self._tries.get(scope)
            found = trie.find(self.keys) if trie is not None else None
            if isinstance(found, dict):
                out = {**found, **out}
        return out
