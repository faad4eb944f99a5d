"""The grid of polecats: a tile each, with the log of what it does or the last rows of its terminal."""

from __future__ import annotations

from collections.abc import Callable

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.lines import BLANK, Line, Span, fit, raised
from gastown_tui.cockpit.draw.tiles import head, log_face, pulse, screen_face
from gastown_tui.cockpit.pane import Pane
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count
from gastown_tui.model.agent import Agent

TILE = (28, 7)
"""The smallest slot of a tile, its selection bar and gaps included."""
WIDE = 38
SCREEN_AT, ASKING_AT = (60, 15), (38, 9)
"""Tile sizes from which a tile shows its terminal by itself: any tile, and one that asks."""
STEPS = (1, 2, 4, 6, 9, 12, 16, 20, 25, 30, 42, 50)
"""Tiles the grid makes room for, so that its shape changes rarely."""

FEW = 6
"""Up to so many polecats all have a tile, those parked at a gate too."""

Tail = Callable[[str, int, int], list[Line]]
"""Rows of an agent's terminal, for a face of so many cells and rows."""


class PolecatGrid(Pane):
    """Polecats sorted by need. The selection is a polecat's name; `tail` gives the rows of a terminal."""

    number = 3
    title = "Polecats"

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.agent = ""
        self.faces: dict[str, bool] = {}
        self.all_screens = False
        self._tail = tail
        self._order: list[str] = []
        self._first = 0
        self._grid = (1, 1)
        self._slot = TILE

    def draw(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The tiles, row by row."""
        agents = _sorted(scene)
        self._order = [agent.name for agent in agents]
        if self.agent not in self._order or not self.chosen:
            self.agent = self._order[0] if self._order else ""
        if not agents:
            return [_empty(scene)]
        last = [fit(BLANK, width)] if self.zoomed else []
        whole = height
        height -= 3 if self.zoomed else 0
        busy = sum(1 for agent in agents if scene.town.beads[agent.bead].work.stage == "working")
        self._grid = across, down = _shape(max(busy, min(len(agents), FEW)), width, height)
        self._slot = width // across, max(TILE[1], (height + 1) // down)
        room = across * down
        at = self._order.index(self.agent)
        if not self.focused or at < room:
            self._first = 0
        elif not self._first <= at < self._first + room:
            self._first = at // across * across if at < self._first else (at // across - down + 1) * across
        self._first = max(0, min(self._first, (len(agents) - 1) // across * across))
        shown = agents[self._first : self._first + room]
        top = max((max(pulse(scene.work_lines(a), scene.now, 8)) for a in shown), default=0)
        out = list(last)
        for start in range(0, len(shown), across):
            tiles = [
                self._tile(scene, agent, self._slot[0], self._slot[1] - 1, top)
                for agent in shown[start : start + across]
            ]
            out += [fit([span for part in parts for span in part], width) for parts in zip(*tiles, strict=True)]
            out.append(BLANK)
        if self.zoomed:
            out = [*out[: whole - 2], *([BLANK] * (whole - 2 - len(out))), (Span("─" * width, "line"),)]
            out.append(_spoken(scene, self.agent, width))
        return out

    def _tile(self, scene: Scene, agent: Agent, slot: int, rows: int, top: float) -> list[Line]:
        """One tile in `rows` lines of `slot` cells: bar, content, gap."""
        cells = slot - 2
        picked = self.focused and agent.name == self.agent
        titled = self.zoomed and rows >= 10
        lines = head(scene, agent, cells, float(top), titled)
        lines += [fit(BLANK, cells)] if titled else []
        room = rows - len(lines)
        shown = self._tail(agent.name, cells - 1, room) if self._on_screen(scene, agent, cells, rows) else []
        if shown:
            lines += screen_face(shown, cells, room)
        else:
            lines += log_face(scene.work_lines(agent), cells, room)
        lines += [fit(BLANK, cells)] * (rows - len(lines))
        bar = Span("▌" if picked else " ", "focus")
        return [(*(raised((bar, *row)) if picked else (bar, *row)), Span(" ")) for row in lines[:rows]]

    def _on_screen(self, scene: Scene, agent: Agent, cells: int, rows: int) -> bool:
        asks = standing.of_agent(scene, agent).role == "needs"
        by_itself = (cells >= SCREEN_AT[0] and rows >= SCREEN_AT[1]) or (
            asks and cells >= ASKING_AT[0] and rows >= ASKING_AT[1]
        )
        return bool(agent.spool) and self.faces.get(agent.name, self.all_screens or by_itself) and agent.live

    def flip(self, everybody: bool) -> None:
        """Turn the selected tile, or all of them, to the other face."""
        if everybody:
            self.all_screens = not self.all_screens
            self.faces.clear()
        elif self.agent and self.scene is not None and (agent := self.scene.town.agents.get(self.agent)) is not None:
            slot, rows = self._slot
            self.faces[self.agent] = not self._on_screen(self.scene, agent, slot - 2, rows - 1)

    def note(self, scene: Scene, width: int) -> Line:
        """`6 of 8, 7 parked at gates`."""
        if not scene.polecats:
            return ()
        working = sum(1 for a in scene.polecats if scene.town.beads[a.bead].work.stage == "working")
        parked = len(scene.polecats) - working
        text = f"{working} of {scene.config.max_polecats}" + (f", {parked} parked at gates" if parked else "")
        hidden = working - self._grid[0] * self._grid[1]
        more = [Span("   "), Span(f"+{hidden} ▾", "muted")] if hidden > 0 else []
        keys = [Span("   "), Span("z", "focus"), Span(" all panes", "muted")] if self.zoomed else []
        return (Span(text, "muted"), *more, *keys)

    def summary(self, scene: Scene, width: int) -> Line:
        """Who asks, who is in trouble, who works, by name."""
        agents = [a for a in _sorted(scene) if scene.town.beads[a.bead].work.stage == "working"]
        if not agents:
            return (Span("nobody is working", "muted"),)
        out: list[Span] = []
        before = None
        for agent in agents:
            found = standing.of_agent(scene, agent)
            if found.glyph != before or found.role == "needs":
                out += [Span("   ") if out else Span(""), found.glyph, Span(" ")]
            else:
                out.append(Span(" "))
            out.append(Span(agent.name, "text"))
            if agent.state == "limited":
                out.append(Span(f" {age(scene.now - agent.since)}", "text"))
            before = found.glyph
        return tuple(out)

    def move(self, dx: int, dy: int) -> None:
        """h j k l over the grid."""
        if self.agent not in self._order or not self.chosen:
            return
        at = self._order.index(self.agent) + dx + dy * self._grid[0]
        if 0 <= at < len(self._order):
            self.agent = self._order[at]
        elif dy > 0:
            self.agent = self._order[-1]

    def jump(self, last: bool) -> None:
        """gg and G."""
        if self._order:
            self.agent = self._order[-1 if last else 0]

    def click(self, x: int, y: int) -> None:
        """Select the tile under the pointer."""
        column, row = x // self._slot[0], (y - 1 - self.zoomed) // self._slot[1]
        at = self._first + row * self._grid[0] + column
        if column < self._grid[0] and 0 <= at < len(self._order):
            self.agent = self._order[at]


def _sorted(scene: Scene) -> list[Agent]:
    """Polecats by need, those parked at gates last, then by priority, then by age."""

    def key(agent: Agent) -> tuple[int, int, int, float, str]:
        bead = scene.town.beads[agent.bead]
        urgency = min(scene.urgency(bead), 0 if agent.name in scene.asked_since else 2)
        parked = bead.work.stage != "working" and urgency > 0
        return parked, urgency, bead.priority, scene.since(bead), agent.name

    return sorted(scene.polecats, key=key)


def _shape(tiles: int, width: int, height: int) -> tuple[int, int]:
    """Columns and rows of the grid: as many columns as keep a tile wide, then as few as are needed."""
    widest, tallest = max(1, width // TILE[0]), max(1, (height + 1) // TILE[1])
    wanted = next((step for step in STEPS if step >= tiles), tiles)
    shapes = [(across, down) for across in range(1, widest + 1) for down in (-(-wanted // across),) if down <= tallest]
    if not shapes:
        return widest, tallest
    wide = [shape for shape in shapes if width // shape[0] >= WIDE + 2]
    return max(wide) if wide else min(shapes)


def _spoken(scene: Scene, name: str, width: int) -> Line:
    """The selected polecat in a sentence: what it asks, or what it does and what waits behind it."""
    agent = scene.town.agents[name]
    found = standing.of_agent(scene, agent)
    out = [Span(" "), Span(name, "strong"), Span(f"  {found.word}  ", found.role, found.role == "needs")]
    asked = next((ask for ask in scene.asks if name == ask.agent or agent.bead == ask.bead), None)
    bead = scene.town.beads[agent.bead]
    out.append(Span(clip(asked.title if asked is not None else bead.title, width // 2), "title"))
    if behind := scene.behind(bead.id):
        out.append(Span(f"   {count(behind, 'bead')} wait{'s' if behind == 1 else ''} behind it", "muted"))
    if asked is not None:
        out += [Span("   !", "focus", True), Span(" answers it", "muted")]
    return tuple(out)


def _empty(scene: Scene) -> Line:
    if scene.town.columns.get("ready"):
        return (
            Span(" Nobody is working. ", "muted"),
            Span("a", "focus"),
            Span(" slings the next ready bead.", "muted"),
        )
    return (Span(" Nobody is working.", "muted"),)
