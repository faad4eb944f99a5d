"""Trains and runs in the town: what lands together is recorded together, and old ledgers are read as before."""

from __future__ import annotations

import msgspec
import pytest

from gastown_tui.model import events as e
from gastown_tui.model import town as towns
from gastown_tui.model.about import about
from gastown_tui.model.errors import Illegal
from gastown_tui.model.merge import RATE, learned
from tests.model.stories import TIP, Story


@pytest.fixture
def story() -> Story:
    """Three beads in the queue."""
    story = Story()
    for id in ("td-a", "td-b", "td-c"):
        story.create(id)
        story.to_refinery(id)
    return story


def test_a_train_lands_with_all_its_beads(story: Story) -> None:
    """The tip is the train's commit; each bead landed as its own merge."""
    train = story.depart("td-a", "td-b")
    assert [story.town.queue[id].state for id in ("td-a", "td-b", "td-c")] == ["landing", "landing", "queued"]
    story.arrive(train)
    assert story.town.tip == train.commit and story.town.train is None and set(story.town.queue) == {"td-c"}
    assert [story.bead(id).work.landed for id in train.beads] == list(train.steps)
    assert story.town.rate == learned(learned(RATE, False), False) < RATE


def test_a_train_that_git_refused_leaves_its_beads_queued(story: Story) -> None:
    """They wait with the reason, and may land later."""
    train = story.depart("td-a", "td-b")
    story.tell(e.TrainFailed(train.commit, "your edits are in the way", train.beads))
    assert story.town.tip == TIP and not story.bead("td-a").work.landing
    assert story.town.queue["td-b"].why == "your edits are in the way"
    story.arrive(story.depart("td-b"))
    assert story.bead("td-b").work.landed


def test_a_train_half_recorded_is_finished_and_never_given_up(story: Story) -> None:
    """The engine died between two records of a landing: what remains is recorded, then the tip moves."""
    train = story.depart("td-a", "td-b")
    story.tell(e.Landed("td-a", 1, train.steps[0]))
    assert story.town.tip == TIP
    for early in (e.TrainFailed(train.commit, "?", train.beads), e.TrainLanded(train.commit, train.beads)):
        with pytest.raises(Illegal):
            story.tell(early)
    story.tell(e.Landed("td-b", 1, train.steps[1]))
    assert story.tell(e.TrainLanded(train.commit, train.beads)).tip == train.commit


def test_nothing_untested_stands_on_a_train(story: Story) -> None:
    """A red tree, a tree of no run, and a second train while one is landing."""
    story.test("td-a", "td-b", ok=False)
    with pytest.raises(Illegal, match="did not pass"):
        story.depart_untested("td-a", "td-b")
    story.depart("td-c")
    with pytest.raises(Illegal, match="not settled"):
        story.depart("td-a")


def test_red_alone_then_red_in_company(story: Story) -> None:
    """The lanes an entry may take, counted, with whom it was red."""
    story.tell(e.Shunted("td-a", "confirm", "red alone"))
    assert story.town.queue["td-a"].lane == "confirm"
    town = story.tell(e.Shunted("td-a", "end", "red beside td-b", ("td-b",)))
    entry = town.queue["td-a"]
    assert (entry.lane, entry.tries, entry.beside) == ("", 1, ("td-b",)) and entry.entered == town.at


def test_what_a_run_alone_said_is_kept_until_the_lane_changes(story: Story) -> None:
    """In the confirm lane only its own run counts, not one that was begun before."""
    said = []
    story.test("td-a", ok=False)
    said.append(story.town.queue["td-a"].alone)
    story.tell(e.Shunted("td-a", "confirm", "red alone"))
    said.append(story.town.queue["td-a"].alone)
    story.test("td-a", ok=False)
    said.append(story.town.queue["td-a"].alone)
    story.test("td-a", kind="confirm")
    said.append(story.town.queue["td-a"].alone)
    assert said == [False, None, None, True] and story.town.queue["td-a"].came == 1


def test_events_of_a_train_concern_its_beads(story: Story) -> None:
    """`gt log td-a` tells of the runs and the train it was in."""
    story.arrive(story.depart("td-a", "td-b"))
    told = [type(r.event).__name__ for r in story.records if "td-b" in about(r.event)][-6:]
    assert told == ["Reviewed", "RunBegun", "RunEnded", "TrainBegun", "Landed", "TrainLanded"]


def test_an_old_ledger_is_read_as_it_was(story: Story) -> None:
    """A town's own record, and entries and verdicts, from before there were trains."""
    own = msgspec.json.decode(towns.scalars(story.town))
    for name in ("train", "run_number", "rate"):
        del own[name]
    old = {"bead": "td-a", "epoch": 1, "commit": "c", "entered": 1.0, "state": "queued"}
    parts = [("queue", "td-a", msgspec.json.encode(old)), ("runs", "t", b'{"tree":"t","gates":"g","ok":true,"at":1.0}')]
    town = towns.restore(msgspec.json.encode(own), parts)
    assert (town.train, town.run_number, town.rate) == (None, 0, RATE)
    assert town.queue["td-a"].lane == "" and town.runs["t"].ok
