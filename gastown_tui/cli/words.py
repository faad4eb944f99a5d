"""Events in words: one sentence for each kind of record, for `gt log` and summaries."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gastown_tui.engine.history.imported import CameIn, Histories
from gastown_tui.model import events as e
from gastown_tui.text import brings, count, one_line

_SHORT = 60
_DID = {"created": "was filed", "closed": "was closed", "reopened": "was reopened", "updated": "", "status_changed": ""}
"""What the steps of the original's board did, in words."""

_LANES = {
    "confirm": "was red alone and is tested once more",
    "end": "goes to the end of the queue",
    "main": "is back in the queue",
}

_HELD = {"queue": "the queue is {why}", "red": "{why}; the queue waits"}
_RESUMED = {"queue": "the queue goes on", "red": "the target is green; the queue goes on"}

_SAID: dict[type[e.Event], Callable[[Any], str]] = {
    e.TownFounded: lambda x: f"the town of {x.rig} was founded on {x.target} at {x.tip[:9]}",
    e.EngineStarted: lambda x: f"the engine started (pid {x.pid}, version {x.version})",
    e.EngineStopped: lambda x: f"the engine stopped: {x.reason}",
    e.Held: lambda x: _HELD.get(x.what, "{what} is held: {why}").format(what=x.what, why=x.reason),
    e.Resumed: lambda x: _RESUMED.get(x.what, f"{x.what} goes on"),
    e.TipMoved: lambda x: (
        f"the target moved from {x.old[:9]} to {x.new[:9]}, " + ("accepted" if x.known else "and not by us")
    ),
    e.BeadCreated: lambda x: f"{x.bead.id} was filed: {x.bead.title}",
    e.BeadsImported: lambda x: f"{count(len(x.beads), 'bead')} came in from {x.source} ({x.format})",
    e.HistoryImported: lambda x: f"{x.bead}: its history of {count(len(x.entries), 'step')} came in",
    e.BeadChanged: lambda x: f"{x.bead}: {', '.join(_changed(name, value) for name, value in x.changes.items())}",
    e.BeadMoved: lambda x: f"{x.bead}: {x.move.replace('_', ' ')}" + (f", {x.reason}" if x.reason else ""),
    e.BeadApproved: lambda x: f"{x.bead} may go",
    e.Woken: lambda x: f"{', '.join(x.beads[:5])}{' ...' if len(x.beads) > 5 else ''}: deferred no longer",
    e.Slung: lambda x: f"{x.bead} was slung to {x.lease.polecat} (epoch {x.lease.epoch})",
    e.AgentStarted: lambda x: f"{x.agent} ({x.role}) {'goes on' if x.resumed else 'started'}" + _about(x.bead),
    e.AgentTurned: lambda x: f"{x.agent} is {x.state}",
    e.AgentEnded: lambda x: f"{x.agent} ended: {x.reason}" + ("" if x.expected else " (unexpected)"),
    e.Submitted: lambda x: f"{x.bead} was handed in at {x.commit[:9]}{_size(x)}" + (f": {x.note}" if x.note else ""),
    e.Checked: lambda x: f"{x.bead}: the sheriff {_judged(x.review)}",
    e.Reviewed: lambda x: f"{x.bead}: the witness {_judged(x.review)}",
    e.Conflicted: lambda x: f"{x.bead} conflicts with the tip in {', '.join(x.paths)} and goes back",
    e.Gated: lambda x: f"{x.bead}: {_gates(x)}{_judged(x.review, x.seconds)}",
    e.MergeTurned: lambda x: f"{x.bead} is {x.state} in the queue" + (f": {x.why}" if x.why else ""),
    e.LandingBegun: lambda x: f"{x.bead} is landing as {x.candidate[:9]}",
    e.LandingFailed: lambda x: f"{x.bead} could not land: {x.why}",
    e.Landed: lambda x: f"{x.bead} landed as {x.commit[:9]}",
    e.RunBegun: lambda x: f"run {x.run.number} of the gates began: {_tested(x.run.kind, x.run.beads, x.run.base)}",
    e.RunEnded: lambda x: (
        f"run {x.run.number} of the gates was {'green' if x.run.ok else 'red'} after {x.run.seconds:.1f} s: "
        + _tested(x.run.kind, x.run.beads, x.run.base)
        + _failed(x.run)
    ),
    e.RunDropped: lambda x: f"run {x.number} of the gates was dropped: {x.why}",
    e.Flaked: lambda x: f"{x.test or 'a test'} of gate {x.gate} is flaky: red, then green, on the tree {x.on[:9]}",
    e.Shunted: lambda x: f"{x.bead} {_LANES.get(x.lane, x.lane)}" + (f": {x.why}" if x.why else ""),
    e.MergeFirst: lambda x: f"{x.bead} was put first in the queue",
    e.MergeHeld: lambda x: f"{x.bead} is held in the queue: {x.why}" if x.why else f"{x.bead} is let go in the queue",
    e.TrainBegun: lambda x: f"{_listed(x.train.beads)} {_are(x.train.beads)} landing as {x.train.commit[:9]}"
    + (f" on the branch of convoy {x.train.into}" if x.train.into else "")
    + (f" with all of convoy {x.train.closes}" if x.train.closes else ""),
    e.Staged: lambda x: f"{x.bead} is on its convoy's integration branch as {x.commit[:9]}",
    e.TrainFailed: lambda x: f"{_listed(x.beads) or x.commit[:9]} could not land: {x.why}",
    e.TrainLanded: lambda x: (
        f"{_listed(x.beads) or 'a train'} {_are(x.beads) + ' on staging/' + x.convoy if x.staging else 'landed'} as "
        f"{x.commit[:9]}" + (f" with staging/{x.convoy}" if x.convoy and not x.staging else "")
    ),
    e.UndoBegun: lambda x: f"{x.bead} is in the queue at {x.commit[:9]}, by your order",
    e.LandingUndone: lambda x: f"{x.bead} was taken back by {x.by} as {x.commit[:9]}; its work is on {x.branch}",
    e.LandingRedone: lambda x: f"{x.bead} was put back by {x.by} as {x.commit[:9]}",
    e.Rewritten: lambda x: f"`{x.command}` rewrote {_listed(x.paths)} of {x.bead}; committed as {x.commit[:9]}",
    e.RequestOpened: lambda x: f"{x.bead} is offered as pull request #{x.request.number}: {x.request.url}",
    e.RequestReturned: lambda x: f"{x.bead} was sent back by its pull request: {x.review.reason}",
    e.RequestMerged: lambda x: f"{x.bead} was merged as {x.commit[:9]}" + (f" by {x.by}" if x.by else ""),
    e.RequestClosed: lambda x: (
        f"the pull request of {x.bead} was {'left open' if x.left else 'closed'}" + (f" by {x.by}" if x.by else "")
    ),
    e.Escalated: lambda x: f"you are needed ({x.need.id}): {x.need.title}",
    e.Answered: lambda x: f"{x.need} was settled: {x.choice or x.text}",
    e.Said: lambda x: f"{x.speaker} said: {x.text}",
    e.MayorHeard: lambda x: f"the Mayor heard everything up to {x.upto}",
    e.PlanSubmitted: lambda x: f"plan {x.draft.id} was filed, revision {x.draft.revision}: {x.draft.plan.title}",
    e.PlanApproved: lambda x: f"plan {x.plan} was approved: convoy {x.convoy.id} with {len(x.ids)} beads",
    e.PlanDropped: lambda x: f"plan {x.plan} was dropped" + (f": {x.reason}" if x.reason else ""),
    e.Foreseen: lambda x: _foreseen(x),
    e.Restored: lambda x: f"{x.bead or x.plan or x.convoy or x.need or x.merge} {_restored(x)}",
    e.Undone: lambda x: f"you undid: {x.title}",
    e.Redone: lambda x: f"you redid: {x.title}",
    e.Spent: lambda x: f"{x.agent} spent ${x.usd:.4f}" + _about(x.bead),
}
"""Every kind of event has its sentence; a test says so."""


