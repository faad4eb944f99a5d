"""The talk with the Mayor: what was said, the plan that waits, and the line one writes on."""

from __future__ import annotations

from gastown_tui.cockpit.draw.lines import BLANK, Line, Span, fit, length, plain
from gastown_tui.cockpit.draw.markdown import render
from gastown_tui.cockpit.draw.plans import estimate, heading, plan_name, tree
from gastown_tui.cockpit.pane import Pane
from gastown_tui.cockpit.scene import Scene
from gastown_tui.cockpit.text import clip, clock, count, money, wrap
from gastown_tui.model.convoy import Draft
from gastown_tui.model.state import Speech

TURNS = 60
"""Turns of the chat that are drawn; older ones are in the ledger."""
_DRAFT_ROWS = 14
_AROUND = 5
"""Rows of a wide draft beside its tree: name, estimate, title, keys, and a blank one; a narrow one has three."""
_FEWEST = 3
"""Rows of the tree that are drawn in any case."""


class MayorChat(Pane):
    """The chat. `input_rows` rows at its foot belong to the field one writes in; `back` counts rows scrolled up."""

    number = 1
    title = "Mayor"

    def __init__(self) -> None:
        super().__init__()
        self.back = 0
        self.input_rows = 1
        self._said: tuple[object, list[Line]] = (None, [])

    def draw(self, scene: Scene, width: int, height: int) -> list[Line]:
        """The last rows of the talk and the plan; the rows of the field stay free."""
        cells = width - 2
        room = height - self.input_rows - (1 if height > 12 else 0)
        lines = self._talk(scene, cells)
        drafts = [draft for draft in scene.town.drafts.values() if draft.state == "draft"]
        for draft in sorted(drafts, key=lambda d: d.at):
            lines = [*lines, *([BLANK] if lines else []), *self._draft(scene, draft, cells, room)]
        if not lines:
            first = [(Span(row, "muted"),) for row in wrap("Say what you want built, then", cells)]
            lines = [*first[:-1], (*first[-1], Span(" Enter", "focus"), Span(".", "muted"))]
            if length(lines[-1]) > cells:
                lines = [*first, (Span("Enter", "focus"), Span(".", "muted"))]
        self.back = max(0, min(self.back, len(lines) - room))
        end = len(lines) - self.back
        out: list[Line] = [(Span(" "), *row) for row in lines[max(0, end - room) : end]]
        if self.input_rows:
            field: Line = (Span("›", "focus" if self.focused else "muted", False, "well"), *fit((), cells - 1, "well"))
            out += [BLANK] * (height - self.input_rows - len(out))
            out += [(Span(" "), *(field if row == 0 else fit((), cells, "well"))) for row in range(self.input_rows)]
        return out

    def _talk(self, scene: Scene, cells: int) -> list[Line]:
        """The turns of the chat with what became of the plans between them, by time; kept while nothing changed."""
        key = (scene.town.chat, scene.town.drafts, scene.town.columns.get("landed"), cells, scene.mayor)
        if self._said[0] == key:
            return self._said[1]
        turns = sorted(scene.town.chat.items())[-TURNS:]
        parts: list[tuple[float, list[Line]]] = [(said.at, _turn(said, cells)) for _, said in turns]
        drafts = [draft for draft in scene.town.drafts.values() if draft.state != "draft"]
        parts += [(_when(scene, draft), _settled(scene, draft, cells)) for draft in drafts]
        out: list[Line] = []
        for _, rows in sorted(parts, key=lambda part: part[0]):
            out += [*([BLANK] if out else []), *rows]
        answered = max((d.at for d in scene.town.drafts.values()), default=0.0)
        if turns and turns[-1][1].said.speaker == "overseer" and turns[-1][1].at > answered:
            out += [BLANK, (Span(self._thinking(scene), "muted"),)]
        self._said = (key, out)
        return out

    def _thinking(self, scene: Scene) -> str:
        mayor = scene.mayor
        if mayor is None or not mayor.live:
            return "The Mayor is not running; it gets this when it starts."
        return "The Mayor asks you." if mayor.state == "asking" else "The Mayor is reading and thinking."

    def _draft(self, scene: Scene, draft: Draft, cells: int, room: int) -> list[Line]:
        """The plan that waits for a yes, with its keys in the last row."""
        keys: list[Span] = []
        for key, word in (("a", " accept  "), ("e", " edit  "), ("x", " drop")):
            keys += [Span(key, "focus", True), Span(word, "muted")]
        title = clip(draft.plan.title, cells)
        wide = cells >= 46
        around = _AROUND if wide else _AROUND - 2
        rows = max(_FEWEST, room - around) if wide else max(_FEWEST, min(_DRAFT_ROWS, room - around))
        return [
            *heading(scene, draft, cells),
            *([(Span(title, "text"),)] if wide else []),
            *tree(draft, cells, rows, wide),
            fit(keys, cells),
        ]

    def note(self, scene: Scene, width: int) -> Line:
        """That a plan waits, or what the Mayor has cost."""
        if any(ask.draft is not None for ask in scene.asks):
            word = Span("plan waits", "needs", True)
            return (Span("!", "chip"), Span(" "), word) if width < 60 else (word,)
        spent = scene.town.costs.get("mayor", 0.0)
        up = [Span(f"{self.back} rows up, G ends", "muted")] if self.back else []
        return (*up, *((Span(money(spent), "muted"),) if spent and not up else ()))

    def summary(self, scene: Scene, width: int) -> Line:
        """The plan that waits, or the last thing said."""
        for ask in scene.asks:
            if ask.draft is not None:
                text = f"{plan_name(ask.draft).lower()} waits for you: {count(len(ask.draft.plan.beads), 'bead')}, "
                dollars = estimate(scene, ask.draft.plan).split("   ")[-1]
                return (Span("!", "chip"), Span(" "), Span(clip(text + dollars, width - 2), "text"))
        if not scene.town.chat:
            return (Span("say what you want built", "muted"),)
        last = scene.town.chat[max(scene.town.chat)]
        who = "you" if last.said.speaker == "overseer" else "mayor"
        return (Span(f"{who} {clock(last.at)}  ", "muted"), Span(clip(_first_row(last.said.text), width - 14), "text"))

    def move(self, dx: int, dy: int) -> None:
        """j k scroll."""
        self.back = max(0, self.back - dy)

    def jump(self, last: bool) -> None:
        """gg and G."""
        self.back = 0 if last else 1_000_000


