"""What is ready by the rules, read off the records with no index: what the town's indexes are compared with."""

from __future__ import annotations

from gastown_tui.model.bead import Bead, Dependency
from gastown_tui.model.dates import seconds
from gastown_tui.model.town import Town

INDEXES = ("columns", "going", "open_needs", "dependants", "children", "open_children", "stopped", "later", "alarms",
           "wake_at")  # fmt: skip
"""Every index over beads that a change moves."""


def by_the_rules(town: Town) -> tuple[set[str], set[str]]:
    """Who is stopped and who is ready, read off the records again and again until nothing changes."""
    open_ = {id for id, bead in town.beads.items() if bead.status not in ("closed", "pinned")}

    def waits(bead: Bead, edge: Dependency) -> bool:
        other = town.beads.get(edge.depends_on_id)
        mate = other is not None and bool(other.work.staged) and other.work.convoy == bead.work.convoy
        if mate and edge.depends_on_id in open_ and edge.type == "blocks":
            return False
        if mate and edge.depends_on_id in open_ and edge.type == "waits-for":
            return any(b.id in open_ for b in town.beads.values() if edge.depends_on_id in b.parents)
        if edge.type == "waits-for":
            spawned = (b for b in town.beads.values() if edge.depends_on_id in b.parents)
            return edge.depends_on_id in open_ or any(b.id in open_ for b in spawned)
        if edge.type == "conditional-blocks" and other is not None and other.status == "closed":
            return "failed" not in other.close_reason
        return edge.type in ("blocks", "conditional-blocks") and edge.depends_on_id in open_

    def deferred(bead: Bead) -> bool:
        until = seconds(str(bead.cold("defer_until", "")))
        return until is not None and until > town.at and not bead.cold("ephemeral")

    stopped: set[str] = set()
    for _ in town.beads:
        for id in open_:
            bead = town.beads[id]
            own = bead.status == "deferred" or deferred(bead) or any(waits(bead, edge) for edge in bead.dependencies)
            if own or stopped & set(bead.parents):
                stopped.add(id)
    free = {b.id for b in town.beads.values() if (b.status, b.work.stage) == ("open", "idle") and b.work.approved}
    free = {id for id in free - stopped if not town.beads[id].cold("ephemeral") and not town.beads[id].work.held}
    return stopped, free