def _size(event: e.Submitted) -> str:
    return f" ({size})" if (size := brings(0, event.added, event.removed)) else ""


def _listed(beads: tuple[str, ...]) -> str:
    """A few ids, and how many more."""
    return ", ".join(beads[:4]) + (f" and {len(beads) - 4} more" if len(beads) > 4 else "")


def _failed(run: Any) -> str:
    """`; 1 of 41 failed, tests.test_a.T.test_b (tests/test_a.py:12)`; nothing of a green run."""
    if run.ok:
        return ""
    counts = f"{run.failures} of {run.failures + run.passed} failed" if run.failures else ""
    first = run.first + (f" ({run.where})" if run.where and run.where != run.first else "")
    gate = f"gate {run.gate}" if run.gate and not counts else ""
    told = ", ".join(part for part in (gate, counts, first) if part)
    return f"; {told}" if told else ""


def _are(beads: tuple[str, ...]) -> str:
    return "is" if len(beads) == 1 else "are"


def _tested(kind: str, beads: tuple[str, ...], base: str) -> str:
    """What a run tests: beads on a tip, or the tip alone."""
    more = f", to {kind}" if kind == "confirm" else ""
    return (f"{_listed(beads)} on {base[:9]}" if beads else f"{base[:9]}") + more


def sentence(event: e.AnyEvent | CameIn | Histories | e.Entry) -> str:
    """What happened, in one clean line."""
    if isinstance(event, CameIn):
        return one_line(f"{event.bead} came in from {event.source} ({event.format}), one of {event.count}")
    if isinstance(event, Histories):
        return f"{count(event.beads, 'bead')} brought their history: {count(event.steps, 'step')}"
    if isinstance(event, e.Entry):
        return one_line(_before(event))
    return one_line(_SAID[type(event)](event))


