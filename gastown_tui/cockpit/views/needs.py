"""What needs the overseer: the first question open with its answers, the others under it, and what can wait."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Region

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, line, raised
from gastown_tui.cockpit.draw.plans import estimate, tree
from gastown_tui.cockpit.places import accordion
from gastown_tui.cockpit.scene import Ask, Scene
from gastown_tui.cockpit.text import age, clip, count, money, wrap
from gastown_tui.cockpit.views.sheet import Sheet

_PLAN_ANSWERS = ("Accept: file the beads", "Edit it in your editor", "Drop it, and say why")
_TERMINAL_ROWS = 8


class NeedsView(Sheet):
    """The questions. The selection is a question's id; `tail` gives the rows of an agent's terminal."""

    scope = "needs"
    title = "Needs you"
    closed_below = True

    def __init__(self, tail: Callable[[str, int, int], list[Line]]) -> None:
        super().__init__()
        self.picked = ""
        self._tail = tail

    def where(self, width: int, height: int) -> Region:
        """Under its chip: 100 of 120 columns, a few rows short of the footer."""
        if accordion(width, height):
            return Region(0, 1, width, max(1, height - 2))
        left = width * 20 // 120
        return Region(left, 2, width - left, height - 7)

    def head(self, scene: Scene) -> Line:
        """How many."""
        return line(
            Span("Needs you", "strong"), Span(f"  {len(scene.asks)}", "needs", True) if scene.asks else Span("")
        )

    def note(self, scene: Scene) -> Line:
        """In which order."""
        return (Span("most work waiting first", "muted"),) if scene.asks else ()

    def asked(self, scene: Scene) -> Ask | None:
        """The question that is open."""
        return next((ask for ask in scene.asks if ask.id == self.picked), scene.asks[0] if scene.asks else None)

    def body(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The open question, the others, what can wait."""
        opened = self.asked(scene)
        self.picked = opened.id if opened is not None else ""
        out: list[Line] = [()]
        if opened is None:
            out.append((Span("Nobody needs you. ", "muted"), Span("Esc", "focus"), Span(" goes back.", "muted")))
        else:
            out += self._open(scene, opened, width)
        others = [ask for ask in scene.asks if ask is not opened]
        if others:
            out += [(), (Span("─" * width, "line"),)]
        for ask in others:
            out += [*_shut(scene, ask, width), ()]
        return [*out, *_can_wait(scene, width)]

    def _open(self, scene: Scene, ask: Ask, width: int) -> list[Line]:
        """A question with its context, what the terminal shows, and the numbered answers."""
        head = _shut(scene, ask, width - 1)
        if ask.question and ask.question != ask.title:
            head += [(Span("  "), Span(text, "text")) for text in wrap(ask.question, width - 4, 4)]
        out: list[Line] = [raised(fit((Span("▌", "focus"), *row), width)) for row in head]
        if ask.draft is not None:
            out += [(), *((Span("  "), *row) for row in tree(ask.draft, width - 4, 10, width > 70))]
        elif ask.agent and (shown := self._tail(ask.agent, width - 4, _TERMINAL_ROWS)):
            whole = (Span("↵", "focus"), Span(" whole terminal", "muted"))
            out += [(), ends((Span(f"  {ask.agent}, now", "muted"),), whole, width)]
            out += [(Span("  "), *fit((Span(" ", "text", False, "well"), *row), width - 2, "well")) for row in shown]
        answers = ask.choices or (_PLAN_ANSWERS if ask.draft is not None else ())
        out.append(())
        for number, choice in enumerate(answers, 1):
            safe = "  the safe one" if number == 1 and ask.draft is None and len(answers) > 1 else ""
            out.append(
                (Span(f"  {number}  ", "focus", True), Span(clip(choice, width - 24), "title"), Span(safe, "muted"))
            )
        if not answers:
            out.append((Span("  r  ", "focus", True), Span("Answer in words", "title")))
        return out

    def move(self, dx: int, dy: int) -> None:
        """j k open the next or the previous question."""
        if self.scene is None or not self.scene.asks:
            return
        ids = [ask.id for ask in self.scene.asks]
        at = ids.index(self.picked) if self.picked in ids else 0
        self.picked = ids[max(0, min(len(ids) - 1, at + (1 if dy > 0 else -1)))]


def _shut(scene: Scene, ask: Ask, width: int) -> list[Line]:
    """A question in two rows: what it is, and what hangs on it."""
    kind = clip(ask.kind, 12)
    left = (Span("!", "chip"), Span(f" {kind:<10} ", "needs", True), Span(clip(ask.title, width - 20), "title"))
    rows: list[Line] = [ends(left, (Span(age(scene.now - ask.at), "muted"),), width)]
    if ask.draft is not None:
        words = f"{count(len(ask.draft.plan.beads), 'bead')}, {estimate(scene, ask.draft.plan).replace('   ', ', ')}"
        rows.append((Span(f"  {words}", "muted"),))
    elif (bead := scene.town.beads.get(ask.bead)) is not None:
        behind = f"{count(ask.behind, 'bead')} wait{'s' if ask.behind == 1 else ''} behind it, " if ask.behind else ""
        rows.append(line(Span(f"  {scene.short(bead.id)} ", "muted"), standing.priority(bead), " ",
                         Span(clip(bead.title, width // 2), "text"),
                         Span(f"   {behind}{money(bead.work.cost_usd)} so far", "muted")))  # fmt: skip
    elif ask.agent:
        rows.append((Span(f"  {ask.agent}", "muted"),))
    return rows


def _can_wait(scene: Scene, width: int) -> list[Line]:
    """What the town handles by itself, and what landed."""
    rows: list[Line] = []
    counts = scene.town.counts()
    if counts["landed"]:
        newest = scene.column("landed")[0]
        text = f"{count(counts['landed'], 'bead')} landed, last {scene.short(newest.id)} {newest.title}"
        rows.append(_waiting(Span("✓", "good"), "landed", text, scene.now - newest.work.landed_at, width))
    for agent in sorted(scene.polecats, key=lambda a: (a.since, a.name)):
        found = standing.of_agent(scene, agent)
        if found.role == "handled" and found.word != "mending":
            text = f"{agent.name} on {scene.short(agent.bead)}"
            rows.append(_waiting(found.glyph, found.word.split(" ")[0], text, scene.now - agent.since, width))
    for what, why in sorted(scene.town.holds.items()):
        rows.append(_waiting(Span("=", "handled"), f"{what} held", why, None, width))
    if why := scene.notes.get("dispatch", ""):
        rows.append(_waiting(Span("·", "muted"), "sling", why, None, width))
    return [(), (Span("Can wait", "text", True), Span(f"  {len(rows)}", "muted")), *rows] if rows else []


def _waiting(glyph: Span, kind: str, text: str, since: float | None, width: int) -> Line:
    left = (glyph, Span(f" {clip(kind, 12):<12} ", "muted"), Span(clip(text, width - 22), "text"))
    return ends(left, (Span(age(since), "muted"),) if since is not None else (), width)
