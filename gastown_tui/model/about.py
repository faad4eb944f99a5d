"""What an event concerns: the ids of the bead, agent, plan, convoy and need it speaks of."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from gastown_tui.model import events as e

_FIELDS = ("bead", "agent", "plan", "need", "draft", "convoy", "beads", "merge")

KINDS: dict[str, type[e.Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(e.AnyEvent)}
"""Every kind of event by its name in the ledger."""


def about(event: e.Event) -> set[str]:
    """Ids of what an event concerns, read off its fields; empty for what concerns the town as a whole."""
    found: set[str] = set()
    for name in _named(type(event)):
        value = getattr(event, name)
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, tuple | list):
            found.update(map(_id, value))
        else:
            found.add(_id(value))
    if isinstance(event, e.Escalated):
        found |= {event.need.bead, event.need.agent}
    if isinstance(event, e.Slung):
        found.add(event.lease.polecat)
    if isinstance(event, e.RunBegun | e.RunEnded):
        found |= set(event.run.beads)
    if isinstance(event, e.TrainBegun):
        found |= set(event.train.beads)
    if isinstance(event, e.PlanApproved):
        found |= set(event.ids.values())
    found.discard("")
    return found


@cache
def _named(kind: type[e.Event]) -> tuple[str, ...]:
    """The fields of a kind of event that name what it concerns."""
    return tuple(name for name in _FIELDS if name in kind.__struct_fields__)


def _id(value: Any) -> str:
    return value if isinstance(value, str) else str(getattr(value, "id", ""))
