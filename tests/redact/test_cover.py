"""Secrets are covered on a screen and in a terminal's output, wherever they wrap or are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.redact import cover, redact
from tests.support.planted import core, planted

SHAPES = planted(2)
LINES = {name: text for name, text in SHAPES.items() if "\n" not in text}


@pytest.mark.parametrize("name", SHAPES)
def test_a_screen_keeps_its_shape(name: str) -> None:
    """Every row is as long as it was, and what stands beside the secret stays."""
    rows = ["┌─ top", *(f"│ {line} │" for line in SHAPES[name].split("\n")), "└─ below"]
    shown = cover.screen(rows, 200)
    assert core(SHAPES[name]) not in "\n".join(shown)
    assert [len(row) for row in shown] == [len(row) for row in rows]
    assert shown[0] == rows[0] and shown[-1] == rows[-1] and "[redacted" in "".join(shown)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(("columns", "frame"), [(40, ("", "")), (60, ("│ ", " │")), (33, ("  ⎿  ", ""))])
def test_a_secret_is_followed_over_the_edge(name: str, columns: int, frame: tuple[str, str]) -> None:
    """A terminal wraps at its edge, a program inside its frame; no part of any length is left."""
    text = f"look: {LINES[name]} and then more of the same text, which is nobody's secret"
    room = columns - len(frame[0]) - len(frame[1])
    rows = [frame[0] + text[at : at + room].ljust(room) + frame[1] for at in range(0, len(text), room)]
    shown = cover.screen([row.rstrip() for row in rows], columns)
    inner = "".join(row.removeprefix(frame[0]).removesuffix(frame[1]) for row in shown)
    value = core(LINES[name])
    assert all(value[at : at + 6] not in inner for at in range(len(value) - 5)), shown


def test_a_screen_without_secrets_is_left_alone() -> None:
    """Nothing to cover, nothing to draw anew."""
    rows = ["$ git log", "commit 3f786850e387550fdab836ed7e6dc881de23001b", "token: the next one"]
    assert cover.covers(rows, 60) == {}


@given(st.sampled_from(sorted(SHAPES)), st.lists(st.integers(1, 40), min_size=1, max_size=40), st.booleans())
def test_output_cut_anywhere_holds_no_secret(name: str, cuts: list[int], coloured: bool) -> None:
    """Whatever the pieces; and all that is not secret comes through."""
    secret = SHAPES[name]
    text = f"before {secret} after\r\n" + ("\x1b[0m\x1b[?2026l" if coloured else "")
    stream, out, at = cover.Stream(), [], 0
    for number in range(len(text)):
        if at >= len(text):
            break
        step = cuts[number % len(cuts)]
        out.append(stream.feed(text[at : at + step]))
        at += step
    out.append(stream.end())
    assert "".join(out) == redact(text)


def test_what_is_whole_is_shown_at_once() -> None:
    """A frame that ends as programs end them, and a line, do not wait for the next."""
    stream = cover.Stream()
    assert stream.feed("a frame of words\x1b[0m\x1b[?2026l") == "a frame of words\x1b[0m\x1b[?2026l"
    assert stream.feed("a line\r\n") == "a line\r\n"
    assert stream.feed("half a wo") == "half a " and stream.end() == "wo"
