"""The first real run asks what may be spent at most."""

from __future__ import annotations

from textual.geometry import Region

from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.cockpit.places import accordion
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import wrap
from gastown_tui.cockpit.views.sheet import Sheet

USUAL = "20"


class CapView(Sheet):
    """Says why it asks; the sum is written in the footer's line."""

    scope = "cap"
    title = "What may this cost?"
    closed_below = True

    def where(self, width: int, height: int) -> Region:
        """A small sheet above the footer."""
        wide = width if accordion(width, height) else 76
        return Region(0, max(1, height - 9), wide, min(8, height - 2))

    def body(self, scene: Scene, cells: int, height: int) -> list[Line]:
        """Three sentences."""
        text = "Agents here are paid for. At the sum you write below no further bead is slung until you raise it; " \
               "work in progress is kept. Nothing runs before you accept a plan."  # fmt: skip
        rows: list[Line] = [(Span(row, "text"),) for row in wrap(text, cells, 4)]
        return [
            (),
            *rows,
            (Span("Enter", "focus"), Span(" takes it, ", "muted"), Span("Esc", "focus"), Span(" sets no cap", "muted")),
        ]


def dollars(text: str) -> float | None:
    """A sum as a person writes it (`20`, `$12.50`); None when it is none, 0 for no cap."""
    try:
        value = float(text.strip().removeprefix("$").replace(",", ".") or "0")
    except ValueError:
        return None
    return value if 0 <= value < 1_000_000 else None
