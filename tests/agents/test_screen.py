"""Bytes become rows of styled text: exact texts and styles, only what changed, and nothing hostile gets out."""

from __future__ import annotations

import gc
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.agents import screen as screen_module
from gastown_tui.agents.screen import PLAIN, Cursor, Run, Screen, Style
from gastown_tui.model.errors import GasTownError


def _screen(data: str | bytes, rows: int = 5, columns: int = 20) -> Screen:
    screen = Screen(rows, columns)
    screen.feed(data.encode() if isinstance(data, str) else data)
    screen.rows_changed()
    return screen


def _runs(data: str, row: int = 0) -> list[Run]:
    """A row's runs without the blank end."""
    runs = _screen(data).row(row)
    *first, last = runs
    kept = Run(last.text.rstrip(), last.style, 0) if last.style == PLAIN else last
    return [*first, *([kept] if kept.text else [])]


def test_plain_text_and_line_ends() -> None:
    screen = _screen("one\r\ntwo\n three")
    assert screen.text() == ["one", "two", "    three", "", ""]
    assert screen.cursor == Cursor(2, 9, True)
    assert screen.row(0) == [Run("one" + " " * 17, PLAIN, 20)]
    assert screen.row(4) == [Run(" " * 20, PLAIN, 20)]


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("31", Style(fg=1)),
        ("97;44", Style(fg=15, bg=4)),
        ("38;5;200", Style(fg=200)),
        ("48;5;16", Style(bg=16)),
        ("38;2;1;2;3;48;2;250;251;252", Style(fg=(1, 2, 3), bg=(250, 251, 252))),
        ("1", Style(bold=True)),
        ("2", Style(dim=True)),
        ("3", Style(italic=True)),
        ("4", Style(underline=True)),
        ("4:3", Style(underline=True)),
        ("7", Style(reverse=True)),
        ("8", Style(conceal=True)),
        ("9", Style(strike=True)),
        ("1;3;4;7;9;32", Style(fg=2, bold=True, italic=True, underline=True, reverse=True, strike=True)),
        ("31;39;41;49", PLAIN),
    ],
)
def test_styles(codes: str, style: Style) -> None:
    runs = _screen(f"a\x1b[{codes}mbc\x1b[0md").row(0)
    if style == PLAIN:
        assert runs == [Run("abcd" + " " * 16, PLAIN, 20)]
    else:
        assert runs == [Run("a", PLAIN, 1), Run("bc", style, 2), Run("d" + " " * 16, PLAIN, 17)]


def test_a_run_ends_where_the_style_does() -> None:
    assert _runs("\x1b[31mab\x1b[32mcd\x1b[31mef\x1b[0m gh") == [
        Run("ab", Style(fg=1), 2), Run("cd", Style(fg=2), 2), Run("ef", Style(fg=1), 2), Run(" gh", PLAIN, 0),
    ]  # fmt: skip


def test_the_last_cell_of_a_row_has_its_own_style() -> None:
    runs = _screen("x" * 19 + "\x1b[31my").row(0)
    assert runs == [Run("x" * 19, PLAIN, 19), Run("y", Style(fg=1), 1)]


def test_wide_characters_take_two_cells_and_their_tails_no_text() -> None:
    runs = _screen("a日本b").row(0)
    assert runs == [Run("a日本b" + " " * 14, PLAIN, 20)]
    assert _screen("x" * 19 + "日").text()[:2] == ["x" * 19, "日"]


