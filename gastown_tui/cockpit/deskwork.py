"""What commands ask of the screen, done: orders, layers, focus, terminals, the editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gastown_tui.cockpit import commands
from gastown_tui.cockpit.editing import edit
from gastown_tui.cockpit.places import PANES
from gastown_tui.cockpit.scene import Ask, Scene
from gastown_tui.cockpit.text import cap
from gastown_tui.cockpit.views.attach import USUAL, AttachView
from gastown_tui.cockpit.views.bead import BeadView
from gastown_tui.cockpit.views.cap import USUAL as USUAL_CAP
from gastown_tui.cockpit.views.cap import CapView, dollars
from gastown_tui.cockpit.views.landing import LANDING, LandingView
from gastown_tui.cockpit.views.log import LogView
from gastown_tui.cockpit.views.needs import NeedsView
from gastown_tui.cockpit.views.notice import NOTE, NoticeView
from gastown_tui.cockpit.views.palette import PaletteView
from gastown_tui.cockpit.views.reading import HelpView, LeaveView, PlanView
from gastown_tui.cockpit.views.sheet import Sheet
from gastown_tui.door import call
from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Draft
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import EditPlan, Order, Resize, TypeKeys

if TYPE_CHECKING:
    from gastown_tui.cockpit.screen import TownScreen


class DeskWork:
    """The Desk of a screen."""

    def __init__(self, screen: TownScreen) -> None:
        self._screen = screen
        self._keys = b""
        self._typing = False

    @property
    def scene(self) -> Scene:
        """The town as it was last drawn."""
        return self._screen.scene

    @property
    def bead(self) -> Bead | None:
        """The bead of the uppermost sheet, else of the pane's selection."""
        screen, town = self._screen, self._screen.scene.town
        if isinstance(screen.top, BeadView):
            return town.beads.get(screen.top.about)
        if isinstance(screen.top, NeedsView):
            asked = screen.top.asked(screen.scene)
            return town.beads.get(asked.bead) if asked is not None else None
        if screen.pane == "polecats":
            agent = town.agents.get(screen.grid.agent)
            return town.beads.get(agent.bead) if agent is not None else None
        chosen = {"board": screen.board.bead, "train": screen.train.bead}.get(screen.pane, "")
        return town.beads.get(chosen)

    @property
    def agent(self) -> str:
        """The polecat the selection is on, or the one who has the selected bead."""
        if (ask := self.question) is not None:
            return ask.agent or (town.assignee if (town := self.scene.town.beads.get(ask.bead)) else "")
        if self._screen.pane == "polecats" and self._screen.top is None:
            return self._screen.grid.agent
        bead = self.bead
        return bead.assignee if bead is not None else ""

    @property
    def draft(self) -> Draft | None:
        """The plan of the open question or sheet, else the oldest that waits."""
        top = self._screen.top
        town = self.scene.town
        if isinstance(top, PlanView):
            return town.drafts.get(top.about)
        if (ask := self.question) is not None:
            return ask.draft
        waiting = [draft for draft in town.drafts.values() if draft.state == "draft"]
        return min(waiting, key=lambda draft: draft.at, default=None)

    @property
    def question(self) -> Ask | None:
        """The question open in "needs you"."""
        top = self._screen.top
        return top.asked(self.scene) if isinstance(top, NeedsView) else None

    @property
    def about(self) -> str:
        """What the uppermost sheet is about."""
        return self._screen.top.about if self._screen.top is not None else ""

    def order(self, order: Order, done: str | Callable[[Any], str] = "") -> None:
        """Ask the engine in the background, one after another."""
        self._screen.run_worker(self._ask(order, done), group="orders", exit_on_error=True)

    async def _ask(self, order: Order, done: str | Callable[[Any], str]) -> None:
        try:
            answer = await self._screen.link.ask(order)
        except GasTownError as error:
            self.say(error.title, error.hint, bad=True)
            return
        left_out = call.left_out(answer.get("left_out", []) if isinstance(answer, dict) else [])
        said = done(answer) if callable(done) else done or ("Done" if left_out else "")
        if said or left_out:
            self.say(said, left_out)
        self._screen.poll()

    def say(self, text: str, hint: str = "", bad: bool = False) -> None:
        """Say something in the footer."""
        self._screen.say(text, hint, bad)

    def prompt(self, label: str, submit: Callable[[str], None], initial: str = "") -> None:
        """Have a line written."""
        self._screen.prompt(label, submit, initial)

    def move(self, dx: int, dy: int) -> None:
        """Move in the uppermost sheet, else in the pane."""
        (self._screen.top or self._screen.panes[self._screen.pane]).move(dx, dy)

    def jump(self, last: bool) -> None:
        """Move to an end of the same."""
        (self._screen.top or self._screen.panes[self._screen.pane]).jump(last)

    def focus_pane(self, name: str) -> None:
        """Give a pane the keys."""
        self._screen.pane = name
        self._screen.place_all()

    def next_pane(self, step: int) -> None:
        """Tab."""
        self.focus_pane(PANES[(PANES.index(self._screen.pane) + step) % len(PANES)])

    def zoom(self) -> None:
        """One pane or all."""
        self._screen.zoomed = not self._screen.zoomed
        self._screen.place_all()

    def open(self, view: str, about: str = "") -> None:
        """Open a sheet; the same one is never open twice."""
        screen = self._screen
        if isinstance(screen.top, HelpView) and view == "help":
            return
        made = self._made(view, about)
        screen.layers_open.append(made)
        made.scene = screen.scene
        screen.mount(made)
        screen.place_all()
        if isinstance(made, AttachView):
            self.fit_terminal()
        if isinstance(made, PaletteView):
            screen.prompt("command", lambda text: None, "")
        if isinstance(made, CapView):
            screen.prompt("Spend at most, in dollars", partial(_capped, self, screen), USUAL_CAP)
            # What is typed takes the suggestion's place: 5 is five dollars, and not 205.
            screen.prompt_field.select_all()

    def _made(self, view: str, about: str) -> Sheet:
        screen = self._screen
        if view == "attach":
            return AttachView(about, screen.link.spool(about))
        if view == "log":
            return LogView(about, screen.run_log)
        if view == "needs":
            return NeedsView(screen.tail)
        if view == "palette":
            return PaletteView(screen.scopes(), lambda command: commands.reason(command, self))
        simple: dict[str, type[Sheet]] = {"bead": BeadView, "plan": PlanView, "help": HelpView, "leave": LeaveView,
                                         "cap": CapView, NOTE: NoticeView, LANDING: LandingView}  # fmt: skip
        return simple[view](about or screen.scopes()[0])

    def back(self) -> None:
        """Close the uppermost sheet; without one, the filter, then the zoom."""
        screen = self._screen
        if screen.layers_open:
            gone = screen.layers_open.pop()
            gone.remove()
            if isinstance(gone, AttachView):
                self.order(Resize(gone.about, *USUAL))
        elif screen.filter:
            screen.filter = ""
        elif screen.zoomed:
            screen.zoomed = False
        elif notice := screen.scene.notes.get(NOTE):
            self.open(NOTE, notice)
        screen.place_all()

    def fit_terminal(self) -> None:
        """Give the attached terminal the size of its sheet."""
        top = self._screen.top
        if isinstance(top, AttachView) and top.tail is not None:
            rows, columns = max(2, self._screen.app.size.height - 3), self._screen.app.size.width
            if (rows, columns) != (top.tail.screen.rows, top.tail.screen.columns):
                top.fit_terminal(rows, columns)
                self.order(Resize(top.about, rows, columns))

    def type(self, view: AttachView, data: bytes) -> None:
        """Send keys to a terminal, in the order they were typed."""
        if self._screen.read_only:
            self.say("this cockpit is read-only", bad=True)
            return
        self._keys += data
        if self._keys and not self._typing:
            self._typing = True
            self._screen.run_worker(self._send(view.about), group="keys")

    async def _send(self, agent: str) -> None:
        try:
            while self._keys:
                data, self._keys = self._keys, b""
                await self._screen.link.ask(TypeKeys(agent, data.decode("latin-1")))
        except GasTownError as error:
            self._keys = b""
            self.say(error.title, error.hint, bad=True)
        finally:
            self._typing = False

    def flip(self, everybody: bool) -> None:
        """Turn tiles to their other face."""
        self._screen.grid.flip(everybody)

    def filter(self, text: str) -> None:
        """Show matching beads only."""
        self._screen.filter = text

    def write(self) -> None:
        """Put the cursor into the Mayor's field."""
        screen = self._screen
        if screen.read_only:
            self.say("this cockpit is read-only", bad=True)
        elif screen.mayor_field.display:
            screen.set_focus(screen.mayor_field)

    def edit_plan(self, draft: Draft) -> None:
        """Open a plan in the person's editor, and file what comes back."""
        self._screen.run_worker(self._edit(draft), group="editor", exclusive=True)

    async def _edit(self, draft: Draft) -> None:
        screen = self._screen
        screen.paused = True
        try:
            changed = await edit(screen.app, draft.plan)
        except GasTownError as error:
            self.say(error.title, error.hint, bad=True)
            return
        finally:
            screen.paused = False
            screen.refresh()
        if changed is None:
            self.say("The plan is as it was")
        else:
            await self._ask(EditPlan(draft.id, changed), "The plan is changed")

    def leave(self, why: str) -> None:
        """End the cockpit."""
        self._screen.app.exit(why)

    def redraw_all(self) -> None:
        """Paint every cell again."""
        self._screen.refresh(layout=True)
        for canvas in (*self._screen.panes.values(), self._screen.header, self._screen.footer):
            canvas.refresh()

    def copy(self, text: str) -> None:
        """To the clipboard, as far as the terminal lets us."""
        self._screen.app.copy_to_clipboard(text)

    def seek(self, text: str, step: int) -> None:
        """Look for a text in the log that is open, or go on to where it is next."""
        if isinstance(top := self._screen.top, LogView) and (why := top.search(text) if text else top.hit(step)):
            self.say(why, bad=True)

    def theme(self, name: str) -> None:
        """Other colours."""
        change = getattr(self._screen.app, "change_theme", None)
        if change is not None:
            change(name)


def _capped(desk: DeskWork, screen: TownScreen, text: str) -> None:
    value = dollars(text)
    if value is None:
        desk.say(f"{text} is not a sum", "No cap was set.", bad=True)
    elif value and screen.ask_cap is not None:
        screen.ask_cap(value)
        desk.say(f"At most {cap(value)} will be spent")
    else:
        desk.say("No cap was set", "budget_usd in .gastown/config.toml sets one later.")
