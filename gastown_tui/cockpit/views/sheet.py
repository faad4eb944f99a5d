"""A sheet: what opens over the town, with a rule on top, an edge at its left, and rows that scroll."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Region

from gastown_tui.cockpit.canvas import Canvas
from gastown_tui.cockpit.draw.lines import Line, Span, crop, fit, length
from gastown_tui.cockpit.places import accordion
from gastown_tui.cockpit.scene import Scene


class Sheet(Canvas):
    """A view over the town. `scope` names its keys; `body` gives all its rows, of which those that fit are shown.
    `dims`: the town recedes under it.
    """

    DEFAULT_CSS = "Sheet { layer: over; }"
    scope: ClassVar[str] = ""
    title: ClassVar[str] = ""
    closed_below: ClassVar[bool] = False
    dims: ClassVar[bool] = True

    def __init__(self, about: str = "") -> None:
        super().__init__(id=None)
        self.about = about
        self.first = 0
        self._total = 0

    def where(self, width: int, height: int) -> Region:
        """Where the sheet stands on a screen of a size: a drawer from the right, all of a narrow screen."""
        if accordion(width, height):
            return Region(0, 1, width, max(1, height - 2))
        left = width * 34 // 120
        return Region(left, 1, width - left, height - 2)

    def body(self, scene: Scene, width: int, height: int) -> list[Line]:
        """All rows of the sheet; `height` is how many of them fit."""
        raise NotImplementedError

    def head(self, scene: Scene) -> Line:
        """What the rule says at its left."""
        return (Span(self.title, "strong"),)

    def note(self, scene: Scene) -> Line:
        """What the rule says at its right."""
        return ()

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The rule, the edge, the rows between."""
        inside = height - 1 - (1 if self.closed_below else 0)
        lines = self.body(scene, width - 4, inside)
        self._total = len(lines)
        self.first = max(0, min(self.first, self._total - inside))
        shown = lines[self.first : self.first + inside]
        shown += [()] * (inside - len(shown))
        out = [self._rule(scene, width)]
        out += [(Span("│", "focus"), Span(" "), *fit(row, width - 4), Span("  ")) for row in shown]
        if self.closed_below:
            out.append((Span("└" + "─" * (width - 1), "focus"),))
        return out

    def _rule(self, scene: Scene, width: int) -> Line:
        head: Line = (Span("━ ", "focus"), *self.head(scene), Span(" "))
        hidden = self._total - self.first - 1
        note = self.note(scene)
        tail: Line = (Span(" "), *note, Span(" ━", "focus")) if note and hidden is not None else ()
        tail = crop(tail, max(0, width - length(head) - 2))
        return (*crop(head, width), Span("━" * max(0, width - length(head) - length(tail)), "focus"), *tail)

    def move(self, dx: int, dy: int) -> None:
        """Scroll."""
        self.first = max(0, self.first + dy)

    def jump(self, last: bool) -> None:
        """To the first or the last row."""
        self.first = 1_000_000 if last else 0

    def click(self, x: int, y: int) -> None:
        """Nothing to select, unless a sheet says so."""
