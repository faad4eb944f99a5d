"""Where a person writes: the line in the footer, and the field of the Mayor's chat."""

from __future__ import annotations

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Input, TextArea

from gastown_tui.cockpit.guide import Guide

MAYOR_ROWS = 6
"""Rows the Mayor's field grows to."""


def _place(widget: Input | TextArea, region: Region) -> None:
    widget.display = bool(region.width and region.height)
    if widget.display:
        widget.styles.offset = (region.x, region.y)
        widget.styles.width, widget.styles.height = region.width, region.height


class PromptField(Input, inherit_bindings=True):
    """The line in the footer; Enter gives what was written, Esc drops it, arrows go to whoever asked."""

    DEFAULT_CSS = """
    PromptField { position: absolute; layer: top; border: none; height: 1; padding: 0; background: $gt-well; }
    PromptField:focus { border: none; background: $gt-well; }
    """

    class Turned(Message):
        """An arrow key, for a list above the line: -1 up, 1 down."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self) -> None:
        super().__init__(id="prompt", compact=True, select_on_focus=False)
        self.cursor_blink = False

    def place(self, region: Region) -> None:
        """Put it somewhere; an empty region hides it."""
        _place(self, region)

    def on_key(self, event: events.Key) -> None:
        """Up and down are not the line's."""
        if event.key in ("up", "down", "ctrl+p", "ctrl+n"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Turned(-1 if event.key in ("up", "ctrl+p") else 1))


class MayorField(TextArea):
    """The field of the chat: Enter sends, ctrl+j breaks the line, pasted text keeps its breaks."""

    DEFAULT_CSS = """
    MayorField { position: absolute; border: none; padding: 0; background: $gt-well; color: $foreground;
                 scrollbar-size: 0 0; }
    MayorField:focus { border: none; background: $gt-well; }
    MayorField .text-area--cursor-line { background: $gt-well; }
    MayorField .text-area--placeholder { color: $gt-muted; }
    """

    class Sent(Message):
        """What was written is to be said to the Mayor."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, guide: Guide | None = None) -> None:
        super().__init__(
            id="mayor-field", compact=True, soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False,
            placeholder="Tell the Mayor what you want", tab_behavior="focus",
        )  # fmt: skip
        self.cursor_blink = False
        self._guide = guide

    def place(self, region: Region) -> None:
        """Put it somewhere; an empty region hides it."""
        _place(self, region)

    @property
    def wanted_rows(self) -> int:
        """Rows it would like to have."""
        return max(1, min(MAYOR_ROWS, self.wrapped_document.height))

    def send(self) -> None:
        """Say what is written to the Mayor."""
        if text := self.text.strip():
            self.post_message(self.Sent(text))
            self.clear()

    def on_key(self, event: events.Key) -> None:
        """Enter sends; ctrl+j and alt+enter break the line."""
        if self._guide is not None and self._guide.touched(event.key, event.character, writing=True):
            event.stop()
            event.prevent_default()
        elif event.key == "enter":
            event.stop()
            event.prevent_default()
            self.send()
        elif event.key in ("ctrl+j", "shift+enter", "alt+enter"):
            event.stop()
            event.prevent_default()
            self.insert("\n")
