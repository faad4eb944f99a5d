"""Taking orders and landings back from the cockpit: `u`, `U` and ctrl+r, and why they cannot be used now."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gastown_tui.cockpit.desk import Desk
from gastown_tui.model import orders as o
from gastown_tui.model.undoing import undo as model
from gastown_tui.text import count

_LOOKED_INTO = 100
"""Parts of an order up to which each drawing of the footer asks whether it can be undone (25 µs a part): of a larger
one the engine says it when it is asked to."""


def undo(desk: Desk, times: int | None) -> None:
    """Take back the landing that is selected, having asked; else the last order (or as many as were counted), if it is
    still the one that was seen.
    """
    if landed := _landed(desk):
        desk.order(o.UndoLanding((landed,), dry_run=True), _offered(desk))
        return
    desk.order(o.Undo(times or 1, entry=_newest(desk, False)), _said("undid", "ctrl+r redoes"))


def undo_past(desk: Desk, times: int | None) -> None:
    """Take back the last order that can be, passing over those that cannot."""
    desk.order(o.Undo(times or 1, entry=_newest(desk, False), skip=True), _said("undid", "ctrl+r redoes"))


def redo(desk: Desk, times: int | None) -> None:
    """Land again what was taken back, where that is selected; else take back the last undoing."""
    if gone := _taken_back(desk):
        desk.order(o.UndoLanding((gone,), again=True, dry_run=True), _offered(desk))
        return
    desk.order(o.Redo(times or 1, entry=_newest(desk, True)), _said("redid", "u undoes"))


def landing(desk: Desk, times: int | None) -> None:
    """Order what the open sheet asks about, as it was seen there."""
    would = json.loads(desk.about)
    beads = tuple(str(one["bead"]) for one in would["landings"])
    again = all(one["again"] for one in would["landings"])
    polecat = would["conflict"] is not None
    desk.back()
    desk.order(o.UndoLanding(beads, again=again, polecat=polecat, tip=str(would["tip"])), _done)


def _landed(desk: Desk) -> str:
    """The id of the selected bead if it has landed."""
    bead = desk.bead
    return bead.id if bead is not None and bead.work.stage == "landed" else ""


def _taken_back(desk: Desk) -> str:
    """The id of the selected bead if its landing was taken back and nobody went on with it."""
    bead = desk.bead
    back = bead.work.back if bead is not None and bead.work.stage == "idle" else None
    return bead.id if bead is not None and back is not None and back.undone else ""


def _offered(desk: Desk) -> Callable[[Any], str]:
    def offer(answer: Any) -> str:
        desk.open("landing", json.dumps(answer))
        return ""

    return offer


def _done(answer: Any) -> str:
    return str(answer["done"][0])


def no_undo(desk: Desk) -> str:
    """That there is nothing to undo, or why the last order cannot be."""
    return "" if _landed(desk) else _why(desk, False, "; U passes it over")


def no_undo_past(desk: Desk) -> str:
    """That there is nothing to undo."""
    return "" if model.stack(desk.scene.town) else "you ordered nothing that could be undone"


def no_redo(desk: Desk) -> str:
    """That there is nothing to redo, or why it cannot be."""
    return "" if _taken_back(desk) else _why(desk, True, "")


def _newest(desk: Desk, redo: bool) -> int:
    return next((entry.seq for entry in model.stack(desk.scene.town, redo)), 0)


def _why(desk: Desk, redo: bool, past: str) -> str:
    known = model.stack(desk.scene.town, redo)
    if not known:
        return "nothing was undone" if redo else "you ordered nothing that could be undone"
    if len(known[0].parts) > _LOOKED_INTO and not known[0].final:
        return ""
    try:
        model.back(desk.scene.town, known[0])
    except model.Stuck as stuck:
        return f'"{known[0].title}": {stuck.why}{past}'
    return ""


def _said(past: str, back: str) -> Callable[[Any], str]:
    def words(answer: Any) -> str:
        done = [order["title"] for order in answer["orders"]]
        many = f" {count(len(done), 'order')}" if len(done) > 1 else ""
        return f"{past}{many}: {', '.join(done)} · {back}"

    return words
