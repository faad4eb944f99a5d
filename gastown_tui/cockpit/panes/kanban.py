"""The board: seven columns of cards from Backlog to Landed, what needs somebody first."""

from __future__ import annotations

from gastown_tui.cockpit.draw.cards import card, inspector
from gastown_tui.cockpit.draw.lines import BLANK, Line, Span, ends, fit
from gastown_tui.cockpit.pane import Pane
from gastown_tui.cockpit.places import NARROW
from gastown_tui.cockpit.scene import GATES, Scene
from gastown_tui.model.bead import Bead
from gastown_tui.model.lifecycle import COLUMNS

_AT_120 = (15, 15, 26, 16, 16, 18, 14)
_AT_200 = (26, 26, 36, 28, 28, 28, 28)
_NARROW = {
    "backlog": ("backlog", "ready", "working", "witness"),
    "sheriff": ("working", "sheriff", "witness", "refinery"),
    "landed": ("working", "witness", "refinery", "landed"),
}
_USUAL = ("ready", "working", "witness", "refinery")
_PRESSING = ("working", "refinery", "witness", "sheriff", "ready", "backlog", "landed")
"""Columns in the order in which a selection nobody made is looked for."""
_INSPECTED = 16
"""Rows from which a narrow board spells out the selected card in its last rows."""


