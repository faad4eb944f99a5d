"""The train: what its keys ask for, why they cannot be used, where the selection goes, and what it says of trouble."""

from __future__ import annotations

from pathlib import Path

import pytest
from immutables import Map
from msgspec.structs import replace

from gastown_tui.config import Config
from gastown_tui.model import orders as o
from gastown_tui.model.convoy import Convoy
from gastown_tui.model.events import Need
from gastown_tui.model.merge import Car, GateRun, MergeRequest, TestRun
from gastown_tui.model.town import Town
from tests.cockpit.driving import Driven, drive
from tests.cockpit.fixtures import todo_app
from tests.cockpit.fixtures.links import FixtureLink


def asked(*keys: str, link: FixtureLink | None = None) -> list[o.Order]:
    """What is asked of the engine when these keys are used on the zoomed train."""
    used = link or todo_app.link()

    async def script(it: Driven) -> None:
        await it.press("g", "4", "z", *keys)

    drive(used, script)
    return used.asked


def said(*keys: str, link: FixtureLink | None = None, size: tuple[int, int] = (120, 40)) -> str:
    """What the screen shows after these keys on the zoomed train."""
    seen = ""

    async def script(it: Driven) -> None:
        nonlocal seen
        await it.press("g", "4", "z", *keys)
        seen = it.text()

    drive(link or todo_app.link(), script, size)
    return seen


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        (("l", "f"), o.Queue("first", "td-2a8")),
        (("H", *"later", "enter"), o.Queue("hold", "td-2f4", "later")),
        (("l", "l", "b", *"no", "enter"), o.Queue("reject", "td-2c5", "no")),
        (("P",), o.Queue("pause")),
    ],
    ids=["first", "hold", "send back", "pause"],
)
def test_keys_of_the_train_are_orders(keys: tuple[str, ...], order: o.Order) -> None:
    assert asked(*keys) == [order]


def test_cars_say_which_integration_branch_they_are_for_or_on_and_what_it_waits_for() -> None:
    link = todo_app.link()
    town = link.town.with_(testing=Map(), runs=Map(), train=None)
    convoy = Convoy("c7", "X", ("td-2e1", "td-2c5"), 0.0, "", "staging/c7", "d")
    town = town.with_(convoys=town.convoys.set("c7", convoy))
    for id, staged in (("td-2e1", "commit"), ("td-2c5", "")):
        town = town.put(town.beads[id].working(convoy="c7", staged=staged))
        entry = replace(town.queue[id], state="staged" if staged else "queued", lane="", first=0.0, tries=0, place=0)
        town = town.with_(queue=town.queue.set(id, entry))
    link.town = town
    seen = said("l", "l", "l", link=link, size=(180, 45))
    assert "for staging/c7" in seen and "on staging/c7" in seen
    assert "which lands as one: waits for 2c5 (refinery)" in seen


def test_what_is_held_is_let_go_and_what_is_paused_goes_on_with_the_same_keys() -> None:
    link = todo_app.link()
    link.town = _with(link.town, replace(link.town.queue["td-2f4"], hold="later", state="queued"))
    link.town = link.town.with_(testing=Map(), holds=Map({"queue": "paused by you"}))

    async def script(it: Driven) -> None:
        await it.press("g", "4", "z")
        assert "held" in it.text() and "paused by you" in it.text()
        await it.press("P", "g", "g", "H")

    drive(link, script)
    assert link.asked == [o.Queue("resume"), o.Queue("release", "td-2f4")]


def test_nothing_goes_back_without_words() -> None:
    assert asked("b", "enter") == []


def test_a_key_that_cannot_be_used_says_why() -> None:
    assert "it is first already" in said("f")
    assert "it is tested just now" in said("r")
    assert "no run of it was red" in said("l", "l", "r")
    assert "3b6 is not in the queue" in said("j", "f")


def test_a_red_one_is_tested_again() -> None:
    link = todo_app.link()
    link.town = _with(link.town, replace(link.town.queue["td-2e1"], lane="confirm", why="red alone"))
    assert asked("l", "l", "l", "r", link=link) == [o.Queue("retry", "td-2e1")]


def test_h_and_l_go_over_the_cars_and_j_and_k_to_what_stands_beside_and_back() -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "4", "z")
        seen = [it.screen.train.bead]
        for key in ("l", "l", "h", "j", "j", "k", "k", "G", "g"):
            await it.press(*(("g", "g") if key == "g" else key))
            seen.append(it.screen.train.bead)
        assert seen == [
            "td-2f4",
            "td-2a8",
            "td-2c5",
            "td-2a8",
            "td-3b6",
            "td-3c0",
            "td-3b6",
            "td-2f4",
            "td-1a0",
            "td-2f4",
        ]

    drive(todo_app.link(), script)


def test_a_click_selects_a_car_or_a_bead_beside() -> None:
    async def script(it: Driven) -> None:
        await it.press("g", "4", "z")
        rows = it.rows()
        for word, bead in (("JSON error", "td-2e1"), ("Witness, next", "td-3c0")):
            y = next(index for index, row in enumerate(rows) if word in row)
            await it.pilot.click(offset=(rows[y].index(word), y))
            assert it.screen.train.bead == bead

    drive(todo_app.link(), script)


def test_many_cars_move_under_the_selection() -> None:
    link = todo_app.link()
    for number in range(12):
        link.town = _with(link.town, MergeRequest(f"td-x{number:02}", 1, "c", todo_app.NOW, 4))
    first = said(link=link)
    assert "Check email" in first and "more ›" in first
    last = said(*("l" * 15), link=link)
    assert "x11" in last and "Check email" not in last and "before" in last


