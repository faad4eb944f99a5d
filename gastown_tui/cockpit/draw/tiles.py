"""Tiles of the polecat grid: who it is, how it stands, and the face under that (design.md section 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import structs

from gastown_tui.cockpit import standing
from gastown_tui.cockpit.draw.chart import spark
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit, line
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count, money, width
from gastown_tui.engine.feed import FeedLine
from gastown_tui.model.agent import Agent

PROVED, TROUBLE = frozenset({"PASS", "COMMIT", "DONE"}), frozenset({"FAIL", "BACK", "LIMIT", "DENY"})
NAME_CELLS = 8
FEW_CELLS = 28
"""Cells under which a row of the log says one thing, not two."""
_DIFF = re.compile(r"\+(\d+)(?:\s*[-−](\d+))?")


def pulse(lines: Sequence[FeedLine], now: float, minutes: int) -> list[int]:
    """Feed lines in each of the last so many minutes, oldest first."""
    out = [0] * minutes
    for item in reversed(lines):
        back = int((now - item.at) // 60)
        if back >= minutes:
            break
        out[minutes - 1 - max(0, back)] += 1
    return out


def head(scene: Scene, agent: Agent, cells: int, top: float, titled: bool) -> list[Line]:
    """The first rows of a tile: name, pulse, age, cost; the state; `titled` gives the bead's title a row of its own."""
    bead = scene.town.beads.get(agent.bead)
    found = standing.of_agent(scene, agent)
    minutes = 8 if cells >= 30 else 5
    name = clip(agent.name, NAME_CELLS).ljust(NAME_CELLS)
    since = bead.work.lease.granted if bead is not None and bead.work.lease is not None else agent.since
    cost = bead.work.cost_usd if bead is not None else agent.cost_usd
    right = Span(f"{age(scene.now - since):>3} {money(cost):>5}", "muted")
    first = ends(
        (found.glyph, Span(" "), Span(name, "strong"), Span("  " if cells >= 30 else " "),
         spark(pulse(scene.work_lines(agent), scene.now, minutes), top)), (right,), cells,
    )  # fmt: skip
    state = [Span(found.word, found.role, found.role == "needs")]
    if bead is not None and bead.work.stage == "working" and found.role != "needs":
        if back := standing.sent_back(bead):
            state.append(Span(f" {back}", "handled"))
        elif (other := scene.meets.get(bead.id)) is not None:
            state.append(Span(f" ≠{scene.short(other)}", "text"))
    short = scene.short(agent.bead)
    if titled and bead is not None:
        title = Span(clip(bead.title, cells - 3 - width(short)), "title")
        second = fit(line("  ", Span(f"{short} ", "muted"), title), cells)
        return [first, second, _proved(scene, agent, [Span("  "), *state], cells)]
    return [first, _proved(scene, agent, [Span("  "), Span(f"{short} ", "muted"), *state], cells)]


def _proved(scene: Scene, agent: Agent, left: list[Span], cells: int) -> Line:
    """The state with its proof at the right, where there is room for it."""
    proof = _proof(scene.work_lines(agent)) if cells >= 38 else ""
    if proof and sum(width(span.text) for span in left) + width(proof) + 2 <= cells:
        return ends(left, (Span(proof, "muted"),), cells)
    return fit(left, cells)


def _proof(lines: Sequence[FeedLine]) -> str:
    """`2 commits +84 −12`: what the feed shows of finished work."""
    commits = sum(1 for item in lines if item.verb == "COMMIT")
    plus = minus = 0
    for item in lines:
        if item.verb == "EDIT" and (found := _DIFF.search(item.detail)):
            plus, minus = plus + int(found[1]), minus + int(found[2] or 0)
    diff = f"+{plus}" + (f" −{minus}" if minus else "") if plus or minus else ""
    return " ".join(part for part in (count(commits, "commit") if commits else "", diff) if part)


def log_face(lines: Sequence[FeedLine], cells: int, rows: int, indent: int = 2) -> list[Line]:
    """The last lines of the feed, newest at the bottom, repeats folded."""
    folded: list[tuple[FeedLine, int]] = []
    for item in lines[-rows * 8 :]:
        if not folded or (folded[-1][0].verb, folded[-1][0].text) != (item.verb, item.text):
            folded.append((item, 0))
        elif folded[-1][1]:
            folded[-1] = (item, folded[-1][1] + 1)
        else:
            folded.append((item, 1))
    shown = folded[-rows:] if rows > 0 else []
    if shown and shown[0][1]:
        # The line it repeats is above what is shown: say what it was.
        item, again = shown[0]
        shown[0] = (structs.replace(item, detail=f"{again + 1} times"), 0)
    return [fit(_logged(item, again, cells, indent), cells) for item, again in shown]


def _logged(item: FeedLine, again: int, cells: int, indent: int) -> Line:
    """One line of the log; `again` says how often the line above it was repeated."""
    role = "good" if item.verb in PROVED else "handled" if item.verb in TROUBLE else "muted"
    verb = Span(f"{clip(item.verb, 7):<7}", "needs" if item.verb == "ASK" else role, item.verb == "ASK")
    said = {"PASS": "good", "FAIL": "handled", "ASK": "title"}.get(item.verb, "text")
    head, room = Span(" " * indent), cells - indent - 7
    if again:
        return (head, verb, Span("same" if again == 1 else f"same, {again} times", said))
    outcome = {True: "pass", False: "fail"}.get(item.ok, "") if item.verb == "RUN" and item.ok is not None else ""
    detail = item.detail.removesuffix(" −0").removesuffix(" -0")
    if room < FEW_CELLS and item.verb in ("PASS", "FAIL") and detail:
        # The row above says what was run.
        return (head, verb, Span(clip(detail, room), said))
    if room < FEW_CELLS and item.verb == "COMMIT" and item.text:
        detail = ""
    tail = Span(clip(detail or outcome, max(0, room // 2)), "handled" if outcome == "fail" else "muted")
    if not tail.text or room < 14:
        return (head, verb, Span(clip(item.text, room), said))
    return (head, verb, *ends((Span(clip(item.text, room - width(tail.text) - 1), said),), (tail,), room))


def screen_face(shown: Sequence[Line], cells: int, rows: int) -> list[Line]:
    """The last rows of a terminal on the well, in its own colours."""
    kept = list(shown)
    while kept and not "".join(span.text for span in kept[-1]).strip():
        kept.pop()
    kept = kept[-rows:]
    out = [(Span(" "), *(span._replace(ground="well") for span in fit(row, cells - 1))) for row in kept]
    blank: Line = (Span(" "), Span(" " * (cells - 1), "text", False, "well"))
    return [*out, *([blank] * (rows - len(out)))]