class Kanban(Pane):
    """The board. The selection is a bead, so that it stays with its bead wherever that goes."""

    number = 2
    title = "Board"

    def __init__(self) -> None:
        super().__init__()
        self.bead = ""
        self.column = "working"
        self._order: dict[str, list[str]] = {}
        self._first: dict[str, int] = {}
        self._spots: list[tuple[int, int, str]] = []
        self._pitch = 4

    def draw(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Headings and cards; on a narrow board the selected card again in full."""
        columns = {name: scene.column(name) for name in COLUMNS}
        self._order = {name: [bead.id for bead in beads] for name, beads in columns.items()}
        self._settle(scene)
        if not scene.town.beads:
            return [(Span(" No beads yet. Tell the Mayor (", "muted"), Span("g1", "focus"), Span("), or ", "muted"),
                     Span("o", "focus"), Span(" files one by hand.", "muted"))]  # fmt: skip
        if scene.filter and not any(columns.values()):
            return [(Span(" No bead matches. ", "muted"), Span("Esc", "focus"), Span(" clears the filter.", "muted"))]
        narrow = width < NARROW
        shown = self._shown(width)
        widths = _narrow_widths(shown, scene.town.counts(), width) if narrow else _widths(scene.town.counts(), width)
        spelled = narrow and height >= _INSPECTED
        rows = height - 1 - (3 if spelled else 0)
        self._spots, x, blocks = [], 0, []
        for name, cells in zip(shown, widths, strict=True):
            self._spots.append((x, cells, name))
            blocks.append(self._column(scene, name, columns[name], cells, rows, 2 if narrow else 3))
            x += cells
        lines = [tuple(span for part in parts for span in part) for parts in zip(*blocks, strict=True)]
        if spelled:
            bead = scene.town.beads.get(self.bead)
            lines += [(Span(" "), Span("─" * (width - 2), "line")), *inspector(scene, bead, width)]
        return lines

    def _column(self, scene: Scene, name: str, beads: list[Bead], width: int, rows: int, tall: int) -> list[Line]:
        """A column as rows + 1 lines of exactly `width` cells: its heading, then the cards from its first shown one."""
        size = 2 if name == "landed" else tall
        pitch = size + 1
        room = max(1, (rows + 1) // pitch)
        first = self._scrolled(name, room, len(beads))
        shown = beads[first : first + room]
        total = scene.town.counts()[name] if not scene.filter else len(beads)
        out = [_heading(name, total, first, total - first - len(shown), width)]
        for bead in shown:
            picked = self.focused and bead.id == self.bead
            out += [fit(row, width) for row in card(scene, bead, width, size, picked)]
            out.append(fit(BLANK, width))
        out += [fit(BLANK, width)] * (rows + 1 - len(out))
        return out[: rows + 1]

    def _scrolled(self, name: str, room: int, total: int) -> int:
        """The first card shown: moved just as far as the selection needs."""
        first = min(self._first.get(name, 0), max(0, total - room)) if self.focused else 0
        if self.focused and self.column == name and self.bead in self._order[name]:
            at = self._order[name].index(self.bead)
            first = max(at - room + 1, min(first, at))
        self._first[name] = first
        return first

    def _settle(self, scene: Scene) -> None:
        """Keep the selection on its bead; if that is gone, or nobody chose it, on the first card there is."""
        for name, ids in self._order.items():
            if self.chosen and self.bead in ids:
                self.column = name
                return
        names = (self.column, *_PRESSING) if self.chosen else _PRESSING
        self.column = next((name for name in names if self._order.get(name)), self.column)
        ids = self._order.get(self.column) or [""]
        self.bead = ids[0]

    def _shown(self, width: int) -> tuple[str, ...]:
        if width >= NARROW:
            return COLUMNS
        four = _NARROW.get(self.column, _USUAL)
        if width >= 64:
            return four
        at = four.index(self.column)
        few = 2 if width >= 34 else 1
        start = max(0, min(at, len(four) - few))
        return four[start : start + few]

    def note(self, scene: Scene, width: int) -> Line:
        """The columns a narrow board does not show, or the filter."""
        out: list[Span] = []
        if scene.filter:
            out += [Span("filter ", "muted"), Span(scene.filter, "text"), Span("   ")]
        if width < NARROW:
            hidden = [name for name in COLUMNS if name not in self._shown(width)]
            counts = scene.town.counts()
            words = "   ".join(f"{name.capitalize()} {counts[name]}" for name in hidden)
            out += [Span("‹ ", "focus"), Span(words, "muted"), Span(" ›", "focus")]
        return tuple(out)

    def summary(self, scene: Scene, width: int) -> Line:
        """The board in one row: its columns and how many beads stand in each."""
        counts = scene.town.counts()
        gates = sum(counts[name] for name in GATES)
        out: list[Span] = []
        for number, word in ((counts["backlog"], "backlog"), (counts["ready"], "ready"), (counts["working"], "working"),
                             (gates, "gates"), (counts["landed"], "landed")):  # fmt: skip
            out += [Span("  ") if out else Span(""), Span(f"{number}", "text"), Span(f" {word}", "muted")]
        return tuple(out)

    def move(self, dx: int, dy: int) -> None:
        """j k within a column, h l to the nearest card of the next column that has any."""
        ids = self._order.get(self.column, [])
        if dy and ids:
            at = ids.index(self.bead) if self.bead in ids else 0
            self.bead = ids[max(0, min(len(ids) - 1, at + dy))]
        step = 1 if dx > 0 else -1
        for _ in range(abs(dx)):
            names = (
                COLUMNS[COLUMNS.index(self.column) + 1 :] if step > 0 else COLUMNS[: COLUMNS.index(self.column)][::-1]
            )
            target = next((name for name in names if self._order.get(name)), None)
            if target is None:
                return
            offset = ids.index(self.bead) - self._first.get(self.column, 0) if self.bead in ids else 0
            ids = self._order[target]
            self.bead = ids[max(0, min(len(ids) - 1, self._first.get(target, 0) + offset))]
            self.column = target

    def jump(self, last: bool) -> None:
        """gg and G."""
        if ids := self._order.get(self.column):
            self.bead = ids[-1 if last else 0]

    def click(self, x: int, y: int) -> None:
        """Select the card under the pointer."""
        for left, width, name in self._spots:
            if left <= x < left + width and y >= 2 and (ids := self._order.get(name)):
                tall = 2 if name == "landed" or self.size.width < NARROW else 3
                at = self._first.get(name, 0) + (y - 2) // (tall + 1)
                if at < len(ids):
                    self.column, self.bead = name, ids[at]


def _heading(name: str, total: int, above: int, below: int, width: int) -> Line:
    left = (Span("   "), Span(name.capitalize(), "text", True), Span(f" {total}", "muted"))
    more = f"+{below} ▾" if below > 0 else "▴" if above else ""
    if not more or width < len(name) + 12:
        return fit(left, width)
    return fit((*ends(left, (Span(more, "muted"),), width - 1), Span(" ")), width)


def _widths(counts: dict[str, int], width: int) -> list[int]:
    """Cells of each column: between the 120 and the 200 layout; empty ones shrink, Working takes what is left."""
    share = (width - 120) / 80
    out = [max(9, int(a + (b - a) * share)) for a, b in zip(_AT_120, _AT_200, strict=True)]
    for index, name in enumerate(COLUMNS):
        if not counts[name] and name != "working":
            out[index] = min(out[index], len(name) + 2 + 4)
    wide = _widest(counts)
    if wide == "landed":
        out[2] = min(out[2], len("working") + 2 + 4)
    out[COLUMNS.index(wide)] += width - sum(out)
    return out


def _narrow_widths(shown: tuple[str, ...], counts: dict[str, int], width: int) -> list[int]:
    """Cells of each of the few columns a narrow board shows."""
    usual = {"ready": 17, "backlog": 17, _widest(counts): 25}
    weights = [usual.get(name, 19) for name in shown]
    out = [weight * width // sum(weights) for weight in weights]
    wide = _widest(counts)
    if wide == "landed" and wide in shown:
        out = [len(name) + 7 for name in shown]
    out[shown.index(wide) if wide in shown else 0] += width - sum(out)
    return out


def _widest(counts: dict[str, int]) -> str:
    """The column that takes what the others leave: Working, or Landed when there is nothing else to read."""
    return "landed" if counts["landed"] and sum(counts.values()) == counts["landed"] else "working"
