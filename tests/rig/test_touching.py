"""Which of a landed change's lines a later one touched, wherever they stood by then."""

from __future__ import annotations

import pytest

from gastown_tui.rig import touching
from gastown_tui.rig.touching import Touch
from tests.rig.conftest import Git

TEN = "".join(f"line {n}\n" for n in range(1, 11))


def _change(git: Git, files: dict[str, str | bytes | None]) -> tuple[str, str]:
    before = git.tip("main")
    return before, git.commit("change", files)


def test_lines_are_followed_to_where_the_later_change_found_them(git: Git) -> None:
    git.commit("ten", {"f": TEN, "g": "g\n"})
    one = TEN.replace("line 5\n", "five\n")
    first = _change(git, {"f": one, "only": "x\n"})
    pushed = "a\nb\n" + one
    _change(git, {"f": pushed})
    beside = _change(git, {"f": pushed.replace("line 9\n", "nine\n"), "g": "h\n"})
    assert touching.touch(git.path, first, beside) == Touch(("f",), ())
    later = _change(git, {"f": pushed.replace("line 9\n", "nine\n").replace("five\n", "FIVE\n")})
    assert touching.touch(git.path, first, later) == Touch(("f",), (("f", 7, 7),))
    assert not touching.touch(git.path, first, _change(git, {"g": "i\n"}))


@pytest.mark.parametrize(
    ("made", "then", "lines"),
    [
        (TEN.replace("line 5\n", ""), TEN.replace("line 5\n", "").replace("line 4\n", "four\n"), ()),
        (TEN.replace("line 5\n", "5\n5b\n"), None, (("f", 5, 6),)),
        (TEN.replace("line 5\n", "5\n5b\n"), TEN.replace("line 5\n", "5\nbetween\n5b\n"), (("f", 6, 6),)),
        (TEN + "end\n", TEN + "end\nmore\n", ()),
        (TEN + "end\n", TEN, (("f", 11, 11),)),
    ],
)
def test_what_lies_beside_is_not_the_same_line(
    git: Git, made: str, then: str | None, lines: tuple[tuple[str, int, int], ...]
) -> None:
    git.commit("ten", {"f": TEN})
    first = _change(git, {"f": made})
    assert touching.touch(git.path, first, _change(git, {"f": then})) == Touch(("f",), lines)


def test_new_files_and_binary_ones(git: Git) -> None:
    first = _change(git, {"new": TEN, "b": b"\0\1"})
    later = _change(git, {"new": TEN.replace("line 2\n", "two\n"), "b": b"\0\2"})
    assert touching.touch(git.path, first, later) == Touch(("b", "new"), (("new", 2, 2),))