def test_wide_characters_in_colour() -> None:
    assert _runs("\x1b[31m日\x1b[32m本\x1b[0m!") == [
        Run("日", Style(fg=1), 2), Run("本", Style(fg=2), 2), Run("!", PLAIN, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["e\u0301", "a\u0308\u0323", "👍🏽", "👩\u200d👩\u200d👧", "❤\ufe0f", "🇩🇪"])
def test_combined_characters_keep_all_their_parts(text: str) -> None:
    assert _screen(f"\x1b[?2027h{text}.").text()[0] == f"{text}."


def test_background_without_text() -> None:
    screen = _screen("\x1b[44m\x1b[K\x1b[0m\r\n\x1b[48;2;1;2;3m\x1b[Kx")
    assert screen.row(0) == [Run(" " * 20, Style(bg=4), 20)]
    assert screen.row(1) == [Run("x" + " " * 19, Style(bg=(1, 2, 3)), 20)]


def test_cursor_movement_and_erasing() -> None:
    screen = _screen("12345\x1b[2D\x1b[K\x1b[3;5Hx\x1b[Hy\x1b[1B\x1b[5Gz\x1b[?25l")
    assert screen.text() == ["y23", "    z", "    x", "", ""]
    assert screen.cursor == Cursor(1, 5, False)


def test_scrolling_and_looking_back() -> None:
    screen = Screen(3, 20, scrollback=2000)
    screen.feed(b"".join(b"line %d\r\n" % n for n in range(1500)))
    assert screen.text() == ["line 1498", "line 1499", ""]
    screen.scroll(-1400)
    assert screen.text() == ["line 98", "line 99", "line 100"]
    screen.scroll_to_end()
    assert screen.text() == ["line 1498", "line 1499", ""]


def test_without_scrollback_little_is_kept() -> None:
    screen = Screen(3, 20)
    screen.feed(b"".join(b"line %d\r\n" % n for n in range(100_000)))
    screen.scroll(-100_000)
    kept = int(screen.text()[0].removeprefix("line "))
    assert kept > 98_000, "an unseen screen must not fill the memory"


def test_the_alternate_screen_comes_and_goes() -> None:
    screen = _screen("main")
    assert not screen.alternate
    screen.feed(b"\x1b[?1049h\x1b[Halt")
    assert (screen.alternate, screen.text()[0]) == (True, "alt")
    screen.feed(b"\x1b[?1049l")
    assert (screen.alternate, screen.text()[0]) == (False, "main")


def test_resizing_wraps_anew() -> None:
    screen = _screen("a" * 18, 3, 20)
    screen.resize(4, 10)
    assert screen.text() == ["a" * 10, "a" * 8, "", ""]
    assert sum(run.width for run in screen.row(0)) == 10
    screen.resize(0, 0)
    assert len(screen.text()) == 1


def test_only_changed_rows_are_named() -> None:
    screen = Screen(4, 20)
    assert screen.rows_changed() == [0, 1, 2, 3]
    assert screen.rows_changed() == []
    screen.feed(b"\x1b[2;1Hhello")
    assert screen.rows_changed() == [1]
    screen.feed(b"\x1b[2;1Hhello\x1b[4;1H")
    assert screen.rows_changed() == [], "the same text drawn again is no change"
    screen.feed(b"\x1b[2;1H\x1b[31mhello")
    assert screen.rows_changed() == [1], "a colour is"
    screen.feed(b"\x1b[4;1H\r\n")
    assert screen.rows_changed() == [0, 1], "what scrolls changes where it was and where it is"


def test_a_style_number_used_again_is_read_again() -> None:
    screen = Screen(2, 20)
    for colour in range(1, 200):
        screen.feed(b"\x1b[H\x1b[2J\x1b[38;5;%dmx" % colour)
        assert screen.rows_changed()[0] == 0
        assert screen.row(0)[0] == Run("x", Style(fg=colour), 1)


def test_a_synchronized_frame_is_shown_whole_and_not_waited_for_for_ever() -> None:
    screen = _screen("old")
    screen.feed(b"\x1b[?2026h\x1b[Hha")
    assert screen.rows_changed(now=10.0) == []
    assert screen.rows_changed(now=10.9) == []
    screen.feed(b"lf\x1b[?2026l")
    assert screen.rows_changed(now=10.95) == [0]
    screen.feed(b"\x1b[?2026h\x1b[Hstuck")
    assert screen.rows_changed(now=20.0) == []
    assert screen.rows_changed(now=21.0) == [0]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_any_bytes_in_any_pieces_give_the_same_harmless_screen(data: bytes, cuts: list[int]) -> None:
    whole, pieces = Screen(4, 12), Screen(4, 12)
    whole.feed(data)
    start = 0
    for cut in [*sorted(cuts), len(data)]:
        pieces.feed(data[start:cut])
        start = max(start, cut)
    assert whole.text() == pieces.text()
    for row in range(4):
        assert whole.row(row) == pieces.row(row)
        assert sum(run.width for run in whole.row(row)) == 12
        _harmless("".join(run.text for run in whole.row(row)))
    _harmless(whole.title)


PARTS = [
    "\x1b[31m", "\x1b[48;5;9m", "\x1b[0m", "\x1b[H", "\x1b[2;3H", "\x1b[K", "\x1b[2J", "\x1b[L", "\x1b[P", "\x1b[3X",
    "\n", "\r", "a", "bcd ", "日", "e\u0301", "👍🏽", "\u202e", "\x9b31m", "\x1b[?1049h", "\x1b[?1049l", "\x1b[7m",
    "\t", "\x1b[@",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=60))
