"""What config.toml says of testing each change alone first is what the Refinery does, and what the queue says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from gastown_tui.cli import queue_words
from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery.thinking import Thinking
from gastown_tui.model import events as e
from gastown_tui.model.merge import TestRun
from gastown_tui.model.queue import pregate
from gastown_tui.model.queue.outlook import outlook
from tests.benchmarks.queueing.whole import GATES, Merges
from tests.model.stories import TIP, Story

ALL = ("td-a", "td-b", "td-c")


def three() -> Story:
    """Three beads in the queue."""
    story = Story()
    for id in ALL:
        story.create(id)
        story.to_refinery(id)
    return story


@pytest.mark.parametrize(("how", "begins"), [("on", ("td-a",)), ("off", ALL), ("auto", ALL)])
def test_as_it_is_set_so_it_is_tested(how: str, begins: tuple[str, ...]) -> None:
    """With one slot and hardly anything red, auto is off."""
    base = cast(Base, SimpleNamespace(repo=None, config=SimpleNamespace(pregate=how)))
    story = three()
    view = Thinking(base, Merges()).look(story.town, story.town.tip, GATES, 1)
    assert (view.decision.start, view.pregated) == ((begins,), how == "on")


def test_what_follows_is_told_as_it_is_set() -> None:
    story = three()
    story.tell(e.RunBegun(TestRun(1, "train", TIP, (story.town.queue["td-a"].car,), "c", "t", GATES, 1)))
    for how, then in (("on", "td-b alone"), ("off", "td-b and td-c")):
        told = dict(outlook(story.town, 1, pregate=how))["if run 1 is green"]
        assert told == f"land td-a; run 2 tests {then} on it"


def test_the_queue_says_that_each_is_tested_alone_and_why() -> None:
    notes: dict[str, str] = {}
    for how, why in (("on", 'pregate = "on"'), ("auto", "25% of the last changes were red")):
        pregate.note(notes, how, 0.25)
        shown = list(queue_words.lines(queue_words.document(three().town, notes)))
        assert shown[1] == f"Each change is tested alone before it joins the line ({why})"
    pregate.note(notes, "off", 0.25)
    assert notes == {}
