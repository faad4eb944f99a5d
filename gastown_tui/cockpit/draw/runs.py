"""Runs of the gates in a narrow column: the last red one, those in flight over their cars, the suspects, the next."""

from __future__ import annotations

from gastown_tui.cockpit.draw.blocks import Block
from gastown_tui.cockpit.draw.chart import progress
from gastown_tui.cockpit.draw.lines import Span, ends
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count, countdown, seconds_about
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.model.queue.standing import Spot, in_flight, telling

TROUBLE = ("held", "waiting", "asks", "suspect", "confirm")
"""States of an entry that are said on its car."""
_CARS = 6


def time_gone(scene: Scene, run: TestRun, about: str = " ") -> str:
    """`0:48 ~70s`: how long a run in flight has taken, and what one usually takes."""
    each = scene.line.seconds
    return countdown(scene.now - run.began) + (f"{about}{seconds_about(each)}" if each else "")


def share(scene: Scene, run: TestRun) -> float:
    """How far a run in flight is, from 0 to 1, by the clock."""
    each = scene.line.seconds
    return min(1.0, (scene.now - run.began) / each) if each else 0.0


def live_words(scene: Scene, run: TestRun) -> str:
    """`28 of 41 passed, none failed`: what a run in flight has said of itself."""
    return scene.notes.get(f"run {run.number}", "")


def red_words(run: GateRun) -> str:
    """`1 of 41 failed`, else which gate was red."""
    if run.failures:
        total = run.failures + run.passed
        return f"{run.failures} of {total} failed" if run.passed else f"{run.failures} failed"
    return f"gate {run.gate}" if run.gate else "the gates failed"


def what_failed(run: GateRun) -> str:
    """The first failing test, else the first line of what was said."""
    return run.first or next((text for text in run.failed.splitlines() if text.strip()), "the gates failed")


def last_red(scene: Scene) -> GateRun | None:
    """The newest red run among those that still tell something of the queue."""
    return next((run for run in reversed(telling(scene.town)) if not run.ok), None)


def red(scene: Scene, cells: int) -> Block:
    """`▲ run 7 red   4 cars` over the test that failed first."""
    if (run := last_red(scene)) is None:
        return []
    right = (Span(count(len(run.beads), "car"), "muted"),)
    out: Block = [(ends((Span("▲ ", "handled"), Span(f"run {run.number} red", "handled", True)), right, cells), "")]
    numbers = red_words(run).removesuffix(" failed") if run.failures else ""
    name = what_failed(run).rpartition(".")[2] if cells < 40 else what_failed(run)
    left = (Span("  "), Span(clip(name, cells - 3 - len(numbers)), "text"))
    return [*out, (ends(left, (Span(numbers, "muted"),) if numbers else (), cells), "")]


def testing(scene: Scene, cells: int) -> Block:
    """Each run in flight: `● run 8 testing  0:48 ~70s` over its cars, and how far it is where there is room."""
    out: Block = []
    for run in in_flight(scene.town):
        kind = {"confirm": "confirms", "tip": f"tests {scene.town.target}", "all": "tests all",
                "bisect": "bisects", "closing": "tests a convoy", "closing again": "convoy again",
                }.get(run.kind, "testing")  # fmt: skip
        left = (Span("● ", "text"), Span(f"run {run.number} {clip(kind, 14)}", "strong"))
        out.append((ends(left, (Span(time_gone(scene, run), "muted"),), cells), ""))
        out += _cars(scene, run.beads, cells)
        said = live_words(scene, run)
        if said := said if cells >= 40 else said.removesuffix(", none failed"):
            out.append(((Span("  "), Span(clip(said, cells - 2), "muted")), ""))
        if scene.line.seconds and cells >= 40:
            out.append(((Span("  "), *progress(share(scene, run), cells - 2)), ""))
    return out


def landing(scene: Scene, cells: int) -> Block:
    """`✓ landing` over what goes into the target this instant."""
    beads = tuple(spot.bead for spot in scene.line.spots if spot.state == "landing")
    if not beads:
        return []
    head = ends((Span("✓ ", "good"), Span("landing", "strong")), (Span(count(len(beads), "car"), "muted"),), cells)
    return [(head, ""), *_cars(scene, beads, cells)]


def _cars(scene: Scene, beads: tuple[str, ...], cells: int) -> Block:
    out: Block = []
    shown = beads if len(beads) <= _CARS else beads[: _CARS - 1]
    for index, id in enumerate(shown):
        last = index == len(beads) - 1
        edge = "  " if len(beads) == 1 else "┌ " if index == 0 else "└ " if last else "│ "
        short = scene.short(id)
        name = Span(clip(scene.title(id), cells - 3 - len(short)), "title")
        out.append(((Span(edge, "line"), Span(f"{short} ", "muted"), name), id))
    if len(shown) < len(beads):
        out.append(((Span("└ ", "line"), Span(f"and {len(beads) - len(shown)} more", "muted")), ""))
    return out


def suspects(scene: Scene, cells: int) -> Block:
    """Cars of the last red run that are in none now."""
    found = [spot for spot in scene.line.spots if spot.state == "suspect"]
    if not found:
        return []
    flight = in_flight(scene.town)
    right = (Span(f"after run {flight[0].number}", "muted"),) if flight else ()
    head = ends((Span("? ", "handled", True), Span("suspects", "handled", True)), right, cells)
    return [(head, ""), *((_named(scene, spot, cells), spot.bead) for spot in found)]


def queued(scene: Scene, cells: int) -> Block:
    """What is taken next, and what waits for something else, with why."""
    out: Block = []
    for spot in scene.line.spots:
        if spot.state in ("testing", "landing", "suspect"):
            continue
        quiet = spot.state in ("queued", "staged")
        glyph = Span("= " if spot.state == "held" else "· ", "muted" if quiet else "handled", True)
        right = (Span(age(scene.now - spot.entry.entered).rjust(3), "muted"),)
        left = (glyph, Span(f"{scene.short(spot.bead)} ", "muted"), Span(clip(scene.title(spot.bead), cells), "text"))
        out.append((ends(left, right, cells), spot.bead))
        if not quiet or spot.entry.tries or spot.into:
            role = "muted" if spot.into and quiet else "handled"
            out.append(((Span("  "), Span(clip(spot.why, cells - 2), role)), spot.bead))
    number = sum(1 for spot in scene.line.spots if spot.state not in ("testing", "landing", "suspect"))
    return [((Span("Next", "text", True), Span(f"  {number}", "muted")), ""), *out] if out else []


def _named(scene: Scene, spot: Spot, cells: int) -> tuple[Span, ...]:
    short = scene.short(spot.bead)
    return (Span("  "), Span(f"{short} ", "muted"), Span(clip(scene.title(spot.bead), cells - 3 - len(short)), "title"))
