"""Every command by name, found by a few of its letters, each with its key or why it cannot be done now."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Region

from gastown_tui.cockpit.commands import LEAVE, NEEDS, ROWS, Command
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, line, raised
from gastown_tui.cockpit.places import accordion
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import clip
from gastown_tui.cockpit.views.reading import key_name
from gastown_tui.cockpit.views.sheet import Sheet


def score(query: str, text: str) -> int | None:
    """How well the letters of a query stand in a text in order: lower is better, None is not at all."""
    at, cost, low = -1, 0, text.lower()
    for char in query.lower().replace(" ", ""):
        found = low.find(char, at + 1)
        if found < 0:
            return None
        cost += found if at < 0 else 0 if found == at + 1 or (found and low[found - 1] == " ") else found - at
        at = found
    return cost


class PaletteView(Sheet):
    """The list; what is typed stands in the footer's line. `reason` says why a command cannot be done."""

    scope = "palette"
    title = "Commands"
    closed_below = True

    def __init__(self, scopes: tuple[str, ...], reason: Callable[[Command], str]) -> None:
        super().__init__()
        self.query_text = ""
        self.at = 0
        self._scopes = scopes
        self._reason = reason

    def where(self, width: int, height: int) -> Region:
        """Above the footer, where the line is."""
        wide = width if accordion(width, height) else 76
        rows = min(height - 3, 18)
        return Region(0, height - 1 - rows, wide, rows)

    def matches(self) -> list[Command]:
        """The commands that fit what was typed, the best first."""
        mine = [c for c in ROWS if set(c.scopes) & set(self._scopes) and not c.id.startswith(("answer", "down", "up"))]
        mine = [c for c in mine if not set(c.scopes) <= {NEEDS, LEAVE}]
        scored = [
            (found, index, c) for index, c in enumerate(mine) if (found := score(self.query_text, c.title)) is not None
        ]
        return [command for _, _, command in sorted(scored, key=lambda item: item[:2])]

    def body(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The matches."""
        found = self.matches()
        self.at = max(0, min(self.at, len(found) - 1))
        self.first = max(self.at - height + 1, min(self.first, self.at))
        out: list[Line] = []
        for index, command in enumerate(found):
            why = self._reason(command)
            keys = Span(" ".join(key_name(key) for key in command.keys[:1]), "muted" if why else "focus")
            text = line(
                Span(clip(command.title, 44), "muted" if why else "title"), Span(f"   {why}" if why else "", "muted")
            )
            row = ends((Span("▌" if index == self.at else " ", "focus"), *text), (keys, Span(" ")), width)
            out.append(raised(row) if index == self.at else row)
        return out or [fit((Span(" No command has these letters.", "muted"),), width)]

    def move(self, dx: int, dy: int) -> None:
        """Up and down."""
        self.at += dy

    @property
    def chosen(self) -> Command | None:
        """The command Enter runs."""
        found = self.matches()
        return found[self.at] if self.at < len(found) else None
