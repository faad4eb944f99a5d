"""A bead in full: where it stands, what is asked, why it came back, and what happened to it."""

from __future__ import annotations

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.lines import Line, Span, crop, line
from gastown_tui.cockpit.draw.markdown import render
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count, money, wrap
from gastown_tui.cockpit.views.sheet import Sheet
from gastown_tui.model import collision
from gastown_tui.model.bead import Bead

_GATES = ("sheriff", "witness", "refinery")


class BeadView(Sheet):
    """One bead, by its id."""

    scope = "bead"

    def head(self, scene: Scene) -> Line:
        """`Board › 5b1`."""
        return line(Span("Board › ", "muted"), Span(scene.short(self.about), "strong"))

    def note(self, scene: Scene) -> Line:
        """Where it stands."""
        bead = scene.town.beads.get(self.about)
        column = scene.town.column(bead) if bead is not None else None
        return (Span((column or "closed").capitalize(), "muted"),)

    def body(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The whole of it."""
        bead = scene.town.beads.get(self.about)
        if bead is None:
            return [(Span("This bead is gone.", "muted"),)]
        out: list[Line] = [
            (),
            *((Span(text, "strong"),) for text in wrap(bead.title, width, 3)),
            _facts(bead, width),
            (),
        ]
        out += [_gates(scene, bead), (), *_fields(scene, bead, width)]
        if bead.work.returned is not None and bead.work.stage == "working":
            out += [(), (Span("Why it came back", "text", True),)]
            out += [(Span("│ ", "handled"), *row) for row in render(bead.work.returns[-1].reason, width - 2)]
        described = bead.description
        if described:
            out += [(), (Span("What is asked", "text", True),), *render(described, width)]
        criteria = str(bead.cold("acceptance_criteria", "") or "")
        if criteria:
            out += [(), (Span("Done when", "text", True),), *render(criteria, width)]
        return [*out, *_checks(bead, width), *_history(scene, bead, width)]


def _facts(bead: Bead, width: int) -> Line:
    parts = [Span(bead.id, "muted")]
    for label, value in (
        ("convoy", bead.work.convoy),
        ("label", " ".join(bead.labels)),
        ("filed by", bead.work.filed_by),
    ):
        if value:
            parts += [Span(f"   {label} ", "muted"), Span(value, "text")]
    return crop(parts, width)


def _gates(scene: Scene, bead: Bead) -> Line:
    """`✓ Sheriff ── ← Witness sent it back, 1 of 3 ── · Refinery ── · Landed`."""
    out: list[Span] = []
    stage = bead.work.stage
    reviews = {review.by: review for review in bead.work.reviews}
    for name in _GATES:
        review = reviews.get(name)
        back = bead.work.returned
        if stage == "working" and back is not None and back.by == name:
            times = f" sent it back, {len(bead.work.returns)} of {scene.config.max_returns}"
            out += [Span("← ", "handled"), Span(name.capitalize(), "strong"), Span(times, "handled")]
        elif stage == name:
            out += [Span("● ", "text"), Span(name.capitalize(), "strong")]
        elif stage == "landed" or (review is not None and review.ok):
            out += [Span("✓ ", "good"), Span(name.capitalize(), "text")]
        else:
            out += [Span("· ", "muted"), Span(name.capitalize(), "muted")]
        out.append(Span(" ── ", "line"))
    landed = stage == "landed"
    return (
        *out,
        Span("✓ " if landed else "· ", "good" if landed else "muted"),
        Span("Landed", "text" if landed else "muted"),
    )


def _fields(scene: Scene, bead: Bead, width: int) -> list[Line]:
    """State, polecat, priority, age and cost, what it waits for, what waits for it, files."""
    found = standing.of_bead(scene, bead)
    word = found.word or {"idle": scene.town.column(bead) or bead.status}.get(bead.work.stage, bead.work.stage)
    state = line(found.glyph, " ", Span(word, "text", True))
    if bead.work.stage == "idle" and (why := standing.why_waits(scene, bead)):
        state = (*state, Span(f"   {why}", "muted"))
    rows: list[tuple[str, Line]] = [("state", state)]
    if bead.assignee:
        more = [f"epoch {bead.work.epoch}"] if bead.work.epoch else []
        more += [count(bead.work.commits, "commit")] if bead.work.commits else []
        rows.append(("polecat", line(Span(bead.assignee, "text"), Span("   " + "   ".join(more), "muted"))))
    rows.append(("priority", (standing.priority(bead),)))
    cost = f"   {money(bead.work.cost_usd)}" if bead.work.cost_usd else ""
    rows.append(("age, cost", line(age(scene.now - scene.since(bead)), Span(cost, "text"))))
    if bead.needs:
        left = scene.town.blockers(bead)
        note = "all landed" if not left else f"{len(left)} of {len(bead.needs)} to go"
        rows.append(("waits for", line(" ".join(scene.short(id) for id in bead.needs), Span(f"   {note}", "muted"))))
    if dependants := scene.town.dependants.get(bead.id):
        direct = sorted(dependants)
        behind = scene.behind(bead.id) - sum(1 for id in direct if scene.town.beads[id].status != "closed")
        more_behind = f"   and {behind} behind" if behind > 0 else ""
        rows.append(("blocks", line(" ".join(scene.short(id) for id in direct[:8]), Span(more_behind, "muted"))))
    met = list(collision.of(scene.town.collisions, bead.id))[:4]
    rows += [("collides", _collides(scene, bead, one)) for one in met]
    if bead.work.files:
        rows.append(("files", (Span(clip(" ".join(bead.work.files), width - 12), "text"),)))
    if bead.work.landed:
        rows.append(("landed as", (Span(bead.work.landed[:9], "text"),)))
    return [(Span(f"{label:<12}", "muted"), *value) for label, value in rows]


def _collides(scene: Scene, bead: Bead, found: collision.Collision) -> Line:
    """`≠ 5c7 quartz  auth.py:40-61 +2  lines near each other`."""
    other = found.besides(bead.id)
    met = scene.town.beads.get(other)
    who = f"{scene.short(other)} {met.assignee}".strip() if met is not None else scene.town.target
    more = len(found.spots) + found.more - 1
    spot = found.spots[0]
    where = spot.words + (f" +{more}" if more > 0 else "")
    role = "handled" if found.kind == collision.CONFLICT else "text"
    return (Span("≠ ", role), Span(f"{who}   ", "text"), Span(where, role), Span(f"   {spot.why}", "muted"))


def _checks(bead: Bead, width: int) -> list[Line]:
    """The named checks of each gate that looked at the latest commit."""
    out: list[Line] = []
    signs = {"pass": ("✓", "good"), "fail": ("✗", "handled")}
    for review in bead.work.reviews:
        if not review.checks:
            continue
        seconds = sum(check.seconds for check in review.checks)
        out += [
            (),
            (Span(review.by.capitalize(), "text", True), Span(f"  {age(seconds)}" if seconds >= 1 else "", "muted")),
        ]
        for check in review.checks:
            sign, role = signs.get(check.verdict, ("?", "handled"))
            said = clip(check.note, max(0, width - 30)) if check.note else ""
            out.append(
                (
                    Span(f"{sign} ", role),
                    Span(clip(check.name, 40), "text"),
                    Span(f"   {said}" if said else "", "muted"),
                )
            )
    return out


def _history(scene: Scene, bead: Bead, width: int) -> list[Line]:
    """What the record still says of its past, newest first."""
    work = bead.work
    events: list[tuple[float, Span, str, str]] = []
    if work.landed_at:
        events.append((work.landed_at, Span("✓", "good"), "refinery", f"landed as {work.landed[:9]}"))
    for number, back in enumerate(work.returns, 1):
        events.append((back.at, Span("←", "handled"), back.by, f"sent back, try {number}: {back.reason}"))
    if work.lease is not None:
        events.append(
            (work.lease.granted, Span("●", "text"), "town", f"slung to {work.lease.polecat}, epoch {work.lease.epoch}")
        )
    if not events:
        return []
    out: list[Line] = [(), (Span("History", "text", True), Span(f"  {len(events)}", "muted"))]
    for at, sign, who, what in sorted(events, key=lambda event: -event[0]):
        head = (Span(f"{age(scene.now - at):>4}  ", "muted"), sign, Span(f" {who:<9} ", "muted"))
        out.append((*head, Span(clip(what, width - 18), "text")))
    return out
