"""A branch a formatter rewrote, and pull requests: who waits for what, and what is refused."""

from __future__ import annotations

import pytest

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Review
from gastown_tui.model.errors import Illegal
from gastown_tui.model.merge import PullRequest
from tests.model.stories import Story


@pytest.fixture
def story() -> Story:
    """A bead in the queue whose pull request is open."""
    story = Story()
    story.create("td-a")
    story.to_refinery("td-a")
    commit = story.bead("td-a").work.commit
    story.tell(e.RequestOpened("td-a", 1, PullRequest(12, "https://x/12", "gt/td-a", commit, 5.0)))
    return story


def test_a_request_is_kept_with_the_bead_and_the_entry_waits(story: Story) -> None:
    entry = story.town.queue["td-a"]
    assert (entry.state, entry.why) == ("requested", "pull request #12")
    assert beads.decode(beads.encode(story.bead("td-a"))) == story.bead("td-a")


def test_what_is_merged_has_landed(story: Story) -> None:
    story.tell(e.RequestMerged("td-a", 1, "m" * 40, "ada"))
    bead = story.bead("td-a")
    assert (bead.status, bead.work.stage, bead.work.landed) == ("closed", "landed", "m" * 40)
    assert not story.town.queue and bead.work.request is not None


def test_what_is_sent_back_keeps_its_request_and_what_was_dealt_with(story: Story) -> None:
    review = Review("pull request", False, "", "ada asks for a test")
    story.tell(e.RequestReturned("td-a", 1, review, "2026-01-02T00:00:00Z"))
    work = story.bead("td-a").work
    assert (work.stage, work.returns[-1].reason) == ("working", "ada asks for a test") and not story.town.queue
    assert work.request is not None and (work.request.number, work.request.seen) == (12, "2026-01-02T00:00:00Z")
    with pytest.raises(Illegal):
        story.tell(e.RequestMerged("td-a", 1, "m" * 40))


def test_what_is_closed_is_queued_without_a_request(story: Story) -> None:
    story.tell(e.RequestClosed("td-a", 1, "ada"))
    assert story.bead("td-a").work.request is None and story.town.queue["td-a"].state == "queued"
    with pytest.raises(Illegal, match="waits for no pull request"):
        story.tell(e.RequestClosed("td-a", 1))


def test_a_bead_that_was_closed_loses_its_request(story: Story) -> None:
    story.tell(e.BeadMoved("td-a", "close", "not wanted"))
    assert story.bead("td-a").work.request is not None
    story.tell(e.RequestClosed("td-a", 1, left=True))
    assert story.bead("td-a").work.request is None and story.bead("td-a").status == "closed"
    with pytest.raises(Illegal):
        story.tell(e.RequestClosed("td-a", 1))


def test_a_request_is_of_what_is_queued_and_of_nothing_else(story: Story) -> None:
    with pytest.raises(Illegal, match="not queued at"):
        story.tell(e.RequestOpened("td-a", 1, PullRequest(12, "u", "b", "other")))
    with pytest.raises(Illegal, match="epoch"):
        story.tell(e.RequestMerged("td-a", 2, "m"))


def test_only_what_is_at_the_sheriff_is_rewritten() -> None:
    story = Story()
    story.create("td-a")
    story.to_refinery("td-a")
    with pytest.raises(Illegal):
        story.tell(e.Rewritten("td-a", 1, "c", "fmt"))
    story.tell(e.RequestOpened("td-a", 1, PullRequest(1, "u", "b", story.bead("td-a").work.commit)))
    story.tell(e.RequestReturned("td-a", 1, Review("pull request", False, "", "no")))
    story.tell(e.Submitted("td-a", 1, "c2", 1))
    story.tell(e.Rewritten("td-a", 1, "c3", "fmt", ("a.py",)))
    assert (story.bead("td-a").work.commit, story.bead("td-a").work.commits) == ("c3", 2)
    story.tell(e.Checked("td-a", 1, Review("sheriff", True, "c3")))
    assert story.bead("td-a").work.stage == "witness"
