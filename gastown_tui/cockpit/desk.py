"""What a command may do with the cockpit: the one surface between actions and the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gastown_tui.cockpit.scene import Ask, Scene
from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Draft
from gastown_tui.model.orders import Order


class Desk(Protocol):
    """The screen, as commands see it."""

    @property
    def scene(self) -> Scene:
        """The town now."""

    @property
    def bead(self) -> Bead | None:
        """The bead the selection is on."""

    @property
    def agent(self) -> str:
        """The agent the selection is on, "" where there is none."""

    @property
    def draft(self) -> Draft | None:
        """The draft plan that waits."""

    @property
    def question(self) -> Ask | None:
        """The question that is open in "needs you"."""

    @property
    def about(self) -> str:
        """What the uppermost sheet is about, "" without one."""

    def order(self, order: Order, done: str | Callable[[Any], str] = "") -> None:
        """Ask the engine; `done`, or what it makes of the answer, is said when it agreed, else its refusal."""

    def say(self, text: str, hint: str = "", bad: bool = False) -> None:
        """Say something in the footer for a few seconds."""

    def prompt(self, label: str, submit: Callable[[str], None], initial: str = "") -> None:
        """Have the person write a line in the footer."""

    def move(self, dx: int, dy: int) -> None:
        """Move the selection."""

    def jump(self, last: bool) -> None:
        """Move the selection to an end."""

    def focus_pane(self, name: str) -> None:
        """Give a pane the keys."""

    def next_pane(self, step: int) -> None:
        """Give the next or previous pane the keys."""

    def zoom(self) -> None:
        """Give the pane the whole screen, or take it back."""

    def open(self, view: str, about: str = "") -> None:
        """Open a view over the town: bead, needs, plan, help, palette, leave, cap, notice, attach, log."""

    def back(self) -> None:
        """Close the uppermost layer."""

    def flip(self, everybody: bool) -> None:
        """Turn tiles to their other face."""

    def filter(self, text: str) -> None:
        """Show the beads that match only."""

    def write(self) -> None:
        """Put the cursor into the Mayor's field."""

    def edit_plan(self, draft: Draft) -> None:
        """Open a plan in the person's editor."""

    def leave(self, why: str) -> None:
        """End the cockpit: detach, stop or stop-now."""

    def redraw_all(self) -> None:
        """Paint every cell again."""

    def copy(self, text: str) -> None:
        """Put a text on the clipboard."""

    def seek(self, text: str, step: int) -> None:
        """Look for a text in the log that is open; without one go to the next or previous line with the last."""

    def theme(self, name: str) -> None:
        """Change the colours; "" is the next theme."""
