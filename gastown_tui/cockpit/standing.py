"""How a bead or an agent stands, in a glyph, a word and a role: the same words wherever it is shown."""

from __future__ import annotations

from typing import NamedTuple

from gastown_tui.cockpit.draw.lines import Span
from gastown_tui.cockpit.scene import GATES, Scene
from gastown_tui.cockpit.text import age
from gastown_tui.model.agent import Agent
from gastown_tui.model.bead import Bead

ASKS = Span("!", "chip")
QUIET = 600.0
"""Seconds without a line in the feed after which a working agent is called quiet."""

_STATES: dict[str, tuple[Span, str, str]] = {
    "starting": (Span("○", "text"), "starting", "text"),
    "working": (Span("●", "text"), "working", "text"),
    "spinning": (Span("○", "text"), "spinning", "text"),
    "asking": (ASKS, "asks you", "needs"),
    "wedged": (Span("■", "handled"), "wedged", "handled"),
    "limited": (Span("=", "handled", True), "limited", "handled"),
    "idle": (Span("○", "muted", True), "idle", "muted"),
    "frozen": (Span("=", "handled", True), "frozen", "handled"),
    "parked": (Span("·", "muted", True), "parked", "muted"),
    "ended": (Span("?", "handled", True), "gone", "handled"),
}
"""State of an agent → its glyph, its word and the word's role."""

_LETTER = {"sheriff": "S", "witness": "W", "refinery": "R"}


class Standing(NamedTuple):
    """A glyph, a word and the word's role."""

    glyph: Span
    word: str
    role: str


def of_agent(scene: Scene, agent: Agent) -> Standing:
    """How a polecat stands, with how long where that matters."""
    bead = scene.town.beads.get(agent.bead)
    if (asked := scene.asked_since.get(agent.name) or scene.asked_since.get(agent.bead)) is not None:
        return Standing(ASKS, f"asks you {age(scene.now - asked)}", "needs")
    if bead is not None and bead.work.stage in GATES:
        return Standing(Span("·", "muted", True), f"at the {bead.work.stage}", "muted")
    glyph, word, role = _STATES.get(agent.state, (Span("?", "handled", True), agent.state, "handled"))
    if agent.state in ("wedged", "limited"):
        word = f"{word} {age(scene.now - agent.since)}"
    if agent.state == "working" and bead is not None and bead.work.returned is not None:
        return Standing(glyph, "mending", "handled")
    if agent.state == "working" and (quiet := _quiet(scene, agent)) is not None:
        return Standing(glyph, f"quiet {age(quiet)}", "handled")
    return Standing(glyph, word, role)


def _quiet(scene: Scene, agent: Agent) -> float | None:
    lines = scene.lines(agent.name)
    silence = scene.now - max(lines[-1].at, agent.since) if lines else 0.0
    return silence if silence > QUIET else None


def of_bead(scene: Scene, bead: Bead) -> Standing:
    """How a bead stands: what its card shows before its title and after its priority."""
    if bead.id in scene.asking_beads or bead.work.held:
        return Standing(ASKS, "asks you", "needs")
    found = _AT.get(bead.work.stage, _idle)(scene, bead)
    return found


def _idle(scene: Scene, bead: Bead) -> Standing:
    if scene.town.column(bead) == "ready":
        return Standing(Span("○", "muted", True), "", "muted")
    return Standing(Span("·", "muted", True), "", "muted")


def _working(scene: Scene, bead: Bead) -> Standing:
    agent = scene.agents_by_bead.get(bead.id)
    if agent is None or agent.epoch != bead.work.epoch:
        return Standing(Span("○", "text"), "starting", "muted")
    glyph, word, role = _STATES.get(agent.state, (Span("?", "handled", True), agent.state, "handled"))
    plain = agent.state in ("working", "starting", "parked", "idle")
    return Standing(glyph, "" if plain else word, role)


def _sheriff(scene: Scene, bead: Bead) -> Standing:
    return Standing(Span("●", "text"), "testing", "muted")


def _witness(scene: Scene, bead: Bead) -> Standing:
    reading = bead.id in scene.witnessed
    return (
        Standing(Span("●", "text"), "reading", "muted") if reading else Standing(Span("·", "muted", True), "", "muted")
    )


def _refinery(scene: Scene, bead: Bead) -> Standing:
    spot = scene.spots.get(bead.id)
    return _QUEUED[spot.state if spot is not None else ""]


_QUEUED: dict[str, Standing] = {
    "": Standing(Span("?", "handled", True), "unsure", "handled"),
    "landing": Standing(Span("●", "text"), "landing", "muted"),
    "testing": Standing(Span("●", "text"), "testing", "muted"),
    "queued": Standing(Span("·", "muted", True), "", "muted"),
    "staged": Standing(Span("●", "muted"), "staged", "muted"),
    "suspect": Standing(Span("?", "handled", True), "suspect", "handled"),
    "confirm": Standing(Span("?", "handled", True), "once more", "handled"),
    "held": Standing(Span("=", "handled", True), "held", "handled"),
    "waiting": Standing(Span("·", "handled", True), "waiting", "handled"),
    "asks": Standing(ASKS, "asks you", "needs"),
}
"""State of an entry of the merge queue → how its card stands."""


def _landed(scene: Scene, bead: Bead) -> Standing:
    return Standing(Span("✓", "good"), "", "good")


_AT = {
    "idle": _idle, "working": _working, "sheriff": _sheriff, "witness": _witness, "refinery": _refinery,
    "landed": _landed,
}  # fmt: skip


def sent_back(bead: Bead) -> str:
    """`←W1`: by whom it was last sent back, and how often in all; empty when never."""
    returns = bead.work.returns
    if not returns:
        return ""
    return f"←{_LETTER.get(returns[-1].by, returns[-1].by[:1].upper())}{len(returns)}"


def marks(scene: Scene, bead: Bead) -> list[Span]:
    """The marks of a card after its priority, the most pressing first."""
    standing = of_bead(scene, bead)
    out = []
    stage = bead.work.stage
    if standing.word and (stage == "working" or standing.role == "needs"):
        out.append(Span(standing.word, standing.role, standing.role == "needs"))
    if (back := sent_back(bead)) and stage != "landed":
        out.append(Span(back, "handled"))
    if (other := scene.meets.get(bead.id)) is not None and stage == "working" and not out:
        out.append(Span(f"≠{scene.short(other)}", "handled"))
    return out


def why_waits(scene: Scene, bead: Bead) -> str:
    """Why a bead in Backlog is not ready."""
    if bead.work.held:
        return "held"
    if blockers := scene.town.blockers(bead):
        more = f" +{len(blockers) - 1}" if len(blockers) > 1 else ""
        return f"after {scene.short(blockers[0])}{more}"
    if bead.status != "open":
        return bead.status
    return "" if bead.work.approved else "not approved"


def priority(bead: Bead) -> Span:
    """`P0` bold, `P1` text, the others muted."""
    if bead.priority == 0:
        return Span("P0", "strong")
    return Span(f"P{bead.priority}", "text" if bead.priority == 1 else "muted")
