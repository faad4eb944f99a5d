"""Landings that are taken back: straight into the queue, open again with their work named, and put back."""

from __future__ import annotations

import pytest

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.model.errors import Illegal
from gastown_tui.model.turns import KIND, Back, Turn
from tests.model.stories import Story, lease


def _undo(story: Story, id: str, *turns: Turn) -> None:
    """File a bead with such turns and put it into the queue."""
    work = Work(approved=True, back=Back(turns))
    story.tell(e.BeadCreated(beads.make(id, f"Revert {id}", "", issue_type=KIND, priority=0, work=work)))
    story.tell(e.Slung(id, lease(id, 1)))
    story.tell(e.UndoBegun(id, 1, f"r-{id}", 1))


@pytest.fixture
def story() -> Story:
    """A town where `td-a` has landed and `td-b`, which needs it, waits to be slung."""
    story = Story()
    story.create("td-a")
    story.create("td-b", "td-a")
    story.land("td-a")
    return story


def test_the_revert_is_queued_and_its_landing_leaves_what_it_says(story: Story) -> None:
    turn = Turn("td-a", 1, "merge-td-a-e1")
    _undo(story, "td-v", turn)
    assert story.town.column(story.bead("td-v")) == "refinery" and story.town.queue["td-v"].commit == "r-td-v"
    assert not [b for b in story.town.to_sling(9) if b.id == "td-v"], "no polecat gets it"
    story.begin("td-v")
    story.tell(e.Landed("td-v", 1, "merge-td-v-e1"))
    assert story.bead("td-v").work.back == Back((turn,))


def test_what_was_taken_back_is_open_for_nobody_yet_and_stands_again(story: Story) -> None:
    assert story.town.column(story.bead("td-b")) == "ready"
    story.tell(e.LandingUndone("td-a", 1, "td-v", "m", "undone/td-a-e1", "s" * 40))
    bead = story.bead("td-a")
    assert (bead.status, bead.closed_at, bead.close_reason, bead.work.landed) == ("open", "", "", "")
    assert story.town.column(bead) == "backlog" and not bead.work.go and bead.work.lease is None
    assert bead.work.back == Back((), "td-v", "undone/td-a-e1", "s" * 40)
    assert story.town.column(story.bead("td-b")) == "backlog", "what needs it waits again"
    story.tell(e.LandingRedone("td-a", 1, "td-w", "again", "onto"))
    bead = story.bead("td-a")
    assert (bead.status, bead.work.landed, bead.work.landed_onto, bead.work.back) == ("closed", "again", "onto", None)
    assert bead.closed_at and story.town.column(story.bead("td-b")) == "ready"


def test_work_that_went_on_is_not_put_back_over_it(story: Story) -> None:
    story.tell(e.LandingUndone("td-a", 1, "td-v", "m", "undone/td-a-e1", "s" * 40))
    story.tell(e.BeadApproved("td-a"))
    story.sling("td-a")
    for epoch in (1, 2):
        with pytest.raises(Illegal):
            story.tell(e.LandingRedone("td-a", epoch, "td-w", "again"))
    with pytest.raises(Illegal):
        story.tell(e.LandingUndone("td-a", 2, "td-v", "m", "b", "s"))


def test_a_bead_that_takes_nothing_back_does_not_pass_the_gates_by(story: Story) -> None:
    story.sling("td-b")
    with pytest.raises(Illegal, match="takes no landing back"):
        story.tell(e.UndoBegun("td-b", 1, "c"))
    with pytest.raises(Illegal, match="taken back"):
        story.create("td-c")
        story.tell(e.LandingRedone("td-c", 0, "td-w", "again"))
