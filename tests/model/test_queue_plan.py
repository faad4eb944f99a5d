"""The queue's plan: each rule by an example, and what must hold whatever the changes are like."""

from __future__ import annotations

from collections.abc import Mapping

from gastown_tui.model.merge import Car
from gastown_tui.model.queue.plan import Beads, Decision, Past, Sight, plan

RATE = 0.08  # six changes a batch


def sight(
    line: str,
    known: Mapping[str, bool] | None = None,
    running: tuple[str, ...] = (),
    slots: int = 1,
    confirm: str = "",
    past: Mapping[str, Past] | None = None,
    rate: float = RATE,
) -> Sight:
    """A queue of beads called by single letters; `known` verdicts and runs are words of them."""
    told = {tuple(word): ok for word, ok in (known or {}).items()}
    cars, aside = (tuple(Car(bead, 1, f"c{bead}") for bead in word) for word in (line, confirm))
    return Sight(cars, aside, told.get, tuple(tuple(run) for run in running), slots, rate, past=past or {})


def words(runs: tuple[Beads, ...]) -> list[str]:
    return ["".join(run) for run in runs]


def test_an_empty_queue_has_nothing_to_do() -> None:
    assert plan(sight("")) == Decision()


def test_with_every_slot_taken_by_others_nothing_begins() -> None:
    """The bare tip may be tested in the only slot while one that was red alone asks for it."""
    past = {"x": Past(waited=99)}
    assert not plan(sight("ab", slots=0, confirm="x", past=past)).start


def test_one_slot_tests_a_batch() -> None:
    assert words(plan(sight("abcdefghij")).start) == ["abcdef"]
    assert plan(sight("abcdefghij", running=("abcdef",))) == Decision()


def test_two_slots_test_growing_prefixes() -> None:
    assert words(plan(sight("abcdefghijklmno", slots=2)).start) == ["abcdef", "abcdefghijkl"]


def test_a_green_prefix_lands_whole_and_what_follows_is_tested_on_it() -> None:
    found = plan(sight("abcdefgh", {"abc": True}))
    assert found.land == ("a", "b", "c")
    assert words(found.start) == ["abcdefgh"]


def test_the_longest_green_prefix_lands_even_if_a_shorter_one_was_red() -> None:
    """The tree that was tested is green; the red one was a flaky test, or was mended by what follows."""
    assert plan(sight("abcd", {"ab": False, "abc": True})).land == ("a", "b", "c")


def test_a_red_prefix_is_narrowed_inside_itself() -> None:
    assert words(plan(sight("abcdefgh", {"abcdef": False})).start) == ["abc"]
    assert words(plan(sight("abcdefgh", {"abcdef": False}, slots=2)).start) == ["ab", "abcd"]


def test_the_last_of_a_red_prefix_is_the_one_when_all_before_it_are_green() -> None:
    found = plan(sight("abcdefgh", {"abc": False, "ab": True}))
    assert (found.land, found.confirm) == (("a", "b"), ("c",))
    assert words(found.start) == ["abdefgh"]


def test_red_alone_moves_to_the_confirm_lane_and_blocks_nobody() -> None:
    found = plan(sight("abc", {"a": False}))
    assert found.confirm == ("a",)
    assert words(found.start) == ["bc"]


def test_later_knowledge_stops_runs_that_do_not_matter_any_more() -> None:
    found = plan(sight("abcdef", {"ab": False}, running=("abcd", "abcdef"), slots=3))
    assert words(found.stop) == ["abcd", "abcdef"]
    found = plan(sight("abcdef", {"abcd": True}, running=("ab", "abcdef"), slots=3))
    assert words(found.stop) == ["ab"]


def test_the_confirm_lane_has_the_lowest_priority_unless_it_waited_long() -> None:
    assert words(plan(sight("ab", confirm="x")).start) == ["ab"]
    assert words(plan(sight("ab", running=("ab",), slots=2, confirm="x")).start) == ["a"]
    assert words(plan(sight("a", running=("a",), slots=2, confirm="x")).start) == ["x"]
    assert words(plan(sight("ab", confirm="x", past={"x": Past(waited=99)})).start) == ["x"]


def test_a_run_alone_waits_for_the_tip_that_a_train_is_about_to_be() -> None:
    found = plan(sight("ab", {"ab": True}, confirm="x"))
    assert (found.land, found.start) == (("a", "b"), ())


def test_red_again_alone_goes_back() -> None:
    assert plan(sight("", confirm="x", past={"x": Past(alone=False)})).back == ("x",)


def test_green_alone_but_red_in_company_stands_in_line_again_three_times_at_most() -> None:
    once, thrice = Past(alone=True, beside=("a",)), Past(alone=True, tries=2)
    assert plan(sight("", confirm="x", past={"x": once})).requeue == (("x", ("a",)),)
    assert plan(sight("", confirm="x", past={"x": thrice})).back == ("x",)


def test_green_alone_on_this_very_tip_lands_where_it_is_in_nobodys_way() -> None:
    past = {"x": Past(alone=True, beside=("a",), lands=True)}
    assert plan(sight("cd", {"x": True}, confirm="x", past=past)).land == ("x",)
    assert plan(sight("ab", {"x": True}, confirm="x", past=past)).requeue == (("x", ("a",)),)
    assert plan(sight("cd", {"x": True}, running=("cd",), confirm="x", past=past)).land == ()
    assert plan(sight("cd", confirm="x", past=past)).land == ()


def test_a_small_red_stretch_is_also_tested_without_each_suspect() -> None:
    found = plan(sight("abcd", {"ab": False}, slots=3))
    assert words(found.start) == ["a", "acd", "bcd"]
    found = plan(sight("abcd", {"ab": False, "acd": True}, running=("bcd", "a"), slots=3))
    assert (words((found.land,)), found.confirm, words(found.stop)) == (["acd"], ("b",), ["bcd", "a"])


def test_many_culprits_on_many_slots_mean_a_run_alone_first() -> None:
    assert words(plan(sight("abc", slots=8, rate=0.2)).start) == ["a", "b", "c"]
    passed = {"a": Past(alone=True), "b": Past(alone=False), "c": Past(alone=True)}
    found = plan(sight("abcd", slots=8, rate=0.16, past=passed))
    assert (found.confirm, words(found.start)[0], found.alone) == (("b",), "ac", ("d",))
    assert words(plan(sight("abcd", slots=8, rate=0.16)).start)[0] == "abc"


def test_what_is_put_first_goes_behind_a_run_in_flight_and_before_all_else() -> None:
    begun = {bead: Past(begun=True) for bead in "abcd"}
    assert words(plan(sight("xabcd", running=("ab",), slots=2, past=begun)).start) == ["abxcd"]
    assert words(plan(sight("xabcd", past=begun)).start) == ["xabcd"]
