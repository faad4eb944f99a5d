"""Keys become commands: counts, prefixes, scopes, and tables that cannot hide a key."""

from __future__ import annotations

import pytest

from gastown_tui.cockpit import commands
from gastown_tui.cockpit.keys import Dispatcher, Hit, Miss, Pending, Trie, spelled
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import ORDERS


def dispatcher() -> Dispatcher[str]:
    return Dispatcher(
        {"town": Trie([("j", "down"), ("g g", "first"), ("g 1", "mayor")]), "over": Trie([("j", "next"), ("1", "one")])}
    )


def test_a_key_is_a_hit() -> None:
    assert dispatcher().feed("j", ("town",), 0.0) == Hit("down", None)


def test_digits_before_a_key_are_its_count() -> None:
    keys = dispatcher()
    assert keys.feed("1", ("town",), 0.0) == Pending(("1",))
    keys.feed("0", ("town",), 0.0)
    assert keys.feed("j", ("town",), 0.0) == Hit("down", 10)
    assert keys.feed("j", ("town",), 0.0) == Hit("down", None)


def test_digits_are_answers_where_there_are_no_counts() -> None:
    assert dispatcher().feed("1", ("over",), 0.0, counts=False) == Hit("one", None)


def test_a_prefix_waits_and_says_what_may_follow() -> None:
    keys = dispatcher()
    assert keys.feed("g", ("town",), 5.0) == Pending(("g",))
    assert keys.following(("town",)) == {"g": "first", "1": "mayor"}
    assert keys.since == 5.0
    assert keys.feed("1", ("town",), 5.1) == Hit("mayor", None)


def test_a_digit_after_a_prefix_is_no_count() -> None:
    keys = dispatcher()
    keys.feed("g", ("town",), 0.0)
    assert keys.feed("1", ("town",), 0.0) == Hit("mayor", None)


def test_what_leads_nowhere_is_forgotten() -> None:
    keys = dispatcher()
    keys.feed("g", ("town",), 0.0)
    assert keys.feed("x", ("town",), 0.0) == Miss(("g", "x"))
    assert keys.feed("j", ("town",), 0.0) == Hit("down", None)


def test_the_inner_scope_wins() -> None:
    assert dispatcher().feed("j", ("over", "town"), 0.0) == Hit("next", None)


def test_arrows_and_printed_signs_are_spelled_as_the_table_has_them() -> None:
    assert [spelled("down", None), spelled("question_mark", "?"), spelled("enter", "\r"), spelled("space", " ")] == [
        "j", "?", "enter", "space",
    ]  # fmt: skip


@pytest.mark.parametrize("chords", [("g", "g g"), ("g g", "g"), ("x", "x")])
def test_a_key_that_hides_another_is_refused(chords: tuple[str, str]) -> None:
    with pytest.raises(GasTownError, match=r"hides|taken"):
        Trie([(chords[0], 1), (chords[1], 2)])


def test_the_table_binds_without_a_clash_and_names_real_orders() -> None:
    assert set(commands.tries()) == set(commands.SCOPES)
    assert len(commands.BY_ID) == len(commands.ROWS)
    assert {row.order for row in commands.ROWS if row.order} <= set(ORDERS)


def test_no_key_of_a_pane_hides_one_of_the_town() -> None:
    town = {key.split(" ")[0] for row in commands.ROWS if commands.TOWN in row.scopes for key in row.keys}
    for scope in (commands.BOARD, commands.POLECATS, commands.TRAIN, commands.MAYOR):
        own = {key.split(" ")[0] for row in commands.ROWS if scope in row.scopes for key in row.keys}
        assert not own & town, scope
