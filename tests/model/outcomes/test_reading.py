"""What each runner printed in a real run is read into its counts and its first failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.model.outcomes import junit
from gastown_tui.model.outcomes.outcome import Outcome
from gastown_tui.model.outcomes.reading import Reader

CAPTURED = Path(__file__).parents[2] / "fixtures" / "outcomes"
FIX, ONE = "tests/test_a.py::test_fix", "tests/test_a.py:12"
BUILD, CART = "example.org/shop/c [build failed]", "src/cart.test.js:3"
EXPECTED = {
    "pytest": (6, 2, 1, 9, FIX, ONE, "fixture 'nofix' not found"),
    "pytest-quiet": (6, 2, 1, 9, FIX, ONE, "fixture 'nofix' not found"),
    "pytest-verbose": (6, 2, 1, 9, FIX, ONE, "fixture 'nofix' not found"),
    "pytest-line": (6, 2, 1, 9, FIX, ONE, "fixture 'nofix' not found"),
    "pytest-short": (6, 2, 1, 9, FIX, ONE, "fixture 'nofix' not found"),
    "pytest-workers": (6, 2, 1, 9, FIX, ONE, "fixture 'nofix' not found"),
    "pytest-broken": (0, 1, 0, 1, "tests/test_e.py", "tests/test_e.py:1", "ModuleNotFoundError: No module named"),
    "unittest": (1, 3, 1, 5, "tests.test_u.T.test_err", "tests/test_u.py:7", "ValueError: boo"),
    "unittest-verbose": (1, 3, 1, 5, "tests.test_u.T.test_err", "tests/test_u.py:7", "ValueError: boo"),
    "go": (1, 3, 0, 0, BUILD, "c/c.go:2", "c/c.go:2:23: undefined: foo"),
    "go-verbose": (3, 3, 1, 0, BUILD, "c/c.go:2", "c/c.go:2:23: undefined: foo"),
    "go-json": (3, 3, 1, 0, BUILD, "c/c.go:2", "c/c.go:2:23: undefined: foo"),
    "go-green": (1, 0, 0, 0, "", "", ""),
    "cargo": (1, 1, 1, 3, "tests::adds_two", "src/lib.rs:6", "assertion `left == right` failed"),
    "cargo-broken": (0, 1, 0, 0, "cannot find value `c` in this scope", "src/lib.rs:1", "error: cannot find value"),
    "jest": (2, 1, 1, 4, "cart › totals", CART, "expect(received).toBe(expected)"),
    "jest-verbose": (2, 1, 1, 4, "cart › totals", CART, "expect(received).toBe(expected)"),
    "vitest": (2, 1, 1, 4, "src/broken.test.js", "src/broken.test.js", "Error: Failed to load url ./gone"),
    "vitest-verbose": (1, 1, 1, 3, "src/cart.test.js > cart > totals", CART, "AssertionError: expected 3 to be 4"),
    "node-tap": (1, 1, 1, 3, "subtracts", "n.test.js:3", "Expected values to be strictly equal:"),
    "node-spec": (1, 1, 1, 3, "subtracts", "n.test.js:3", "AssertionError [ERR_ASSERTION]"),
}


def read(text: str, pieces: int = 0, red: bool = False) -> Outcome:
    """The outcome of a whole output, fed at once or in pieces."""
    reader = Reader("/home/ada/shop")
    for start in range(0, len(text), pieces or len(text) or 1):
        reader.feed(text[start : start + (pieces or len(text))])
    reader.finish()
    return reader.outcome(red)


def captured(name: str) -> str:
    """What a real run printed."""
    return (CAPTURED / f"{name}.txt").read_text(encoding="utf-8")


def test_every_capture_is_expected_to_be_something() -> None:
    """None lies about unread."""
    assert {path.stem for path in CAPTURED.glob("*.txt")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("pieces", [0, 1, 37])
def test_what_a_runner_printed(name: str, pieces: int) -> None:
    """Cut anywhere, it says the same."""
    passed, failures, skipped, total, first, where, why = EXPECTED[name]
    found = read(captured(name), pieces)
    assert (found.passed, found.failures, found.skipped, found.total) == (passed, failures, skipped, total)
    assert (found.first, found.where) == (first, where)
    assert (found.why[0] if found.why else "").startswith(why) and bool(found.why) == bool(why)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_colours_and_windows_line_ends_change_nothing(name: str) -> None:
    """A runner that thinks it draws on a terminal is understood too."""
    plain = captured(name)
    drawn = "".join(f"\x1b[31m{line}\x1b[0m\r\n" for line in plain.splitlines())
    assert read(drawn) == read(plain)


def test_a_failing_test_of_pytest_is_where_it_broke() -> None:
    """Not where the helper was called; its name is the one that can be run again."""
    text = captured("pytest-quiet")
    found = read(text[text.index("=== FAILURES") :])
    assert (found.first, found.where) == ("tests/test_a.py::TestSum::test_one", "tests/test_a.py:5")
    assert found.why == ("AssertionError: not two", "assert 1 == 2")


def test_a_failing_test_of_go_is_its_innermost() -> None:
    """A test with subtests fails because one of them did."""
    for name in ("go", "go-verbose"):
        text = captured(name)
        found = read(text[text.index("--- FAIL: TestTotal") :])
        assert (found.first, found.failures) == ("TestTotal/two", 3)
    one = "=== RUN   TestA\n    a_test.go:8: got 3\n--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tx/y\t0.1s\n"
    found = read(one)
    assert (found.first, found.where, found.why) == ("TestA", "a_test.go:8", ("a_test.go:8: got 3",))
    assert (found.passed, found.failures) == (0, 1)


def test_a_panic_in_go_is_where_our_code_was() -> None:
    """The runtime's own frames are nobody's fault."""
    text = captured("go")
    found = read(text[text.index("--- FAIL: TestPanic") :])
    assert (found.first, found.where) == ("TestPanic", "shop_test.go:9".join(("/home/ada/shop/go/", ""))[15:])
    assert found.why == ("panic: assignment to entry in nil map [recovered, repanicked]",)


def test_the_count_while_it_runs() -> None:
    """From the total it announced, or else the last run's."""
    reader = Reader()
    reader.feed("collected 41 items\n\ntests/test_a.py ........................    [ 58%]\ntests/test_b.py ....")
    assert reader.outcome().words() == "28 of 41 passed, none failed"
    reader.feed("F.s")
    assert reader.outcome().words() == "29 of 41 passed, 1 failed"
    reader = Reader()
    reader.feed("running 3 tests\ntest a ... ok\ntest b ... FAILED\n")
    assert reader.outcome().words() == "1 of 3 passed, 1 failed"
    reader = Reader()
    reader.feed("..........")
    assert reader.outcome().words() == "10 passed, none failed"
    assert reader.outcome().words(41) == "10 of 41 passed, none failed"
    assert Reader().outcome().words(41) == ""


