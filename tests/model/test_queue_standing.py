"""Who stands where in the merge queue, why each entry waits, and when it may land."""

from __future__ import annotations

from immutables import Map

from gastown_tui.model.bead import Work, make
from gastown_tui.model.events import Need
from gastown_tui.model.merge import Car, GateRun, MergeRequest, TestRun, Train
from gastown_tui.model.queue.standing import Line, joined, of_tip, queue_line
from gastown_tui.model.town import Town

NOW = 1_000.0


def entry(id: str, **fields: object) -> MergeRequest:
    """An entry that came in the order of its id."""
    return MergeRequest(id, 1, f"c-{id}", 10.0 * (1 + "abcdefgh".index(id)), **fields)  # type: ignore[arg-type]


def red(number: int, *beads: str) -> GateRun:
    """A red run of these on the present tip."""
    return GateRun(f"t{number}", "g", False, 900.0 + number, 60.0, "no", number, "train", "tip", beads, f"m{number}")


def flight(number: int, *beads: str, began: float = NOW - 20) -> TestRun:
    """A run in flight."""
    return TestRun(number, "train", "tip", tuple(Car(id, 1, f"c-{id}") for id in beads), "m", "t", "g", 1, began)


def town(*entries: MergeRequest, runs: tuple[GateRun, ...] = (), testing: tuple[TestRun, ...] = (),
         **fields: object) -> Town:  # fmt: skip
    """A town whose tip is `tip`, and whose last green run took 60 seconds."""
    made = Town(tip="tip", target="main")
    for m in entries:
        made = made.put(make(m.bead, f"Title {m.bead}", "2026-01-01T00:00:00Z", work=Work(stage="refinery")))
    green = GateRun("t0", "g", True, 800.0, 60.0, number=1, commit="tip")
    known = {run.tree: run for run in (green, *runs)}
    return made.with_(
        queue=Map({m.bead: m for m in entries}), runs=Map(known), testing=Map({run.number: run for run in testing}),
        **fields,
    )  # fmt: skip


def states(line: Line) -> list[tuple[str, str]]:
    """Bead and state, in order."""
    return [(spot.bead, spot.state) for spot in line.spots]


def test_what_was_put_first_comes_before_priority_and_age_and_the_confirm_lane_last() -> None:
    found = queue_line(
        town(entry("a", lane="confirm"), entry("b", priority=2), entry("c", priority=0), entry("d", first=5.0)), NOW
    )
    assert [(spot.place, spot.bead) for spot in found.spots] == [(1, "d"), (2, "c"), (3, "b"), (4, "a")]


def test_each_says_why_it_waits() -> None:
    found = queue_line(
        town(
            entry("a"), entry("b"), entry("c"), entry("d"), entry("e", hold="not before Monday"),
            entry("f", state="waiting", why="your edits are in the way: a.py"),
            entry("g", lane="confirm"), entry("h", tries=1, beside=("a",)),
            runs=(red(7, "a", "b", "c", "d"),), testing=(flight(8, "a", "b"),),
        ),
        NOW,
        name=str.upper,
    )  # fmt: skip
    assert {spot.bead: (spot.state, spot.why) for spot in found.spots} == {
        "a": ("testing", "run 8 tests it with B"),
        "b": ("testing", "run 8 tests it with A"),
        "c": ("suspect", "red in run 7 with A, B and D; run 8 looks for the culprit"),
        "d": ("suspect", "red in run 7 with A, B and C; run 8 looks for the culprit"),
        "e": ("held", "you hold it: not before Monday"),
        "f": ("waiting", "your edits are in the way: a.py"),
        "g": ("confirm", "red alone; once more by itself, behind the others"),
        "h": ("queued", "red beside A, green alone; again at the end, after run 8"),
    }


