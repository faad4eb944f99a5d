"""What one event copies: a new town shares everything with the old but the path to what changed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.model.state import State
from gastown_tui.model.town import Town
from tests.model.stories import Story, lease


@cache
def _town(count: int) -> Town:
    town = Town(rig="todo-app", prefix="td", tip="0")
    for number in range(count):
        needs = (beads.Dependency(f"td-{number}", f"td-{number - 1}"),) if number % 3 else ()
        town = town.put(beads.make(f"td-{number}", "Do it", "", dependencies=needs, work=Work(approved=True)))
    return town


def _allocated(town: Town, event: e.AnyEvent) -> int:
    """Bytes that one event leaves allocated while both towns are held; the second telling, so that caches are warm."""
    record = e.Record(town.seq + 1, 1.0, "test", event)
    kept = town.after(record)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        later = town.after(record)
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        assert later == kept


@pytest.mark.parametrize(
    "event",
    [e.Slung("td-300", lease("td-300", 1)), e.BeadMoved("td-300", "close"), e.Said("overseer", "hello")],
    ids=lambda event: type(event).__name__,
)
def test_an_event_copies_as_little_in_a_town_fifty_times_the_size(event: e.AnyEvent) -> None:
    """Counted in bytes, never in time: 50,000 beads cost less than twice what 1,000 cost."""
    small, large = _allocated(_town(1_000), event), _allocated(_town(50_000), event)
    assert small > 0 and large / small < 2, (small, large)


def test_untouched_beads_are_the_same_objects() -> None:
    """Only the bead that was slung is another; nothing was decoded or copied on the way."""
    town = _town(2_000)
    after = town.after(e.Record(1, 1.0, "test", e.Slung("td-300", lease("td-300", 1))))
    changed = [id for id in town.beads if after.beads[id] is not town.beads[id]]
    assert changed == ["td-300"] and town.beads["td-300"].work.lease is None


@pytest.mark.parametrize("count", [500, 2_000])
def test_a_chain_of_closes_is_linear(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Each close frees the next bead; the work on the indexes is the same few steps for each."""
    story = Story()
    story.create("td-0")
    for number in range(1, count):
        story.create(f"td-{number}", f"td-{number - 1}")
    calls = {"put": 0, "column": 0}

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(State, name)

        def counting(self: State, *args: Any) -> Any:
            calls[name] += 1
            return real(self, *args)

        return counting

    for name in calls:
        monkeypatch.setattr(State, name, counted(name))
    for number in range(count):
        assert [bead.id for bead in story.town.in_column("ready")] == [f"td-{number}"]
        story.tell(e.BeadMoved(f"td-{number}", "close"))
    assert calls["put"] <= 2 * count and calls["column"] <= 6 * count, calls
    assert not story.town.columns
