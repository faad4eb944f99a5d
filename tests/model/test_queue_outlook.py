"""What the queue says it will do when a run ends: for each way it may end, and only where it does something."""

from __future__ import annotations

from typing import Any

import pytest
from immutables import Map
from msgspec.structs import replace

from gastown_tui.model import collision
from gastown_tui.model.bead import Work, make
from gastown_tui.model.edges import Dependency
from gastown_tui.model.merge import Car, GateRun, MergeRequest, TestRun, Train
from gastown_tui.model.queue.outlook import outlook
from gastown_tui.model.town import Town
from tests.model.test_queue_standing import entry, flight, red, town

SIX = [entry(id) for id in "abcdef"]


def told(testing: TestRun, *entries: MergeRequest, **more: Any) -> tuple[str, str]:
    """What follows on green and on red of run 8, the last that began."""
    slots = more.pop("slots", 1)
    others = more.pop("others", ())
    return said(town(*entries, testing=(*others, testing), run_number=8, **more), slots=slots)


def said(known: Town, **how: Any) -> tuple[str, str]:
    """The same of a town."""
    green, red_ = outlook(known, 8, **how)
    assert (green[0], red_[0]) == ("if run 8 is green", "if run 8 is red")
    return green[1], red_[1]


def changed(id: str, **work: Any) -> Town:
    """Six that are queued, the first being tested alone, one with other work."""
    known = town(*SIX[:3], testing=(flight(8, "a"),), run_number=8)
    return known.put(make(id, id, "2026-01-01T00:00:00Z", work=Work(stage="refinery", **work)))


def test_a_train_lands_or_is_narrowed() -> None:
    green, red_ = told(flight(8, "a", "b"), *SIX)
    assert green == "land a and b; run 9 tests c, d, e and f on them"
    assert red_ == "the culprit is a or b; run 9 tests a alone"


def test_of_more_than_two_one_is_the_culprit() -> None:
    assert told(flight(8, "a", "b", "c"), *SIX[:3])[1] == "one of a, b and c is the culprit; run 9 tests a alone"


def test_who_is_red_alone_is_the_culprit_and_leaves_the_line() -> None:
    green, red_ = told(flight(8, "a"), *SIX)
    assert green == "land a; run 9 tests b, c, d and 2 others on it"
    assert red_ == (
        "a was red alone: it is tested once more, behind the others; run 9 tests b, c, d and 2 others"
    )


def test_what_is_green_of_a_red_train_clears_its_first_beads() -> None:
    green_a = GateRun("tg", "g", True, 950.0, 60.0, "", 6, "train", "tip", ("a",), "m6")
    green, red_ = told(flight(8, "a", "b"), *SIX[:4], runs=(green_a, red(7, "a", "b", "c", "d")))
    assert green == "land a and b; run 9 tests c alone on them"
    # The verdict on one names the other: it is found out without a run of its own, and what is green lands.
    assert red_ == "b was red alone: it is tested once more, behind the others; land a; run 9 tests c and d on it"


def test_with_two_slots_the_other_run_is_not_begun_again() -> None:
    green, red_ = told(
        flight(8, "a", "b", "c"), *SIX[:4], runs=(red(6, "a", "b", "c", "d"),), others=(flight(7, "a", "b"),), slots=2
    )
    assert green == "d was red alone: it is tested once more, behind the others; land a, b and c"
    assert red_ == "one of a, b and c is the culprit; run 9 tests a alone"