def test_several_runs_of_a_command_add_up() -> None:
    """`make test` may start more than one runner."""
    found = read(captured("pytest-quiet") + captured("cargo") + captured("jest") + captured("pytest"))
    assert (found.passed, found.failures, found.skipped) == (6 + 1 + 2 + 6, 2 + 1 + 1 + 2, 4)
    assert found.first == FIX


def test_what_is_no_runner_is_told_by_its_error() -> None:
    """A compiler, a linter, a script."""
    mypy = "note: x\napp/routes.py:12: error: Incompatible types  [assignment]\nFound 1 error in 1 file\n"
    found = read(mypy, red=True)
    assert (found.first, found.where) == ("app/routes.py:12", "app/routes.py:12")
    assert found.why[0] == "app/routes.py:12: error: Incompatible types  [assignment]"
    assert read(mypy).first == ""
    found = read("Compiling\nno such luck\n", red=True)
    assert (found.first, found.why) == ("", ("Compiling", "no such luck"))


def test_runners_whose_output_was_not_captured_here() -> None:
    """Old Rust, mocha, bats and nextest, as their manuals print them."""
    old = "---- t::a stdout ----\nthread 't::a' panicked at 'assertion failed', src/lib.rs:12:9\n"
    assert (read(old).first, read(old).where) == ("t::a", "src/lib.rs:12")
    mocha = (
        "  cart\n    ✔ adds\n    1) totals\n\n  1 passing (5ms)\n  1 failing\n\n  1) cart\n       totals:\n"
        "     AssertionError: 3 == 4\n      at Context.<anonymous> (test/cart.js:7:14)\n"
    )
    found = read(mocha)
    assert (found.passed, found.failures, found.first, found.where) == (1, 1, "cart", "test/cart.js:7")
    bats = "1..2\nok 1 adds\nnot ok 2 totals\n# (in test file test/cart.bats, line 9)\n#   `[ 3 = 4 ]' failed\n"
    found = read(bats)
    assert (found.passed, found.failures, found.total, found.where) == (1, 1, 2, "test/cart.bats:9")
    nextest = (
        "    Starting 2 tests across 1 binary\n        PASS [   0.004s] shop tests::adds\n"
        "        FAIL [   0.005s] shop tests::totals\n------------\n"
        "     Summary [   0.006s] 2 tests run: 1 passed, 1 failed, 0 skipped\n"
        "        FAIL [   0.005s] shop tests::totals\n"
    )
    found = read(nextest)
    assert (found.passed, found.failures, found.first) == (1, 1, "shop tests::totals")


