"""What an event concerns: the ids of the bead, agent, plan, convoy and need it speaks of."""

from __future__ import annotations

from typing import Any, get_args

from gastown_tui.model import events as e

_FIELDS = ("bead", "agent", "plan", "need", "draft", "convoy", "beads")

KINDS: dict[str, type[e.Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(e.AnyEvent)}
"""Every kind of event by its name in the ledger."""


def about(event: e.Event) -> set[str]:
    """Ids of what an event concerns, read off its fields; empty for what concerns the town as a whole."""
    found: set[str] = set()
    for name in _FIELDS:
        value = getattr(event, name, None)
        for part in value if isinstance(value, tuple | list) else (value,):
            found.add(_id(part))
    if isinstance(event, e.Escalated):
        found |= {event.need.bead, event.need.agent}
    if isinstance(event, e.Slung):
        found.add(event.lease.polecat)
    if isinstance(event, e.PlanApproved):
        found |= set(event.ids.values())
    return found - {""}


def _id(value: Any) -> str:
    return value if isinstance(value, str) else str(getattr(value, "id", ""))
