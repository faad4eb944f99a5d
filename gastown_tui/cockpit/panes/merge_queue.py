"""The train: what is tested with what, what waits and why, what was sent back, what landed."""

from __future__ import annotations

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.chart import progress
from gastown_tui.cockpit.draw.lines import BLANK, Line, Span, ends, fit, length, raised
from gastown_tui.cockpit.pane import Pane
from gastown_tui.cockpit.scene import GATES, Scene
from gastown_tui.cockpit.text import age, clip, count, countdown, seconds_about, wrap
from gastown_tui.model.bead import Bead
from gastown_tui.model.merge import MergeRequest

Block = list[tuple[Line, str]]
"""Lines with the bead each stands for, "" where it stands for none."""


class MergeQueue(Pane):
    """The merge queue. The selection is a bead among those it shows."""

    number = 4
    title = "Train"

    def __init__(self) -> None:
        super().__init__()
        self.bead = ""
        self._spots: list[str] = []
        self._first = 0

    def draw(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The blocks from top to bottom, in two columns where the pane has the screen; what does not fit scrolls."""
        if _nothing(scene):
            tip = [_row(row, width, False) for row, _ in _tip(scene, width - 2)]
            words = wrap("Nothing to land. Approved work joins by itself.", width - 2)
            return [*tip, BLANK, *((Span(f" {row}", "muted"),) for row in words)]
        if self.zoomed and width >= 100:
            return self._two_columns(scene, width, height)
        cells = width - 2
        blocks = [_tip(scene, cells), _last_red(scene, cells, 1), _testing(scene, cells), _queued(scene, cells),
                  _waits(scene, cells), _foreseen(scene, cells), _back(scene, cells)]  # fmt: skip
        out = _stacked(blocks, loose=height > 24)
        room = height - len(out) - 2
        if room >= 2 and (landed := _landed(scene, cells, room)):
            out += [(BLANK, ""), *landed]
        return self._shown(out, width, height)

    def _shown(self, out: Block, width: int, height: int) -> list[Line]:
        self._spots = [bead for _, bead in out]
        self._settle()
        self._scroll(len(out), height)
        shown = out[self._first : self._first + height]
        return [_row(row, width, self.focused and bead == self.bead and bool(bead)) for row, bead in shown]

    def _settle(self) -> None:
        beads = [bead for bead in self._spots if bead]
        if self.bead not in beads or not self.chosen:
            self.bead = beads[0] if beads else ""

    def _two_columns(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Left what is tested and comes next, right what waits, meets, was sent back and landed."""
        left, right = width * 62 // 100, width - width * 62 // 100
        cells, others = left - 4, right - 2
        main = _stacked([[(BLANK, "")], _tip(scene, cells), _testing(scene, cells), _queued(scene, cells),
                         _last_red(scene, cells, 12)], loose=True)  # fmt: skip
        rest = _stacked([[(BLANK, "")], _waits(scene, others), _foreseen(scene, others), _back(scene, others),
                         _landed(scene, others, 12)], loose=True)  # fmt: skip
        self._spots = [bead for _, bead in (*main, *rest)]
        self._settle()
        self._first = 0
        rows = max(len(main), len(rest))
        out = []
        for one, other in zip(_padded(main, rows), _padded(rest, rows), strict=True):
            halves = [(*_row(row, size, self.focused and bead == self.bead and bool(bead)),)
                      for (row, bead), size in ((one, left - 2), (other, right))]  # fmt: skip
            out.append((*halves[0], Span("  "), *halves[1]))
        return out[:height]

    def _scroll(self, rows: int, height: int) -> None:
        self._first = max(0, min(self._first, rows - height))
        if self.bead in self._spots:
            at = self._spots.index(self.bead)
            self._first = max(at - height + 1, min(self._first, at if at > 4 else 0))

    def note(self, scene: Scene, width: int) -> Line:
        """`1 slot, ~6m`: how long all that waits will take."""
        if not scene.queue:
            return (Span("1 slot", "muted"),) if scene.config.gated else (Span("UNGATED", "handled", True),)
        each = scene.run_seconds
        text = "1 slot" + (f", {seconds_about(each * len(scene.queue))}" if each else "")
        keys = [Span("   "), Span("z", "focus"), Span(" all panes", "muted")] if self.zoomed else []
        return (Span(text if scene.config.gated else "UNGATED", "muted" if scene.config.gated else "handled"), *keys)

    def summary(self, scene: Scene, width: int) -> Line:
        """`▲ run 7 red, run 8 testing 2f4, 0:48 of ~70s`."""
        runs = scene.runs
        testing = [m for m in scene.queue if m.state in ("testing", "landing")]
        parts: list[str] = []
        out: list[Span] = []
        if runs and not runs[-1].ok:
            out = [Span("▲", "handled"), Span(" ")]
            parts.append(f"run {len(runs)} red")
        elif testing:
            out = [Span("●", "text"), Span(" ")]
        if testing:
            each = scene.run_seconds
            parts.append(f"run {len(runs) + 1} testing {scene.short(testing[0].bead)}")
            parts.append(countdown(_elapsed(scene, testing[0])) + (f" of {seconds_about(each)}" if each else ""))
        if waiting := len(scene.queue) - len(testing):
            parts.append(f"{waiting} waiting")
        if not parts:
            parts.append("nothing to land")
        return (*out, Span(clip(", ".join(parts), width - 2), "text" if out else "muted"))

    def move(self, dx: int, dy: int) -> None:
        """j k over the beads shown."""
        beads = list(dict.fromkeys(bead for bead in self._spots if bead))
        if self.bead in beads:
            self.bead = beads[max(0, min(len(beads) - 1, beads.index(self.bead) + dy))]

    def jump(self, last: bool) -> None:
        """gg and G."""
        if beads := [bead for bead in self._spots if bead]:
            self.bead = beads[-1 if last else 0]

    def click(self, x: int, y: int) -> None:
        """Select the bead of a row."""
        at = self._first + y - 1
        if 0 <= at < len(self._spots) and self._spots[at]:
            self.bead = self._spots[at]


def _nothing(scene: Scene) -> bool:
    gates = any(scene.town.columns.get(name) for name in (*GATES, "landed"))
    return not gates and not scene.runs and not _back(scene, 40)


def _stacked(blocks: list[Block], loose: bool) -> Block:
    """Blocks below one another, with a blank row between them where there is room."""
    out: Block = []
    for index, block in enumerate(blocks):
        if not block:
            continue
        if out and out[-1][0] and (loose or index < 2):
            out.append((BLANK, ""))
        out += block
    return out


def _padded(block: Block, rows: int) -> Block:
    return [*block, *([(BLANK, "")] * (rows - len(block)))]


def _row(row: Line, width: int, picked: bool) -> Line:
    spans = (Span("▌" if picked else " ", "focus"), *fit(row, width - 2))
    return (*(raised(spans) if picked else spans), Span(" "))


def _elapsed(scene: Scene, entry: MergeRequest) -> float:
    """How long it has been tested: one slot, so since it came or since the last run was over."""
    last = scene.runs[-1].at if scene.runs else 0.0
    return scene.now - max(entry.entered, last)


def _title(scene: Scene, id: str) -> str:
    bead = scene.town.beads.get(id)
    return bead.title if bead is not None else id


def _tip(scene: Scene, cells: int) -> Block:
    """`main 8e21c4f   ✓ green 6m`."""
    town = scene.town
    left = (Span(clip(town.target or "?", 12), "strong"), Span(" "), Span(town.tip[:7], "muted"))
    right: Line = ()
    landed = max((bead.work.landed_at for bead in scene.column("landed")[:1]), default=0.0)
    if not scene.config.gated:
        right = (Span("UNGATED", "handled", True),)
    elif landed:
        right = (Span("✓", "good"), Span(f" green {age(scene.now - landed)}", "muted"))
    out: Block = [(ends(left, right, cells), "")]
    if (reason := town.holds.get("landing")) is not None:
        out += [((Span(text, "handled"),), "") for text in wrap(f"held: {reason}", cells, 2)]
    return out


def _last_red(scene: Scene, cells: int, rows: int) -> Block:
    """The last run, when it was red: which one and what failed, in so many rows."""
    if not scene.runs or scene.runs[-1].ok:
        return []
    run = scene.runs[-1]
    name = (Span("▲ ", "handled"), Span(f"run {len(scene.runs)} red", "handled", True))
    out: Block = [(ends(name, (Span(age(scene.now - run.at), "muted"),), cells), "")]
    said = [text for text in run.failed.splitlines() if text.strip()] or ["the gates failed"]
    if rows == 1:
        return [*out, ((Span("  "), Span(clip(said[0], cells - 2), "text")), "")]
    for text in said[:rows]:
        row = (Span("  ", "text", False, "well"), Span(clip(text, cells - 4), "text", False, "well"))
        out.append((fit(row, cells, "well"), ""))
    return out


def _testing(scene: Scene, cells: int) -> Block:
    """`● run 8 testing  0:48 ~70s` over the cars of that run, and how far it is."""
    cars = [m for m in scene.queue if m.state in ("testing", "landing")]
    if not cars:
        return []
    each, gone = scene.run_seconds, _elapsed(scene, cars[0])
    word = "landing" if cars[0].state == "landing" else "testing"
    time = countdown(gone) + (f" {seconds_about(each)}" if each else "")
    head = ends(
        (Span("● ", "text"), Span(f"run {len(scene.runs) + 1} {word}", "strong")), (Span(time, "muted"),), cells
    )
    out: Block = [(head, "")]
    for index, car in enumerate(cars):
        edge = "  " if len(cars) == 1 else "┌ " if index == 0 else "└ " if index == len(cars) - 1 else "│ "
        short = scene.short(car.bead)
        title = clip(_title(scene, car.bead), cells - 3 - len(short))
        out.append(((Span(edge, "line"), Span(f"{short} ", "muted"), Span(title, "title")), car.bead))
    if each and cells >= 40:
        out.append(((Span("  "), *progress(min(1.0, gone / each), cells - 2)), ""))
    return out


def _queued(scene: Scene, cells: int) -> Block:
    """What the Refinery takes next, and what of it waits for something else."""
    out: Block = []
    for entry in scene.queue:
        if entry.state in ("testing", "landing"):
            continue
        glyph = Span("· ", "handled" if entry.state == "waiting" else "muted", True)
        right = (Span(age(scene.now - entry.entered).rjust(3), "muted"),)
        short = scene.short(entry.bead)
        left = (glyph, Span(f"{short} ", "muted"), Span(clip(_title(scene, entry.bead), cells), "text"))
        out.append((ends(left, right, cells), entry.bead))
        if entry.why and entry.state == "waiting":
            out.append(((Span("  "), Span(clip(entry.why, cells - 2), "handled")), entry.bead))
    return [((Span("Next", "text", True), Span(f"  {len(out)}", "muted")), ""), *out] if out else []


def _waits(scene: Scene, cells: int) -> Block:
    """What is still at the gates before the Refinery."""
    out: Block = []
    for stage in ("witness", "sheriff"):
        beads = sorted(scene.town.in_column(stage), key=lambda b: (b.id not in scene.witnessed, b.work.since))
        for place, bead in enumerate(beads):
            out.append((_waiting(scene, bead, stage, place, cells), bead.id))
    return [((Span("Waits", "text", True),), ""), *out] if out else []


def _waiting(scene: Scene, bead: Bead, stage: str, place: int, cells: int) -> Line:
    asks = standing.of_bead(scene, bead).role == "needs"
    if asks:
        word = f"{stage.capitalize()}, asks you"
    elif stage == "witness":
        waits = "Witness, next" if place < 2 else f"Witness, {place} before it"
        word = "Witness reading" if bead.id in scene.witnessed else waits
    else:
        word = "Sheriff testing"
    glyph = Span("!", "chip") if asks else Span("·", "muted", True)
    left = (glyph, Span(" "), Span(f"{scene.short(bead.id)} ", "muted"), Span(word, "text"))
    return ends(left, (Span(age(scene.now - bead.work.since), "muted"),), cells)


def _foreseen(scene: Scene, cells: int) -> Block:
    """Pairs of beads that mean to change the same file."""
    out: Block = []
    for one, other, file in scene.foreseen[:2]:
        left = [Span("≠ ", "handled"), Span(f"{scene.short(one)} {scene.short(other)} ", "muted")]
        out.append(((*left, Span(clip(file, cells - length(left)), "text")), one))
    more = len(scene.foreseen) - len(out)
    head = (Span("Foreseen", "text", True), Span(f"  +{more} more" if more else "", "muted"))
    return [(head, ""), *out] if out else []


def _back(scene: Scene, cells: int) -> Block:
    """Beads being mended: which gate sent them back, how often, how long ago."""
    out: Block = []
    found = [b for b in scene.town.in_column("working") if b.work.returned is not None]
    for bead in sorted(found, key=lambda b: -b.work.returns[-1].at)[:4]:
        last = bead.work.returns[-1]
        times = f"{last.by.capitalize()}, {len(bead.work.returns)} of {scene.config.max_returns}"
        left = (Span("← ", "handled"), Span(f"{scene.short(bead.id)} ", "muted"), Span(times, "text"))
        out.append((ends(left, (Span(age(scene.now - last.at), "muted"),), cells), bead.id))
    return [((Span("Sent back", "text", True),), ""), *out] if out else []


def _landed(scene: Scene, cells: int, rows: int) -> Block:
    """The newest landings."""
    out: Block = []
    for bead in scene.column("landed")[: rows - 1]:
        left = (Span("✓ ", "good"), Span(f"{scene.short(bead.id)} ", "muted"), Span(clip(bead.title, cells), "text"))
        out.append((ends(left, (Span(age(scene.now - bead.work.landed_at).rjust(3), "muted"),), cells), bead.id))
    total = scene.town.counts()["landed"]
    head = (
        Span("Landed", "text", True),
        Span(f"  {count(len(scene.runs), 'run')}" if total and cells > 30 else "", "muted"),
    )
    return [(head, ""), *out] if out else []
