"""An agent's terminal in full: its rows in its own colours, and every key of the person's but one."""

from __future__ import annotations

from pathlib import Path

from rich.style import Style
from textual.geometry import Region

from gastown_tui.cockpit.draw.lines import Line, Span, crop, fit, length, line
from gastown_tui.cockpit.draw.terminal import COLUMNS, ROWS, Tail
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import width
from gastown_tui.cockpit.views.sheet import Sheet

LEAVE_KEYS = ("ctrl+right_square_bracket", "ctrl+]")


class AttachView(Sheet):
    """The terminal of the agent `about`, tailed from its spool."""

    scope = "attach"

    def __init__(self, about: str, spool: Path | None) -> None:
        super().__init__(about)
        self.tail = Tail(spool) if spool is not None else None

    def where(self, width: int, height: int) -> Region:
        """All but header and footer."""
        return Region(0, 1, width, max(1, height - 2))

    def head(self, scene: Scene) -> Line:
        """Whose terminal it is."""
        agent = scene.town.agents.get(self.about)
        bead = scene.short(agent.bead) if agent is not None and agent.bead else ""
        title = self.tail.screen.title if self.tail is not None else ""
        return line(
            Span("Polecats › ", "muted"),
            Span(self.about, "strong"),
            Span(f"  {bead}  ", "muted"),
            Span(title[:40], "muted"),
        )

    def note(self, scene: Scene) -> Line:
        """How to get out."""
        return line(Span("ctrl+]", "focus"), Span(" leaves", "muted"))

    def fit_terminal(self, rows: int, columns: int) -> None:
        """Give the emulator the size of the sheet."""
        if self.tail is not None and (rows, columns) != (self.tail.screen.rows, self.tail.screen.columns):
            self.tail.resize(rows, columns)

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The rule, then the terminal as it is."""
        head: Line = (Span("━ ", "focus"), *self.head(scene), Span(" "))
        tail: Line = (Span(" "), *self.note(scene), Span(" ━", "focus"))
        rule = (
            *crop(head, width - length(tail)),
            Span("━" * max(0, width - length(head) - length(tail)), "focus"),
            *tail,
        )
        if self.tail is None:
            return [rule, (Span(" This agent has no terminal that could be shown.", "muted"),)]
        out = [rule]
        cursor = self.tail.screen.cursor
        for index, row in enumerate(self.tail.lines[: height - 1]):
            shown = fit(row, width, "well")
            out.append(_with_cursor(shown, cursor.column) if cursor.visible and index == cursor.row else shown)
        return out

    def poll(self, monotonic: float) -> bool:
        """Feed what is new; whether anything changed."""
        return self.tail is not None and self.tail.poll(monotonic)

    def encode(self, key: str, character: str | None) -> bytes:
        """The bytes of a key for this terminal."""
        return self.tail.screen.encode_key(key, character) if self.tail is not None else b""

    def paste(self, text: str) -> bytes:
        """The bytes of a paste for this terminal."""
        return self.tail.screen.encode_paste(text) if self.tail is not None else b""


USUAL = (ROWS, COLUMNS)
"""The size a terminal gets back when the person leaves it."""


def _with_cursor(row: Line, column: int) -> Line:
    """The row with the cell of the cursor reversed."""
    out: list[Span] = []
    at = 0
    for span in row:
        size = width(span.text)
        if at <= column < at + size and len(span.text) == size:
            here = column - at
            style = span.role if isinstance(span.role, Style) else Style()
            lit = span._replace(text=span.text[here], role=style + Style(reverse=True))
            out += [span._replace(text=span.text[:here]), lit, span._replace(text=span.text[here + 1 :])]
        else:
            out.append(span)
        at += size
    return tuple(span for span in out if span.text)