def test_what_is_read_as_it_comes_equals_what_is_read_at_the_end(parts: list[str]) -> None:
    often, once = Screen(4, 11), Screen(4, 11)
    for part in ["", *parts]:
        often.feed(part.encode())
        often.rows_changed()
    once.feed("".join(parts).encode())
    once.rows_changed()
    assert [often.row(n) for n in range(4)] == [once.row(n) for n in range(4)]


@pytest.mark.parametrize(
    "payload",
    [
        b"\x1b]52;c;SGk=\x07", b"\x9b31m", b"[/nope]", b"[@click=app.bell]x[/]", b"[red]", b"back\\", b"\xe2\x80\xae",
        b"x" * 100_000, b"", b"\n" * 10_000, b"\xff\xfe\xc3(", b"\xc2\x9b31m", b"\xe2\x81\xa6\xe2\x81\xa9",
        b"\x1b_Gf=100,t=f;L2V0Yy9wYXNzd2Q=\x1b\\", b"\x1bP+q544e\x1b\\", b"\x1b[999999999999C", b"\x1b[21t",
        b"a" + "\u0301".encode() * 5000, b"\x1b]2;" + b"t" * 100_000 + b"\x07", "日本".encode() * 1000,
        b"\xed\xa0\x80",
    ],
)  # fmt: skip
def test_hostile_payloads_are_survived_and_never_passed_on(payload: bytes) -> None:
    screen = Screen(5, 20)
    screen.feed(payload)
    screen.feed(b"\x1b\\\r\n\x1b[0mafter")
    text = screen.text()
    assert "after" in "\n".join(text)
    for row in range(5):
        _harmless("".join(run.text for run in screen.row(row)))
        assert sum(run.width for run in screen.row(row)) == 20
    _harmless(screen.title)


def test_markup_is_text() -> None:
    assert _screen("[/x][red]\\").text()[0] == "[/x][red]\\"


def test_titles() -> None:
    screen = _screen("\x1b]0;one\x07")
    assert screen.title == "one"
    screen.feed("\x1b]2;◐ busy \u202eevil\x1b\\".encode())
    assert screen.title == "◐ busy evil"
    assert _screen("").title == ""


def test_answers_go_where_they_are_wanted() -> None:
    screen = Screen(5, 20)
    answers: list[bytes] = []
    screen.on_reply(answers.append)
    screen.feed(b"ab\x1b[6n")
    assert answers == [b"\x1b[1;3R"]
    screen.feed(b"\x1b]2;rm -rf\x07\x1b[21t")
    assert not any(b"rm -rf" in answer for answer in answers), "a program cannot have its title typed back"
    screen.on_reply(None)
    screen.feed(b"\x1b[6n")
    assert answers[0] == b"\x1b[1;3R"
    assert answers[1:] == [] or b"R" not in b"".join(answers[1:])


