"""Ages, sums and lines take the cells design.md gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.cockpit import text
from gastown_tui.cockpit.draw.lines import Span, ends, fit, length, plain
from gastown_tui.cockpit.draw.markdown import render


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (40, "40s"), (660, "11m"), (3 * 3600, "3h"), (2 * 86400, "2d"), (35 * 86400, "5w"), (-5, "0s")],
)
def test_ages(seconds: float, shown: str) -> None:
    assert text.age(seconds) == shown


@given(st.floats(0, 3e9))
def test_an_age_takes_three_cells_at_most(seconds: float) -> None:
    assert len(text.age(seconds)) <= 3


@pytest.mark.parametrize(
    ("usd", "shown"), [(0, "$0.00"), (0.58, "$0.58"), (12.4, "$12.4"), (124, "$124"), (1240, "$1.2k")]
)
def test_sums(usd: float, shown: str) -> None:
    assert text.money(usd) == shown


@given(st.floats(0, 9e5))
def test_a_sum_takes_five_cells_at_most(usd: float) -> None:
    assert len(text.money(usd)) <= 5


@given(st.text(max_size=80), st.integers(0, 40))
def test_a_clipped_line_fits(words: str, cells: int) -> None:
    assert text.width(text.clip(words, cells)) <= cells


@given(st.text(max_size=200), st.integers(2, 40), st.integers(1, 6))
def test_wrapped_lines_fit_and_are_no_more_than_asked(words: str, cells: int, rows: int) -> None:
    out = text.wrap(words, cells, rows)
    assert 1 <= len(out) <= rows
    assert all(text.width(row) <= cells for row in out)


def test_wrapping_keeps_words_whole() -> None:
    assert text.wrap("Rate-limit POST /login", 11, 2) == ["Rate-limit", "POST /login"]


@given(st.lists(st.text(max_size=12), max_size=5), st.text(max_size=6), st.integers(0, 60))
def test_lines_have_exactly_the_cells_asked_for(parts: list[str], right: str, cells: int) -> None:
    spans = [Span(text.clip(part, 99)) for part in parts]
    assert length(fit(spans, cells)) == cells
    assert length(ends(spans, (Span(text.clip(right, 9)),), cells)) == cells


@given(st.text(max_size=400), st.integers(8, 60))
def test_markdown_of_any_text_fits(source: str, cells: int) -> None:
    assert all(length(row) <= cells + 1 for row in render(source, cells))


def test_markdown_lists_and_paragraphs() -> None:
    rows = [plain(row) for row in render("Two things:\n\n- **one** is long enough to wrap\n- two\n\nEnd.", 20)]
    assert rows == ["Two things:", " • one is long", "   enough to wrap", " • two", "", "End."]