def _before(entry: e.Entry) -> str:
    """A step of a history that came in: what it did, and to which fields."""
    did = _DID.get(entry.kind, entry.kind.replace("_", " "))
    new, old = _fields(entry.new), _fields(entry.old)
    if new is not None:
        was = old or {}
        other = {name: value for name, value in new.items() if name not in was or was[name] != value} or new
        told = ", ".join(_changed(name, value) + _was(was.get(name)) for name, value in other.items())
    else:
        told = f"{entry.old} is now {entry.new}" if entry.old and old is None else entry.new
    return ": ".join(part for part in (did, told, entry.text) if part) or entry.kind


def _was(value: Any) -> str:
    shown = "" if value is None else str(value)
    return f" (was {shown})" if shown and len(shown) <= _SHORT else ""


def _fields(text: str) -> dict[str, Any] | None:
    """The JSON object in a text, or None when it is plain words."""
    try:
        found = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def long_text(event: Any) -> str:
    """The longest text of an event, as it came: a reason, a note, a question, a description; empty without any."""
    if isinstance(event, e.Entry):
        return "\n".join(part for part in (event.text, event.new) if part)
    if isinstance(event, e.BeadCreated):
        return event.bead.description
    if isinstance(event, e.BeadChanged):
        return "\n".join(f"{name}: {value}" for name, value in event.changes.items())
    if isinstance(event, e.Escalated):
        return event.need.question
    review = getattr(event, "review", None)
    texts = (getattr(event, name, "") for name in ("reason", "note", "text", "why"))
    return review.reason if review is not None else next((text for text in texts if text), "")


def _about(bead: str) -> str:
    return f" on {bead}" if bead else ""


def _changed(name: str, value: Any) -> str:
    """`priority is now 0`; of a long text only that it is another."""
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str("" if value is None else value)
    if len(shown) > _SHORT or "\n" in shown or "{" in shown:
        return f"{name} rewritten"
    return f"{name} is now {shown}" if shown else f"{name} emptied"


def _gates(event: e.Gated) -> str:
    """Who judged a bead in the queue: without a tree it was the overseer, whose words follow."""
    return "the gates on the combined tree " if event.tree else ""


def _judged(review: Any, seconds: float = 0.0) -> str:
    """What a gate said, how long that took, and why."""
    seconds = seconds or sum(check.seconds for check in review.checks)
    took = f"{seconds:.1f} s" if seconds >= 0.05 else ""
    if review.ok:
        return "passed it" + (f" ({took})" if took else "")
    first = review.reason.strip().splitlines()[:1]
    return "sent it back" + (f" after {took}" if took else "") + (f": {first[0]}" if first else "")


def _restored(event: e.Restored) -> str:
    if event.removed:
        return "went again"
    names = {name.removeprefix("extra:") for name in (*event.fields, *event.gone) if not name.startswith("work:")}
    if "record" in names or not event.bead:
        return "came back"
    shown = ", ".join(sorted(names - {"closed_at", "close_reason"})).replace("_", " ")
    return "is as it was" + (f": {shown}" if shown else "")


def _foreseen(event: e.Foreseen) -> str:
    """`rg-1 and rg-2 are about to collide in auth.py:40-61`; who no longer meets whom."""
    said = [
        f"{found.one} {'and' if found.other else 'against'} {found.other or 'the target'}: "
        f"{_MEETS.get(found.kind, 'meeting in')} {found.spots[0].words if found.spots else ''}"
        for found in event.pairs[:3]
    ]
    said += [f"{count(len(event.pairs) - 3, 'pair')} more"] if len(event.pairs) > 3 else []
    said += [f"{pair.one} and {pair.other or 'the target'}: no conflict any more" for pair in event.gone[:3]]
    said += [f"{count(len(event.gone) - 3, 'pair')} more no longer"] if len(event.gone) > 3 else []
    return "; ".join(said) or "no two branches meet"


_MEETS = {"conflict": "about to collide in", "near": "near each other in", "declared": "the same files:"}
