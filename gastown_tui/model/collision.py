"""Conflicts seen coming: who is about to meet whom, where, and who was told to wait for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from gastown_tui.model.bead import Bead
from gastown_tui.model.edges import Dependency
from gastown_tui.model.event import Event
from gastown_tui.model.ready.waiting import mates

if TYPE_CHECKING:
    from gastown_tui.model.state import State

CONFLICT, NEAR, DECLARED = "conflict", "near", "declared"
KINDS = (CONFLICT, NEAR, DECLARED)
"""A merge stops there; it goes through, on lines near each other; one has not begun and only means to."""


def _rank(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


SERIAL, SERIAL_TOLD = '{"gt":"serialise"}', '{"gt":"serialised"}'
"""What stands on the edge of a bead that was made to wait for another at work: before and after that has landed."""

SPOTS = 8
"""Places of one pair that are kept; `more` counts the others."""


class Spot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One place: lines of the file as both began with it (0 and 0: all of it), its kind, and why."""

    file: str
    first: int = 0
    last: int = 0
    kind: str = CONFLICT
    why: str = ""

    @property
    def words(self) -> str:
        """`auth.py:40-61`."""
        if not self.first:
            return self.file
        return f"{self.file}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


class Collision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Two beads that meet; `other` is "" where the target itself is met, as it stands now."""

    one: str
    other: str
    spots: tuple[Spot, ...]
    since: float
    more: int = 0

    @property
    def pair(self) -> tuple[str, str]:
        """Both, as a key."""
        return self.one, self.other

    @property
    def kind(self) -> str:
        """The worst of its places."""
        return min((spot.kind for spot in self.spots), key=_rank, default=NEAR)

    def besides(self, bead: str) -> str:
        """The one who is not `bead`."""
        return self.other if bead == self.one else self.one


class Pair(msgspec.Struct, frozen=True):
    """Both sides of a collision that is gone."""

    one: str
    other: str


class Foreseen(Event, frozen=True, tag="foreseen"):
    """The radar: these pairs meet now, as told here; those are past."""

    pairs: tuple[Collision, ...] = ()
    gone: tuple[Pair, ...] = ()


def told(known: Iterable[Collision], event: Foreseen) -> tuple[Collision, ...]:
    """The collisions after an event: conflicts first, then by age, then by name."""
    now = {found.pair: found for found in known}
    now.update({found.pair: found for found in event.pairs})
    for pair in event.gone:
        now.pop((pair.one, pair.other), None)
    return tuple(sorted(now.values(), key=lambda c: (_rank(c.kind), c.since, c.pair)))


def of(known: Iterable[Collision], bead: str) -> Iterator[Collision]:
    """The collisions of one bead, the worst first."""
    return (found for found in known if bead in found.pair)


def serial(second: Bead, first: str) -> tuple[Dependency, ...]:
    """The edges of a bead that lands after another: an edge that was there already says so now."""
    kept = tuple(d for d in second.dependencies if not (d.depends_on_id == first and d.type == "blocks"))
    return (*kept, Dependency(second.id, first, "blocks", created_by="overseer", metadata=SERIAL))


def awaited(town: State, bead: Bead) -> list[str]:
    """Ids of the beads that were said to land before this one and have not yet, sorted."""
    return sorted(
        d.depends_on_id
        for d in bead.dependencies
        if d.metadata == SERIAL and (other := town.beads.get(d.depends_on_id)) is not None and other.status != "closed"
        and not (other.work.staged and mates(bead, other))
    )  # fmt: skip


def past(town: State, bead: Bead) -> list[str]:
    """Ids of the beads this one waited for that are settled, and nobody told it so yet; sorted."""
    waiting = set(awaited(town, bead))
    return sorted(d.depends_on_id for d in bead.dependencies if d.metadata == SERIAL and d.depends_on_id not in waiting)


def landed(town: State, bead: Bead) -> dict[str, str]:
    """The commits as which those landed that this one was said to land after, by bead: it has to have them.

    A bead of the same convoy counts from when it is on the convoy's integration branch.
    """
    ids = [d.depends_on_id for d in bead.dependencies if d.metadata in (SERIAL, SERIAL_TOLD)]
    firsts = {id: town.beads[id] for id in ids if id in town.beads}
    at = {id: one.work.landed or (one.work.staged if mates(bead, one) else "") for id, one in firsts.items()}
    return {id: commit for id, commit in at.items() if commit}


def over(bead: Bead, firsts: Iterable[str]) -> tuple[Dependency, ...]:
    """The edges of a bead once it was told that those it waited for are settled."""
    names = set(firsts)
    found = {d: msgspec.structs.replace(d, metadata=SERIAL_TOLD, written="") for d in bead.dependencies}
    return tuple(
        found[d] if d.metadata == SERIAL and d.depends_on_id in names else d for d in bead.dependencies
    )  # fmt: skip


_STAGES = ("idle", "working", "sheriff", "witness", "refinery")


def in_order(town: State, found: Collision) -> tuple[str, str]:
    """Who of a pair goes first: whoever is further on its way, then whoever began first; and who waits for it."""

    def place(id: str) -> tuple[int, float, int, str]:
        bead = town.beads[id]
        began = bead.work.lease.granted if bead.work.lease is not None else float("inf")
        stage = _STAGES.index(bead.work.stage) if bead.work.stage in _STAGES else len(_STAGES)
        return -stage, began, bead.priority, id

    first, second = sorted(found.pair, key=place)
    return first, second


def loose(town: State, found: Collision) -> bool:
    """Whether two beads meet and neither waits for the other."""
    if not found.other or any(id not in town.beads for id in found.pair):
        return False
    one, other = (town.beads[id] for id in found.pair)
    return other.id not in one.needs and one.id not in other.needs


def busy(town: State, bead: str) -> Collision | None:
    """The collision of a bead that has not begun with somebody who is changing the files it declares."""
    return next((found for found in of(town.collisions, bead) if found.kind == DECLARED and found.one == bead), None)


PATIENCE = 600.0
"""Seconds a bead is kept from beginning for the sake of one at the gates: by then that should have landed."""


def kept_back(town: State, bead: str, now: float) -> str:
    """Why a bead is not begun though nothing blocks it: what it means to change is about to land; "" otherwise.

    Whoever is still at work on those files may take long, so for that nobody waits: others only go first.
    """
    found = busy(town, bead)
    other = town.beads.get(found.other) if found is not None else None
    if found is None or other is None or other.work.stage not in ("sheriff", "witness", "refinery"):
        return ""
    if now - other.work.since >= PATIENCE or other.work.held:
        return ""
    return f"waits for {other.id}, which changes {found.spots[0].file} and is at the {other.work.stage}"


def changing(town: State, bead: str) -> str:
    """Who is changing what a bead declares: `app/settings.py is being changed by obsidian (td-5tq)`; "" for nobody."""
    found = busy(town, bead)
    if found is None or (other := town.beads.get(found.other)) is None:
        return ""
    files = len(found.spots) + found.more
    what = found.spots[0].file + (f" and {files - 1} more are" if files > 1 else " is")
    who = f"{other.assignee} ({other.id})" if other.assignee else other.id
    at = f", which is at the {other.work.stage}" if other.work.stage in _STAGES[2:] else ""
    return f"{what} being changed by {who}{at}"
