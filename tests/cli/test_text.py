"""What untrusted text may never do to a terminal, and small words about counts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.text import MARK, brings, clean, clip, one_line, pad, width

ANY = st.text(st.characters())
"""Any text, lone surrogates among it."""

PAYLOADS = (
    "\x1b]52;c;SGk=\x07", "\x9b31m", "[/nope]", "[@click=app.bell]x[/]", "[red]", "ends in \\", "a\u202eb",
    "\udcff\udcfe", "x" * 100_000, "", "\n" * 10_000, "e\u0301 \u4e2d\u6587 \U0001f468\u200d\U0001f469",
)  # fmt: skip


@given(ANY)
def test_nothing_a_terminal_obeys_gets_through(text: str) -> None:
    for char in clean(text):
        assert char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"), hex(ord(char))
        assert not "\u202a" <= char <= "\u202e" and not "\u2066" <= char <= "\u2069"


@given(ANY)
def test_cleaning_twice_changes_nothing_more_and_the_result_can_be_written(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_known_payloads(payload: str) -> None:
    assert "\x1b" not in clean(payload) and "\x9b" not in clean(payload) and "\u202e" not in clean(payload)
    assert "\n" not in one_line(payload)


def test_what_was_taken_out_is_seen() -> None:
    assert clean("a\x1b[31mb\x9b1mc") == f"a{MARK}[31mb{MARK}1mc"


def test_windows_line_ends_are_not_an_attack() -> None:
    assert clean("one\r\ntwo\ttab") == "one\ntwo\ttab"
    assert clean("over\rwritten") == f"over{MARK}written"


@given(ANY, st.integers(0, 40))
def test_a_padded_line_takes_exactly_its_cells(text: str, cells: int) -> None:
    assert width(pad(one_line(text), cells)) == cells
    assert width(clip(one_line(text), cells)) <= cells


def test_wide_characters_count_two() -> None:
    assert width("中文") == 4
    assert clip("中文字", 4) == "中…"


def test_what_a_change_brings_is_said_in_lines_where_they_are_known() -> None:
    said = [brings(3, *lines) for lines in ((0, 0), (1, 0), (41, 0), (0, 2), (41, 9))]
    assert said == ["3 commits", "+1 line", "+41 lines", "−2 lines", "+41 −9"] and brings(0, 0, 0) == ""
