"""The train across the screen: cars in order as columns, runs of the gates as rows over the cars they have."""

from __future__ import annotations

from typing import NamedTuple

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.blocks import Block, plain_rows
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, length, raised
from gastown_tui.cockpit.draw.runs import TROUBLE, live_words, red_words, share, time_gone, what_failed
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count, seconds_about, took, wrap
from gastown_tui.model.bead import Work
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.model.queue.standing import Spot, in_flight, telling
from gastown_tui.text import brings

LABEL = 18
"""Cells left of the first car."""
TEASER = 16
NARROW, WIDE = 15, (21, 28)
"""Cells of a car with its gutter: at least, and at most (under and from ROOMY columns)."""
ROOMY = 160


class Columns(NamedTuple):
    """Which cars are shown: the first of them, how many, and how many cells each has."""

    first: int
    shown: int
    pitch: int

    def place(self, index: int) -> int | None:
        """The cell a car's text begins at, counted from the end of the label; None where it is not shown."""
        at = index - self.first
        return at * self.pitch + 2 if 0 <= at < self.shown else None


def columns(spots: int, chosen: int, first: int, width: int) -> Columns:
    """Columns for so many cars on a screen; they move so that the chosen one (-1: none) is seen."""
    room = width - LABEL - 2
    widest = WIDE[width >= ROOMY]
    pitch = max(NARROW, min(widest, (room - TEASER) // max(1, spots)))
    most = max(1, room // pitch if spots * pitch <= room else (room - TEASER) // pitch)
    first = max(0, min(first, spots - most))
    if chosen >= 0:
        first = max(chosen - most + 1, min(first, chosen))
    return Columns(first, min(most, spots - first), pitch)


def cars(scene: Scene, at: Columns, chosen: str, focused: bool, width: int) -> list[Line]:
    """Three rows: title; id, priority and polecat; what it brings or why it stands, and its age."""
    spots = scene.line.spots[at.first : at.first + at.shown]
    out: list[list[Span]] = [list(fit(label, LABEL)) for label in _labels(at)]
    for spot in spots:
        picked = focused and spot.bead == chosen
        for row, line in zip(out, _car(scene, spot, at.pitch - 3), strict=True):
            cell = (Span("▌" if picked else " ", "focus"), Span(" "), *fit(line, at.pitch - 3))
            row += [*(raised(cell) if picked else cell), Span(" ")]
    for row, line in zip(out, _after(scene, at), strict=True):
        row += [Span("  "), *line]
    return [fit(row, width) for row in out]


def _labels(at: Columns) -> tuple[Line, Line, Line]:
    before = (Span("  ‹ ", "focus"), Span(f"{at.first} before", "muted")) if at.first else ()
    return (Span("  cars, in order", "muted"),), before, ()


def _car(scene: Scene, spot: Spot, cells: int) -> tuple[Line, Line, Line]:
    bead = scene.town.beads.get(spot.bead)
    name = (Span(clip(scene.title(spot.bead), cells), "title", True),)
    if bead is None:
        return name, (Span(scene.short(spot.bead), "muted"),), ()
    who = (Span(f"{scene.short(spot.bead)} ", "muted"), standing.priority(bead), Span(f"  {bead.assignee}", "muted"))
    since = (Span(age(scene.now - spot.entry.entered), "muted"),)
    return name, who, ends((_brings(spot, bead.work),), since, cells)


def _brings(spot: Spot, work: Work) -> Span:
    if spot.state in TROUBLE:
        words = {"asks": "asks you", "confirm": "once more, alone", "waiting": "waits"}
        return Span(words.get(spot.state, spot.state), "needs" if spot.state == "asks" else "handled")
    if spot.state == "landing":
        return Span("landing", "good")
    if spot.state == "staged":
        return Span(f"on {spot.into}", "muted")
    if spot.entry.first:
        return Span("put first", "text")
    if spot.into and not spot.entry.tries:
        return Span(f"for {spot.into}", "muted")
    size = brings(work.commits, work.added, work.removed)
    return Span("again, at the end" if spot.entry.tries else size, "muted")


def _after(scene: Scene, at: Columns) -> tuple[Line, Line, Line]:
    """What comes behind the cars that are shown: more of them, or what is still at a gate."""
    spots = scene.line.spots
    more = len(spots) - at.first - at.shown
    if more:
        return (Span(f"{more} more ", "muted"), Span("›", "focus")), (), ()
    for stage in ("witness", "sheriff"):
        beads = sorted(scene.town.in_column(stage), key=lambda b: (b.id not in scene.witnessed, b.work.since, b.id))
        if beads:
            place = len(spots) + 1
            ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0, "th")
            head = (Span(f"{place}{ending}: ", "muted"), Span(scene.short(beads[0].id), "text"))
            return head, (Span(f"at the {stage.capitalize()}", "muted"),), ()
    return (), (), ()


def why(scene: Scene, chosen: str, width: int) -> Line:
    """The selected car in a sentence: why it is not landed, and when it may be."""
    spot = scene.spots.get(chosen)
    if spot is None:
        return ()
    told = sentence(scene, spot, width - LABEL - 4, 1)
    return (Span(" " * (LABEL + 2)), *told[0])


def sentence(scene: Scene, spot: Spot, cells: int, rows: int = 2) -> list[Line]:
    """`2c5  red in run 7 with 2f4 and 2a8; run 8 looks for the culprit   may land in ~90s`, in one row if it fits."""
    lands = f"   may land in {seconds_about(spot.lands)}" if spot.lands else ""
    role = "handled" if spot.state in TROUBLE else "text"
    left = Span(f"{scene.short(spot.bead)}  ", "muted")
    indent = length((left,))
    room = cells - indent - len(lands)
    if rows == 1 or length((Span(spot.why),)) <= room:
        return [(left, Span(clip(spot.why, room), role), Span(lands, "muted"))]
    first, *rest = wrap(spot.why, cells - indent, rows)
    last = clip(rest[0], room) if rest else ""
    return [(left, Span(first, role)), (Span(" " * indent), Span(last, role), Span(lands, "muted"))]


def rows(scene: Scene, at: Columns, width: int, room: int) -> Block:
    """Runs, each two rows and a free one: finished ones that still tell something, then those in flight."""
    flight = in_flight(scene.town)
    most = max(1, room // 3)
    told = telling(scene.town)[-max(0, most - len(flight)) :] if most > len(flight) else []
    out: list[Line] = []
    for over in told:
        out += [(), *_finished(scene, over, at, width)]
    for run in flight[:most]:
        out += [(), *_live(scene, run, at, width)]
    if hidden := len(flight) - most:
        out += [(Span(f"  and {count(hidden, 'run')} more", "muted"),)] if hidden > 0 else []
    return plain_rows(out[1:])


def _label(glyph: Span, name: str, words: str) -> tuple[Line, Line]:
    head = fit((Span("  "), glyph, Span(" "), Span(name, "strong", True)), LABEL + 2)
    return head, fit((Span("    "), Span(words, "muted")), LABEL + 2)


def _finished(scene: Scene, run: GateRun, at: Columns, width: int) -> list[Line]:
    role = "good" if run.ok else "handled"
    glyph = Span("✓", "good") if run.ok else Span("▲", "handled")
    lasted = took(run.seconds) if run.seconds else ""
    upper, lower = _label(
        glyph, f"run {run.number}", ", ".join(part for part in ("green" if run.ok else "red", lasted) if part)
    )
    bar = _bar(scene, run.beads, at, 1.0, role)
    if run.ok:
        said: Line = (Span(f"green: {run.passed} passed" if run.passed else "green", "good"),)
    else:
        said = (Span(f"red: {red_words(run)}", "handled"), Span(f"   {what_failed(run)}", "handled"))
    return [(*upper, *bar), fit((*lower, *said), width)]


def _live(scene: Scene, run: TestRun, at: Columns, width: int) -> list[Line]:
    words = {"confirm": "once more", "tip": f"{scene.town.target} alone", "all": "every gate", "bisect": "bisecting",
             "asked": "asked for", "closing": "all of a convoy", "closing again": "convoy again",
             }.get(run.kind, "testing")  # fmt: skip
    upper, lower = _label(Span("●", "text"), f"run {run.number}", words)
    said = (Span(time_gone(scene, run, " of "), "text"), Span(f"   {live_words(scene, run)}", "text"))
    return [(*upper, *_bar(scene, run.beads, at, share(scene, run), "text")), fit((*lower, *said), width)]


def _bar(scene: Scene, beads: tuple[str, ...], at: Columns, done: float, role: str) -> Line:
    """`━━━━━───    not in this run`: the cars of a run as a rule under their columns."""
    places = {spot.bead: index for index, spot in enumerate(scene.line.spots)}
    inside = sorted(places[id] for id in beads if id in places)
    cells = at.shown * at.pitch
    covered = [False] * cells
    for index in inside:
        if (begin := at.place(index)) is not None:
            end = begin + at.pitch - 3
            joined = index + 1 in inside and at.place(index + 1) is not None
            covered[begin - 2 : end + (3 if joined else 0) - 2] = [True] * (end - begin + (3 if joined else 0))
    full = round(sum(covered) * done)
    out: list[Span] = []
    for cell in covered:
        text, kind = ("━", role) if cell and full > 0 else ("─", "line") if cell else (" ", "text")
        full -= cell
        if out and out[-1].role == kind and out[-1].text[-1] == text:
            out[-1] = out[-1]._replace(text=out[-1].text + text)
        else:
            out.append(Span(text, kind))
    missing = _without(inside, at)
    if done < 1.0 and missing is not None:
        kept = fit(out, missing)
        return (*kept, Span("not in this run", "muted"))
    return tuple(out)


def _without(inside: list[int], at: Columns) -> int | None:
    """Where to say that the cars behind are in no part of a run: the cell after its last car, None without room."""
    last = max(inside, default=-1)
    begin = at.place(last + 1)
    return begin - 2 if begin is not None and begin + 16 <= at.shown * at.pitch + TEASER else None


def then(scene: Scene, width: int) -> list[Line]:
    """`· then   if run 8 is green   land 2f4 and 2a8; run 9 tests 2c5 alone on them`."""
    out: list[Line] = []
    told = scene.outlook
    widest = max((len(case) for case, _ in told), default=0)
    for index, (case, what) in enumerate(told):
        head = (Span("  "), Span("·", "muted", True), Span(" then", "muted")) if not index else ()
        words = (Span(f"{case:<{widest}}  ", "text"), Span(clip(what, width - LABEL - widest - 6), "muted"))
        out.append((*fit(head, LABEL + 2), *words))
    return out
