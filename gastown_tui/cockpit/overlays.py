"""Small canvases over or between the panes: the thin lines below, and what may follow a prefix."""

from __future__ import annotations

from textual.geometry import Region, Size

from gastown_tui.cockpit.canvas import Canvas
from gastown_tui.cockpit.commands import Command
from gastown_tui.cockpit.draw.lines import Line, Span, raised
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.views.reading import which_key


class _Divider(Canvas):
    """One thin line between two panes; its first row belongs to their rules."""

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The line."""
        return [(), *([(Span("│", "line"),)] * (height - 1))]


class Dividers(_Divider):
    """The line between Mayor and Polecats; the one between Polecats and Train is its twin."""

    def __init__(self) -> None:
        super().__init__(id="divider-left")
        self.twin = _Divider(id="divider-right")

    def on_mount(self) -> None:
        """The twin stands beside it on the screen."""
        self.screen.mount(self.twin)

    def place_between(self, regions: tuple[Region, ...]) -> None:
        """Put both in their places, or hide them."""
        for canvas, region in zip((self, self.twin), regions or (Region(), Region()), strict=True):
            canvas.place(region)

    def show(self, scene: Scene, look: object) -> None:
        """Draw both."""
        super().show(scene, look)  # type: ignore[arg-type]
        self.twin.show(scene, look)  # type: ignore[arg-type]


class WhichKey(Canvas):
    """What may follow the keys typed so far, above the footer."""

    DEFAULT_CSS = "WhichKey { layer: top; }"

    def __init__(self) -> None:
        super().__init__(id="which-key")
        self._found: dict[str, Command | None] = {}
        self._reasons: dict[str, str] = {}

    def open(self, found: dict[str, Command | None], reasons: dict[str, str], size: Size) -> None:
        """Show these continuations on a screen of a size."""
        self._found, self._reasons = found, reasons
        rows = len(which_key(found, reasons, size.width)) + 1
        self.place(Region(0, max(0, size.height - 1 - rows), size.width, rows))

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """A thin rule and the columns."""
        body = [raised(row, "well") for row in which_key(self._found, self._reasons, width)]
        return [(Span("─" * width, "line"),), *body]
