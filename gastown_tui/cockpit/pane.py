"""A pane: one rule on top with number, name and note, what it shows under it, and one row of words when it is shut."""

from __future__ import annotations

from typing import ClassVar

from gastown_tui.cockpit.canvas import Canvas
from gastown_tui.cockpit.draw.lines import Line, Span, crop, fit, length
from gastown_tui.cockpit.scene import Scene

NOTE_ROOM = 0.75
"""Share of a rule that its note may take."""


class Pane(Canvas):
    """One of the four parts of the town. `zoomed` has the whole screen; at a height of one row it is a bar.

    `chosen`: the person has used a key or a click here. Until then the selection is what matters most; from then on
    it stays where it was put.
    """

    number: ClassVar[int] = 0
    title: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(id=self.title.lower())
        self.zoomed, self.chosen = False, False

    def draw(self, scene: Scene, width: int, height: int) -> list[Line]:
        """What stands under the rule, in so many cells."""
        raise NotImplementedError

    def note(self, scene: Scene, width: int) -> Line:
        """What the rule says at its right end."""
        return ()

    def summary(self, scene: Scene, width: int) -> Line:
        """The pane in one row of words."""
        return ()

    def move(self, dx: int, dy: int) -> None:
        """Move the selection by so many columns and rows."""

    def jump(self, last: bool) -> None:
        """Move the selection to the first or the last of where it is."""

    def click(self, x: int, y: int) -> None:
        """Select what stands at a cell."""

    @property
    def focused(self) -> bool:
        """Whether keys go to this pane."""
        return self.look is not None and self.look.focused

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The rule and what stands under it, or the bar alone."""
        if height == 1:
            return [bar(self.number, self.title, self.summary(scene, width - 14), width)]
        body = self.draw(scene, width, height - 1)
        return [rule(self.number, self.title, self.note(scene, width), width, self.focused), *body]


def rule(number: int, title: str, note: Line, width: int, focused: bool, bold: bool = True) -> Line:
    """`─ 2 Board ───── note ─`; heavy and teal where the focus is."""
    stroke, role = ("━", "focus") if focused else ("─", "line")
    head = [Span(stroke, role), Span(" ")]
    if number:
        head += [Span(str(number), "focus" if focused else "muted", focused), Span(" ")]
    head += [Span(title, "strong" if focused else "text", bold), Span(" ")]
    left = width - length(head)
    tail: Line = ()
    if note:
        tail = (
            Span(" "),
            *crop(note, int(left * NOTE_ROOM) if left > 24 else max(0, left - 4)),
            Span(" "),
            Span(stroke, role),
        )
    dashes = left - length(tail)
    if dashes < 0:
        return fit(head, width)
    return (*head, Span(stroke * dashes, role), *tail)


def bar(number: int, title: str, summary: Line, width: int) -> Line:
    """`─ 4 Train  ▲ run 7 red ─────`: a pane that is shut, in one row."""
    head = (Span("─", "line"), Span(" "), Span(str(number), "muted"), Span(" "), Span(title, "text", True), Span("  "))
    inside = (*crop(summary, width - length(head) - 3), Span(" "))
    return (*head, *inside, Span("─" * (width - length(head) - length(inside)), "line"))
