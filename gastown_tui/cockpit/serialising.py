"""One key for two that are about to collide: who is behind waits for the other's landing."""

from __future__ import annotations

from typing import Any

from gastown_tui.cockpit.desk import Desk
from gastown_tui.model import collision
from gastown_tui.model import orders as o


def serialise(desk: Desk, times: int | None) -> None:
    """Have one of the selected bead and the one it meets wait for the other."""
    if (bead := desk.bead) is not None:
        desk.order(o.Serialise(first=bead.id), _said)


def _said(answer: Any) -> str:
    first, second = (f"{answer[f'{who}_agent']} ({answer[who]})".strip() for who in ("first", "second"))
    return f"{second} waits until {first} has landed; u undoes it"


def nobody_met(desk: Desk) -> str:
    """That the bead meets nobody, or waits already."""
    bead, town = desk.bead, desk.scene.town
    if bead is None:
        return "no bead is selected"
    found = list(collision.of(town.collisions, bead.id))
    if any(collision.loose(town, one) for one in found):
        return ""
    if any(one.other for one in found):
        return "one of the two waits for the other already"
    return f"it has to merge {town.target}: nobody else is in its way" if found else "it collides with nobody"
