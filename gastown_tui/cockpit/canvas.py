"""A widget that is a list of lines: it compares what it drew with what it draws now and repaints the difference."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from gastown_tui.cockpit.draw.lines import BLANK, Line, length
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.themes import Palette


@dataclass(frozen=True)
class Look:
    """How a canvas is to be drawn: with which palette, and whether it holds the focus."""

    palette: Palette
    focused: bool = False


class Canvas(Widget):
    """Draws lines given by `rows`; subclasses say what they are, never how they get to the terminal."""

    DEFAULT_CSS = "Canvas { position: absolute; }"

    class Clicked(Message):
        """Somebody clicked a cell of a canvas, or turned the wheel over it (`turn` -1 or 1)."""

        def __init__(self, canvas: Canvas, x: int, y: int, turn: int = 0) -> None:
            super().__init__()
            self.canvas, self.x, self.y, self.turn = canvas, x, y, turn

    class Resized(Message):
        """A canvas was drawn at another size."""

    def __init__(self, id: str | None) -> None:
        super().__init__(id=id)
        self.scene: Scene | None = None
        self.look: Look | None = None
        self._lines: list[Line] = []

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """What to draw in so many cells; shorter lists are filled with blank lines."""
        raise NotImplementedError

    def place(self, region: Region) -> None:
        """Put the canvas at a place of the screen; an empty region hides it."""
        self.display = bool(region.width and region.height)
        if self.display:
            self.styles.offset = (region.x, region.y)
            self.styles.width, self.styles.height = region.width, region.height

    def show(self, scene: Scene, look: Look) -> None:
        """Take a moment of the town and repaint what it changes."""
        whole = self.look != look
        self.scene, self.look = scene, look
        self.redraw(whole)

    def redraw(self, whole: bool = False) -> None:
        """Draw again and repaint the cells that changed."""
        width, height = self.size
        if self.scene is None or self.look is None or not width or not height or not self.display:
            return
        old, new = self._lines, self.rows(self.scene, width, height)[:height]
        new += [BLANK] * (height - len(new))
        self._lines = new
        if whole or len(old) != len(new):
            self.refresh()
            return
        changed = [_changed(a, b, y, width) for y, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        """A new size: everything is drawn again."""
        self.redraw(whole=True)
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """One line as styled cells."""
        if self.look is None or y >= len(self._lines):
            return Strip.blank(self.size.width)
        return self.look.palette.strip(self._lines[y], self.size.width)

    def on_click(self, event: object) -> None:
        """Tell the screen, which knows what a click means."""
        self.post_message(self.Clicked(self, getattr(event, "x", 0), getattr(event, "y", 0)))

    def on_mouse_scroll_down(self, event: object) -> None:
        """The wheel moves the selection."""
        self.post_message(self.Clicked(self, getattr(event, "x", 0), getattr(event, "y", 0), 1))

    def on_mouse_scroll_up(self, event: object) -> None:
        """The wheel moves the selection."""
        self.post_message(self.Clicked(self, getattr(event, "x", 0), getattr(event, "y", 0), -1))


def _changed(old: Line, new: Line, y: int, width: int) -> Region:
    """The cells of row `y` that differ: common spans at both ends are left alone."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    left = length(new[:start])
    if length(old) != length(new):
        return Region(left, y, width - left, 1)
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    right = length(new[: len(new) - end])
    was = length(old[: len(old) - end])
    return Region(left, y, max(1, max(right, was) - left), 1)
