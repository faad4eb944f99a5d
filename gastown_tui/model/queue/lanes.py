"""Which line a bead lands on: the target, or its convoy's integration branch until that lands on the target as one."""

from __future__ import annotations

from collections.abc import Iterable

from gastown_tui.model.bead import Bead
from gastown_tui.model.convoy import Convoy
from gastown_tui.model.queue.order import ordered
from gastown_tui.model.state import State

PREFIX = "staging/"
"""What the names of integration branches begin with."""

CONVOY = "convoy"
"""The value of the setting `staging` that gives each convoy a branch."""

_ABOUT = ("staging", "branch moved", "ungated")
"""Kinds of question that are about a convoy's branch."""

_OVER = ("landed", "dropped")


def of(town: State, bead: Bead | None) -> str:
    """The id of the convoy on whose integration branch a bead lands; "" for the target."""
    convoy = town.convoys.get(bead.work.convoy) if bead is not None and bead.work.convoy else None
    return convoy.id if convoy is not None and convoy.branch and not convoy.landed else ""


def tip(town: State, lane: str) -> str:
    """The commit that the next to land on a line is merged onto."""
    return (town.convoys[lane].tip if lane else "") or town.tip


def base(town: State, bead: Bead) -> str:
    """The commit a bead begins at and is compared with."""
    return tip(town, of(town, bead))


def branch(town: State, lane: str, target: str) -> str:
    """The name of the branch at a line's tip (`target` is the target's): what work that came back merges."""
    convoy = town.convoys.get(lane)
    return convoy.branch if convoy is not None and convoy.tip else target


def own(town: State, bead: Bead | None) -> str:
    """The name of the integration branch a bead lands on, whether it is there already or not; "" for the target."""
    lane = of(town, bead)
    return town.convoys[lane].branch if lane else ""


def active(town: State) -> list[str]:
    """The lines something is to be planned for, in the order their first entries are taken.

    The target's is always among them: what a run there was for may have gone.
    """
    found = [of(town, town.beads.get(m.bead)) for m in ordered(town.queue.values())
             if not town.beads[m.bead].work.staged]  # fmt: skip
    flying = [of(town, town.beads.get(run.beads[0])) for run in town.testing.values() if run.cars]
    return list(dict.fromkeys([*found, *sorted(flying), ""]))


def where(town: State, bead: Bead, others: Iterable[str], target: str) -> list[str]:
    """The names of the branches that some beads land on, or did, which this one has to have: what it merges."""
    lane, line = of(town, bead), own(town, bead)
    mates = {id for id in others if lane and of(town, town.beads.get(id)) == lane}
    return ([line] if mates else []) + ([target] if set(others) - mates else [])


def circular(town: State, first: str, second: str) -> bool:
    """Whether `first` waits for `second` already, directly or not: then neither would ever land.

    Who needs a bead of another convoy needs all that is to be on its integration branch before that lands.
    """
    seen: set[str] = set()
    left = [(first, second)]
    while left:
        id, by = left.pop()
        if id == second:
            return True
        bead = town.beads.get(id)
        if bead is None:
            continue
        lane = of(town, bead)
        if lane and lane != of(town, town.beads.get(by)):
            left.extend((other.id, id) for other in missing(town, town.convoys[lane]) if other.id not in seen)
        if id not in seen:
            seen.add(id)
            left.extend((need, id) for need in bead.needs)
    return False


def afloat(town: State) -> list[Convoy]:
    """The convoys whose integration branch has not landed, oldest first."""
    return sorted((c for c in town.convoys.values() if c.branch and not c.landed), key=lambda c: (c.at, c.id))


def staged(town: State, convoy: Convoy) -> list[Bead]:
    """The beads that stand on a convoy's integration branch, in the order they are taken."""
    queued = [town.beads[m.bead] for m in ordered(town.queue.values())]
    return [bead for bead in queued if bead.work.staged and bead.work.convoy == convoy.id]


def missing(town: State, convoy: Convoy) -> list[Bead]:
    """The beads a convoy still waits for before its branch lands: neither on the branch nor done with."""
    beads = [town.beads[id] for id in convoy.beads if id in town.beads]
    return [b for b in beads if not b.work.staged and b.work.stage not in _OVER and b.status != "closed"]


def asks(town: State, convoy: Convoy) -> str:
    """What the overseer is asked about a convoy's integration branch, which waits for that; "" for nothing."""
    found = sorted(n.title for n in town.needs.values() if n.about == convoy.id and n.kind in _ABOUT)
    return found[0] if found else ""


def complete(town: State) -> list[Convoy]:
    """The convoys whose integration branch is to land now, oldest first."""
    ids = {b.work.convoy for m in town.queue.values() if (b := town.beads[m.bead]).work.staged}
    found = [c for id in ids if (c := town.convoys.get(id)) is not None and not c.landed and not missing(town, c)]
    return sorted(found, key=lambda c: (c.at, c.id))
