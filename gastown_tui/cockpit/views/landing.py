"""What taking a landing back would do, before it is ordered."""

from __future__ import annotations

import json
from typing import Any

from textual.geometry import Region

from gastown_tui.cockpit.clean import one_line
from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.cockpit.places import accordion
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import wrap
from gastown_tui.cockpit.views.sheet import Sheet

LANDING = "landing"


class LandingView(Sheet):
    """The engine's own words, and the two ways to go on; `about` is the engine's answer to a dry run, as JSON."""

    scope = LANDING
    title = "Take a landing back"
    closed_below = True

    def where(self, width: int, height: int) -> Region:
        """A sheet above the footer, as high as its words need."""
        wide = width if accordion(width, height) else min(width, 110)
        rows = min(height - 2, len(self._rows(wide - 4)) + 2)
        return Region(width - wide, max(1, height - 1 - rows), wide, rows)

    def head(self, scene: Scene) -> Line:
        """Whether it is taken or put back."""
        again = all(one["again"] for one in asked(self.about)["landings"])
        return (Span("Land it again" if again else self.title, "strong"),)

    def body(self, scene: Scene, cells: int, height: int) -> list[Line]:
        """What it would do, and what is asked."""
        return self._rows(cells)

    def _rows(self, cells: int) -> list[Line]:
        would = asked(self.about)
        out: list[Line] = [()]
        for said in would["lines"]:
            indent = len(said) - len(said.lstrip())
            tone = "handled" if "CONFLICTS" in said else "strong" if not indent else "text"
            out += [(Span(" " * indent + row, tone),) for row in wrap(one_line(said), max(1, cells - indent))]
        keys = (Span("y", "focus", True), Span(" yes   ", "muted"), Span("Esc", "focus", True), Span(" no", "muted"))
        return [*out, (), (Span(f"{one_line(would['question'])}  ", "strong"), *keys)]


def asked(about: str) -> dict[str, Any]:
    """The engine's answer that a sheet shows."""
    found: dict[str, Any] = json.loads(about)
    return found
