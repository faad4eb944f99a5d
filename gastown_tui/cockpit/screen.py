"""The one screen: places the panes, draws a frame when something changed, and gives every key to its command."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region

from gastown_tui.cockpit import commands, keys
from gastown_tui.cockpit.canvas import Canvas, Look
from gastown_tui.cockpit.clean import one_line
from gastown_tui.cockpit.commands import Command
from gastown_tui.cockpit.deskwork import DeskWork
from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.cockpit.draw.terminal import Tails
from gastown_tui.cockpit.guide import Guide
from gastown_tui.cockpit.header import Header
from gastown_tui.cockpit.logs import Log, Logs
from gastown_tui.cockpit.overlays import Dividers, WhichKey
from gastown_tui.cockpit.pane import Pane
from gastown_tui.cockpit.panes.kanban import Kanban
from gastown_tui.cockpit.panes.merge_queue import MergeQueue
from gastown_tui.cockpit.panes.polecat_grid import PolecatGrid
from gastown_tui.cockpit.places import lay_out
from gastown_tui.cockpit.scene import Orders, Scene
from gastown_tui.cockpit.themes import Palette
from gastown_tui.cockpit.views.attach import LEAVE_KEYS, AttachView
from gastown_tui.cockpit.views.notice import NOTE
from gastown_tui.cockpit.views.reading import key_name
from gastown_tui.cockpit.views.sheet import Sheet
from gastown_tui.cockpit.writing import WritingScreen
from gastown_tui.engine.link import Link
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.world import Clock

FRAME = 1 / 12
"""Seconds between two looks at the town: it is drawn at most so often, whatever the rate of events."""
SAID_FOR = 4.0


class TownScreen(WritingScreen, inherit_bindings=False):
    """The cockpit's screen. It owns the focus, the layers and what is being typed; all else is the town's."""

    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = ""
    DEFAULT_CSS = "TownScreen { layers: base over top; overflow: hidden; }"

    def __init__(self, link: Link, palette: Palette, clock: Clock, read_only: bool = False,
                 ask_cap: Callable[[float], None] | None = None, guide: Guide | None = None) -> None:  # fmt: skip
        super().__init__(guide)
        self.ask_cap = ask_cap
        self.link, self.palette, self.clock, self.read_only = link, palette, clock, read_only
        self.tails, self.logs = Tails(), Logs()
        self.grid, self.board, self.train = PolecatGrid(self.tail), Kanban(), MergeQueue(self.run_log)
        self.panes: dict[str, Pane] = {
            "mayor": self.mayor,
            "board": self.board,
            "polecats": self.grid,
            "train": self.train,
        }
        self.header, self.dividers, self.which = Header(), Dividers(), WhichKey()
        self.pane, self.zoomed, self.paused, self.filter = "board", False, False, ""
        self.orders = Orders()
        self.scene = self.look_at()
        self.desk: DeskWork = DeskWork(self)
        self.dispatcher = keys.Dispatcher(commands.tries())
        self._said_until = 0.0
        self._noticed = ""
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """Everything there is, once; places follow the size."""
        yield self.header
        yield from self.panes.values()
        yield self.dividers
        yield self.mayor_field
        yield self.footer
        yield self.which
        yield self.prompt_field

    def on_mount(self) -> None:
        """Begin looking at the town."""
        self.which.place(Region(0, 0, 0, 0))
        self.prompt_field.place(Region(0, 0, 0, 0))
        if not self.scene.town.chat and not self.scene.town.beads:
            self.pane = "mayor"
            if not self.read_only:
                self.call_after_refresh(self.desk.write)
        elif any(ask.draft is not None for ask in self.scene.asks):
            self.pane = "mayor"
        self.place_all()
        self.set_interval(FRAME, self.poll)
        if self.ask_cap is not None:
            self.call_after_refresh(self.desk.open, "cap")
        if self.guide is not None:
            self.call_after_refresh(self.guide.sit, self)

    def look_at(self) -> Scene:
        """The town now."""
        link = self.link
        return Scene(
            link.town,
            link.config,
            dict(link.notes),
            self.clock.now(),
            link.feed,
            self.read_only,
            self.filter,
            self.orders,
        )

    def tail(self, agent: str, cells: int, rows: int) -> list[Line]:
        """The rows of an agent's terminal for a face or a question."""
        lines = self.tails.lines(agent, self.link.spool(agent), self.clock.monotonic())
        kept = list(lines)
        while kept and not "".join(span.text for span in kept[-1]).strip():
            kept.pop()
        return kept[-rows:]

    def run_log(self, run: GateRun | TestRun) -> Log | None:
        """What a run of the gates printed so far."""
        return self.logs.of_run(self.link.gate_logs, run, self.clock.monotonic())

    def poll(self) -> None:
        """Draw a frame if anything changed: the town, the feed, a terminal, or a second."""
        if self.paused or not self.is_mounted or getattr(self.app, "backed_up", False):
            return
        self._tick_keys()
        now = self.clock.now()
        if self.footer.message and now >= self._said_until:
            self.footer.message, self._drawn = (), None
        top = self.top
        if isinstance(top, AttachView) and top.poll(self.clock.monotonic()):
            top.redraw()
        self._notice()
        town = self.link.town
        feeds = tuple(lines[-1].seq for a in town.live_agents() if (lines := self.link.feed(a.name)))
        seen = (id(town), town.seq, tuple(sorted(self.link.notes.items())), feeds, int(now))
        now = self.clock.monotonic()
        if seen != self._drawn or self.tails.changed(now) or self.logs.changed(now):
            self._drawn = seen
            self.draw()

    def _notice(self) -> None:
        """Open the engine's card once, when the person has nothing else open."""
        text = self.link.notes.get(NOTE, "")
        free = self.top is None and self.submit is None and not self.mayor_field.text
        if text and text != self._noticed and free:
            self._noticed, self.footer.message = text, ()
            self.set_focus(None)
            self.desk.open(NOTE, text)

    def draw(self) -> None:
        """Draw all that shows."""
        self.scene = scene = self.look_at()
        self.tails.begin()
        under = any(sheet.dims for sheet in self.layers_open)
        palette = self.palette.receded() if under else self.palette
        for name, pane in self.panes.items():
            pane.show(scene, Look(palette, focused=name == self.pane))
        for canvas in (self.header, self.footer):
            canvas.show(scene, Look(self.palette))
        self.dividers.show(scene, Look(palette))
        self.which.show(scene, Look(self.palette))
        for sheet in self.layers_open:
            sheet.show(scene, Look(self.palette if sheet is self.top else palette, focused=True))
        self._offer()

    def _offer(self) -> None:
        scopes = self.scopes()
        writing = self.focused is self.mayor_field
        scope = commands.WRITING if writing else scopes[0]
        self.footer.keys = [
            (key_name(chord) if row else chord, name) for chord, row, name in commands.footer(scope, self.desk)
        ]
        self.footer.help = not writing and any(scope in commands.BY_ID["help"].scopes for scope in scopes)
        self.footer.redraw()

    def place_all(self) -> None:
        """Put everything where the size wants it, then draw."""
        width, height = self.app.size
        places = lay_out(width, height, self.pane, self.zoomed)
        self.header.place(places.header)
        self.footer.place(places.footer)
        for name, region in places.panes.items():
            self.panes[name].zoomed = self.zoomed and name == self.pane
            self.panes[name].place(region)
        self.dividers.place_between(places.dividers)
        self.place_field(places.panes["mayor"])
        for sheet in self.layers_open:
            sheet.place(sheet.where(width, height))
        self.place_prompt()
        self.desk.fit_terminal()
        self.draw()
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Another size."""
        if self.is_mounted:
            self.place_all()

    def scopes(self) -> tuple[str, ...]:
        """Which keys hold now, the innermost first."""
        return (self.top.scope,) if self.top is not None else (self.pane, commands.TOWN)

    def on_key(self, event: events.Key) -> None:
        """A key nobody with a cursor took."""
        if self.guide is not None and self.guide.touched(event.key, event.character):
            event.stop()
            return
        if isinstance(self.top, AttachView):
            event.stop()
            if event.key in LEAVE_KEYS:
                self.desk.back()
            else:
                self.desk.type(self.top, self.top.encode(event.key, event.character))
            return
        if self.in_field(event):
            return
        event.stop()
        self.panes[self.pane].chosen = True
        key = keys.spelled(event.key, event.character)
        counts = self.top is None or self.top.scope not in (commands.NEEDS, commands.LEAVE)
        result = self.dispatcher.feed(key, self.scopes(), self.clock.monotonic(), counts)
        if isinstance(result, keys.Hit):
            self.run_command(result.found, result.times)
        self._show_which()

    def run_command(self, command: Command, count: int | None) -> None:
        """Do it, or say why not."""
        if why := commands.reason(command, self.desk):
            self.say(why, bad=True)
            return
        command.run(self.desk, count)
        if self.is_mounted:
            self.draw()

    def _tick_keys(self) -> None:
        waited = self.clock.monotonic() - self.dispatcher.since
        if self.dispatcher.keys and waited >= keys.WHICH_KEY_AFTER and not self.which.display:
            found = self.dispatcher.following(self.scopes())
            reasons = {key: commands.reason(c, self.desk) for key, c in found.items() if c is not None}
            self.which.open(found, reasons, self.app.size)
            self.which.show(self.scene, Look(self.palette))

    def _show_which(self) -> None:
        if not self.dispatcher.keys and self.which.display:
            self.which.place(Region())

    def say(self, text: str, hint: str = "", bad: bool = False) -> None:
        """Show words in the footer for a few seconds."""
        self.footer.message = (Span(one_line(text), "handled" if bad else "text"), Span(f"  {one_line(hint)}", "muted"))
        self._said_until = self.clock.now() + SAID_FOR + len(hint) / 20
        self.footer.show(self.scene, Look(self.palette))

    def on_paste(self, event: events.Paste) -> None:
        """A paste with nobody writing goes to the terminal that is open, or into the Mayor's field."""
        if isinstance(self.top, AttachView):
            self.desk.type(self.top, self.top.paste(event.text))
        elif self.top is None and self.pane == "mayor" and not self.read_only:
            self.desk.write()
            self.mayor_field.insert(event.text)

    def on_canvas_resized(self) -> None:
        """What a pane shows may decide which keys there are."""
        self._offer()

    def on_canvas_clicked(self, event: Canvas.Clicked) -> None:
        """A click takes the focus and selects; the wheel moves."""
        target = event.canvas
        if self.guide is not None:
            self.guide.touched("click")
        if isinstance(target, Pane) and self.top is None:
            target.chosen = True
            name = next(name for name, pane in self.panes.items() if pane is target)
            if name != self.pane and not event.turn:
                self.desk.focus_pane(name)
            target.move(0, event.turn) if event.turn else target.click(event.x, event.y)
        elif isinstance(target, Sheet) and target is self.top:
            target.move(0, event.turn)
        elif target is self.header and event.x >= self.app.size.width - 16:
            self.desk.open("needs")
        self.draw()