@pytest.mark.parametrize(
    ("key", "character", "want"),
    [
        ("a", "a", b"a"), ("A", "A", b"A"), ("upper_a", "A", b"A"), ("question_mark", "?", b"?"),
        ("é", "é", b"\xc3\xa9"), ("+", "+", b"+"), ("space", " ", b" "), ("enter", "\r", b"\r"),
        ("escape", "\x1b", b"\x1b"), ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"), ("backspace", "\x7f", b"\x7f"), ("delete", None, b"\x1b[3~"),
        ("up", None, b"\x1b[A"), ("ctrl+right", None, b"\x1b[1;5C"), ("shift+up", None, b"\x1b[1;2A"),
        ("pageup", None, b"\x1b[5~"), ("f5", None, b"\x1b[15~"), ("ctrl+c", "\x03", b"\x03"), ("ctrl+z", None, b"\x1a"),
        ("ctrl+backslash", None, b"\x1c"), ("ctrl+right_square_bracket", None, b"\x1d"), ("ctrl+at", None, b"\x00"),
        ("ctrl+underscore", None, b"\x1f"), ("alt+x", None, b"\x1bx"), ("日", "日", "日".encode()),
        ("left_curly_bracket", "{", b"{"), ("some_new_key", None, b""), ("ctrl+some_new_key", None, b""),
    ],
)  # fmt: skip
def test_keys(key: str, character: str | None, want: bytes) -> None:
    assert Screen(5, 20).encode_key(key, character) == want


def test_keys_follow_the_modes_of_the_program() -> None:
    screen = _screen("\x1b[?1h")
    assert screen.encode_key("up") == b"\x1bOA"
    screen.feed(b"\x1b[?1l")
    assert screen.encode_key("up") == b"\x1b[A"
    screen.feed(b"\x1b[>1u")
    assert screen.encode_key("escape") == b"\x1b[27u"


def test_pastes_follow_the_modes_of_the_program() -> None:
    screen = Screen(5, 20)
    assert screen.encode_paste("a\nb\x1b[31m") == b"a\rb[31m"
    screen.feed(b"\x1b[?2004h")
    assert screen.encode_paste("a\r\nb\x1b[201~\x03") == b"\x1b[200~a\nb[201~\x1b[201~"


def test_an_emulator_with_another_cell_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = json.loads

    def shifted(text: bytes) -> Any:
        data = real(text)
        data["types"]["GhosttyCell"]["bits"]["style_id"]["width"] = 15
        return data

    monkeypatch.setattr(json, "loads", shifted)
    with pytest.raises(GasTownError, match="cells") as caught:
        screen_module._layout()
    assert "pyghostty==" in caught.value.hint


def test_screens_are_freed() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    data = b"".join(b"\x1b[38;5;%dmline %d\r\n" % (n % 256, n) for n in range(2000))

    def some() -> None:
        for _ in range(40):
            screen = Screen(40, 120, scrollback=3000)
            screen.feed(data)
            screen.text()
            screen.encode_key("up")
        gc.collect()

    some()
    before = resident()
    some()
    some()
    assert resident() - before < 20_000_000, "80 screens of 2 MB each would show"


def test_reading_rows_is_far_from_slow() -> None:
    """Not a benchmark: cell-by-cell reading, or a leak of work with each frame, would take many times as long."""
    screen = Screen(60, 100)
    began = time.process_time()
    for frame in range(100):
        lines = (b"\x1b[%d;1H\x1b[3%dm%s\x1b[0m rest" % (n + 1, (n + frame) % 8, b"word " * 12) for n in range(60))
        screen.feed(b"".join(lines))
        assert len(screen.rows_changed()) == 60
    assert time.process_time() - began < 6.0


def _harmless(text: str) -> None:
    bad = [char for char in text if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0x202A <= ord(char) <= 0x202E]
    assert bad == []
    assert not any(0x2066 <= ord(char) <= 0x2069 or 0xD800 <= ord(char) <= 0xDFFF for char in text)
