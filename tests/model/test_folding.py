"""What each event refuses, and what the less obvious ones change."""

from __future__ import annotations

import pytest

from gastown_tui.model import events as e
from gastown_tui.model.bead import Review, Work
from gastown_tui.model.errors import Illegal
from gastown_tui.model.touching import touched
from tests.model.stories import TIP, Story, lease


@pytest.fixture
def story() -> Story:
    """A town where `a` is approved and queued, and `b` waits for it."""
    story = Story()
    story.create("td-a")
    story.create("td-b", "td-a")
    story.to_refinery("td-a")
    return story


REFUSED: dict[str, e.AnyEvent] = {
    "a candidate beside the tip": e.LandingBegun("td-a", 1, "m", "elsewhere"),
    "a candidate whose tree no gate saw": e.LandingBegun("td-a", 1, "m", TIP, "tree"),
    "a candidate of no tree that nobody allowed": e.LandingBegun("td-a", 1, "m", TIP),
    "a landing at an old epoch": e.LandingBegun("td-a", 0, "m", TIP),
    "a landing that did not begin": e.Landed("td-a", 1, "m"),
    "the failure of a landing that did not begin": e.LandingFailed("td-a", 1, "no"),
    "a bead that waits for another": e.Slung("td-b", lease("td-b", 1)),
    "a bead that somebody has": e.Slung("td-a", lease("td-a", 2)),
    "a bead that is not there": e.BeadMoved("td-x", "close"),
    "a move that needs more than its name": e.BeadMoved("td-a", "land"),
    "a move nobody knows": e.BeadMoved("td-a", "vanish"),
    "a verdict when none is due": e.Reviewed("td-a", 1, Review("witness", True, "td-a-e1")),
    "done twice": e.Submitted("td-a", 1, "c", 1),
    "an entry that is not queued": e.MergeTurned("td-b", "testing"),
    "an answer to nothing": e.Answered("n9", "retry"),
    "a turn of nobody": e.AgentTurned("quartz", "working"),
    "the end of nobody": e.AgentEnded("quartz", "over"),
    "yes to no plan": e.PlanDropped("p9", "no"),
    "a priority beyond four": e.BeadChanged("td-a", {"priority": 5}),
    "labels that are a number": e.BeadChanged("td-a", {"labels": 3}),
    "a field with a way of its own": e.BeadChanged("td-a", {"status": "closed"}),
    "a second founding": e.TownFounded("x", "main", "x", TIP),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refuses(story: Story, what: str) -> None:
    """Refused in words a person can read, and the town is as it was."""
    before = story.town
    with pytest.raises(Illegal) as refusal:
        story.tell(REFUSED[what])
    assert refusal.value.title.endswith(".") and story.town is before


@pytest.mark.parametrize(
    "event",
    [
        e.BeadMoved("td-a", "close"),
        e.BeadMoved("td-a", "release"),
        e.Conflicted("td-a", 1, TIP, ("x",), "why"),
        e.Gated("td-a", 1, TIP, "t", "g", Review("refinery", False, "m"), 1.0),
        e.MergeTurned("td-a", "queued"),
        e.LandingBegun("td-a", 1, "other", TIP, "t-td-a"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_nothing_comes_between_a_landing_and_its_end(story: Story, event: e.AnyEvent) -> None:
    """Git may be moving the target this instant: only the landing's own end settles it."""
    story.begin("td-a")
    with pytest.raises(Illegal):
        story.tell(event)
    story.tell(e.LandingFailed("td-a", 1, "in the way"))
    assert story.town.queue["td-a"].why == "in the way"
    story.tell(event)


def test_landing_makes_dependants_ready_and_moves_the_tip(story: Story) -> None:
    """`b` waited for `a` alone."""
    assert [b.id for b in story.town.in_column("backlog")] == ["td-b"]
    story.begin("td-a")
    town = story.tell(e.Landed("td-a", 1, "merge-td-a-e1"))
    assert town.tip == "merge-td-a-e1" and [b.id for b in town.ready()] == ["td-b"]
    bead = story.bead("td-a")
    assert (bead.status, bead.work.landed, bool(bead.closed_at)) == ("closed", "merge-td-a-e1", True)


def test_a_tip_that_moved_on_meanwhile_is_not_moved_back(story: Story) -> None:
    """Somebody moved the target after git landed ours and before that was recorded."""
    story.begin("td-a")
    story.tell(e.TipMoved("merge-td-a-e1", "later", known=True))
    assert story.tell(e.Landed("td-a", 1, "merge-td-a-e1")).tip == "later"


def test_a_verdict_on_an_earlier_commit_does_not_approve_a_later_one() -> None:
    """The witness was still reading the first commit when the second was handed in."""
    story = Story()
    story.create("td-a")
    story.sling("td-a")
    for commit in ("first", "second"):
        story.tell(e.Submitted("td-a", 1, commit, 1))
        story.tell(e.Checked("td-a", 1, Review("sheriff", commit == "second", commit, "red")))
    with pytest.raises(Illegal, match="looked at first"):
        story.tell(e.Reviewed("td-a", 1, Review("witness", True, "first")))


def test_a_new_bead_belongs_to_nobody() -> None:
    """A record may not bring its own lease or landing along; one that is closed already stays closed."""
    story = Story()
    for work in (Work(stage="refinery"), Work(lease=lease("td-a", 1)), Work(landed="m")):
        with pytest.raises(Illegal):
            story.create("td-a", work=work)
    assert story.create("td-a", status="closed").work.stage == "dropped"
    story.tell(e.BeadMoved("td-a", "reopen"))
    assert story.bead("td-a").status == "open"


def test_retry_forgives_deaths_and_returns() -> None:
    """The polecat and the witness of the bead both start from nought."""
    story = Story()
    story.create("td-a")
    story.sling("td-a")
    for name, role in (("obsidian", "polecat"), ("witness-td-a", "witness")):
        story.tell(e.AgentStarted(name, role, "s", "rehearsal", 9, 9, bead="td-a", epoch=1))
        story.tell(e.AgentEnded(name, "it died", expected=False))
    story.tell(e.Escalated(e.Need("n1", "bead", "died", 1.0, bead="td-a")))
    assert story.bead("td-a").work.held == "died"
    town = story.tell(e.Answered("n1", "retry", bead="td-a"))
    assert [agent.deaths for agent in town.agents.values()] == [0, 0] and not story.bead("td-a").work.held
    parts = touched(story.records[-1], town.agents)
    assert ("agents", "obsidian") in parts and ("agents", "witness-td-a") in parts


def test_a_bead_held_for_two_reasons_is_freed_by_two_answers() -> None:
    """Each need holds by itself."""
    story = Story()
    story.create("td-a")
    for number in (1, 2):
        story.tell(e.Escalated(e.Need(f"n{number}", "bead", f"reason {number}", 1.0, bead="td-a")))
    story.tell(e.Answered("n2", "retry", bead="td-a"))
    assert story.bead("td-a").work.held == "reason 1" and not story.town.ready()
    story.tell(e.Answered("n1", "retry", bead="td-a"))
    assert [b.id for b in story.town.ready()] == ["td-a"]


def test_release_needs_a_newer_epoch() -> None:
    """The next polecat is told apart from the last, whose late `gt done` is refused."""
    story = Story()
    story.create("td-a")
    story.sling("td-a")
    story.tell(e.BeadMoved("td-a", "release"))
    with pytest.raises(Illegal):
        story.tell(e.Slung("td-a", lease("td-a", 1)))
    story.sling("td-a", "quartz")
    with pytest.raises(Illegal, match="epoch 2"):
        story.tell(e.Submitted("td-a", 1, "late", 1))
    assert story.bead("td-a").work.stage == "working"


def test_a_pinned_or_missing_bead_holds_nothing_up() -> None:
    """Only what is open, or may come to be open again by itself, is waited for."""
    story = Story()
    story.create("td-a")
    story.create("td-b", "td-a", "td-missing")
    assert [b.id for b in story.town.ready()] == ["td-a"]
    story.tell(e.BeadMoved("td-a", "pin"))
    assert [b.id for b in story.town.ready()] == ["td-b"]
    story.create("td-missing")
    assert [b.id for b in story.town.ready()] == ["td-missing"]
    assert story.town.blockers(story.bead("td-b")) == ["td-missing"]