def _first_row(text: str) -> str:
    """The beginning of a text without its mark-up."""
    return next((words for row in render(text, 200) if (words := plain(row).strip())), "")


def _turn(speech: Speech, cells: int) -> list[Line]:
    """Who said it and when, then what was said."""
    yours = speech.said.speaker == "overseer"
    head = (Span("you" if yours else "mayor", "strong"), Span(f"  {clock(speech.at)}", "muted"))
    body = render(speech.said.text, cells) if not yours else render(_as_typed(speech.said.text), cells)
    return [head, *body]


def _as_typed(text: str) -> str:
    """What a person typed is not mark-up: its breaks and signs stay as they are."""
    safe = "".join(f"\\{char}" if char in "\\`*_{}[]()#+-.!<>|~" else char for char in text)
    return safe.replace("\n", "  \n")


def _when(scene: Scene, draft: Draft) -> float:
    """When a plan was settled: accepted with its convoy, else as near as is known."""
    convoy = scene.town.convoys.get(draft.convoy)
    return convoy.at if convoy is not None else draft.at


def _settled(scene: Scene, draft: Draft, cells: int) -> list[Line]:
    """What became of a plan, in a sentence."""
    name = plan_name(draft)
    if draft.state == "approved":
        landed = sum(1 for id in draft.ids.values() if (b := scene.town.beads.get(id)) and b.work.stage == "landed")
        text = f"{name} accepted: {count(len(draft.ids), 'bead')}, {landed} landed."
    else:
        text = f"{name} dropped" + (f": {draft.reason}" if draft.reason else ".")
    return [(Span(row, "muted"),) for row in wrap(text, cells, 4)]
