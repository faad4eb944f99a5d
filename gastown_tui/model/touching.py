"""Which parts of the town a record may have changed: what the ledger writes again, and undoing looks at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from gastown_tui.model import events as e
from gastown_tui.model.agent import Agent
from gastown_tui.model.queue.flaky import flake_id


def forgiven(event: e.Answered, agents: Mapping[str, Agent]) -> list[Agent]:
    """The agents of a bead whose deaths a `retry` forgives."""
    return [agent for agent in agents.values() if agent.bead == event.bead and agent.deaths]


def touched(record: e.Record, agents: Mapping[str, Agent]) -> list[tuple[str, str]]:
    """Which parts of the town a record may have changed, as (kind, key): what the ledger writes again.

    `agents` are the town's after the record, or later.
    """
    event = record.event
    out: list[tuple[str, str]] = [
        (kind, value if isinstance(value, str) else value.id)
        for name, kind in _named(type(event))
        if (value := getattr(event, name))
    ]
    if type(event) is e.BeadCreated and event.bead.work.convoy:
        out.append(("convoys", event.bead.work.convoy))
    if type(event) not in _BY_NAME_ALONE:
        out += _besides(record, agents)
    out += [("queue", key) for kind, key in out if kind == "beads"]
    if record.order is not None:
        out += [("undo", str(seq)) for seq in (record.order.first, *record.order.drops)]
    return out


@cache
def _named(shape: type[e.Event]) -> list[tuple[str, str]]:
    """The fields of a kind of event that name a part of the town, and its kind."""
    return [(name, kind) for name in shape.__struct_fields__ if (kind := _KINDS.get(name)) is not None]


def _besides(record: e.Record, agents: Mapping[str, Agent]) -> list[tuple[str, str]]:
    """What no field of an event names by itself."""
    event = record.event
    if isinstance(event, e.BeadsImported):
        return [("beads", bead.id) for bead in event.beads]
    if isinstance(event, e.Answered) and event.choice == "retry":
        return [("agents", name) for name, agent in agents.items() if agent.bead == event.bead]
    if isinstance(event, e.Said):
        return [("chat", str(record.seq))]
    if isinstance(event, e.Escalated):
        return [("beads", event.need.bead)] if event.need.bead else []
    if isinstance(event, e.Undone | e.Redone):
        return [("undo", str(event.entry))]
    return _of_queue(event)


def _of_queue(event: e.Event) -> list[tuple[str, str]]:
    """What a run of the gates or a train changes: itself, its verdict, and the beads in it."""
    if isinstance(event, e.RunBegun):
        return [("testing", str(event.run.number)), *(("queue", id) for id in event.run.beads)]
    if isinstance(event, e.RunEnded):
        own = [("testing", str(event.run.number)), ("runs", event.run.tree)]
        return [*own, *(("queue", id) for id in event.run.beads)]
    if isinstance(event, e.RunDropped):
        return [("testing", str(event.number)), *(("queue", id) for id in event.beads)]
    if isinstance(event, e.Flaked):
        return [("flaky", flake_id(event.gate, event.test))]
    beads = event.train.beads if isinstance(event, e.TrainBegun) else ()
    if isinstance(event, e.TrainFailed | e.TrainLanded):
        beads = event.beads
    return [("beads", id) for id in beads]


_KINDS = {
    "bead": "beads", "agent": "agents", "plan": "plans", "draft": "plans", "convoy": "convoys", "need": "needs",
    "tree": "runs", "merge": "queue",
}  # fmt: skip
_BY_NAME_ALONE = frozenset({e.BeadMoved, e.BeadChanged, e.BeadCreated, e.BeadApproved, e.AgentTurned, e.Spent})
"""The events that come by the thousand, and change what their fields name and nothing else."""
