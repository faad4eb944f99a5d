"""What whoever runs the engine wants the overseer to read once: a band above the footer."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Region

from gastown_tui.cockpit.clean import one_line
from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import clip, width, wrap
from gastown_tui.cockpit.views.sheet import Sheet

NOTE = "notice"
"""The engine's passing note that holds the card: a title, then lines; `label<tab>value` stands in columns."""


class NoticeView(Sheet):
    """The card. It speaks of what is on the board, so the board stays as it is under it."""

    scope = NOTE
    title = "Notice"
    closed_below = True
    dims: ClassVar[bool] = False

    def where(self, width: int, height: int) -> Region:
        """A band above the footer, as high as it needs to be."""
        lines = _text(self.about)[1:]
        rows = min(height - 2, sum(len(_rows(line, width - 4, 0)) for line in lines) + 4)
        return Region(0, height - 1 - rows, width, rows)

    def head(self, scene: Scene) -> Line:
        """The first line."""
        title = clip(_text(self.about)[0], 60)
        mark = "✓ " if title.startswith("✓ ") else ""
        return (Span(mark, "good"), Span(title.removeprefix(mark), "strong"))

    def note(self, scene: Scene) -> Line:
        """How to go on."""
        return (Span("q", "focus"), Span(" leaves   ", "muted"), Span("Esc", "focus"), Span(" looks round", "muted"))

    def body(self, scene: Scene, cells: int, height: int) -> list[Line]:
        """The other lines."""
        lines = _text(self.about)[1:]
        labels = max((width(line.split("\t")[0]) for line in lines if "\t" in line), default=0)
        return [(), *(row for line in lines for row in _rows(line, cells, labels)), ()]


def _text(note: str) -> list[str]:
    return note.split("\n") if note else [""]


def _rows(line: str, cells: int, labels: int) -> list[Line]:
    """One line of the card: a label and its value in columns, or words that wrap."""
    label, tab, value = line.partition("\t")
    if not tab:
        return [(Span(row, "text"),) for row in wrap(label, cells)]
    name = one_line(label)
    head = Span(name + " " * (labels - width(name) + 3), "muted")
    return [(head, Span(clip(value, cells - labels - 3), "focus", True))]
