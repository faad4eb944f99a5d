"""Notices flaky tests: a tree that was red and is green when the same gates run on it again."""

from __future__ import annotations

from gastown_tui.engine.gating.tested import SETUP, unready
from gastown_tui.model import events as e
from gastown_tui.model.merge import GateRun
from gastown_tui.model.town import Town


def noticed(town: Town, run: GateRun) -> list[e.AnyEvent]:
    """What a finished run says of the one before it on the same tree; `town` does not know of it yet."""
    before = town.runs.get(run.tree)
    if before is None or before.ok or not run.ok or before.gates != run.gates or before.number == run.number:
        return []
    if unready(before):
        return []
    return [e.Flaked(before.gate or SETUP, before.first, run.tree, run.number)]
