"""What keeps a bead from being ready, as in Beads: rules about one bead, or one edge, at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from typing import Any

import msgspec

from gastown_tui.model.bead import Bead
from gastown_tui.model.dates import seconds

PLAIN, CONDITIONAL, FANOUT = 1, 2, 4
"""Bits of a gate: what an edge waits for. Edges of several types to one bead make one gate of several bits."""

GATES = {"blocks": PLAIN, "conditional-blocks": CONDITIONAL, "waits-for": FANOUT}
_EVERY = PLAIN | CONDITIONAL | FANOUT
_FAILED = re.compile(
    r"\b(?:failed|rejected|wontfix|won['’]t fix|cancell?ed|abandoned|blocked|error|timeout|aborted)\b", re.IGNORECASE
)


_RESTING = ("closed", "pinned")


class _Later(msgspec.Struct, frozen=True):
    defer_until: Any = None
    ephemeral: Any = None
    pinned: Any = None


_decode_later = msgspec.json.Decoder(_Later).decode


def active(bead: Bead) -> bool:
    """Whether a bead is neither closed nor pinned: only such ones block others, or are stopped themselves."""
    return bead.status not in _RESTING


def failed(bead: Bead) -> bool:
    """Whether a closed bead failed: its reason has one of the words by which Beads tells, and it did not land.

    Beads looks for these words anywhere; here they are whole words, so that "unblocked the build" is no failure.
    """
    return bead.status == "closed" and not bead.work.landed and _FAILED.search(bead.close_reason) is not None


def gates(bead: Bead) -> dict[str, int]:
    """The beads that may stop this one, each with the bits of its gate."""
    out: dict[str, int] = {}
    for edge in bead.dependencies:
        if bit := GATES.get(edge.type, 0):
            out[edge.depends_on_id] = out.get(edge.depends_on_id, 0) | bit
    return out


def mates(bead: Bead | None, other: Bead | None) -> bool:
    """Whether two beads travel in one convoy."""
    return bead is not None and other is not None and bool(bead.work.convoy) and bead.work.convoy == other.work.convoy


def shut(target: Bead | None, children: int, mate: bool = False) -> int:
    """Which bits of a gate a bead shuts, itself or by `children`, how many active beads belong to it.

    Open, it shuts them all. Closed, it lets `blocks` through; `conditional-blocks` only if it failed, for that edge
    says "run this if the other fails", so that after a success it never runs; `waits-for` once the beads it spawned
    are closed, too. One that is not there shuts nothing, nor does a pinned one, but for what they spawned. To a `mate`,
    a bead of its convoy, one that stands on the convoy's integration branch is as good as closed: it builds on that.
    """
    if mate and target is not None and target.work.staged and active(target):
        return CONDITIONAL | (FANOUT if children else 0)
    if target is not None and active(target):
        return _EVERY
    never = CONDITIONAL if target is not None and target.status == "closed" and not failed(target) else 0
    return never | (FANOUT if children else 0)


def later(bead: Bead) -> float:
    """Until which unix second a bead is deferred; 0 for not at all, infinity for one that is pinned or ephemeral.

    A `defer_until` that is no time defers nothing, and none defers a bead that is closed.
    """
    if bead.extra == b"{}" or bead.status in _RESTING:
        return 0.0
    found = _decode_later(bead.extra)
    if found.ephemeral or found.pinned:
        return inf
    until = seconds(found.defer_until) if isinstance(found.defer_until, str) and found.defer_until else None
    return max(0.0, until or 0.0)


def stops(bead: Bead | None, open_needs: int, until: float, at: float) -> bool:
    """Whether something stops a bead without its parents' doing, at unix second `at`; never one that is gone.

    A bead is ready when it is open, approved, not held, not pinned, not ephemeral, and not stopped. It is stopped while

    - a bead it needs shuts the gate between them (`shut`), or
    - its `defer_until` is to come, or its status is `deferred`, or
    - a bead it belongs to (`parent-child`), neither closed nor pinned, is stopped: that flows down to any depth. A
      parent that is merely open stops nobody. In a circle of parents all are stopped while one has another reason.

    Beads (its blocked-issues cache) is followed, but for three things that make a bead wait longer, never shorter: a
    deferral flows down as far as a blockage, not one step; `waits-for` waits for the spawner itself, too; and it waits
    for all children, whatever its `gate` says.
    """
    if bead is None or bead.status in _RESTING:
        return False
    return open_needs > 0 or bead.status == "deferred" or at < until < inf


def day(until: float) -> int:
    """The day an alarm is filed under, so that the next one is found without looking at all of them."""
    return int(until // 86400)


def first(alarms: Mapping[int, Mapping[str, Any]], later: Mapping[str, float]) -> float:
    """When the next deferral passes; infinity for never."""
    return min((later[id] for id in alarms[min(alarms)]), default=inf) if alarms else inf
