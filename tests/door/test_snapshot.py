"""A town crosses the door whole, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gastown_tui.door import snapshot, wire
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.convoy import Draft, Plan, PlannedBead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.town import Town
from tests.door.fake import founded


def a_town(count: int) -> Town:
    """A town with beads that have fields nobody knows, a draft, a chat and somebody who needs answers."""
    town = founded()
    plan = Plan("A gate", (PlannedBead("a", "A"),))
    happened: list[e.AnyEvent] = [
        e.Said("overseer", "build\na gate"),
        e.PlanSubmitted(Draft("p1", plan, 1, "mayor", 2.0)),
        e.Escalated(e.Need("n1", "question", "What?", 3.0, choices=("retry", "drop"))),
    ]
    for number in range(count):
        more = {"description": f"line\n{number}", "x_unknown": {"kept": [1, 2.5, None]}, "labels": ("a", "b")}
        happened.append(e.BeadCreated(beads.make(f"td-{number}", f"Bead {number}", "2026-01-01T00:00:00Z", **more)))
    for event in happened:
        town = town.after(e.Record(town.seq + 1, float(town.seq), "overseer", event))
    return town


def test_what_is_read_is_what_was_sent() -> None:
    town = a_town(25)
    again = snapshot.read(snapshot.lines(town))
    assert again == town
    later = e.Record(town.seq + 1, 9.0, "overseer", e.Said("overseer", "on"))
    assert again.after(later) == town.after(later)


@pytest.mark.parametrize("cut", [0, 1, 10, 28])
def test_a_snapshot_cut_short_is_never_taken_for_a_town(cut: int) -> None:
    with pytest.raises(GasTownError):
        snapshot.read(list(snapshot.lines(a_town(25)))[:cut])


def test_another_version_is_told_apart() -> None:
    first, *rest = snapshot.lines(a_town(1))
    with pytest.raises(GasTownError, match="version"):
        snapshot.read([first.replace(wire.VERSION.encode(), b"99.0"), *rest])


def test_ten_thousand_beads_cross(record_property: Callable[[str, object], None]) -> None:
    town = a_town(10_000)
    began = time.perf_counter()
    sent = list(snapshot.lines(town))
    encoded = time.perf_counter()
    again = snapshot.read(sent)
    record_property("seconds", (encoded - began, time.perf_counter() - encoded))
    assert len(again.beads) == 10_000 and again.counts() == town.counts()
