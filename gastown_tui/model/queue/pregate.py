"""Testing each change alone before it joins the line: whether to, and what is known of it."""

from __future__ import annotations

from collections.abc import MutableMapping

from gastown_tui.model.queue import sizing
from gastown_tui.model.queue.sight import Beads, Sight


def on(sight: Sight) -> bool:
    """Whether changes are pregated now: as set, or else by the culprit rate, with as many slots as it takes.

    That they were until now shows in the line: nobody else was green alone and is still in it.
    """
    if sight.pregate != "auto":
        return sight.pregate == "on"
    was = any(sight.of(car.bead).alone for car in sight.cars)
    return sizing.pregating(was, sight.rate, sight.slots)


def apart(sight: Sight, order: Beads) -> Beads:
    """While changes are pregated: those that were not green alone yet."""
    return tuple(bead for bead in order if not alone(sight, bead)) if on(sight) else ()


def alone(sight: Sight, bead: str) -> bool | None:
    """What the last run of a bead alone said, on this tip or on one before."""
    said = sight.of(bead).alone
    return sight.verdict((bead,)) if said is None else said


NOTE = "pregate"
"""The passing fact of this name is there while changes are pregated, and says why."""


def note(notes: MutableMapping[str, str], how: str, rate: float) -> None:
    """Say in the town's notes whether changes are pregated: `how` is "on", "auto" or, where they are not, "off"."""
    if how == "off":
        notes.pop(NOTE, None)
        return
    why = f"{rate:.0%} of the last changes were red" if how == "auto" else 'pregate = "on"'
    notes[NOTE] = f"each change is tested alone before it joins the line ({why})"