@pytest.mark.parametrize(
    ("tries", "beside", "green"),
    [
        (0, "", "land a; run 9 tests b alone on it"),
        (0, "b", "a stands at the end again; run 9 tests b alone"),
        (1, "b", "a stands at the end again; run 9 tests b alone"),
        (2, "b", "a goes back to quartz; run 9 tests b alone"),
    ],
)
def test_a_confirm_run_settles_what_becomes_of_a_bead(tries: int, beside: str, green: str) -> None:
    """In nobody's way it lands at once; else it may stand in line again, but the third time it is its polecat's."""
    confirm = replace(flight(8, "a"), kind="confirm")
    first = entry("a", lane="confirm", tries=tries, beside=tuple(beside))
    known = town(first, SIX[1], testing=(confirm,), run_number=8)
    known = known.put(replace(known.beads["a"], assignee="quartz"))
    assert said(known) == (green, "a goes back to quartz; run 9 tests b alone")


def test_a_run_of_the_tip_before_is_read_as_what_is_left_of_it() -> None:
    """Its first car has landed meanwhile: the run tests just the tip with the others on it."""
    run = replace(flight(8, "z", "a"), base="old")
    last = Train((Car("z", 1, "c-z"),), ("s",), "tip", "old", "t", 7)
    assert told(run, *SIX[:2], last=last)[0] == "land a; run 9 tests b alone on it"


def test_a_run_on_another_tip_tells_nothing() -> None:
    assert outlook(town(SIX[0], testing=(replace(flight(8, "a"), base="old"),), run_number=8), 8) == ()


@pytest.mark.parametrize("kind", ["tip", "all", "asked", "bisect"])
def test_runs_that_are_not_of_the_queue_tell_nothing_of_it(kind: str) -> None:
    assert outlook(town(*SIX, testing=(replace(flight(8, "a"), kind=kind),), run_number=8), 8) == ()


def test_a_run_that_is_over_tells_nothing_more() -> None:
    assert outlook(town(*SIX, run_number=8), 8) == ()


@pytest.mark.parametrize("hold", ["queue", "landing", "red"])
def test_nothing_follows_while_the_queue_stands_still(hold: str) -> None:
    assert outlook(town(*SIX, testing=(flight(8, "a"),), run_number=8, holds=Map({hold: "because"})), 8) == ()


@pytest.mark.parametrize(
    "wish", [{"hold": "not yet"}, {"state": "waiting"}, {"state": "requested"}], ids=["held", "waiting", "requested"]
)
def test_who_waits_for_somebody_is_not_in_the_next_run(wish: dict[str, str]) -> None:
    assert told(flight(8, "a"), SIX[0], entry("b", **wish), SIX[2])[0] == "land a; run 9 tests c alone on it"


@pytest.mark.parametrize("work", [{"held": "Which one?"}, {"landing": "m1"}], ids=["asks", "is landing"])
def test_nor_is_who_waits_for_an_answer_or_is_landing(work: dict[str, str]) -> None:
    assert said(changed("b", **work))[0] == "land a; run 9 tests c alone on it"


def test_who_is_not_to_land_is_not_in_a_train() -> None:
    """It is tested alone, and set aside green: the next train goes without it."""
    assert said(changed("b", no_land=True))[0] == "land a; run 9 tests c alone on it"


def test_who_is_to_land_after_another_waits_for_that_landing() -> None:
    known = town(*SIX[:3], testing=(flight(8, "a"),), run_number=8)
    after = Dependency("b", "c", "blocks", created_by="overseer", metadata=collision.SERIAL)
    known = known.put(replace(known.beads["b"], dependencies=(after,)))
    assert said(known)[0] == "land a; run 9 tests c alone on it"


def test_what_was_put_first_waits_for_the_run_that_was_begun_before() -> None:
    begun = [entry("a", place=512.0), entry("b", place=513.0)]
    green, red_ = told(flight(8, "a", "b"), *begun, entry("c", first=5.0), SIX[3])
    assert green == "land a and b; run 9 tests c and d on them"
    assert red_.endswith("run 9 tests c, a, b and d")


def test_beads_are_called_as_they_are_called_where_it_is_read() -> None:
    known = town(*SIX[:2], testing=(flight(8, "a"),), run_number=8)
    assert said(known, name=str.upper)[0] == "land A; run 9 tests B alone on it"
