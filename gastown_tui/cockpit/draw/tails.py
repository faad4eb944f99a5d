"""The end of a run's log, and what failed first, on the ground of terminals."""

from __future__ import annotations

from gastown_tui.cockpit.draw.blocks import on_well
from gastown_tui.cockpit.draw.lines import Line, Span, ends, fit
from gastown_tui.cockpit.logs import Log
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import age, clip, count
from gastown_tui.model.merge import GateRun, TestRun


def live(scene: Scene, run: TestRun, log: Log | None, cells: int, rows: int) -> list[Line]:
    """`Run 8, live   main+2f4+2a8, tree 77d0a1` over the last lines it wrote."""
    names = "+".join((scene.town.target or "tip", *(scene.short(id) for id in run.beads)))
    about = f"   {clip(names, max(12, cells - 34))}, tree {run.tree[:7]}" if run.tree else ""
    head = (Span(f"Run {run.number}, live", "text", True), Span(about, "muted"))
    return [fit(head, cells), *_lines(log, cells, rows - 1, "It has written nothing yet.")]


def over(scene: Scene, run: GateRun, log: Log | None, cells: int, rows: int) -> list[Line]:
    """The end of a finished run's log."""
    words = f"   {'green' if run.ok else 'red'} {age(scene.now - run.at)} ago"
    head = (Span(f"Run {run.number}", "text", True), Span(words, "muted"))
    return [fit(head, cells), *_lines(log, cells, rows - 1, "Its log is not kept any more.")]


def _lines(log: Log | None, cells: int, rows: int, nothing: str) -> list[Line]:
    lines = [text for text in (log.lines if log is not None else [])[-(rows + 8) :] if text.strip()][-rows:]
    if not lines:
        return [on_well((Span(nothing, "muted"),), cells)]
    out = [on_well((Span(clip(text, cells - 3), "muted"),), cells) for text in lines[:-1]]
    return [*out, on_well((Span(clip(lines[-1], cells - 3), "text"),), cells)]


def reasons(run: GateRun) -> list[str]:
    """The lines that say why a run is red: those of its first failure, else the end of what was printed."""
    head, _, rest = run.failed.partition("\n")
    if not run.gate or not head.startswith(f"{run.gate}: "):
        head, rest = "", run.failed
    why, _, said = rest.partition("\n\n")
    lines = [text for text in why.splitlines() if text.strip()] or [t for t in said.splitlines() if t.strip()][-8:]
    return lines or [head or "the gates failed"]


def failure(scene: Scene, run: GateRun, log: Log | None, cells: int, rows: int) -> list[Line]:
    """`First failure of run 7   tests/test_tokens.py:61` over its words and the key that shows all of it."""
    place = run.where or (f"gate {run.gate}" if run.gate else "")
    head = ends((Span(f"First failure of run {run.number}", "text", True), Span(f"   {place}", "muted")), (), cells)
    kept = reasons(run)[: rows - 2]
    out = [head]
    for index, text in enumerate(kept):
        out.append(on_well((Span(clip(text, cells - 3), "title" if not index else "text"),), cells))
    total = f", {count(len(log.lines), 'line')}" if log is not None and log.lines else ""
    out.append(on_well((Span("v", "focus"), Span(f" whole log{total}", "muted")), cells))
    return out
