"""Plans the Mayor files and convoys of beads that travel together towards one goal."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gastown_tui.model.errors import Refused


class PlannedBead(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One bead of a plan, as `gt plan submit` takes it (interfaces.md)."""

    key: str
    title: str
    description: str = ""
    acceptance_criteria: str = ""
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    priority: int = 2
    labels: tuple[str, ...] = ()
    estimated_minutes: float | None = None


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What `gt plan submit` reads: a title and beads that need one another by key."""

    title: str
    beads: tuple[PlannedBead, ...]


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """A plan in the town: draft, approved or dropped; `ids` maps each bead's key to its id once approved."""

    id: str
    plan: Plan
    revision: int
    by: str
    at: float
    state: str = "draft"
    convoy: str = ""
    ids: dict[str, str] = {}
    reason: str = ""


class Convoy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Beads that travel together towards one goal.

    `branch` is its integration branch ("" where each bead lands on the target by itself), `tip` the commit that stands
    at ("" before the first bead landed there), and `landed` the commit as which the branch landed on the target.
    """

    id: str
    title: str
    beads: tuple[str, ...]
    at: float
    plan: str = ""
    branch: str = ""
    tip: str = ""
    landed: str = ""


def check(plan: Plan) -> None:
    """Refuse a plan that could not be carried out: no beads, keys twice, unknown needs, a circle."""
    keys = [bead.key for bead in plan.beads]
    hint = "The plan was not filed; mend it and submit it again."
    if not plan.title.strip() or not plan.beads:
        raise Refused("A plan needs a title and at least one bead.", hint)
    if twice := sorted({k for k in keys if keys.count(k) > 1}):
        raise Refused(f"These keys stand twice in the plan: {', '.join(twice)}.", hint)
    for bead in plan.beads:
        if not bead.key.strip() or not bead.title.strip():
            raise Refused(f"Bead {bead.key or bead.title!r} lacks a key or a title.", hint)
        if unknown := [n for n in bead.needs if n not in keys]:
            raise Refused(f"Bead {bead.key} needs {', '.join(unknown)}, which the plan does not have.", hint)
        if not 0 <= bead.priority <= 4:
            raise Refused(f"Bead {bead.key} has priority {bead.priority}; it goes from 0 to 4.", hint)
    waves(plan.beads)


def waves(beads: Iterable[PlannedBead]) -> list[list[PlannedBead]]:
    """The beads by wave: each wave needs only earlier ones. Raises Refused naming the keys of a circle."""
    left = {bead.key: bead for bead in beads}
    out: list[list[PlannedBead]] = []
    while left:
        wave = [bead for bead in left.values() if not any(need in left for need in bead.needs)]
        if not wave:
            raise Refused(
                f"These beads need one another in a circle: {', '.join(sorted(left))}.",
                "The plan was not filed; take one of the needs out and submit it again.",
            )
        out.append(wave)
        for bead in wave:
            del left[bead.key]
    return out
