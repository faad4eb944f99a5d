"""What stands beside the train: the tip, what waits at the gates before it, what will meet, came back, has landed."""

from __future__ import annotations

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.blocks import Block
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, length
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, clock, wrap
from gastown_tui.model.bead import Bead
from gastown_tui.model.merge import GateRun
from gastown_tui.model.queue.standing import joined, of_tip


def tip(scene: Scene, cells: int) -> Block:
    """`main 8e21c4f   ✓ green 6m`, and why landing is held."""
    town = scene.town
    left = (Span(clip(town.target or "?", 12), "strong"), Span(" "), Span(town.tip[:7], "muted"))
    out: Block = [(ends(left, verdict(scene, True), cells), "")]
    for words, _ in troubles(scene):
        out += [((Span(text, "handled"),), "") for text in wrap(words, cells, 3)]
    return out


def tip_sentence(scene: Scene, width: int) -> Line:
    """`main  8e21c4f  Settings from env, landed 6m ago  ✓ green`."""
    town = scene.town
    newest = next(iter(scene.column("landed")), None)
    about = ""
    if newest is not None:
        about = f"  {clip(newest.title, max(10, width - 60))}, landed {age(scene.now - newest.work.landed_at)} ago"
    head = (Span("  "), Span(clip(town.target or "?", 20), "strong", True), Span(f"  {town.tip[:7]}", "muted"))
    return fit((*head, Span(f"{about}  ", "muted"), *verdict(scene, False)), width)


def troubles(scene: Scene) -> list[tuple[str, str]]:
    """What keeps the whole train, and what to do about it."""
    out: list[tuple[str, str]] = []
    run = of_tip(scene.town)
    holds = scene.town.holds
    if "red" in holds or (run is not None and not run.ok and scene.config.gated):
        mended = not any(need.kind == "red" for need in scene.town.needs.values())
        out.append((_red(scene, run), "" if mended else "m files a bead to mend it"))
    if reason := scene.line.held if "red" not in holds or "queue" in holds else "":
        out.append((reason, "P lets it go on" if "queue" in holds else "! says more"))
    edits = [spot for spot in scene.line.spots if spot.state == "waiting" and " in the way: " in spot.why]
    if edits:
        names = joined(scene.short(spot.bead) for spot in edits)
        ours = "edits are in the way" in edits[0].why
        remedy = "commit or stash them; it goes on by itself" if ours else "! says what to do; it goes on by itself"
        out.append((f"{names}: {edits[0].why}", remedy))
    if not scene.config.gated and scene.line.spots:
        out.append(("UNGATED: nothing is tested here, so each landing asks you", "! answers"))
    return out


def _red(scene: Scene, run: GateRun | None) -> str:
    target = scene.town.target
    if run is None or run.ok:
        return scene.line.held or f"{target} is red"
    what = f": {run.first}" if run.first else ""
    return f"{target} is red since {clock(run.at)}{what}; the queue waits"


def trouble(scene: Scene, cells: int) -> list[Line]:
    """The same across the screen, each with its remedy."""
    out: list[Line] = []
    for words, remedy in troubles(scene):
        said = clip(words[:1].upper() + words[1:], cells - len(remedy) - 5)
        out.append(
            (Span("= ", "handled", True), Span(said, "handled"), Span(f"   {remedy}" if remedy else "", "muted"))
        )
    return out


def verdict(scene: Scene, short: bool) -> Line:
    """What is known of the tip: `✓ green 6m`, `▲ red since 13:51`, or that nothing is tested here."""
    if not scene.config.gated:
        return (Span("UNGATED", "handled", True),)
    run = of_tip(scene.town)
    if run is None:
        landed = max((bead.work.landed_at for bead in scene.column("landed")[:1]), default=0.0)
        return (Span("✓", "good"), Span(f" green {age(scene.now - landed)}", "muted")) if landed else ()
    since = f" {age(scene.now - run.at)}" if short else ""
    if run.ok:
        return (Span("✓", "good"), Span(f" green{since}", "muted" if short else "text"))
    return (Span("▲", "handled"), Span(f" red{since}", "handled", True))


