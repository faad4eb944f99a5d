"""The train: what is tested with what, what waits and why, what was sent back, what landed."""

from __future__ import annotations

from collections.abc import Callable

from gastown_tui.cockpit.draw import cars, runs, sidings, tails
from gastown_tui.cockpit.draw.blocks import EMPTY, Block, fitting, padded, plain_rows, row, stacked
from gastown_tui.cockpit.draw.lines import BLANK, Line, Span, fit
from gastown_tui.cockpit.logs import Log
from gastown_tui.cockpit.pane import Pane
from gastown_tui.cockpit.scene import GATES, Scene
from gastown_tui.cockpit.text import clip, count, seconds_about, wrap
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.model.queue.pregate import NOTE
from gastown_tui.model.queue.standing import in_flight

LogOf = Callable[[GateRun | TestRun], Log | None]
_LEAST_LOG = 4
_LOWER = 18
"""Rows kept for what stands under the runs."""


class MergeQueue(Pane):
    """The merge queue. The selection is a bead: a car of the train, or one of those beside it."""

    number = 4
    title = "Train"

    def __init__(self, log: LogOf = lambda run: None) -> None:
        super().__init__()
        self.bead = ""
        self._log = log
        self._cars: list[str] = []
        self._spots: list[str] = []
        self._columns = cars.Columns(0, 0, cars.NARROW)
        self._first = self._car_row = self._beside_row = 0

    def draw(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The blocks from top to bottom; across the screen where the pane has all of it and it is wide enough."""
        self._cars = []
        if _nothing(scene):
            self._spots, self.bead = [], ""
            words = wrap("Nothing to land. Approved work joins by itself.", width - 2)
            tip = [row(line, width, False) for line, _ in sidings.tip(scene, width - 2)]
            return [*tip, BLANK, *((Span(f" {text}", "muted"),) for text in words)]
        if self.zoomed and width >= 100 and height >= 24:
            return self._across(scene, width, height)
        cells = width - 2
        train = (runs.landing(scene, cells), runs.red(scene, cells), runs.testing(scene, cells),
                 runs.suspects(scene, cells), runs.queued(scene, cells))  # fmt: skip
        beside = (sidings.waits(scene, cells), sidings.foreseen(scene, cells), sidings.back(scene, cells))
        out = fitting([[sidings.tip(scene, cells)], train, beside], height)
        room = height - len(out) - 2
        if room >= 2 and (landed := sidings.landed(scene, cells, room)):
            out += [EMPTY, *landed]
        self._spots = [bead for _, bead in out]
        self._settle()
        about = self._about(scene, cells) if len(out) < height - 1 or self.zoomed else []
        height -= len(about)
        self._scroll(len(out), height)
        shown = [row(line, width, self._picked(bead)) for line, bead in out[self._first : self._first + height]]
        return [*shown, *([BLANK] * (height - len(shown)) if about else []), *about]

    def _about(self, scene: Scene, cells: int) -> list[Line]:
        """A rule and the selected car in a sentence, where there is no room beside it."""
        if not self.focused or cells < 60 or (spot := scene.spots.get(self.bead)) is None:
            return []
        told = cars.sentence(scene, spot, cells)
        return [(Span(" "), Span("─" * cells, "line")), *((Span(" "), *line) for line in told)]

    def _picked(self, bead: str) -> bool:
        return self.focused and bead == self.bead and bool(bead)

    def _settle(self) -> None:
        beads = [bead for bead in (*self._cars, *self._spots) if bead]
        if self.bead not in beads or not self.chosen:
            self.bead = beads[0] if beads else ""

    def _across(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Above the cars and the runs over them, below what the run says and what stands beside the train."""
        inside = width - 4
        self._first = 0
        self._cars = [spot.bead for spot in scene.line.spots]
        if self.bead in self._cars or not self.chosen:
            self.bead = self.bead if self.chosen else next(iter(self._cars), "")
        chosen = self._cars.index(self.bead) if self.bead in self._cars else -1
        self._columns = cars.columns(len(self._cars), chosen, self._columns.first, width)
        rule = (Span("  "), Span("─" * inside, "line"))
        out = [BLANK, self._tip_row(scene, width), *self._held(scene, width)]
        if self._cars:
            self._car_row = len(out) + 1
            out += [BLANK, *cars.cars(scene, self._columns, self.bead, self.focused, width), BLANK]
            out += [cars.why(scene, self.bead, width), rule]
            told = [line for line, _ in cars.rows(scene, self._columns, width, height - len(out) - _LOWER)]
            then = cars.then(scene, width)
            if not told and not then:
                told = [(Span("  "), Span("No run is under way.", "muted"))]
            out += [*told, *([BLANK, *then] if then and told else then), *([BLANK] if height > 32 and told else [])]
        out += [rule]
        self._beside_row = len(out)
        return [*out, *self._halves(scene, width, height - len(out))]

    def _tip_row(self, scene: Scene, width: int) -> Line:
        """`main 8e21c4f  Settings from env, landed 6m ago  ✓ green`."""
        return sidings.tip_sentence(scene, width)

    def _held(self, scene: Scene, width: int) -> list[Line]:
        return [fit((Span("  "), *line), width) for line in sidings.trouble(scene, width - 4)]

    def _halves(self, scene: Scene, width: int, height: int) -> list[Line]:
        left = width * 57 // 100
        cells, others = left, width - left - 7
        first = self._left(scene, cells, height)
        blocks = [sidings.waits(scene, others), sidings.foreseen(scene, others), sidings.back(scene, others)]
        beside = stacked(blocks)
        room = height - len(beside) - 1
        if room >= 2 and (landed := sidings.landed(scene, others, room)):
            beside += [*([EMPTY] if beside else []), *landed]
        self._spots = [bead for _, bead in beside]
        self._settle()
        out = []
        for one, (line, bead) in zip(padded(first, height), padded(beside, height), strict=True):
            out.append((Span("  "), *fit(one[0], cells), Span("  "), *row(line, others + 2, self._picked(bead))))
        return out

    def _left(self, scene: Scene, cells: int, height: int) -> Block:
        """The end of the newest run's log, and under it what failed first."""
        red = runs.last_red(scene)
        below: list[Line] = []
        if red is not None and height >= _LEAST_LOG + 5:
            below = [BLANK, *tails.failure(scene, red, self._log(red), cells, 5 if height < 30 else 8)]
        flight = in_flight(scene.town)
        room = height - len(below)
        if flight:
            above = tails.live(scene, flight[0], self._log(flight[0]), cells, room)
        elif scene.runs:
            above = tails.over(scene, scene.runs[-1], self._log(scene.runs[-1]), cells, room)
        else:
            said = "What a run prints will stand here." if scene.config.gated else ""
            above = [(Span(said, "muted"),)]
        return plain_rows([*above, *below])

    def _scroll(self, rows: int, height: int) -> None:
        self._first = max(0, min(self._first, rows - height))
        if self.bead in self._spots:
            at = self._spots.index(self.bead)
            self._first = max(at - height + 1, min(self._first, at if at > 4 else 0))

    def note(self, scene: Scene, width: int) -> Line:
        """`prefix, 1 slot   next landing ~1m, all ~6m`; in a narrow pane `1 slot, ~6m`."""
        keys = [Span("   "), Span("z", "focus"), Span(" all panes", "muted")] if self.zoomed else []
        if not scene.config.gated:
            return (Span("UNGATED", "handled", True), *keys)
        slots, line = count(scene.slots, "slot"), scene.line
        if line.held:
            return (Span("waits" if not self.zoomed else _stands(scene), "handled", True), *keys)
        if not self.zoomed:
            return (Span(slots + (f", {seconds_about(line.all)}" if line.all else ""), "muted"),)
        when = ""
        if line.next and line.all and width < 100:
            return (Span(f"{slots}   next {seconds_about(line.next)}, all {seconds_about(line.all)}", "muted"), *keys)
        if line.next and line.all:
            when = f"   next landing {seconds_about(line.next)}, all {seconds_about(line.all)}"
        alone = ", each alone first" if NOTE in scene.notes else ""
        return (Span(f"prefix, {slots}{alone}{when}", "muted"), *keys)

    def summary(self, scene: Scene, width: int) -> Line:
        """`▲ run 7 red, run 8 testing 2 of 4 cars, 0:48 of ~70s`."""
        red, flight, spots = runs.last_red(scene), in_flight(scene.town), scene.line.spots
        out: list[Span] = []
        parts: list[str] = []
        if scene.line.held:
            out = [Span("=", "handled", True), Span(" ")]
            parts.append(_stands(scene))
        if red is not None:
            out = out or [Span("▲", "handled"), Span(" ")]
            parts.append(f"run {red.number} red")
        elif flight:
            out = out or [Span("●", "text"), Span(" ")]
        for run in flight[:2]:
            parts.append(f"run {run.number} testing {len(run.beads)} of {count(len(spots), 'car')}")
            parts.append(runs.time_gone(scene, run, " of "))
        if waiting := sum(1 for spot in spots if not spot.runs) if not flight else 0:
            parts.append(f"{waiting} waiting")
        if not parts:
            parts.append("nothing to land")
        return (*out, Span(clip(", ".join(parts), width - 2), "text" if out else "muted"))

    def move(self, dx: int, dy: int) -> None:
        """h l over the cars where they stand side by side; j k over all beads shown, from the cars down and back."""
        beside = [bead for bead in dict.fromkeys(self._spots) if bead and bead not in self._cars]
        if self._cars and (dx or self.bead in self._cars):
            if self.bead in self._cars and dy > 0 and beside:
                self.bead = beside[min(dy, len(beside)) - 1]
            elif self.bead in self._cars:
                self.bead = _moved(self._cars, self.bead, dx)
            elif dx:
                self.bead = self._cars[max(0, self._columns.first)]
            return
        if self._cars and dy < 0 and self.bead in beside and beside.index(self.bead) + dy < 0:
            self.bead = self._cars[self._columns.first]
            return
        self.bead = _moved(beside or self._cars, self.bead, dy or dx)

    def jump(self, last: bool) -> None:
        """gg and G."""
        if beads := [bead for bead in (*self._cars, *self._spots) if bead]:
            self.bead = beads[-1 if last else 0]

    def click(self, x: int, y: int) -> None:
        """Select the bead of a row, or the car of a column."""
        at = self._first + y - 1
        if self._cars:
            self._click_across(x, y - 1)
        elif 0 <= at < len(self._spots) and self._spots[at]:
            self.bead = self._spots[at]

    def _click_across(self, x: int, y: int) -> None:
        if self._car_row <= y < self._car_row + 3:
            at = self._columns.first + (x - cars.LABEL) // self._columns.pitch
            if x >= cars.LABEL and at < min(len(self._cars), self._columns.first + self._columns.shown):
                self.bead = self._cars[at]
        elif x > self.size.width * 57 // 100 and 0 <= y - self._beside_row < len(self._spots):
            self.bead = self._spots[y - self._beside_row] or self.bead


def _stands(scene: Scene) -> str:
    """Why the whole train waits, in two words."""
    holds = scene.town.holds
    return "paused" if "queue" in holds else f"{scene.town.target} is red" if "red" in holds else "landing is held"


def _moved(beads: list[str], bead: str, by: int) -> str:
    if bead not in beads:
        return beads[0] if beads else bead
    return beads[max(0, min(len(beads) - 1, beads.index(bead) + by))]


def _nothing(scene: Scene) -> bool:
    gates = any(scene.town.columns.get(name) for name in (*GATES, "landed"))
    return not gates and not scene.runs and not scene.town.testing and not sidings.back(scene, 40)
