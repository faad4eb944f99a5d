"""The last row: the keys that work here, what was just said, or the line being written."""

from __future__ import annotations

from collections.abc import Sequence

from gastown_tui.cockpit.canvas import Canvas
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, length
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import clip

MOST = 9
"""Keys the footer shows at most; those that do not fit drop from the right."""


class Footer(Canvas):
    """The footer. `keys` are the commands to show, `message` what was said last, `label` what a line is written for,
    `help` whether ? opens it now.
    """

    def __init__(self) -> None:
        super().__init__(id="footer")
        self.keys: Sequence[tuple[str, str]] = ()
        self.message: Line = ()
        self.label = ""
        self.help = True

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The footer's one row."""
        if self.label:
            return [fit((Span(" "), Span(clip(self.label, width // 2), "strong"), Span(" › ", "focus")), width, "well")]
        help_key: Line = (Span("?", "focus", True), Span(" help ", "muted")) if self.help else ()
        if self.message:
            return [ends((Span(" "), *self.message), help_key, width)]
        out: list[Span] = [Span(" ")]
        for key, name in self.keys[:MOST]:
            part = [Span(key, "focus", True), Span(f" {name}", "muted")]
            if length(out) + length(part) + length(help_key) + 1 > width:
                break
            out += [*part, Span("   " if width >= 100 else "  ")]
        return [ends(out, help_key, width)]