def waits(scene: Scene, cells: int, roomy: bool = False) -> Block:
    """What is still at the gates before the Refinery."""
    out: Block = []
    for stage in ("witness", "sheriff"):
        beads = sorted(scene.town.in_column(stage), key=lambda b: (b.id not in scene.witnessed, b.work.since, b.id))
        for place, bead in enumerate(beads):
            out.append((_waiting(scene, bead, stage, place, cells), bead.id))
    return [((Span("Waits", "text", True),), ""), *out] if out else []


def _waiting(scene: Scene, bead: Bead, stage: str, place: int, cells: int) -> Line:
    asks = standing.of_bead(scene, bead).role == "needs"
    if asks:
        word = f"{stage.capitalize()}, asks you"
    elif stage == "witness":
        after = "Witness, next" if place < 2 else f"Witness, {place} before it"
        reading = "Witness is reading it" if cells >= 36 else "Witness reading"
        word = reading if bead.id in scene.witnessed else after
    else:
        word = "Sheriff testing"
    glyph = Span("!", "chip") if asks else Span("·", "muted", True)
    gap = "  " if cells >= 36 else " "
    left = (glyph, Span(" "), Span(f"{scene.short(bead.id)}{gap}", "muted"), Span(word, "text"))
    return ends(left, (Span(age(scene.now - bead.work.since), "muted"),), cells)


def foreseen(scene: Scene, cells: int, most: int = 2) -> Block:
    """Pairs of beads that mean to change the same file."""
    out: Block = []
    for one, other, file in scene.foreseen[:most]:
        left = [Span("≠ ", "handled"), Span(f"{scene.short(one)} {scene.short(other)} ", "muted")]
        out.append(((*left, Span(clip(file, cells - length(left)), "text")), one))
    more = len(scene.foreseen) - len(out)
    said = f"+{more} more" if more else "from work not yet done" if cells >= 36 else ""
    return [((Span("Foreseen", "text", True), Span(f"  {said}" if said else "", "muted")), ""), *out] if out else []


def back(scene: Scene, cells: int, most: int = 4) -> Block:
    """Beads being mended: which gate sent them back, how often, who mends, how long ago."""
    out: Block = []
    found = [b for b in scene.town.in_column("working") if b.work.returned is not None]
    for bead in sorted(found, key=lambda b: (-b.work.returns[-1].at, b.id))[:most]:
        last, times = bead.work.returns[-1], len(bead.work.returns)
        words = f"{last.by.capitalize()}, {times} of {scene.config.max_returns}"
        if cells >= 36:
            words = f"{last.by.capitalize()}, try {times} of {scene.config.max_returns}, {bead.assignee}"
        gap = "  " if cells >= 36 else " "
        left = (Span("← ", "handled"), Span(f"{scene.short(bead.id)}{gap}", "muted"), Span(words, "text"))
        out.append((ends(left, (Span(age(scene.now - last.at), "muted"),), cells), bead.id))
    return [((Span("Sent back", "text", True),), ""), *out] if out else []


def landed(scene: Scene, cells: int, rows: int) -> Block:
    """The newest landings in so many rows, headed by how many runs one of them took."""
    out: Block = []
    gap = "  " if cells >= 36 else " "
    for bead in scene.column("landed")[: rows - 1]:
        left = (
            Span("✓ ", "good"),
            Span(f"{scene.short(bead.id)}{gap}", "muted"),
            Span(clip(bead.title, cells), "text"),
        )
        out.append((ends(left, (Span(age(scene.now - bead.work.landed_at).rjust(3), "muted"),), cells), bead.id))
    total = scene.town.counts()["landed"]
    runs = len(scene.runs)
    each = f"  {runs / total:.1f} runs each" if total and runs and cells >= 27 else ""
    return [((Span("Landed", "text", True), Span(each, "muted")), ""), *out] if out else []
