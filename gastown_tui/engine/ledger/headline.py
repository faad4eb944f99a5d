"""What `git log --oneline gt-ledger` shows: the subject of a group of records, what matters most said first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gastown_tui.model import events as e
from gastown_tui.text import clip, count, one_line, width

WIDTH = 72
"""Cells of a subject: what `git log --oneline` leaves of a terminal of 80 columns."""


class _Row(NamedTuple):
    """One thing worth saying: of which events, and how, given the names they are about and the first of them."""

    kind: type[e.Event]
    words: Callable[[str, Any], str]
    fits: Callable[[Any], bool] = lambda event: True


def _sent_back(event: Any) -> bool:
    return not event.review.ok


_ROWS = (
    _Row(e.Escalated, lambda ids, x: f"needs you: {x.need.title}"),
    _Row(e.Landed, lambda ids, x: f"{ids} landed"),
    _Row(e.LandingUndone, lambda ids, x: f"{ids} taken back by {x.by}"),
    _Row(e.LandingRedone, lambda ids, x: f"{ids} put back by {x.by}"),
    _Row(e.TownFounded, lambda ids, x: f"the town of {x.rig} was founded"),
    _Row(e.TipMoved, lambda ids, x: f"{x.new[:9]} is the tip" if x.known else "the target moved, and not by us"),
    _Row(e.Held, lambda ids, x: f"{x.what} held"),
    _Row(e.Resumed, lambda ids, x: f"{x.what} goes on"),
    _Row(e.Answered, lambda ids, x: f"{x.need} answered"),
    _Row(e.PlanApproved, lambda ids, x: f"plan {x.plan} approved, {count(len(x.ids), 'bead')} filed"),
    _Row(e.PlanDropped, lambda ids, x: f"plan {x.plan} dropped"),
    _Row(e.PlanSubmitted, lambda ids, x: f"plan {x.draft.id} filed: {x.draft.plan.title}"),
    _Row(e.BeadsImported, lambda ids, x: f"{count(len(x.beads), 'bead')} came in from {x.source}"),
    _Row(e.HistoryImported, lambda ids, x: f"histories of {ids} came in"),
    _Row(e.RequestMerged, lambda ids, x: f"{ids} merged"),
    _Row(e.RequestClosed, lambda ids, x: f"the pull request of {ids} was closed"),
    _Row(e.RequestReturned, lambda ids, x: f"{ids} sent back by a pull request"),
    _Row(e.RequestOpened, lambda ids, x: f"{ids} offered as pull request #{x.request.number}"),
    _Row(e.Conflicted, lambda ids, x: f"{ids} sent back: conflict"),
    _Row(e.Gated, lambda ids, x: f"{ids} sent back: red gates", _sent_back),
    _Row(e.Reviewed, lambda ids, x: f"{ids} sent back by the witness", _sent_back),
    _Row(e.Checked, lambda ids, x: f"{ids} sent back by the sheriff", _sent_back),
    _Row(e.LandingFailed, lambda ids, x: f"{ids} could not land"),
    _Row(e.TrainFailed, lambda ids, x: f"{ids} could not land"),
    _Row(e.AgentEnded, lambda ids, x: f"{ids} died", lambda x: not x.expected),
    _Row(e.BeadCreated, lambda ids, x: f"{ids} filed"),
    _Row(e.Gated, lambda ids, x: f"{ids} green on the combined tree"),
    _Row(e.MergeHeld, lambda ids, x: f"{ids} held in the queue", lambda x: bool(x.why)),
    _Row(e.MergeHeld, lambda ids, x: f"{ids} let go in the queue"),
    _Row(e.Staged, lambda ids, x: f"{ids} on an integration branch"),
    _Row(e.MergeFirst, lambda ids, x: f"{ids} put first in the queue"),
    _Row(e.RunEnded, lambda ids, x: f"run {x.run.number} {'green' if x.run.ok else 'red'}"),
    _Row(e.Reviewed, lambda ids, x: f"{ids} approved by the witness"),
    _Row(e.Checked, lambda ids, x: f"{ids} passed by the sheriff"),
    _Row(e.Rewritten, lambda ids, x: f"{ids} rewritten by a formatter"),
    _Row(e.UndoBegun, lambda ids, x: f"{ids} in the queue by the overseer's order"),
    _Row(e.Submitted, lambda ids, x: f"{ids} handed in"),
    _Row(e.BeadMoved, lambda ids, x: f"{ids}: {x.move.replace('_', ' ')}"),
    _Row(e.BeadChanged, lambda ids, x: f"{ids} changed"),
    _Row(e.Slung, lambda ids, x: f"{ids} slung"),
    _Row(e.BeadApproved, lambda ids, x: f"{ids} may go"),
    _Row(e.EngineStarted, lambda ids, x: "the engine started"),
    _Row(e.EngineStopped, lambda ids, x: "the engine stopped"),
    _Row(e.Said, lambda ids, x: f"{x.speaker} said something"),
    _Row(e.LandingBegun, lambda ids, x: f"{ids} landing"),
    _Row(e.TrainBegun, lambda ids, x: f"{ids} landing"),
    _Row(e.TrainLanded, lambda ids, x: f"{ids} landed together"),
    _Row(e.RunBegun, lambda ids, x: f"run {x.run.number} began"),
    _Row(e.RunDropped, lambda ids, x: f"run {x.number} dropped"),
    _Row(e.Shunted, lambda ids, x: f"{ids} changed lanes in the queue"),
    _Row(e.MergeTurned, lambda ids, x: f"{ids} {x.state} in the queue"),
    _Row(e.AgentStarted, lambda ids, x: f"{ids} started" + (f" on {x.bead}" if x.bead and ids == x.agent else "")),
    _Row(e.AgentEnded, lambda ids, x: f"{ids} ended"),
    _Row(e.AgentTurned, lambda ids, x: f"{ids} {x.state}"),
    _Row(e.Spent, lambda ids, x: f"money spent on {ids}"),
    _Row(e.MayorHeard, lambda ids, x: "the Mayor listens"),
)
"""From what one would want to know of a day to what only keeps the books."""

_SMALL = next(n for n, row in enumerate(_ROWS) if row.kind is e.LandingBegun)
_RANKS: dict[type[e.Event], list[tuple[int, _Row]]] = {}
for _rank, _one in enumerate(_ROWS):
    _RANKS.setdefault(_one.kind, []).append((_rank, _one))
_UNKNOWN = _Row(e.Event, lambda ids, x: f"{ids} {x.__struct_config__.tag.replace('_', ' ')}".strip())


def headline(records: Sequence[e.Record]) -> str:
    """The subject of a group of records: one clean line of at most 72 cells.

    What matters most comes first; a bead is named once; what only keeps the books is said when there is nothing else.
    """
    found: dict[float, tuple[_Row, e.Event, list[str]]] = {}
    for record in records:
        rank, row = _row(record.event)
        found.setdefault(rank, (row, record.event, []))[2].append(_name(record.event))
    told: set[str] = set()
    parts: list[str] = []
    for rank, (row, event, names) in sorted(found.items(), key=lambda item: item[0]):
        fresh = [name for name in dict.fromkeys(names) if name and name not in told]
        if parts and (rank >= _SMALL or (any(names) and not fresh)):
            continue
        told |= set(fresh)
        parts.append(one_line(row.words(_listed(fresh or names[:1]), event)))
    return _fitting(parts)


def _row(event: e.Event) -> tuple[float, _Row]:
    for rank, row in _RANKS.get(type(event), ()):
        if row.fits(event):
            return rank, row
    return _SMALL - 0.5, _UNKNOWN


def _name(event: e.Event) -> str:
    first = "agent" if isinstance(event, e.AgentStarted) else "bead"
    for field in (first, "agent", "plan", "convoy", "need"):
        if value := getattr(event, field, None):
            return value if isinstance(value, str) else str(value.id)
    return ""


def _listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and 3 more`."""
    if len(names) <= 1:
        return "".join(names)
    if len(names) == 2:
        return " and ".join(names)
    if len(names) == 3:
        return f"{names[0]}, {names[1]} and {names[2]}"
    return f"{names[0]}, {names[1]} and {len(names) - 2} more"


def _fitting(parts: list[str]) -> str:
    """As many parts as there is room for, the first in any case."""
    line = clip(parts[0], WIDTH) if parts else ""
    for part in parts[1:]:
        if width(line) + width(part) + 2 > WIDTH:
            break
        line += f"; {part}"
    return line
