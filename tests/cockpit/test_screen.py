"""What keys do: focus, zoom, sheets, orders, refusals, and the reasons why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from gastown_tui.config import Config
from gastown_tui.model import orders as o
from gastown_tui.model.errors import Refused
from gastown_tui.model.town import Town
from tests.cockpit.driving import Driven, drive
from tests.cockpit.fixtures import todo_app
from tests.cockpit.fixtures.links import FixtureLink


def test_it_opens_on_the_mayor_when_a_plan_waits_and_a_accepts_it() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        assert it.screen.pane == "mayor"
        await it.press("a")

    drive(link, script)
    assert link.asked == [o.ApprovePlan("p2")]


def test_a_plan_is_dropped_with_words() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("x", *"later", "enter")

    drive(link, script)
    assert link.asked == [o.DropPlan("p2", "later")]


def test_part_of_a_plan_is_accepted() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("A", "ctrl+u", *"unlock", "enter")

    drive(link, script)
    assert link.asked == [o.ApprovePlan("p2", ("unlock",))]


def test_words_for_the_mayor() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("i", *"add 2FA", "ctrl+j", *"soon", "enter")
        assert it.screen.focused is None

    drive(link, script)
    assert link.asked == [o.TellMayor("add 2FA\nsoon")]


def test_an_empty_town_waits_for_words() -> None:
    link = FixtureLink(Town(rig="new", target="main", prefix="n"), Config(rig="new"))

    async def script(it: Driven) -> None:
        await it.pilot.pause()
        assert "Say what you want built, then" in it.text()
        assert "No beads yet. Tell the Mayor (g1), or o files one by hand." in it.text()
        assert "Nothing to land." in it.text()
        assert "nobody needs you" in it.text()
        assert "UNGATED" in it.text()
        await it.press(*"build it", "enter")

    drive(link, script)
    assert link.asked == [o.TellMayor("build it")]


@pytest.mark.parametrize(
    ("keys", "pane"), [(("g", "1"), "mayor"), (("g", "3"), "polecats"), (("tab",), "board"), (("shift+tab",), "train")]
)
def test_panes_are_reached(keys: tuple[str, ...], pane: str) -> None:
    async def script(it: Driven) -> None:
        await it.press(*keys)
        assert it.screen.pane == pane

    drive(todo_app.link(), script)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_zoom_gives_one_pane_the_screen_and_takes_it_back(size: tuple[int, int]) -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "4", "z")
        assert it.screen.train.size == (size[0], size[1] - 2)
        assert not it.screen.board.display
        await it.press("z")
        assert it.screen.board.display

    drive(todo_app.link(), script, size)


def test_priority_takes_two_keys_and_a_count_moves() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("g", "2", "2", "j", "p", "1")

    drive(link, script)
    assert link.asked == [o.UpdateBead("td-5b1", {"priority": 1})]


def test_a_prefix_shows_what_may_follow_after_a_moment() -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "2", "p")
        it.clock.ticks += 0.1
        await it.redraw()
        assert "Priority P3" not in it.text()
        it.clock.ticks += 0.2
        await it.redraw()
        assert "Priority P3" in it.text()
        await it.press("escape")
        assert "Priority P3" not in it.text()

    drive(todo_app.link(), script)


def test_a_key_that_cannot_be_used_says_why() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("g", "2", "a")
        assert "topaz has it" in it.rows()[-1]
        it.clock.time += 10
        await it.redraw()
        assert "topaz has it" not in it.rows()[-1]

    drive(link, script)
    assert link.asked == []


def test_a_refusal_is_shown_with_what_to_do() -> None:
    link = todo_app.link()
    link.refusal = Refused("Plan p2 is dropped.", "See plans with: gt plan show")

    async def script(it: Driven) -> None:
        await it.press("a")
        assert "Plan p2 is dropped." in it.rows()[-1]
        assert "gt plan show" in it.rows()[-1]

    drive(link, script)


def test_a_question_is_answered_by_its_number() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("!")
        assert "Deny and say why" in it.text()
        await it.press("2")

    drive(link, script)
    assert link.asked == [o.Answer("n1", "Allow once")]


def test_a_question_is_answered_in_words() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("!", "r", *"use hmac", "enter")

    drive(link, script)
    assert link.asked == [o.Answer("n1", "Deny and say why", "use hmac")]


def test_the_next_question_is_a_plan() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("!", "j", "1")

    drive(link, script)
    assert link.asked == [o.ApprovePlan("p2")]


def test_the_palette_finds_a_command_and_shows_reasons() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("g", "2", ":")
        assert "topaz has it" in it.text()
        await it.press(*"frz", "enter")

    drive(link, script)
    assert link.asked == [o.Freeze()]


def test_a_bead_opens_and_closes() -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "2", "2", "j", "enter")
        assert "Why it came back" in it.text()
        assert "hmac.compare_digest" in it.text()
        await it.press("q")
        assert it.screen.top is None

    drive(todo_app.link(), script)


def test_a_filter_narrows_the_board_and_esc_clears_it() -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "2", "/", *"login", "enter")
        assert "Sign tokens" not in it.text()
        assert "POST /login returns" in it.text()
        await it.press("/", "ctrl+u", *"zzz", "enter")
        assert "No bead matches." in it.text()
        await it.press("escape")
        assert "Sign tokens" in it.text()

    drive(todo_app.link(), script)


@pytest.mark.parametrize(("key", "why"), [("d", "detach"), ("i", "stop"), ("n", "stop-now")])
def test_three_ways_to_leave(key: str, why: str) -> None:
    async def script(it: Driven) -> None:
        await it.press("ctrl+q")
        assert "Work is kept" in it.text()
        await it.press(key)

    assert drive(todo_app.link(), script) == why


def test_reading_only_asks_nothing_and_says_so() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        assert "read-only" in it.rows()[0]
        await it.press("a", "i", "g", "2", "p", "0")
        assert "this cockpit is read-only" in it.rows()[-1]

    drive(link, script, read_only=True)
    assert link.asked == []


def test_without_an_engine_the_board_stays_and_says_so() -> None:
    link = todo_app.link()
    link.notes["lost"] = "connection refused"

    async def script(it: Driven) -> None:
        await it.press("g", "2")
        assert "no engine" in it.rows()[0]
        assert "Sign tokens with HS256" in it.text()

    drive(link, script, (160, 48))


def test_a_disk_that_refuses_is_said_in_the_first_row() -> None:
    link = todo_app.link()
    link.notes["ledger"] = "ledger: cannot write (No space left on device)"

    async def script(it: Driven) -> None:
        assert "ledger: cannot write (No space left on devic" in it.rows()[0]

    for size in ((120, 40), (80, 24)):
        drive(link, script, size)


def test_a_terminal_face_shows_the_terminal(tmp_path: Path) -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "3", "z")
        assert "Do you want to proceed?" in it.text()
        await it.press("f")
        assert "Do you want to proceed?" not in it.text()

    drive(todo_app.link(tmp_path), script)


def test_the_first_run_asks_for_a_cap() -> None:
    taken: list[float] = []

    async def script(it: Driven) -> None:
        await it.pilot.pause()
        assert "What may this cost?" in it.text()
        await it.press(*"12.50", "enter")
        assert it.screen.top is None

    async def agree(it: Driven) -> None:
        await it.pilot.pause()
        await it.press("enter")

    drive(todo_app.link(), script, ask_cap=taken.append)
    drive(todo_app.link(), agree, ask_cap=taken.append)
    assert taken == [12.5, 20.0]


def test_after_the_cap_one_writes_to_the_mayor() -> None:
    """In an empty town the cap is asked first; whatever is answered, the cursor then waits for what is wanted."""
    for answer in (("5", "enter"), ("escape",), ("ctrl+u", "enter")):
        link = FixtureLink(Town(rig="new", target="main", prefix="n"), Config(rig="new"))

        async def script(it: Driven, answer: tuple[str, ...] = answer) -> None:
            await it.press(*answer)
            await it.press(*"greet", "enter")

        drive(link, script, ask_cap=lambda usd: None)
        assert link.asked == [o.TellMayor("greet")]


def test_letters_typed_before_the_field_has_the_cursor_are_not_lost() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("g", "1")
        for letter in ("i", *"let it greet"):
            it.app.post_message(events.Key(letter, letter))
        await it.pilot.pause()
        await it.press("enter")

    drive(link, script)
    assert link.asked == [o.TellMayor("let it greet")]


def test_a_change_of_the_town_is_drawn_and_nothing_else_is() -> None:
    link = todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("g", "2")
        before = it.rows()
        bead = link.town.beads["td-5d8"].changed(title="Log out for good")
        link.town = link.town.put(bead)
        await it.redraw()
        changed = [y for y, (a, b) in enumerate(zip(before, it.rows(), strict=True)) if a != b]
        assert changed == [7]

    drive(link, script)


@pytest.mark.parametrize(
    "size", [(1, 1), (10, 3), (20, 6), (40, 12), (60, 20), (79, 24), (99, 29), (100, 30), (161, 49), (300, 90)]
)
def test_any_size_is_drawn(size: tuple[int, int]) -> None:
    async def script(it: Driven) -> None:
        for keys in (
            ("g", "1"),
            ("g", "2"),
            ("g", "3"),
            ("g", "4"),
            ("z",),
            ("z",),
            ("!",),
            ("escape",),
            ("?",),
            ("escape",),
        ):
            await it.press(*keys)
            assert all(len(row) <= size[0] for row in it.rows())

    drive(todo_app.link(), script, size)
