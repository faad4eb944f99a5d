"""Pictures of the whole screen and of each pane, at the three sizes the design is drawn for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gastown_tui.cockpit.app import Cockpit
from gastown_tui.config import Config
from gastown_tui.engine.link import Link
from gastown_tui.model.town import Town
from tests.cockpit.fixtures import todo_app
from tests.cockpit.fixtures.links import FixedClock, FixtureLink

SIZES = [(80, 24), (120, 40), (200, 60)]
Compare = Callable[..., bool]


def ids(size: tuple[int, int]) -> str:
    """`120x40`."""
    return f"{size[0]}x{size[1]}"


def cockpit(link: Link, theme: str = "gastown") -> Cockpit:
    """The cockpit at 14:03, whatever the time is."""
    return Cockpit(link, theme=theme, clock=FixedClock(todo_app.NOW))


def pressed(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press keys and let the screen come to rest."""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    return run


@pytest.mark.parametrize("size", SIZES, ids=ids)
def test_town(snap_compare: Compare, size: tuple[int, int], tmp_path: Path) -> None:
    """The town of the design's picture: a red chip, a heavy teal rule, the board from left to right."""
    assert snap_compare(cockpit(todo_app.link(tmp_path)), terminal_size=size, run_before=pressed("g", "2"))


@pytest.mark.parametrize("theme", ["daylight", "ansi"])
@pytest.mark.parametrize("size", SIZES, ids=ids)
def test_town_in_other_colours(snap_compare: Compare, size: tuple[int, int], theme: str, tmp_path: Path) -> None:
    """The same, on paper and in the terminal's own colours."""
    assert snap_compare(cockpit(todo_app.link(tmp_path), theme), terminal_size=size, run_before=pressed("g", "2"))


@pytest.mark.parametrize("number", [1, 2, 3, 4], ids=["mayor", "board", "polecats", "train"])
@pytest.mark.parametrize("size", SIZES, ids=ids)
def test_one_pane(snap_compare: Compare, size: tuple[int, int], number: int, tmp_path: Path) -> None:
    """One pane with the whole screen."""
    link = todo_app.link(tmp_path)
    assert snap_compare(cockpit(link), terminal_size=size, run_before=pressed("g", str(number), "z"))


@pytest.mark.parametrize("theme", ["daylight", "ansi"])
def test_train_in_other_colours(snap_compare: Compare, theme: str, tmp_path: Path) -> None:
    """Runs over cars: what is red, in flight, and not in a run is told by glyph, word and length, not by hue alone."""
    keys = pressed("g", "4", "z", "l", "l")
    assert snap_compare(cockpit(todo_app.link(tmp_path), theme), terminal_size=(120, 40), run_before=keys)


def test_log_of_a_run(snap_compare: Compare, tmp_path: Path) -> None:
    """The reader opens where the first failing test is told of."""
    keys = pressed("g", "4", "z", "l", "l", "v")
    assert snap_compare(cockpit(todo_app.link(tmp_path)), terminal_size=(120, 40), run_before=keys)


@pytest.mark.parametrize("size", SIZES, ids=ids)
def test_needs_you(snap_compare: Compare, size: tuple[int, int], tmp_path: Path) -> None:
    """The question with its terminal and its numbered answers; the town recedes behind it."""
    assert snap_compare(cockpit(todo_app.link(tmp_path)), terminal_size=size, run_before=pressed("g", "2", "!"))


@pytest.mark.parametrize(
    "keys", [("g", "2", "2", "j", "enter"), ("g", "2", "?"), ("g", "2", ":"), ("ctrl+q",), ("p",)],
    ids=["bead", "help", "palette", "leave", "plan"],
)  # fmt: skip
def test_sheets(snap_compare: Compare, keys: tuple[str, ...]) -> None:
    """What opens over the town."""
    assert snap_compare(cockpit(todo_app.link()), terminal_size=(120, 40), run_before=pressed(*keys))


@pytest.mark.parametrize("size", SIZES, ids=ids)
def test_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Nothing yet: each pane says in one sentence what to do."""
    link = FixtureLink(Town(rig="todo-app", target="main", prefix="td"), Config(rig="todo-app"))
    assert snap_compare(cockpit(link), terminal_size=size, run_before=pressed())
