"""The first row: the town, its agents and beads, what it cost, and who needs the overseer."""

from __future__ import annotations

from gastown_tui.cockpit.canvas import Canvas
from gastown_tui.cockpit.draw.chart import progress
from gastown_tui.cockpit.draw.lines import Line, Span, ends, length, raised
from gastown_tui.cockpit.scene import GATES, Scene
from gastown_tui.cockpit.text import age, cap, clip, money
from gastown_tui.model.queue.standing import of_tip

_HELD = {"landing": "landing held", "dispatch": "paused", "queue": "train paused", "red": "train waits"}
"""What is held → what the header says of it."""


class Header(Canvas):
    """The header; the chip at its right end is the only large red area and never moves."""

    def __init__(self) -> None:
        super().__init__(id="header")

    def rows(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The header's one row."""
        right = (*_cost(scene, width), Span("   " if width >= 100 else " "), *chip(scene))
        left = _left(scene, width, width - length(right) - 1)
        return [raised(ends(left, right, width), "well")]


def chip(scene: Scene) -> Line:
    """` ! 2 need you `, or that nobody does."""
    waiting = len(scene.asks)
    if not waiting:
        return (Span("nobody needs you ", "muted"),)
    return (Span(f" ! {waiting} need{'s' if waiting == 1 else ''} you ", "chip"),)


def _cost(scene: Scene, width: int) -> Line:
    spent, limit = money(scene.town.cost_usd), scene.config.budget_usd
    if width < 100:
        return ()
    words = (Span(spent, "strong"), Span(f" of {cap(limit)}" if limit else ", no cap", "muted"))
    return (*words, Span(" "), *progress(scene.town.cost_usd / limit, 14)) if limit and width >= 160 else words


def _left(scene: Scene, width: int, room: int) -> Line:
    town = scene.town
    parts: list[list[Span]] = [_name(scene), _polecats(scene)]
    counts = town.counts()
    total = sum(counts.values())
    short = [Span(f"{counts['landed']}/{total}", "text"), Span(" landed", "muted")]
    if width < 100:
        spent, limit = money(town.cost_usd), scene.config.budget_usd
        parts += [short, [Span(spent, "strong"), Span(f"/{cap(limit)}" if limit else "", "muted")]]
    else:
        gates = sum(counts[name] for name in GATES)
        words = [(counts[n], n) for n in ("backlog", "ready", "working")] + [
            (gates, "gates"),
            (counts["landed"], "landed"),
        ]
        numbers: list[Span] = []
        for number, word in words:
            numbers += [Span("  ") if numbers else Span(""), Span(f"{number}", "text"), Span(f" {word}", "muted")]
        taken = 1 + sum(length(part) + 3 for part in parts)
        parts.append(numbers if taken + length(numbers) <= room else short)
    out: list[Span] = [Span(" ")]
    gap = "   " if width >= 100 else "  "
    for part in parts:
        if length(out) + length(part) > room and part is not parts[0]:
            break
        out += [*part, Span(gap)]
    return tuple(out)


def _name(scene: Scene) -> list[Span]:
    town = scene.town
    out = [
        Span(clip(town.rig or "town", 24), "strong"),
        Span("  "),
        Span(clip(town.target or "?", 20), "muted"),
        Span(" "),
    ]
    if not scene.config.gated:
        out.append(Span("UNGATED", "handled", True))
    elif (run := of_tip(scene.town)) is not None and not run.ok:
        out.append(Span("▲ red", "handled", True))
    elif scene.runs:
        out.append(Span("✓", "good"))
    for what in sorted(town.holds):
        word = _HELD.get(what, f"{what} held")
        out += [Span("  "), Span(clip(word, 20), "handled", True)]
    if scene.read_only:
        out += [Span("  "), Span("read-only", "handled", True)]
    if why := scene.notes.get("ledger", ""):
        out += [Span("  "), Span(clip(why, 60), "handled", True)]
    if "lost" in scene.notes:
        out += [Span("  "), Span(f"? no engine, {age(scene.now - town.at)} old", "handled", True)]
    return out


def _polecats(scene: Scene) -> list[Span]:
    working = sum(1 for agent in scene.polecats if scene.town.beads[agent.bead].work.stage == "working")
    unsure = "? " if "lost" in scene.notes else ""
    return [Span(f"{unsure}{working}", "strong"), Span(f"/{scene.config.max_polecats} polecats", "muted")]
