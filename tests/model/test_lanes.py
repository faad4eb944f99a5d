"""Convoys with an integration branch in the town: where each bead lands, who may build on what, and what is refused."""

from __future__ import annotations

import msgspec
import pytest

from gastown_tui.model import events as e
from gastown_tui.model import town as towns
from gastown_tui.model.bead import Work
from gastown_tui.model.convoy import Convoy, Draft, Plan, PlannedBead
from gastown_tui.model.errors import Illegal
from gastown_tui.model.merge import CLOSING, GateRun, TestRun, Train
from gastown_tui.model.queue import lanes
from gastown_tui.model.queue.standing import queue_line
from gastown_tui.model.touching import touched
from tests.model.stories import TIP, Story

REPLACE = msgspec.structs.replace


def work(convoy: str) -> Work:
    """Of an approved bead of a convoy."""
    return Work(approved=True, convoy=convoy)


@pytest.fixture
def story() -> Story:
    """A convoy of a and b, which needs a; c is in none and needs a, too; d is in none."""
    story = Story()
    story.create("td-a", work=work("c1"))
    story.create("td-b", "td-a", work=work("c1"))
    story.create("td-c", "td-a")
    story.create("td-d")
    story.tell(e.PlanSubmitted(Draft("p1", Plan("Parts", (PlannedBead("k", "k"),)), 1, "mayor", 1.0, convoy="c1")))
    story.tell(e.PlanApproved("p1", Convoy("c1", "Parts", ("td-a", "td-b"), 1.0, "p1", "staging/c1"), {}))
    return story


def stage(story: Story, id: str) -> Train:
    """A bead goes all the way onto its convoy's branch."""
    if id not in story.town.queue:
        story.to_refinery(id)
    run = story.test(id)
    onto = lanes.tip(story.town, "c1")
    car = story.town.queue[id].car
    train = Train((car,), (f"on-{id}",), f"on-{id}", onto, run.tree, run.number, 3.0, into="c1")
    story.tell(e.TrainBegun(train))
    story.tell(e.Staged(id, car.epoch, f"on-{id}"))
    story.tell(e.TrainLanded(train.commit, train.beads, "c1", True))
    return train


def close(story: Story) -> Train:
    """The branch is tested with the target, and departs."""
    convoy = story.town.convoys["c1"]
    beads = lanes.staged(story.town, convoy)
    cars = tuple(story.town.queue[bead.id].car for bead in beads)
    number = story.town.run_number + 1
    story.tell(e.RunBegun(TestRun(number, CLOSING, story.town.tip, cars, "all", "t-all", "g", 1, 1.0)))
    ids = tuple(bead.id for bead in beads)
    story.tell(e.RunEnded(GateRun("t-all", "g", True, 2.0, 1.0, "", number, CLOSING, story.town.tip, ids, "all")))
    steps = tuple(bead.work.staged for bead in beads)
    train = Train(cars, steps, "all", story.town.tip, "t-all", number, 3.0, closes="c1")
    story.tell(e.TrainBegun(train))
    return train


def test_on_its_branch_a_bead_is_not_landed_and_only_its_convoy_builds_on_it(story: Story) -> None:
    """The target stands still; b may begin, on the branch; c waits until all of it has landed."""
    stage(story, "td-a")
    town = story.town
    assert (town.tip, town.convoys["c1"].tip, town.last) == (TIP, "on-td-a", None)
    bead = story.bead("td-a")
    assert (bead.work.stage, bead.status, bead.work.staged) == ("refinery", "in_progress", "on-td-a")
    assert [b.id for b in town.ready()] == ["td-b", "td-d"] and town.blockers(story.bead("td-c")) == ["td-a"]
    assert (lanes.base(town, story.bead("td-b")), lanes.base(town, story.bead("td-d"))) == ("on-td-a", TIP)
    spot = queue_line(town, town.at).spots[0]
    assert (spot.state, spot.into) == ("staged", "staging/c1") and "waits for td-b (ready)" in spot.why
    assert not lanes.complete(town)


def test_the_branch_lands_as_one_and_then_all_of_it_counts(story: Story) -> None:
    """The tip moves once; both beads are landed by their own commits, and the lane is the target's again."""
    stage(story, "td-a")
    stage(story, "td-b")
    assert [convoy.id for convoy in lanes.complete(story.town)] == ["c1"] and story.town.tip == TIP
    train = close(story)
    for car, step in zip(train.cars, train.steps, strict=True):
        story.tell(e.Landed(car.bead, car.epoch, step))
    town = story.tell(e.TrainLanded("all", train.beads, "c1"))
    assert (town.tip, town.convoys["c1"].landed) == ("all", "all") and not town.queue
    assert [story.bead(id).work.landed for id in ("td-a", "td-b")] == ["on-td-a", "on-td-b"]
    assert not story.bead("td-a").work.staged and [b.id for b in town.ready()] == ["td-c", "td-d"]
    assert lanes.of(town, story.bead("td-a")) == "" and not lanes.complete(town)