def test_what_is_green_is_not_said_to_be_tested_again() -> None:
    """It lands at once, or nobody can say when: the remote does not answer."""
    runs = (GateRun("t7", "g", True, 907.0, 60.0, "", 7, "train", "tip", ("a", "b"), "m7"),)
    ready = town(entry("a"), entry("b"), entry("c"), runs=runs)
    found = {spot.bead: (spot.why, spot.lands) for spot in queue_line(ready, NOW).spots}
    assert found["a"] == found["b"] == ("run 7 was green; it lands next", 0.0)
    assert found["c"] == ("it is tested in the next run", 60.0)
    silent = ready.with_(needs=Map({"n1": Need("n1", "remote", "origin does not answer", NOW)}))
    waits = {spot.bead: (spot.why, spot.lands) for spot in queue_line(silent, NOW).spots}
    assert waits["a"] == waits["b"] == ("run 7 was green; origin does not answer", None)
    other = queue_line(town(entry("a", first=5.0), entry("b"), entry("c", first=6.0), runs=runs), NOW)
    assert {spot.why for spot in other.spots} == {"it is tested in the next run"}, "not in this order"


def test_a_red_run_on_another_tip_accuses_nobody() -> None:
    old = town(entry("a"), runs=(red(7, "a"),)).with_(tip="newer")
    assert states(queue_line(old, NOW)) == [("a", "queued")]


def test_a_red_run_still_accuses_those_behind_what_landed_of_it() -> None:
    train = Train((Car("a", 1, "c-a"),), ("tip",), "newer", "tip", "t8", 8)
    behind = town(entry("b"), entry("c"), runs=(red(7, "a", "b"),)).with_(tip="newer", last=train)
    assert states(queue_line(behind, NOW)) == [("b", "suspect"), ("c", "queued")]


def test_what_is_tested_lands_when_its_run_ends_and_the_rest_a_batch_a_run() -> None:
    found = queue_line(town(*(entry(id) for id in "abcde"), testing=(flight(8, "a", "b"),)), NOW, slots=1, batch=2)
    assert [spot.lands for spot in found.spots] == [40.0, 40.0, 100.0, 100.0, 160.0]
    assert (found.next, found.all) == (40.0, 160.0)


def test_a_run_that_is_late_is_nearly_over_and_never_overdue() -> None:
    late = town(entry("a"), testing=(flight(8, "a", began=NOW - 600),))
    assert [spot.lands for spot in queue_line(late, NOW).spots] == [6.0]


def test_nobody_says_when_what_is_held_may_land() -> None:
    found = queue_line(town(entry("a", hold="later"), entry("b")), NOW)
    assert {spot.bead: spot.lands for spot in found.spots} == {"a": None, "b": 60.0}
    paused = queue_line(town(entry("b"), holds=Map({"queue": "paused by you"})), NOW)
    assert (paused.spots[0].lands, paused.spots[0].why) == (None, "the train is paused by you")
    assert (paused.next, paused.all) == (None, None)


def test_what_is_known_of_the_tip_is_the_newest_run_on_it() -> None:
    base = town()
    assert (run := of_tip(base)) is not None and run.ok
    bare = GateRun("t9", "g", False, 950.0, number=9, kind="tip", base="tip", commit="tip")
    assert (run := of_tip(base.with_(runs=base.runs.set("t9", bare)))) is not None and not run.ok
    assert of_tip(base.with_(tip="unknown")) is None


def test_a_train_landed_under_another_commit_than_was_tested_and_its_tree_is_known() -> None:
    train = Train((Car("a", 1, "c-a"), Car("b", 1, "c-b")), ("m1", "m2"), "whole", "tip", "t8", 8)
    known = town(runs=(GateRun("t8", "g", True, 960.0, 60.0, number=8, commit="m2"),)).with_(tip="whole", last=train)
    assert (run := of_tip(known)) is not None and run.number == 8


def test_names_are_joined_and_the_many_counted() -> None:
    assert [joined("abcdef"[:n]) for n in (0, 1, 2, 3, 6)] == ["", "a", "a and b", "a, b and c", "a, b, c and 3 others"]
