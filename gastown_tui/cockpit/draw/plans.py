"""A plan as a tree: its waves, its beads, their files, and what it may take."""

from __future__ import annotations

from gastown_tui.cockpit.draw.lines import Line, Span, crop, fit, line
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import clip, count, money, span, wrap
from gastown_tui.model.convoy import Draft, Plan, PlannedBead, waves

SPREAD = (0.7, 1.3)
"""How far an estimate is trusted, either way; what landed so far replaces the minutes where there is any."""


def estimate(scene: Scene, plan: Plan) -> str:
    """`8–14 min   $1.10–2.30`, or that it is unsure: minutes along the waves, dollars from what beads cost here."""
    out = []
    minutes = 0.0
    for wave in waves(plan.beads):
        known = [bead.estimated_minutes for bead in wave]
        if any(value is None for value in known):
            minutes = -1.0
            break
        lanes = max(1, scene.config.max_polecats)
        values = [value or 0.0 for value in known]
        minutes += max(max(values), sum(values) / lanes)
    out.append(f"{span(minutes * SPREAD[0], minutes * SPREAD[1])} min" if minutes > 0 else "time unsure")
    spent = [b.work.cost_usd for b in scene.column("landed") if b.work.cost_usd > 0]
    if spent:
        each = sum(spent) / len(spent)
        low, high = each * SPREAD[0] * len(plan.beads), each * SPREAD[1] * len(plan.beads)
        out.append(f"{money(low)}–{money(high).removeprefix('$')}")
    else:
        out.append("cost unsure")
    return "   ".join(out)


def heading(scene: Scene, draft: Draft, cells: int) -> list[Line]:
    """`Plan 2  draft  3 beads, 2 waves`, its title where it differs, and the estimate."""
    beads = draft.plan.beads
    revised = f", revision {draft.revision}" if draft.revision > 1 else ""
    size = f"{count(len(beads), 'bead')}, {count(len(waves(beads)), 'wave')}{revised}"
    first = line(Span(plan_name(draft), "strong"), "  ", Span("draft", "needs", True), "  ", Span(size, "muted"))
    return [fit(first, cells), fit((Span(estimate(scene, draft.plan), "muted"),), cells)]


def plan_name(draft: Draft) -> str:
    """`Plan 2` for the draft `p2`."""
    number = "".join(char for char in draft.id if char.isdigit())
    return f"Plan {number}" if number else f"Plan {draft.id}"


def tree(draft: Draft, cells: int, rows: int, files: bool = False) -> list[Line]:
    """The beads of a plan by wave, at most `rows` lines; what is left out is counted."""
    planned = [(number, bead) for number, wave in enumerate(waves(draft.plan.beads), 1) for bead in wave]
    each = 2 if files and rows >= 2 * len(planned) else 1
    shown = planned if len(planned) * each <= rows else planned[: max(1, rows - 1)]
    out: list[Line] = []
    for index, (number, bead) in enumerate(shown):
        last = index == len(planned) - 1
        edge, under = ("└ ", "  ") if last else ("├ ", "│ ")
        head = (Span(edge, "line"), Span(f"{number} ", "muted"))
        out.append((*head, Span(clip(bead.title, cells - 4), "title")))
        if each == 2:
            out.append(crop((Span(under, "line"), Span("   "), *_details(bead)), cells))
    if len(shown) < len(planned):
        out.append((Span("└ ", "line"), Span(f"and {len(planned) - len(shown)} more", "muted")))
    return out


def _details(bead: PlannedBead) -> Line:
    after = f"   after {', '.join(bead.needs)}" if bead.needs else ""
    return (Span(clip(", ".join(bead.files) or "files unsure", 60), "muted"), Span(after, "muted"))


def whole(draft: Draft, cells: int) -> list[Line]:
    """Every bead of a plan with its words, for reading before saying yes."""
    out: list[Line] = []
    for number, wave in enumerate(waves(draft.plan.beads), 1):
        out += [(), (Span(f"Wave {number}", "text", True), Span(f"  {count(len(wave), 'bead')}", "muted"))]
        for bead in wave:
            minutes = f"  ~{bead.estimated_minutes:g} min" if bead.estimated_minutes else ""
            facts = Span(f"   {bead.key}  P{bead.priority}{minutes}", "muted")
            out.append((Span("· ", "muted"), Span(clip(bead.title, cells - 30), "title"), facts))
            out.append(crop((Span("  "), *_details(bead)), cells))
            told = bead.description.split("```", 1)[0]
            out += [(Span("  " + text, "text"),) for text in wrap(told, cells - 2, 3)] if told.strip() else []
    return out
