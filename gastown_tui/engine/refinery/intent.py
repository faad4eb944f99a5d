"""What both sides of a conflict meant: the beads whose landed lines are in the way, beside the bead that came back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from gastown_tui.engine.refinery.candidates import Step
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.town import Town
from gastown_tui.rig.landings import in_the_way
from gastown_tui.text import clean

log = logging.getLogger(__name__)
MOST, LONGEST = 4, 600
"""Beads that are named, and characters of each description."""


def intent(root: Path, town: Town, bead: Bead, onto: str, commit: str, paths: Iterable[str]) -> str:
    """Titles and descriptions of both sides of a conflict of `commit` with `onto`, for whoever has to mend it.

    Raises:
        GasTownError: the history cannot be read.
    """
    mine = f"What your bead wants:\n{_told(bead.id, bead, '')}"
    theirs = in_the_way(root, onto, commit, paths)
    if not theirs:
        return mine
    said = [_told(past.bead, town.beads.get(past.bead), past.commit) for past in theirs[:MOST]]
    more = f"\nand {len(theirs) - MOST} more" if len(theirs) > MOST else ""
    return f"{mine}\nWhat landed on the same lines wanted:\n" + "\n".join(said) + more


async def intents(root: Path, town: Town, steps: Iterable[Step]) -> dict[str, str]:
    """What both sides of some conflicts meant, by bead, made in a thread; of one that cannot be read, nothing."""
    out = {}
    for step in steps:
        paths = [found.path for found in step.conflicts]
        bead = town.beads[step.car.bead]
        try:
            out[bead.id] = await asyncio.to_thread(intent, root, town, bead, step.onto, step.car.commit, paths)
        except GasTownError as error:
            log.warning("what is in the way of %s cannot be said: %s", bead.id, error)
    return out


def _told(id: str, bead: Bead | None, commit: str) -> str:
    landed = f" (landed as {commit[:9]})" if commit else ""
    if bead is None:
        return f"- {id}{landed}"
    words = clean(bead.description).strip()
    words = words[:LONGEST] + (" …" if len(words) > LONGEST else "")
    rest = words.removeprefix(bead.title).strip()
    return f"- {id}{landed}: {bead.title}" + ("\n  " + rest.replace("\n", "\n  ") if rest else "")