def test_junit_reports() -> None:
    """Of two runners; several reports are one."""
    ours, theirs = (junit.read((CAPTURED / f"{name}.xml").read_bytes()) for name in ("pytest", "vitest"))
    assert ours is not None and theirs is not None
    assert (ours.passed, ours.failures, ours.skipped, ours.total) == (5, 2, 2, 9)
    assert (ours.first, ours.where) == ("tests.test_a.TestSum.test_one", "tests/test_a.py:5")
    assert ours.why == ("AssertionError: not two", "assert 1 == 2")
    assert (theirs.passed, theirs.failures, theirs.skipped) == (2, 2, 1)
    both = junit.joined([ours, theirs])
    assert both is not None and (both.passed, both.total, both.first) == (7, 14, ours.first)


def test_a_report_that_is_none_or_is_hostile_is_not_read() -> None:
    """Entities would grow without bounds; half a report says what it says."""
    assert junit.read(b"") is None and junit.read(b"<html/>") is None and junit.read(b"\xff\xfe\0") is None
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite><testcase name="x"/></testsuite>'
    assert junit.read(bomb) is None
    half = junit.read(b'<testsuite><testcase name="a"/><testcase name="b"><failure message="no">app.py:3</failure>'
                      b"</testcase><testcase na")  # fmt: skip
    assert half is not None and (half.passed, half.failures, half.first, half.where) == (1, 1, "b", "app.py:3")


LINES = [line for name in sorted(EXPECTED) for line in captured(name).splitlines()]
PARTS = [*LINES, "\r", "\x1b[", "{" * 50, "=" * 90]


@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=40)), max_size=30), st.integers(1, 50))
def test_nothing_it_is_fed_makes_it_raise(lines: list[str], pieces: int) -> None:
    """Counts stay counts, and what is kept stays short."""
    text = "\n".join(lines)
    found = read(text, pieces, red=True)
    assert min(found.passed, found.failures, found.skipped, found.total) >= 0
    assert len(found.why) <= 8 and all(len(line) <= 240 for line in found.why) and len(found.first) <= 320
    junit.read(text.encode("utf-8", "surrogatepass"))


def test_a_line_without_an_end_is_held_in_part_only() -> None:
    """A runner gone mad may print without a newline for ever."""
    reader = Reader()
    for _ in range(64):
        reader.feed("x" * 65536)
    assert reader.outcome(True).failures == 0
    reader.feed("\n2 passed in 0.10s\n")
    reader.finish()
    assert reader.outcome().passed == 2
