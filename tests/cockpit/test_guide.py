"""What a program does at the cockpit in a person's place, and how it makes way for the person."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.cockpit.guide import Guide, rhythm
from gastown_tui.cockpit.views.notice import NOTE
from gastown_tui.model.orders import TellMayor
from gastown_tui.model.town import Town
from tests.cockpit.driving import Driven, drive
from tests.cockpit.fixtures.links import FixtureLink
from tests.support.waiting import until_async

PROMPT = "Add a page: small, and tested."


@settings(max_examples=30)
@given(st.text(max_size=60), st.floats(0, 10))
def test_all_of_a_text_is_written_in_the_time_there_is(text: str, seconds: float) -> None:
    pieces = list(rhythm(text, seconds))
    assert "".join(letters for letters, _ in pieces) == text
    assert sum(pause for _, pause in pieces) == pytest.approx(seconds if text else 0, abs=1e-6)


def test_it_is_written_letter_by_letter_and_sent() -> None:
    link, guide = FixtureLink(Town(rig="todo", target="main")), Guide()

    async def script(driven: Driven) -> None:
        assert await guide.write(PROMPT, 1.0)
        await driven.redraw()

    drive(link, script, guide=guide)
    assert link.asked == [TellMayor(PROMPT)]


@pytest.mark.parametrize(("key", "asked"), [("enter", PROMPT), ("space", PROMPT), ("escape", PROMPT)])
def test_a_key_that_writes_nothing_sends_it_at_once(key: str, asked: str) -> None:
    link, guide = FixtureLink(Town(rig="todo", target="main")), Guide()

    async def script(driven: Driven) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(guide.write(PROMPT, 3600.0))
            await until_async(lambda: "› A" in driven.text(), "the first letter")
            await driven.press(key)
        await driven.redraw()

    drive(link, script, guide=guide)
    assert link.asked == [TellMayor(asked)]


def test_a_letter_makes_it_the_persons() -> None:
    link, guide = FixtureLink(Town(rig="todo", target="main")), Guide()

    async def script(driven: Driven) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(guide.write(PROMPT, 3600.0))
            await until_async(lambda: "› A" in driven.text(), "the first letter")
            await driven.press("x")
            assert "It is yours now" in driven.text() and not link.asked
            await driven.press("y", "enter")
        guide.turn("board")
        await driven.redraw()
        assert driven.screen.pane == "mayor", "a person who has taken over is not led about"

    drive(link, script, guide=guide)
    assert link.asked == [TellMayor("Axy")]


def test_without_a_screen_the_caller_is_told() -> None:
    guide = Guide()
    guide.rise()
    assert asyncio.run(guide.write(PROMPT, 1.0)) is False
    assert guide.still == float("inf") and not guide.narrow


def test_a_card_opens_once_and_comes_back() -> None:
    link = FixtureLink(Town(rig="todo", target="main"))

    async def script(driven: Driven) -> None:
        link.notes[NOTE] = "All landed\nIt works.\n\nIt runs at\thttp://127.0.0.1:1/register"
        await driven.redraw()
        assert "It runs at   http://127.0.0.1:1/register" in driven.text()
        await driven.press("escape")
        assert "It runs at" not in driven.text()
        await driven.redraw()
        assert "It runs at" not in driven.text(), "it is not pressed upon anybody twice"
        await driven.press("escape")
        assert "It runs at" in driven.text()
        await driven.press("q")

    assert drive(link, script) == "stop"
