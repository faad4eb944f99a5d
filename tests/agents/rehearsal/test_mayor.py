"""The rehearsal Mayor: plans, revisions, answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gastown_tui.agents import prompts
from gastown_tui.agents.rehearsal import mayor, play
from tests.agents.rehearsal.stage import Stage

PLAN = {"title": "Two", "beads": [{"key": "b", "title": "Second", "needs": ["a"], "files": ["b.py"]},
                                  {"key": "a", "title": "First", "needs": [], "estimated_minutes": 5}]}


def told(message: str) -> str:
    """A Mayor's first prompt, as the engine gives it."""
    return prompts.render("mayor", rig="r", target="main", message=message, instructions="", polecats="6")


def test_the_articles_prompt_gets_the_plays_plan(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage")
    done = stage.run(told(play.prompt("todo")), role="mayor")
    assert json.loads(stage.given("plan submit -")) == play.plan("todo")
    for said in ("10 beads in 4 waves", "5 of them side by side", "180 minutes"):
        assert said in done.stdout
    assert json.loads(stage.given("hook Stop"))["last_assistant_message"].startswith("**JWT user authentication")


def test_a_plan_in_the_message_is_submitted_as_it_is() -> None:
    message = f"Do this:\n```plan\n{json.dumps(PLAN)}\n```\n"
    assert mayor.plan([told(message)]) == PLAN
    text = mayor.summary(PLAN)
    assert "**Two**: 2 beads in 2 waves, 1 of them side by side" in text
    assert "5 minutes" in text


def test_a_refused_plan_comes_back_with_the_words() -> None:
    heard = [told(play.prompt("todo")), "What is a bead?", "The overseer refused plan gt-1: no Docker,\nplease"]
    revised = mayor.plan(heard)
    assert revised is not None
    assert "no Docker, please" in revised["title"]
    assert all("no Docker,\nplease" in bead["description"] for bead in revised["beads"])
    assert [bead["key"] for bead in revised["beads"]] == [bead["key"] for bead in play.plan("todo")["beads"]]
    again = mayor.plan([*heard, "The overseer refused plan gt-2 (A (revised: no Docker)): smaller: now"])
    assert again is not None
    assert "no Docker" in again["title"]
    assert again["title"].endswith("(revised: smaller: now)")


@pytest.mark.parametrize("message", ["What is a bead?", "nudge", "Is everything well with main?", "How far are we"])
def test_a_question_gets_words(message: str) -> None:
    assert mayor.plan([told(message)]) is None
    assert mayor.steps([told(message)])[-1].verb == "say"


def test_anything_else_is_one_bead_that_carries_the_message() -> None:
    message = "Add a page\n\n```rehearse\nwrite page.html <<END\nx\nEND\ncommit Page\ndone Page\n```\nWhy? Because."
    made = mayor.plan([told(message)])
    assert made is not None
    assert [bead["title"] for bead in made["beads"]] == ["Add a page"]
    assert made["beads"][0]["description"] == message
    long = mayor.plan(["x" * 500])
    assert long is not None
    assert len(long["title"]) <= 72
    broken = mayor.plan(["Take this\n```plan\n{not json\n```"])
    assert broken is not None
    assert broken["title"] == "Take this"


def test_beads_in_a_circle_are_still_shown() -> None:
    beads = [{"key": "a", "title": "A", "needs": ["b"]}, {"key": "b", "title": "B", "needs": ["a"]}]
    assert [len(wave) for wave in mayor.waves(beads)] == [2]


def test_a_plan_past_a_pipes_size_arrives_whole(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage")
    beads = [{"key": f"k{number}", "title": "T", "description": "d" * 1000, "needs": []} for number in range(90)]
    stage.run(f"```plan\n{json.dumps({'title': 'Big', 'beads': beads})}\n```", role="mayor")
    assert len(json.loads(stage.given("plan submit -"))["beads"]) == 90
