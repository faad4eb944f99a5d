"""Which move a bead may make from which stage, as a table; one row a move."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import Illegal


class Move(NamedTuple):
    """A move: the stages it may start from, the stage it ends in, and the Beads status it leaves (None: as it was)."""

    name: str
    sources: frozenset[str]
    target: str
    status: str | None


STAGES = ("idle", "working", "sheriff", "witness", "refinery", "landed", "dropped")
"""Idle is Backlog or Ready; dropped is closed without landing."""

COLUMNS = ("backlog", "ready", "working", "sheriff", "witness", "refinery", "landed")
"""The kanban's columns, left to right (mission.md)."""

STATUSES = ("open", "in_progress", "blocked", "deferred", "closed", "pinned", "hooked")
FROZEN = frozenset({"deferred", "pinned", "blocked"})


def _move(name: str, sources: str, target: str, status: str | None) -> Move:
    return Move(name, frozenset(sources.split()), target, status)


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        _move("sling", "idle", "working", "hooked"),
        _move("start", "working", "working", "in_progress"),
        _move("submit", "working", "sheriff", "in_progress"),
        _move("pass", "sheriff", "witness", None),
        _move("approve", "witness", "refinery", None),
        _move("send_back", "sheriff witness refinery", "working", None),
        _move("turn_back", "working", "refinery", "in_progress"),
        _move("land", "refinery", "landed", "closed"),
        _move("set_aside", "refinery", "dropped", "closed"),
        _move("release", "working sheriff witness refinery", "idle", "open"),
        _move("close", "idle working sheriff witness refinery", "dropped", "closed"),
        _move("take_back", "landed", "idle", "open"),
        _move("put_back", "idle dropped", "landed", "closed"),
        _move("reopen", "dropped landed", "idle", "open"),
        _move("open", "idle", "idle", "open"),
        _move("defer", "idle", "idle", "deferred"),
        _move("block", "idle", "idle", "blocked"),
        _move("pin", "idle", "idle", "pinned"),
    )
}

_FREE: dict[str, Any] = {"lease": None, "held": "", "landing": ""}
LEAVES = {
    "release": _FREE, "close": _FREE, "set_aside": _FREE,
    "reopen": {**_FREE, "returns": (), "forgiven": 0, "landed": ""},
}  # fmt: skip
"""What a plain move changes of a bead's `work` besides its stage."""


def check(bead: Bead, move: str) -> Move:
    """The row of `move`, or Illegal saying where the bead is and from where the move may start."""
    row = MOVES.get(move)
    if row is None:
        raise Illegal(f"There is no move called {move}.", f"There are: {', '.join(MOVES)}.")
    if bead.work.stage not in row.sources:
        raise Illegal(
            f"{bead.id} is {bead.work.stage}; {move.replace('_', ' ')} starts from {' or '.join(sorted(row.sources))}.",
            f"Nothing was changed. See it with: gt bead show {bead.id}",
        )
    return row


def still(bead: Bead) -> Bead:
    """The bead, unless what it built stands on its convoy's integration branch: it cannot be taken out from there."""
    if bead.work.staged:
        raise Illegal(
            f"{bead.id} is on staging/{bead.work.convoy} already, and others may be built on it.",
            f"Nothing was changed. Once the branch has landed: gt undo {bead.id}",
        )
    return bead


def make(bead: Bead, move: str, at: float, **work: Any) -> Bead:
    """The bead after a move, at unix second `at`, and with fields of its `work` replaced; raises Illegal."""
    row = check(bead, move)
    since = bead.work.since if row.target == bead.work.stage else at
    moved = replace(bead.work, stage=row.target, since=since, **work)
    return replace(bead, work=moved, status=row.status or bead.status)
