"""The small parts of the model: ids, plans, errors, the lifecycle's table, and a restored town that cannot be read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.model import convoy, errors, ids, lifecycle, town
from gastown_tui.model.convoy import Plan, PlannedBead
from gastown_tui.model.errors import GasTownError, Refused
from tests.model.stories import Story


def test_ids_are_short_stable_and_free() -> None:
    """The same seed gives the same id while it is free, and another when it is taken."""
    first = ids.bead_id("td", "seed", set(), 0)
    assert first == ids.bead_id("td", "seed", set(), 0) and len(first) == len("td-") + 3
    assert ids.bead_id("td", "seed", {first}, 0) != first
    taken: set[str] = set()
    for number in range(3_000):
        taken.add(ids.bead_id("td", str(number), taken, len(taken)))
    assert len(taken) == 3_000 and max(map(len, taken)) <= len("td-") + 5


@given(st.integers(0, 10**9))
def test_lengths_grow_with_the_town(count: int) -> None:
    """The shortest length whose chance of a collision is at most a quarter (interop.md)."""
    length = ids.length_for(count)
    assert 3 <= length <= 8 and ids.length_for(count + 1) >= length


def test_numbered_ids_skip_those_taken() -> None:
    """Plans, convoys and needs count on."""
    assert ids.numbered("n", {"n1", "n2"}, 1) == "n3"


def _plan(*beads: PlannedBead) -> Plan:
    return Plan("Auth", beads)


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (_plan(), "at least one"),
        (Plan(" ", (PlannedBead("a", "A"),)), "title"),
        (_plan(PlannedBead("a", "A"), PlannedBead("a", "B")), "twice"),
        (_plan(PlannedBead("a", " ")), "lacks"),
        (_plan(PlannedBead("a", "A", needs=("b",))), "does not have"),
        (_plan(PlannedBead("a", "A", priority=5)), "priority"),
        (_plan(PlannedBead("a", "A", needs=("b",)), PlannedBead("b", "B", needs=("a",))), "circle: a, b"),
        (_plan(PlannedBead("a", "A", needs=("a",))), "circle: a"),
    ],
)
def test_plans_that_could_not_be_carried_out_are_refused(plan: Plan, word: str) -> None:
    """In words that say which bead."""
    with pytest.raises(Refused, match=word) as refusal:
        convoy.check(plan)
    assert "not filed" in refusal.value.hint


def test_waves_need_only_earlier_ones() -> None:
    """A wave may run at once."""
    beads = [PlannedBead("c", "C", needs=("a", "b")), PlannedBead("b", "B", needs=("a",)), PlannedBead("a", "A")]
    assert [[bead.key for bead in wave] for wave in convoy.waves(beads)] == [["a"], ["b"], ["c"]]


def test_every_move_names_real_stages_and_each_stage_is_reached() -> None:
    """The table is whole: no move from or to a stage that is not there, none without a way in."""
    for move in lifecycle.MOVES.values():
        assert move.sources <= set(lifecycle.STAGES) and move.target in lifecycle.STAGES
        assert move.status is None or move.status in lifecycle.STATUSES
    assert {move.target for move in lifecycle.MOVES.values()} == set(lifecycle.STAGES)
    assert set(itertools.chain(*(move.sources for move in lifecycle.MOVES.values()))) == set(lifecycle.STAGES)


def test_errors_carry_their_exit_codes_across_the_door() -> None:
    """Each code gives back the class that carries it."""
    assert {code: kind.code for code, kind in errors.BY_CODE.items()} == {code: code for code in range(1, 7)}
    assert str(GasTownError("It failed.", "Try again.")) == "It failed. Try again."


def test_a_town_that_cannot_be_read_says_which_record() -> None:
    """A read error is never an empty town."""
    story = Story()
    story.create("td-a")
    own = town.scalars(story.town)
    for broken in ([("beads", "td-a", b"{")], [("agents", "quartz", b"[]")], [("vanish", "x", b"{}")]):
        with pytest.raises(GasTownError):
            town.restore(own, broken)
    with pytest.raises(GasTownError, match="own record"):
        town.restore(b"{}", [])
    assert town.encode_part(story.town, "beads", "td-x") is None


def test_a_bead_is_found_by_the_end_of_its_id() -> None:
    """People leave the prefix out."""
    story = Story()
    story.create("td-5e2")
    assert story.town.bead("5e2") is story.town.bead("td-5e2")
    with pytest.raises(Refused, match="no bead"):
        story.town.bead("5e")
