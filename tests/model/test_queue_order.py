"""In what order the queue is taken, and which places the beads of a train get."""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.model.merge import MergeRequest
from gastown_tui.model.queue.order import STEP, ordered, placed


def entry(id: str, entered: float = 100.0, **fields: object) -> MergeRequest:
    """An entry of a bead."""
    return MergeRequest(id, 1, f"c-{id}", entered, **fields)  # type: ignore[arg-type]


def order(*entries: MergeRequest) -> str:
    """The ids in the order they are taken."""
    return " ".join(entry.bead for entry in ordered(entries))


def test_priority_counts_before_age_and_age_before_the_id() -> None:
    assert order(entry("b", 5.0), entry("a", 5.0), entry("c", 4.0), entry("d", 9.0, priority=1)) == "d c a b"


def test_who_waited_a_day_a_step_is_before_all_that_is_more_urgent() -> None:
    """So nothing starves, however many urgent ones keep coming."""
    low, urgent = entry("low", 0.0, priority=4), entry("urgent", 0.0, priority=0)
    just_before, just_after = (msgspec.structs.replace(urgent, entered=4 * STEP + by) for by in (-1.0, 1.0))
    assert order(low, just_before) == "urgent low"
    assert order(low, just_after) == "low urgent"


def test_what_is_landing_is_first_and_the_confirm_lane_last() -> None:
    found = order(
        entry("confirm", 1.0, priority=0, lane="confirm"), entry("queued", 50.0),
        entry("landing", 99.0, state="landing"),
    )  # fmt: skip
    assert found == "landing queued confirm"


def test_what_the_overseer_put_first_is_before_all_and_the_last_wish_counts_most() -> None:
    begun, urgent = entry("begun", 1.0, place=64.0), entry("urgent", 1.0, priority=0)
    assert order(begun, urgent, entry("old", 2.0, first=10.0), entry("new", 3.0, first=20.0)) == "new old begun urgent"


def test_what_has_begun_keeps_its_place_though_it_is_put_first() -> None:
    """It is in a train already: another place would make what is known of that train useless."""
    first, second = entry("first", place=64.0), entry("second", place=65.0, first=30.0)
    assert order(second, first) == "first second"


def test_what_has_begun_stays_before_newcomers_however_urgent() -> None:
    assert order(entry("urgent", 0.0, priority=0), entry("begun", 900.0, priority=4, place=64.0)) == "begun urgent"


def test_the_train_of_a_later_run_stands_behind_that_of_an_earlier_one() -> None:
    early = placed([entry("b"), entry("a")], 7)
    late = placed([entry("d", 1.0, priority=0), entry("c")], 8)
    assert order(*late, *early) == "b a d c"


def test_a_longer_train_leaves_the_places_there_are() -> None:
    """A prefix is tested beside a longer one: both begin alike, and so they go on."""
    short = placed([entry("a"), entry("b")], 3)
    longer = placed([*short, entry("c"), entry("d")], 4)
    assert [one.place for one in longer[:2]] == [one.place for one in short]
    assert order(*longer) == "a b c d"


def test_a_bead_put_ahead_of_those_that_have_begun_gets_a_place_before_theirs() -> None:
    known = placed([entry("a"), entry("b")], 3)
    found = placed([entry("first"), *known], 4)
    assert order(*found) == "first a b"


def test_several_put_ahead_keep_their_order_among_themselves() -> None:
    known = placed([entry("a"), entry("b")], 3)
    assert order(*placed([entry("y"), entry("x"), *known], 4)) == "y x a b"


IDS = [f"{n:02}" for n in range(12)]
ENTRIES = st.lists(
    st.builds(
        entry, st.sampled_from(IDS), st.floats(0.0, 9e5), priority=st.integers(0, 4),
        lane=st.sampled_from(["", "confirm"]), first=st.sampled_from([0.0, 0.0, 1.0, 2.0]),
        place=st.sampled_from([0.0, 0.0, 64.0, 65.0, 128.0]),
        state=st.sampled_from(["queued", "queued", "landing"]),
    ),
    max_size=10, unique_by=lambda one: one.bead,
)  # fmt: skip


@given(ENTRIES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_order_is_that_of_the_entries_and_not_of_how_they_came(entries: list[MergeRequest], chance: object) -> None:
    mixed = list(entries)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert ordered(mixed) == ordered(entries)
    for ahead, behind in itertools.pairwise(ordered(entries)):
        assert (ahead.state != "landing", ahead.lane != "") <= (behind.state != "landing", behind.lane != "")


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_prefixes_of_one_line_give_places_in_its_order(lengths: list[int]) -> None:
    """Whatever prefixes begin one after the other, those that have a place stand as the line stood."""
    line = [entry(id, float(n)) for n, id in enumerate(reversed(IDS))]
    for number, length in enumerate(lengths, 1):
        line = [*placed(line[:length], number), *line[length:]]
    assert [one.bead for one in ordered(line)] == list(reversed(IDS))
