"""Sheets one only reads: the whole plan, every key, and the three ways to leave."""

from __future__ import annotations

from textual.geometry import Region

from gastown_tui.cockpit.commands import LEAVE, ROWS, Command
from gastown_tui.cockpit.draw.lines import Line, Span, fit, line
from gastown_tui.cockpit.draw.plans import estimate, plan_name, whole
from gastown_tui.cockpit.places import accordion
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import clip, count, width
from gastown_tui.cockpit.views.sheet import Sheet

_NAMES = {"town": "Everywhere", "board": "Board", "polecats": "Polecats", "train": "Train", "mayor": "Mayor",
          "needs": "Needs you", "bead": "Bead", "plan": "Plan", "log": "Log of a run", "leave": "Leaving"}  # fmt: skip
_SHOWN = {"enter": "↵", "escape": "Esc", "tab": "Tab", "shift+tab": "S-Tab", "space": "space"}


def key_name(chord: str) -> str:
    """A chord as a person reads it: `g1`, `ctrl+q d`, `↵`."""
    parts = [_SHOWN.get(key, key) for key in chord.split(" ")]
    return "".join(parts) if all(len(part) == 1 for part in parts) else " ".join(parts)


class PlanView(Sheet):
    """A draft with every bead in words."""

    scope = "plan"

    def head(self, scene: Scene) -> Line:
        """Its name and title."""
        draft = scene.town.drafts.get(self.about)
        if draft is None:
            return (Span("Plan", "strong"),)
        return line(Span(plan_name(draft), "strong"), Span(f"  {clip(draft.plan.title, 48)}", "text"))

    def body(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Waves, beads, files, words."""
        draft = scene.town.drafts.get(self.about)
        if draft is None:
            return [(Span("This plan is gone.", "muted"),)]
        return [(), (Span(f"{draft.state}   {estimate(scene, draft.plan)}", "muted"),), *whole(draft, width)]


class HelpView(Sheet):
    """Every key, grouped by where it works; `about` names the scope that comes first."""

    scope = "help"
    title = "Keys"

    def note(self, scene: Scene) -> Line:
        """How to go on."""
        return line(Span("j k", "focus"), Span(" scroll   ", "muted"), Span("Esc", "focus"), Span(" back", "muted"))

    def body(self, scene: Scene, cells: int, height: int) -> list[Line]:
        """Two columns where there is room."""
        order = [self.about, *(scope for scope in _NAMES if scope != self.about)]
        blocks = [_block(scope) for scope in order if scope in _NAMES]
        if cells < 76:
            return [row for block in blocks for row in (*block, ())]
        half = cells // 2
        columns: list[list[Line]] = [[], []]
        for block in blocks:
            shorter = columns[0] if len(columns[0]) <= len(columns[1]) else columns[1]
            shorter += [*block, ()]
        rows = max(len(columns[0]), len(columns[1]))
        left, right = (column + [()] * (rows - len(column)) for column in columns)
        return [(*fit(a, half), *b) for a, b in zip(left, right, strict=True)]


def _block(scope: str) -> list[Line]:
    """One scope's keys; neighbours that differ by a digit are one row."""
    out: list[Line] = [(), (Span(_NAMES[scope], "text", True),)]
    seen: set[str] = set()
    for command in ROWS:
        if scope not in command.scopes or not command.keys:
            continue
        family = _family(command)
        if family in seen:
            continue
        seen.add(family)
        keys, title = _described(command, family)
        out.append((Span(f"  {keys:<7} ", "focus"), Span(title, "text")))
    return out


def _family(command: Command) -> str:
    head, _, tail = command.id.rpartition(".")
    return head if head in ("answer", "priority") and tail.isdigit() else command.id


def _described(command: Command, family: str) -> tuple[str, str]:
    if family == "answer":
        return "1-9", "Take that answer"
    if family == "priority":
        return "p 0-4", "Priority"
    keys = "  ".join(key_name(key) for key in command.keys)
    return keys if len(keys) <= 7 else key_name(command.keys[0]), command.title


class LeaveView(Sheet):
    """What leaving may mean."""

    scope = LEAVE
    title = "Leave"
    closed_below = True

    def where(self, width: int, height: int) -> Region:
        """A small sheet above the footer."""
        wide = width if accordion(width, height) else 72
        return Region(width - wide, max(1, height - 11), wide, min(10, height - 2))

    def body(self, scene: Scene, cells: int, height: int) -> list[Line]:
        """The three ways, and what happens to the work."""
        live = len(scene.town.live_agents())
        keys = {"leave.detach": "d", "leave.stop": "i", "leave.now": "n"}
        rows = [row for row in ROWS if row.id in keys]
        what = (
            f"{count(live, 'agent')} {'is' if live == 1 else 'are'} running. Work is kept in git whichever you choose."
        )
        out: list[Line] = [(), (Span(clip(what, cells), "muted"),), ()]
        out += [(Span(f"  {keys[row.id]}  ", "focus", True), Span(row.title, "title")) for row in rows]
        return [*out, (Span("  Esc  ".ljust(5), "focus"), Span("stay", "muted"))]


def which_key(found: dict[str, Command | None], reasons: dict[str, str], cells: int) -> list[Line]:
    """The continuations of a prefix in columns; what cannot be done is muted, with its reason."""
    entries: list[Line] = []
    for key, command in sorted(found.items()):
        title = command.title if command is not None else "…"
        why = reasons.get(key, "")
        text = Span(title, "muted" if why else "text")
        entries.append((Span(f" {key_name(key):<4} ", "focus", True), text, Span(f"   {why}" if why else "", "muted")))
    widest = max((sum(width(span.text) for span in entry) for entry in entries), default=1) + 3
    across = max(1, min(3, cells // widest))
    rows = -(-len(entries) // across)
    grid = [[entries[c * rows + r] for c in range(across) if c * rows + r < len(entries)] for r in range(rows)]
    return [tuple(span for entry in row for span in fit(entry, cells // across)) for row in grid]
