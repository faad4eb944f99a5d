"""Raising what only the overseer can settle, once for each cause."""

from __future__ import annotations

from gastown_tui.engine.base import Base
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import CannotWrite, GasTownError
from gastown_tui.model.ids import numbered
from gastown_tui.model.town import Town
from gastown_tui.rig.remote import Unreachable

BEAD_CHOICES = ("retry", "release", "drop")
"""Try again with the same polecat; give it to another; close it without landing."""


def raised(town: Town, kind: str, about: str) -> e.Need | None:
    """The open need of a kind about something, if there is one."""
    return next((n for n in town.needs.values() if n.kind == kind and n.about == about), None)


def asking(town: Town, agent: str) -> bool:
    """Whether an agent waits for the overseer's answer to something of its own."""
    return any(need.agent == agent and need.kind in ("question", "dialog") for need in town.needs.values())


def asked(
    base: Base,
    kind: str,
    about: str,
    title: str,
    question: str,
    choices: tuple[str, ...],
    *,
    bead: str = "",
    agent: str = "",
) -> list[e.AnyEvent]:
    """The event that raises a need, unless one of that kind about the same thing is open."""
    town = base.books.pending
    if raised(town, kind, about) is not None:
        return []
    id = numbered("n", town.needs, town.seq + 1)
    return [e.Escalated(e.Need(id, kind, title, base.clock.now(), question, choices, bead, agent, about))]


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
    if events := asked(base, kind, about, title, question, choices, bead=bead, agent=agent):
        base.books.write("engine", *events)


def hold_bead(base: Base, bead: Bead, title: str, question: str) -> None:
    """Hold a bead until the overseer says whether to try again, give it to another, or drop it."""
    if base.books.pending.beads[bead.id].work.held:
        return
    lease = bead.work.lease
    ask(base, "bead", bead.id, title, question, BEAD_CHOICES, bead=bead.id, agent=lease.polecat if lease else "")


def settled(town: Town, kind: str, about: str, how: str) -> list[e.AnyEvent]:
    """The event that closes a need that settled itself, if it is open."""
    need = raised(town, kind, about)
    return [] if need is None else [e.Answered(need.id, how, bead=need.bead)]


def landing_resumed(town: Town, kind: str) -> list[e.AnyEvent]:
    """Lets landing go on when a question of a kind (tip, ledger) is settled, unless one of the other kind is open."""
    held = any(need.kind in ("tip", "ledger") and need.kind != kind for need in town.needs.values())
    return [] if held else [e.Resumed("landing")]


def settle(base: Base, kind: str, about: str, how: str) -> None:
    """Close a need that settled itself."""
    if events := settled(base.books.pending, kind, about, how):
        base.books.write("engine", *events)


def failed(base: Base, key: str, error: GasTownError, count: int) -> None:
    """The third failure of the same job is the overseer's; that nothing can be written is said elsewhere."""
    if count == 3 and not base.trouble and not isinstance(error, CannotWrite | Unreachable):
        bead = next((word for word in key.split() if word in base.books.town.beads), "")
        ask(base, "trouble", key, f"{key}: {error.title}"[:200], f"{error}", ("go on",), bead=bead)


def works(base: Base, key: str) -> None:
    """A job that succeeds takes what was asked about it along."""
    if not base.trouble:
        settle(base, "trouble", key, "it works again")