def test_it_says_why_a_car_waits_and_when_it_may_land() -> None:
    assert "run 8 tests it with 2a8   may land in ~2" in said()
    assert "red in run 7 with 2f4, 2a8 and 2e1; run 8 looks for the culprit" in said("l", "l")
    assert "red in run 7 with 2f4, 2a8 and 2e1; run 8 looks for" in said("l", "l", size=(80, 24))


def test_it_says_what_follows_from_each_verdict() -> None:
    shown = said()
    assert "land 2f4 and 2a8; run 9 tests 2c5 alone on them" in shown
    assert "the culprit is 2f4 or 2a8; run 9 tests 2f4 alone" in shown


def test_two_slots_are_two_runs_at_once() -> None:
    link = todo_app.link()
    more = TestRun(
        9, "train", todo_app.TIP, (*todo_app.in_flight().cars, Car("td-2c5", 1, "c3")), "m9", "t9", "tests", 2
    )
    link.town = link.town.with_(testing=link.town.testing.set(9, replace(more, began=todo_app.NOW - 5)), run_number=9)
    shown = said(link=link)
    assert "run 8" in shown and "run 9" in shown and "2 slots" in shown and "0:05 of ~70s" in shown


def test_trouble_is_said_with_what_to_do() -> None:
    link = todo_app.link()
    red = GateRun("bare", "tests", False, todo_app.NOW - 120, 60.0, "", 9, "tip", todo_app.TIP, (), todo_app.TIP,
                  "tests", 40, 1, "tests.test_app.App.test_start")  # fmt: skip
    waiting = replace(link.town.queue["td-2c5"], state="waiting", why="your edits are in the way: src/app.py")
    need = Need("n9", "red", "main is red", todo_app.NOW, "", ("keep holding", "file a bead"), about="red")
    town = _with(link.town, waiting).with_(runs=link.town.runs.set("bare", red), needs=Map({"n9": need}))
    link.town = town.with_(holds=Map({"red": "main is red: tests"}))
    for size in ((120, 40), (80, 24)):
        shown = said(link=link, size=size)
        assert "main is red since 14:01: tests.test_app.App.test_start; the queue waits" in shown.replace(
            "Main", "main"
        )
        assert "m files a bead to mend it" in shown or size[0] < 100
        assert "2c5: your edits are in the way: src/app.py" in shown


def test_a_red_tip_is_mended_with_a_key() -> None:
    link = todo_app.link()
    assert "main is not red" in said("m", link=link)
    need = Need("n9", "red", "main is red", todo_app.NOW, "", ("keep holding", "file a bead"), about="red")
    link.town = link.town.with_(holds=Map({"red": "main is red: tests"}), needs=Map({"n9": need}))
    assert asked("m", link=link) == [o.Answer("n9", "file a bead")]


def test_without_gates_it_is_said_on_the_train() -> None:
    link = todo_app.link()
    link.config = Config(rig="todo-app", prefix="td")
    shown = said(link=link)
    assert "UNGATED: nothing is tested here, so each landing asks you" in shown


def test_the_log_of_the_run_that_tells_most_opens_and_is_searched(tmp_path: Path) -> None:
    link = todo_app.link(tmp_path)

    async def script(it: Driven) -> None:
        await it.press("g", "4", "z", "l", "l", "v")
        assert "run 7" in it.rows()[1] and "194 lines" in it.rows()[1] and "FAIL: test_clock_skew" in it.text()
        await it.press("/", *"Ran 41", "enter")
        assert "1 of 1" in it.rows()[1] and any("70.104s" in row for row in it.rows())
        await it.press("/", *"nowhere", "enter")
        assert "is not in this log" in it.text()
        await it.press("l")
        assert "run 8" in it.rows()[1] and "test_token_expired" in it.text()
        await it.press("escape")
        assert it.screen.top is None

    drive(link, script)


def test_a_live_log_is_followed_until_one_scrolls_up_and_again_from_its_end(tmp_path: Path) -> None:
    link = todo_app.link(tmp_path)
    log = tmp_path / "gates" / "8" / "tests.log"

    async def script(it: Driven) -> None:
        await it.press("g", "4", "z", "v")
        assert "following" in it.rows()[1]
        for words, key, seen in (("more", "", True), ("and more", "k", False), ("last", "G", True)):
            with log.open("a", encoding="utf-8") as file:
                file.write("\n".join(f"{words} {n}" for n in range(60)) + "\n")
            if key:
                await it.press(key)
            it.clock.ticks += 1
            await it.redraw()
            assert (f"{words} 59" in it.text()) is seen

    drive(link, script)


def test_a_hostile_log_reaches_the_screen_as_text(tmp_path: Path) -> None:
    link = todo_app.link(tmp_path)
    log = tmp_path / "gates" / "8" / "tests.log"
    log.write_bytes(
        b"\x1b]52;c;SGk=\x07[31mred\x1b[0m \x9b31m [/nope] [@click=app.bell]x[/]\n" + b"x" * 100_000 + b"\n\xff\xfe\n"
    )

    async def script(it: Driven) -> None:
        await it.press("g", "4", "z")
        assert "[/nope] [@click=app.bell]x[/]" in it.text()
        await it.press("v", "g", "g")
        assert "[/nope] [@click=app.bell]x[/]" in it.text() and "\x1b" not in it.text()

    drive(link, script)


def test_nothing_to_land_is_said_in_a_sentence() -> None:
    link = FixtureLink(Town(rig="todo-app", target="main", prefix="td"), todo_app.config())
    shown = said("escape", "g", "4", "z", link=link)
    assert "Nothing to land. Approved work joins by itself." in shown
    assert "no gates were run yet" in said("escape", "g", "4", "v", link=link)


def _with(town: Town, entry: MergeRequest) -> Town:
    return town.with_(queue=town.queue.set(entry.bead, entry))
