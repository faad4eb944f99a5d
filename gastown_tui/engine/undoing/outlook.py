"""What taking landings back would do as things are: files, beads that built on them since, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gastown_tui.engine.base import Base
from gastown_tui.engine.undoing import words
from gastown_tui.engine.undoing.choosing import Chosen, positions
from gastown_tui.model.bead import Bead
from gastown_tui.model.town import Town
from gastown_tui.model.turns import Turn
from gastown_tui.rig import reverting, touching
from gastown_tui.rig.conflicts import Conflicted

_MOST = 200
"""Later landings that are compared, newest first: each costs some runs of git."""


@dataclass(frozen=True)
class Dependant:
    """A bead that built on what is taken back: it needs it, or landed later on the same files, or the same lines.

    `conflicts` says that the landing can not be taken back under it, `lines` are (path, first, last).
    """

    bead: str
    title: str
    column: str
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    lines: tuple[tuple[str, int, int], ...] = ()
    conflicts: bool = False


@dataclass(frozen=True)
class Outlook:
    """What would happen on `tip`: the files that change, dependants, and the first turn that does not fit, with what.

    Of `compared` later landings more there are than were looked at, if `more` is not nought.
    """

    chosen: Chosen
    tip: str
    files: tuple[str, ...]
    dependants: tuple[Dependant, ...]
    stuck: str = ""
    conflicts: tuple[Conflicted, ...] = ()
    more: int = 0

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """The beads under which it cannot be taken back."""
        return tuple(found.bead for found in self.dependants if found.conflicts)


def look(base: Base, town: Town, chosen: Chosen) -> Outlook:
    """Compare and try in memory; it works for a while: not on the event loop. Raises GasTownError."""
    root = base.place.root
    turns = [words.turn(town, turn) for turn in chosen.turns]
    ends = {turn.bead: (reverting.onto(root, turn.landed, turn.onto), turn.landed) for turn in chosen.turns}
    files = sorted({path for pair in ends.values() for path in touching.paths(root, *pair)})
    blocked = reverting.blocked(root, town.tip, turns)
    back = [turn for turn in chosen.turns if not turn.again]
    later, more = _later(base, town, back)
    found = {one.bead: one for one in _needing(town, back)}
    for bead, before in later:
        known = found.get(bead.id)
        one = _compared(base, town, bead, before, ends, known.needs if known is not None else ())
        if one is not None:
            found[bead.id] = one
    order = {bead.id: place for place, (bead, _) in enumerate(later)}
    dependants = sorted(found.values(), key=lambda d: (not d.conflicts, order.get(d.bead, len(order)), d.bead))
    stuck = blocked.name if blocked is not None else ""
    conflicts = blocked.conflict.paths if blocked is not None else ()
    return Outlook(chosen, town.tip, tuple(files), tuple(dependants), stuck, conflicts, more)


def _needing(town: Town, back: Iterable[Turn]) -> Iterable[Dependant]:
    """The beads that needed these to be closed first, whatever became of them."""
    gone = {turn.bead for turn in back}
    needs: dict[str, list[str]] = {}
    for id in gone:
        for other in town.dependants.get(id, ()):
            if other not in gone and id in town.beads[other].needs:
                needs.setdefault(other, []).append(id)
    for other, ids in needs.items():
        bead = town.beads[other]
        if bead.status != "closed" or bead.work.landed:
            yield Dependant(other, bead.title, town.column(bead) or bead.status, tuple(sorted(ids)))


def _later(base: Base, town: Town, back: Sequence[Turn]) -> tuple[list[tuple[Bead, list[Turn]]], int]:
    """What landed after any of these and stays, newest first, each with those of them that were there before it."""
    if not back:
        return [], 0
    place = positions(base, town, back)
    gone = {turn.bead for turn in back}
    found = [
        (bead, [turn for turn in back if place[turn.landed] > place[bead.work.landed]])
        for bead in town.in_column("landed") if bead.work.landed in place and bead.id not in gone
    ]  # fmt: skip
    later = sorted((pair for pair in found if pair[1]), key=lambda pair: place[pair[0].work.landed])
    return later[:_MOST], max(0, len(later) - _MOST)


def _compared(
    base: Base, town: Town, bead: Bead, before: list[Turn], ends: dict[str, tuple[str, str]], needs: tuple[str, ...]
) -> Dependant | None:
    root = base.place.root
    own = (reverting.onto(root, bead.work.landed, bead.work.landed_onto), bead.work.landed)
    touches = [touch for turn in before if (touch := touching.touch(root, ends[turn.bead], own))]
    if not touches and not needs:
        return None
    files = sorted({path for touch in touches for path in touch.files})
    lines = sorted({line for touch in touches for line in touch.lines})
    conflicts = False
    if touches:
        turns = [words.turn(town, turn) for turn in before]
        conflicts = (
            reverting.blocked(root, own[1], turns) is not None and reverting.blocked(root, own[0], turns) is None
        )  # fmt: skip
    return Dependant(bead.id, bead.title, "landed", needs, tuple(files), tuple(lines), conflicts)


def document(town: Town, found: Outlook) -> dict[str, Any]:
    """The outlook as `--json` and the cockpit get it."""
    return {
        "landings": [
            {
                "bead": turn.bead, "title": town.beads[turn.bead].title, "epoch": turn.epoch, "commit": turn.landed,
                "at": town.beads[turn.bead].work.landed_at, "again": turn.again,
                "branch": "" if turn.again else words.branch(turn),
            }
            for turn in found.chosen.turns
        ],
        "files": list(found.files),
        "dependants": [
            {
                "bead": one.bead, "title": one.title, "column": one.column, "needs": list(one.needs),
                "files": list(one.files), "conflicts": one.conflicts,
                "lines": [f"{path}:{first}" + (f"-{last}" if last > first else "") for path, first, last in one.lines],
            }
            for one in found.dependants
        ],
        "stays": [{"commit": c.id, "subject": c.subject, "author": c.author} for c in found.chosen.stays],
        "conflict": None if not found.stuck else {
            "bead": found.stuck, "beads": list(found.in_the_way),
            "paths": [{"path": c.path, "kind": c.kind} for c in found.conflicts],
        },
        "not_compared": found.more, "tip": found.tip, "to": found.chosen.to,
    }  # fmt: skip
