"""Orders that bring work in from outside: drafts of beads, all of an import or nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from gastown_tui.engine.base import Base
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.desk.screening import Secret, screened
from gastown_tui.model import orders as o
from gastown_tui.model.errors import Refused
from gastown_tui.model.formats.draft import Draft
from gastown_tui.model.importing import Outcome, outcome
from gastown_tui.model.orders import Caller
from gastown_tui.text import clean

_TRIES = 3


@handles(o.ImportBeads)
async def import_beads(desk: Desk, order: o.ImportBeads, caller: Caller) -> Any:
    return await bring_in(desk.base, order, caller.name)


async def bring_in(base: Base, order: o.ImportBeads, who: str) -> dict[str, Any]:
    """Write what an import changes as one group of events; nothing is written when nothing changes.

    Raises:
        Refused: a draft cannot be taken, or holds a secret; nothing was changed.
    """
    drafts, secrets = await asyncio.to_thread(taken, order)
    found = await _outcome(base, order.source, drafts)
    if events := list(found.events(clean(order.source), order.format)):
        await base.books.record(who, *events, screened=True)
    return answer(found, secrets)


def taken(order: o.ImportBeads) -> tuple[tuple[Draft, ...], list[Secret]]:
    """The drafts as they are taken, and the secrets that were taken out of them; raises Refused."""
    try:
        return screened(order.source, order.drafts, order.redact)
    except (msgspec.DecodeError, UnicodeError, RecursionError, AttributeError) as error:
        raise _no_bead(order.source, error) from error


def answer(found: Outcome, secrets: Sequence[Secret]) -> dict[str, Any]:
    """What an import did, or would do, as JSON."""
    return {
        "created": [bead.id for bead in found.created], "updated": [bead.id for bead in found.updated],
        "unchanged": len(found.unchanged), "kept": found.kept,
        "history": sum(len(entries) for entries in found.history.values()),
        "redacted": [f"{secret}" for secret in secrets],
    }  # fmt: skip


async def _outcome(base: Base, source: str, drafts: Sequence[Draft]) -> Outcome:
    """What the import would do to the town as it is in this instant.

    A large one is worked out in a thread, so that the rounds go on; where the town changed meanwhile, once more.
    """
    try:
        for _ in range(_TRIES):
            town = base.books.pending
            found = await asyncio.to_thread(outcome, town, drafts, base.clock.now())
            if base.books.pending.beads is town.beads:
                return found
        return outcome(base.books.pending, drafts, base.clock.now())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _no_bead(source, error) from error


def _no_bead(source: str, error: Exception) -> Refused:
    return Refused(f"A draft of {source} is no bead: {error}.", "Nothing was imported.")
