"""`gt undo BEAD` and `gt undo --to`: takes landed work out of the code again, having said what that does."""

from __future__ import annotations

import sys
from typing import Any

from gastown_tui.cli import common
from gastown_tui.model.errors import REFUSED


def take_back(
    beads: tuple[str, ...], to: str, again: bool, dry_run: bool, yes: bool, polecat: bool, as_json: bool
) -> int:
    """Say what it would do, ask where a person looks on, and order it; returns the exit code."""
    args: dict[str, Any] = {"beads": list(beads), "to": to, "again": again, "polecat": polecat}
    client = common.client()
    if dry_run:
        would = client.order("undo_landing", {**args, "dry_run": True})
        common.show(would, would["lines"], as_json)
        return REFUSED if would["conflict"] and not polecat else 0
    asked = not (yes or as_json) and sys.stdin.isatty()
    if asked:
        would = client.order("undo_landing", {**args, "dry_run": True})
        common.show(would, would["lines"], False)
        if not common.confirm(would["question"], False):
            common.hint("Nothing was changed.")
            return REFUSED
        args |= {"tip": would["tip"], "to": would["to"], "polecat": polecat or bool(would["conflict"])}
    answer = client.order("undo_landing", args)
    common.show(answer, answer["done"] if asked else [*answer["lines"], *answer["done"]], as_json)
    return 0
