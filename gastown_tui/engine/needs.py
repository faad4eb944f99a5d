"""Raising what only the overseer can settle, once for each cause."""

from __future__ import annotations

from gastown_tui.engine.base import Base
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.ids import numbered
from gastown_tui.model.town import Town

BEAD_CHOICES = ("retry", "release", "drop")
"""Try again with the same polecat; give it to another; close it without landing."""


def raised(town: Town, kind: str, about: str) -> e.Need | None:
    """The open need of a kind about something, if there is one."""
    return next((n for n in town.needs.values() if n.kind == kind and n.about == about), None)


def ask(
    base: Base,
    kind: str,
    about: str,
    title: str,
    question: str,
    choices: tuple[str, ...],
    *,
    bead: str = "",
    agent: str = "",
) -> None:
    """Raise a need unless one of that kind about the same thing is open."""
    town = base.books.pending
    if raised(town, kind, about) is not None:
        return
    id = numbered("n", town.needs, town.seq + 1)
    need = e.Need(id, kind, title, base.clock.now(), question, choices, bead, agent, about)
    base.books.write("engine", e.Escalated(need))


def hold_bead(base: Base, bead: Bead, title: str, question: str) -> None:
    """Hold a bead until the overseer says whether to try again, give it to another, or drop it."""
    if base.books.pending.beads[bead.id].work.held:
        return
    lease = bead.work.lease
    ask(base, "bead", bead.id, title, question, BEAD_CHOICES, bead=bead.id, agent=lease.polecat if lease else "")


def settle(base: Base, kind: str, about: str, how: str) -> None:
    """Close a need that settled itself."""
    if (need := raised(base.books.pending, kind, about)) is not None:
        base.books.write("engine", e.Answered(need.id, how, bead=need.bead))
