"""The screen's writing half: the line in the footer, the Mayor's field, and what their keys mean."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.geometry import Region
from textual.screen import Screen
from textual.widgets import Input

from gastown_tui.cockpit.canvas import Look
from gastown_tui.cockpit.clean import one_line
from gastown_tui.cockpit.commands import Command
from gastown_tui.cockpit.desk import Desk
from gastown_tui.cockpit.fields import MayorField, PromptField
from gastown_tui.cockpit.footer import Footer
from gastown_tui.cockpit.guide import Guide
from gastown_tui.cockpit.panes.mayor_chat import MayorChat
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.themes import Palette
from gastown_tui.cockpit.views.cap import CapView
from gastown_tui.cockpit.views.palette import PaletteView
from gastown_tui.cockpit.views.sheet import Sheet
from gastown_tui.model.orders import TellMayor


class WritingScreen(Screen[str], inherit_bindings=False):
    """A screen one writes on. `submit` is what a written line goes to, None while none is written."""

    desk: Desk
    scene: Scene
    palette: Palette
    read_only: bool

    def __init__(self, guide: Guide | None = None) -> None:
        super().__init__()
        self.guide = guide
        self.footer, self.mayor = Footer(), MayorChat()
        self.prompt_field, self.mayor_field = PromptField(), MayorField(guide)
        self.submit: Callable[[str], None] | None = None
        self.layers_open: list[Sheet] = []

    @property
    def top(self) -> Sheet | None:
        """The uppermost sheet."""
        return self.layers_open[-1] if self.layers_open else None

    def draw(self) -> None:
        """Draw all that shows."""
        raise NotImplementedError

    def place_all(self) -> None:
        """Put everything where the size wants it."""
        raise NotImplementedError

    def run_command(self, command: Command, times: int | None) -> None:
        """Do it, or say why not."""
        raise NotImplementedError

    def prompt(self, label: str, submit: Callable[[str], None], initial: str) -> None:
        """Have a line written in the footer."""
        self.submit, self.footer.label = submit, one_line(label)
        self.prompt_field.value = initial
        self.prompt_field.cursor_position = len(initial)
        self.place_prompt()
        self.set_focus(self.prompt_field)
        self.footer.show(self.scene, Look(self.palette))

    def place_prompt(self) -> None:
        """Put the line after its label, if one is being written."""
        if self.submit is None:
            return
        width, height = self.app.size
        left = min(len(self.footer.label), width // 2) + 4
        self.prompt_field.place(Region(left, height - 1, max(1, width - left - 1), 1))

    def end_prompt(self) -> None:
        """Drop the line."""
        self.submit, self.footer.label = None, ""
        self.prompt_field.place(Region())
        self.set_focus(None)
        if isinstance(self.top, PaletteView | CapView):
            first = isinstance(self.top, CapView) and not self.scene.town.chat
            self.desk.back()
            if first:
                self.call_after_refresh(self.desk.write)
        self.footer.show(self.scene, Look(self.palette))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The line is written."""
        submit, text = self.submit, event.value.strip()
        chosen = self.top.chosen if isinstance(self.top, PaletteView) else None
        palette = isinstance(self.top, PaletteView)
        self.end_prompt()
        if palette and chosen is not None:
            self.run_command(chosen, None)
        elif submit is not None and not palette:
            submit(text)
        self.draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed narrows the palette."""
        if isinstance(self.top, PaletteView):
            self.top.query_text, self.top.at = event.value, 0
            self.top.redraw()

    def on_prompt_field_turned(self, event: PromptField.Turned) -> None:
        """Arrows move in the palette's list."""
        if isinstance(self.top, PaletteView):
            self.top.move(0, event.step)
            self.top.redraw()

    def on_mayor_field_sent(self, event: MayorField.Sent) -> None:
        """Words for the Mayor."""
        self.set_focus(None)
        self.mayor.back = 0
        self.desk.order(TellMayor(event.text))
        if self.guide is not None:
            self.guide.sent()

    def on_text_area_changed(self) -> None:
        """The field grows with what is written."""
        if self.mayor_field.wanted_rows != self.mayor.input_rows and self.mayor.input_rows:
            self.place_all()

    def place_field(self, pane: Region) -> None:
        """Put the Mayor's field at the foot of its pane."""
        rows = self.mayor_field.wanted_rows if self.mayor_field.is_mounted else 1
        shown = pane.height > 4 and not self.read_only and self.top is None
        self.mayor.input_rows = rows if not self.read_only and pane.height > 4 else 0
        self.mayor_field.place(Region(pane.x + 3, pane.bottom - rows, pane.width - 4, rows) if shown else Region())

    def in_field(self, event: events.Key) -> bool:
        """What a key means while somebody writes: Esc leaves the field, ctrl+q the cockpit; others are the field's."""
        if self.focused is None:
            return False
        if event.key == "escape":
            self.end_prompt() if self.submit is not None else self.set_focus(None)
        elif event.key in ("tab", "shift+tab") and self.focused is self.mayor_field:
            self.set_focus(None)
            self.desk.next_pane(1 if event.key == "tab" else -1)
        elif event.key in ("ctrl+q", "ctrl+c") and self.submit is None:
            self.set_focus(None)
            self.desk.open("leave")
        else:
            self._typed_ahead(event)
            return True
        event.stop()
        self.draw()
        return True

    def _typed_ahead(self, event: events.Key) -> None:
        """A letter that was on its way here when the field got the cursor: the field has not seen it, and takes it."""
        field = self.focused
        if event.character is None or not event.is_printable:
            return
        if isinstance(field, MayorField):
            field.insert(event.character)
        elif isinstance(field, PromptField):
            field.insert_text_at_cursor(event.character)
