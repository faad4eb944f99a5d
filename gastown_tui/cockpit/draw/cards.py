"""Cards of the board, exactly as design.md section 4 has them."""

from __future__ import annotations

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, length, raised
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count, money, width, wrap
from gastown_tui.model.bead import Bead

WIDE = 20
"""Content cells from which a card keeps its title to one row."""


def card(scene: Scene, bead: Bead, cells: int, rows: int, picked: bool) -> list[Line]:
    """A card as 2 or 3 lines of `cells` cells, the gutter included."""
    room = max(1, cells - 4)
    if bead.work.stage == "landed":
        body = _landed(scene, bead, room)
    elif rows == 2:
        body = _two(scene, bead, room, picked)
    else:
        body = _three(scene, bead, room, picked)
    glyph = standing.of_bead(scene, bead).glyph
    out = []
    for index, content in enumerate(body):
        head = (Span("▌" if picked else " ", "focus"), glyph if index == 0 else Span(" "), Span(" "))
        spans = (*head, *fit(content, room))
        out.append((*(raised(spans) if picked else spans), Span(" ")))
    return out


def _title_role(scene: Scene, bead: Bead) -> str:
    return "muted" if scene.town.column(bead) == "backlog" else "title"


def _three(scene: Scene, bead: Bead, room: int, picked: bool) -> list[Line]:
    role = _title_role(scene, bead)
    if room >= WIDE:
        first = (Span(clip(bead.title, room), role, picked),)
        return [first, _facts(scene, bead, room), _who(scene, bead, room)]
    titles = wrap(bead.title, room, 2)
    first = (Span(titles[0], role, picked),)
    second: Line = (Span(titles[1], role, picked),) if len(titles) > 1 else _who(scene, bead, room)
    return [first, second, _facts(scene, bead, room)]


def _facts(scene: Scene, bead: Bead, room: int) -> Line:
    """`5e2 P0 asks you   11m`: id, priority, marks; the age at the right."""
    left = [Span(scene.short(bead.id), "muted"), Span(" "), standing.priority(bead)]
    right = (Span(age(scene.now - scene.since(bead)), "muted"),)
    for mark in standing.marks(scene, bead):
        if length(left) + 1 + width(mark.text) + 4 <= room:
            left += [Span(" "), mark]
    return ends(left, right, room)


def _who(scene: Scene, bead: Bead, room: int) -> Line:
    """`topaz  testing   $0.58`: the polecat and evidence, or why nobody has it; the cost at the right."""
    if bead.work.stage == "idle":
        return (Span(clip(_reason(scene, bead), room), "muted"),)
    return _polecat(scene, bead, room)


def _polecat(scene: Scene, bead: Bead, room: int) -> Line:
    left = [Span(clip(bead.assignee, room), "muted")]
    word = standing.of_bead(scene, bead)
    evidence = word.word if bead.work.stage in ("sheriff", "witness", "refinery") and word.role != "needs" else ""
    right = (Span(money(bead.work.cost_usd), "muted"),) if bead.work.cost_usd > 0 else ()
    if evidence and length(left) + 2 + width(evidence) + length(right) < room:
        left += [Span("  "), Span(evidence, word.role)]
    return ends(left, right, room)


def _reason(scene: Scene, bead: Bead) -> str:
    """Why a bead that nobody has waits."""
    if scene.town.column(bead) == "backlog":
        return standing.why_waits(scene, bead)
    if not bead.work.go:
        return "a slings it"
    if why := scene.notes.get("dispatch", "").partition(": ")[2]:
        return why
    free = scene.config.max_polecats - scene.town.counts()["working"]
    return "next to sling" if bead.id == scene.next_ready or free <= 0 else f"{count(free, 'slot')} free"


def _two(scene: Scene, bead: Bead, room: int, picked: bool) -> list[Line]:
    """A card in two rows: the title; priority, polecat, mark and age."""
    first = (Span(clip(bead.title, room), _title_role(scene, bead), picked),)
    who = bead.assignee if bead.work.stage != "idle" else scene.short(bead.id)
    right = (Span(age(scene.now - scene.since(bead)), "muted"),)
    left = [standing.priority(bead), Span(" "), Span(clip(who, room - 7), "muted")]
    for mark in standing.marks(scene, bead)[:1]:
        text = "asks" if mark.text == "asks you" else mark.text
        if length(left) + 1 + width(text) + 4 <= room:
            left += [Span(" "), mark._replace(text=text)]
    return [first, ends(left, right, room)]


def _landed(scene: Scene, bead: Bead, room: int) -> list[Line]:
    """`Settings from env` and `1d9  $0.11  6m`."""
    right = [Span(age(scene.now - bead.work.landed_at).rjust(3), "muted")]
    if room >= WIDE and bead.work.cost_usd > 0:
        right = [Span(money(bead.work.cost_usd), "muted"), Span(" "), *right]
    return [(Span(clip(bead.title, room), "text"),), ends((Span(scene.short(bead.id), "muted"),), right, room)]


def inspector(scene: Scene, bead: Bead | None, cells: int) -> list[Line]:
    """The selected card spelled out in two rows, for narrow boards."""
    if bead is None:
        return [(), ()]
    found = standing.of_bead(scene, bead)
    facts = [bead.id, f"P{bead.priority}", bead.assignee, age(scene.now - scene.since(bead))]
    if bead.work.cost_usd > 0:
        facts.append(money(bead.work.cost_usd))
    tail = "  ".join(clip(fact, 20) for fact in facts if fact)
    title = Span(clip(bead.title, max(8, cells - width(tail) - 8)), "strong")
    first = (Span(" "), found.glyph, Span(" "), title, Span("   "), Span(tail, "muted"))
    return [fit(first, cells), fit((Span("   "), *_spelled(scene, bead)), cells)]


def _spelled(scene: Scene, bead: Bead) -> list[Span]:
    """Why the card stands where it does, in words."""
    behind = scene.behind(bead.id)
    wait = Span(f"   {behind} bead{'s' if behind != 1 else ''} wait{'s' if behind == 1 else ''} behind it", "muted")
    tail = [wait] if behind else []
    for ask in scene.asks:
        if bead.id in (ask.bead, _bead_of(scene, ask.agent)):
            return [Span("asks you ", "needs", True), Span(clip(ask.question or ask.title, 60), "text"), *tail]
    if bead.work.returns and bead.work.stage == "working":
        last = bead.work.returns[-1]
        return [Span(f"sent back by the {last.by} ", "handled"), Span(clip(last.reason, 50), "text"), *tail]
    if bead.work.stage == "idle":
        return [Span(_reason(scene, bead) or "waits", "muted"), *tail]
    word = standing.of_bead(scene, bead)
    where = {"landed": "landed", "working": word.word or "working"}.get(bead.work.stage, f"at the {bead.work.stage}")
    return [Span(where, word.role if word.word else "muted"), *tail]


def _bead_of(scene: Scene, agent: str) -> str:
    found = scene.town.agents.get(agent)
    return found.bead if found is not None else ""