def test_who_waits_for_a_bead_of_a_convoy_waits_for_all_of_it(story: Story) -> None:
    """The branch lands when b is on it: who needs a cannot be waited for by b. What b is to have, it merges."""
    stage(story, "td-a")
    town = story.town
    assert lanes.circular(town, "td-c", "td-b") and not lanes.circular(town, "td-c", "td-d")
    assert not lanes.circular(town, "td-d", "td-b") and not lanes.circular(town, "td-b", "td-d")
    bead = story.bead("td-b")
    assert lanes.where(town, bead, ["td-a"], "main") == ["staging/c1"] and lanes.where(town, bead, [], "main") == []
    assert lanes.where(town, bead, ["td-d", "td-a"], "main") == ["staging/c1", "main"]
    assert lanes.where(town, story.bead("td-d"), ["td-a"], "main") == ["main"]


def test_a_dropped_bead_is_not_waited_for_and_a_new_one_is(story: Story) -> None:
    """What is closed without landing lets the rest go; a bead filed to mend the branch joins the convoy."""
    stage(story, "td-a")
    story.tell(e.BeadMoved("td-b", "close", "not wanted"))
    assert lanes.complete(story.town)
    story.create("td-m", work=work("c1"))
    assert [bead.id for bead in lanes.missing(story.town, story.town.convoys["c1"])] == ["td-m"]
    assert ("convoys", "c1") in touched(story.records[-1], story.town.agents)


@pytest.mark.parametrize("move", ["close", "release", "set_aside"])
def test_what_stands_on_the_branch_is_not_taken_out_of_it(story: Story, move: str) -> None:
    """It would land all the same; who asks is told when it can be undone."""
    stage(story, "td-a")
    with pytest.raises(Illegal, match="on staging/c1 already"):
        story.tell(e.BeadMoved("td-a", move))


def test_a_train_lands_only_where_its_beads_do(story: Story) -> None:
    """Not past the branch onto the target, not onto the branch of another, not twice onto it, not half a convoy."""
    stage(story, "td-a")
    story.to_refinery("td-d")
    run = story.test("td-d")
    car = story.town.queue["td-d"].car
    with pytest.raises(Illegal, match="does not land there"):
        story.tell(e.TrainBegun(Train((car,), ("x",), "x", "on-td-a", run.tree, run.number, into="c1")))
    staged = story.town.queue["td-a"].car
    with pytest.raises(Illegal, match="does not land there"):
        story.tell(e.TrainBegun(Train((staged,), ("x",), "x", TIP, run.tree, run.number)))
    with pytest.raises(Illegal, match="does not land there"):
        story.tell(e.TrainBegun(Train((staged,), ("x",), "x", TIP, run.tree, run.number, closes="c1")))
    with pytest.raises(Illegal, match="stands on"):
        story.tell(e.TrainBegun(Train((staged,), ("on-td-a",), "x", "old", run.tree, run.number, closes="c1")))


def test_a_closing_that_git_refused_leaves_all_on_the_branch(story: Story) -> None:
    """They wait with the reason, and are staged again when it is over."""
    stage(story, "td-a")
    stage(story, "td-b")
    train = close(story)
    story.tell(e.TrainFailed("all", "your edits are in the way", train.beads))
    assert {m.state for m in story.town.queue.values()} == {"waiting"}
    for id in train.beads:
        story.tell(e.MergeTurned(id, "queued"))
    assert {m.state for m in story.town.queue.values()} == {"staged"} and lanes.complete(story.town)


def test_the_ledger_has_it_and_old_ones_are_read_as_before(story: Story) -> None:
    """A convoy without a branch is written as it always was; one with a branch comes back as it was."""
    stage(story, "td-a")
    parts = [(*part, data) for part in towns.parts(story.town)
             if (data := towns.encode_part(story.town, *part)) is not None]  # fmt: skip
    back = towns.restore(towns.scalars(story.town), parts)
    assert back.convoys == story.town.convoys and back.beads == story.town.beads and back.ready() == story.town.ready()
    old = msgspec.json.decode(b'{"id":"c9","title":"Old","beads":["td-d"],"at":1.0}', type=Convoy)
    assert not old.branch and b"branch" not in msgspec.json.encode(old)
