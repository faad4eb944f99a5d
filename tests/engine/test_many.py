"""What a town of many polecats is measured by: how many deaths are a storm, and how many reviewers there may be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gastown_tui.engine.base import Base
from gastown_tui.engine.deacon import Deacon, storm
from gastown_tui.engine.sessions import Sessions
from gastown_tui.engine.witness import at_once
from gastown_tui.model import events as e
from gastown_tui.model.town import Town
from gastown_tui.world import SystemClock


class Hands(SystemClock):
    """A clock that is set by hand."""

    seconds = 1000.0

    def monotonic(self) -> float:
        """The seconds it was set to."""
        return self.seconds


class Watched:
    """A Deacon and what it writes, in a town of so many agents; the dead are started again at once."""

    def __init__(self, agents: int) -> None:
        self.clock, self.written = Hands(), list[e.AnyEvent]()
        books = SimpleNamespace(pending=Town(), write=lambda _, *events: self.written.extend(events))
        sessions = SimpleNamespace(live={f"agent{n}": None for n in range(agents)})
        self._deacon = Deacon(cast(Base, SimpleNamespace(books=books, clock=self.clock)), cast(Sessions, sessions))

    def die(self, count: int, every: float = 1.0, **how: Any) -> list[str]:
        """So many die, one after the other; the names of the events that this brought."""
        for n in range(count):
            self._deacon.died(f"agent{n}", how.get("expected", False))
            self.clock.seconds += every
        return [type(event).__name__ for event in self.written]


@pytest.mark.parametrize(("agents", "deaths"), [(1, 3), (3, 3), (15, 3), (16, 4), (30, 6), (50, 10)])
def test_a_storm_is_three_of_a_few_and_a_fifth_of_many(agents: int, deaths: int) -> None:
    assert storm(agents) == deaths
    assert Watched(agents).die(deaths - 1) == []
    assert Watched(agents).die(deaths) == ["Held", "Escalated"]


def test_three_of_thirty_do_not_hold_the_town() -> None:
    assert Watched(30).die(3) == []


def test_deaths_far_apart_and_ends_that_were_meant_are_no_storm() -> None:
    assert Watched(3).die(9, every=15.0) == []
    assert Watched(3).die(9, expected=True) == []


def test_the_last_of_all_does_not_make_itself_fewer() -> None:
    """Who died counts among those at work, whether it still stands among them or not."""
    assert Watched(0).die(2) == []


def test_what_is_told_is_how_many_died_and_who_was_the_last() -> None:
    town = Watched(30)
    town.die(6)
    held = next(event for event in town.written if isinstance(event, e.Held))
    assert held.what == "dispatch" and held.reason == "6 agents died within 30 s, last agent5: unknown"


@pytest.mark.parametrize(
    ("polecats", "cores", "reviewers"),
    [(1, 8, 3), (6, 2, 3), (12, 2, 3), (13, 2, 4), (30, 2, 8), (50, 2, 8), (50, 1, 4), (50, 16, 13)],
)
def test_reviewers_grow_with_the_polecats_as_far_as_the_cores_go(polecats: int, cores: int, reviewers: int) -> None:
    assert at_once(polecats, cores) == reviewers
