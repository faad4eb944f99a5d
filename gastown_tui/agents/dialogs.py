"""Knows an agent's dialogs and limits by the words on its screen, and which keys choose an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

_BULLET = re.compile(r"^[\s│|>❯▶]*(?:\d+[.)]\s*)?")
_UP, _DOWN, _ENTER = b"\x1b[A", b"\x1b[B", b"\r"


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row that can be chosen: our name for it, how its text begins, and whether it changes nothing."""

    choice: str
    text: str
    safe: bool = False


class DialogRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dialog as a runtime's file describes it; `seen` says when and with which version.

    `match` and `ends` are patterns: for its first line, and (where given) for the last line while it waits.
    """

    name: str
    match: str
    question: str
    seen: str = ""
    ends: str = ""
    selector: str = "❯"
    options: tuple[Option, ...] = ()


class LimitRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a screen looks when the account or the service holds the agent back."""

    name: str
    match: str


@dataclass(frozen=True)
class Limit:
    """A limit seen on a screen: its name, the line, and what its pattern took out (`seconds`, `resets` ...)."""

    name: str
    line: str
    found: dict[str, str]


@dataclass(frozen=True)
class Dialog:
    """A dialog that is on the screen now; `rows` are the options in the order they stand in."""

    name: str
    question: str
    rows: tuple[Option, ...]
    selected: int | None

    @property
    def safe(self) -> str | None:
        """The choice that changes nothing, if the dialog has one."""
        return next((option.choice for option in self.rows if option.safe), None)

    def steps(self, choice: str) -> list[bytes] | None:
        """The keystrokes, one by one, that move to `choice` and press Enter; None when the layout is not known."""
        target = next((at for at, option in enumerate(self.rows) if option.choice == choice), None)
        if target is None or self.selected is None:
            return None
        way = target - self.selected
        return [*([_DOWN if way > 0 else _UP] * abs(way)), _ENTER]

    def keys(self, choice: str) -> bytes | None:
        """The same in one piece."""
        steps = self.steps(choice)
        return None if steps is None else b"".join(steps)


def find_dialog(known: Sequence[DialogRow], screen: Sequence[str]) -> Dialog | None:
    """The dialog a screen shows, or None.

    The last match on the screen counts. Its options must all stand below it, each once, with the selector on exactly
    one of them: otherwise the layout is not what was recorded, and the dialog comes without rows. Text alone proves
    little (an agent may be reading about the dialog): ask when the session just started or stands still.
    """
    last = next((line for line in reversed(screen) if line.strip()), "")
    for row in known:
        if row.ends and not re.search(row.ends, last):
            continue
        starts = [at for at, line in enumerate(screen) if re.search(row.match, line)]
        if starts:
            return Dialog(row.name, row.question, *_layout(row, screen[starts[-1] :]))
    return None


def _layout(row: DialogRow, lines: Sequence[str]) -> tuple[tuple[Option, ...], int | None]:
    found: list[tuple[Option, bool]] = []
    for line in lines:
        text = _BULLET.sub("", line)
        best = max((o for o in row.options if text.startswith(o.text)), key=lambda o: len(o.text), default=None)
        if best is not None:
            found.append((best, row.selector in line))
    options = tuple(option for option, _ in found)
    selected = [at for at, (_, here) in enumerate(found) if here]
    if sorted(o.choice for o in options) != sorted(o.choice for o in row.options) or len(selected) != 1:
        return (), None
    return options, selected[0]


def find_limit(known: Sequence[LimitRow], screen: Sequence[str]) -> Limit | None:
    """The limit a screen shows, or None; of several lines the lowest counts."""
    for line in reversed(screen):
        for row in known:
            if match := re.search(row.match, line):
                return Limit(row.name, line.strip(), {k: v for k, v in match.groupdict().items() if v})
    return None
