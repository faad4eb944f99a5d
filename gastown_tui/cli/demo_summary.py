"""The figures of a demo, every one of them from the town's records alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gastown_tui.model import events as e
from gastown_tui.model.events import Record
from gastown_tui.model.orders import OVERSEER


@dataclass
class Figures:
    """What happened, counted (interfaces.md); `seconds` run from the first word said to the last landing."""

    planned: int = 0
    landed: int = 0
    rejected: int = 0
    conflicts: int = 0
    gate_failures: int = 0
    test_runs: int = 0
    restarts: int = 0
    seconds: float = 0.0
    cost_usd: float = 0.0
    cost_by_role: dict[str, float] = field(default_factory=dict)
    target_commit: str = ""


def summarise(records: Iterable[Record]) -> Figures:
    """Count what the records of one town tell."""
    figures = Figures()
    began, starts, runs = 0.0, 0, 0
    planned: set[str] = set()
    landed: set[str] = set()
    for record in records:
        event = record.event
        if isinstance(event, e.EngineStarted):
            starts += 1
        elif isinstance(event, e.Said) and event.speaker == OVERSEER:
            began = began or record.at
        elif isinstance(event, e.PlanApproved):
            planned |= set(event.ids.values())
        elif isinstance(event, e.Landed):
            landed.add(event.bead)
            figures.target_commit, figures.seconds = event.commit, record.at - began
        elif isinstance(event, e.TrainLanded):
            figures.target_commit = event.commit
        elif isinstance(event, e.RunEnded):
            runs += 1
        elif isinstance(event, e.Spent):
            figures.cost_by_role[event.role] = figures.cost_by_role.get(event.role, 0.0) + event.usd
        else:
            _count(event, figures)
    figures.planned, figures.landed, figures.restarts = len(planned), len(landed & planned), max(0, starts - 1)
    figures.test_runs = runs or figures.test_runs  # before runs were told of, each verdict on a bead was one
    figures.seconds = round(figures.seconds, 3)
    figures.cost_by_role = {role: round(usd, 6) for role, usd in sorted(figures.cost_by_role.items())}
    figures.cost_usd = round(sum(figures.cost_by_role.values()), 6)
    return figures


def _count(event: e.AnyEvent, figures: Figures) -> None:
    """What gates said."""
    if isinstance(event, e.Reviewed):
        figures.rejected += not event.review.ok
    elif isinstance(event, e.Conflicted):
        figures.conflicts += 1
    elif isinstance(event, e.Gated):
        figures.test_runs += 1
        figures.gate_failures += not event.review.ok
