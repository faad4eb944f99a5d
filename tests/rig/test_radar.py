"""The radar sees every conflict git would, as branches move one after another, and is silent where there is none."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.radar import pairs
from gastown_tui.rig.radar.opinion import git_stops
from gastown_tui.rig.radar.pairs import CONFLICT, NEARBY
from gastown_tui.rig.radar.scope import Place, Radar
from tests.rig.conftest import Git

WIDE = "".join(f"line {n}\n" for n in range(60))
EXAMPLES = int(os.environ.get("RADAR_EXAMPLES", "16"))
"""More of them where somebody hunts for what is missed."""
NAMES = ("one", "two", "three")
START: dict[str, str | bytes | None] = {
    "f": "".join(f"{n % 4}\n" for n in range(12)), "wide": WIDE, "d/x": "x 1\nx 2\nx 3\n", "d/y": WIDE + "y\n",
    "e/deep/z": WIDE + "z\n", "old": None,
}  # fmt: skip


class Worktrees:
    """A repository with a worktree for each name, and a radar over them."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.folder = git.path.parent / "worktrees"
        self.base = git.commit("start", {path: text for path, text in START.items() if text is not None})
        for name in NAMES:
            git("worktree", "add", "--quiet", "-b", name, str(self.folder / name), self.base)
        self.radar = Radar(git.path / ".git")
        self.reset()

    def reset(self) -> None:
        """Everybody back at the start, and a radar that knows nothing."""
        self.git("checkout", "--quiet", "--force", "-B", "main", self.base)
        for name in NAMES:
            self.git("checkout", "--quiet", "--force", "-B", name, self.base, cwd=self.folder / name)
            self.git("clean", "-ffdxq", cwd=self.folder / name)
        self.radar = Radar(self.git.path / ".git")
        self.aim()

    def aim(self) -> None:
        self.radar.aim(self.git.tip("main"))

    def look(self, name: str) -> bool:
        return self.radar.look(name, Place(self.folder / name))

    def write(self, name: str, path: str, text: str | bytes | None) -> None:
        """Write a file of a worktree, or with None remove it."""
        place = self.folder / name / path
        if text is None:
            place.unlink()
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)

    def frozen(self, name: str) -> str:
        """A commit of a worktree as it lies there, unsaved work and all."""
        here = self.folder / name
        self.git("add", "--all", cwd=here)
        tree = self.git.out("write-tree", cwd=here)
        self.git("reset", "--quiet", cwd=here)
        return self.git.out("commit-tree", tree, "-p", "HEAD", "-m", "as it lies", cwd=here)

    def stops(self, one: str, other: str) -> bool:
        """Whether git's own merge of two commits is a conflict."""
        told = self.git("merge-tree", "--write-tree", one, other, check=False)
        assert told.returncode in (0, 1), told.stderr
        return told.returncode == 1

    def kinds(self) -> dict[tuple[str, str], dict[str, str]]:
        """What the radar shows: the kind of every file of every pair."""
        return {pair: {spot.file: spot.kind for spot in spots} for pair, spots in self.radar.meetings().items()}


@pytest.fixture
def three(git: Git) -> Worktrees:
    return Worktrees(git)


def edited(line: int, text: str) -> str:
    """WIDE with one line (from 0) replaced."""
    return WIDE.replace(f"line {line}\n", f"{text}\n")


def test_two_who_change_one_line_meet_there_saved_or_not(three: Worktrees) -> None:
    three.write("one", "wide", edited(39, "mine"))
    assert three.look("one") and three.kinds() == {}
    three.write("two", "wide", edited(39, "yours"))
    three.git("commit", "--quiet", "-am", "yours", cwd=three.folder / "two")
    assert three.look("two")
    (found,) = three.radar.meetings()["one", "two"]
    assert (found.file, found.first, found.last, found.kind) == ("wide", 40, 40, CONFLICT)
    assert not three.look("two") and not three.look("one"), "nothing moved since"
    three.write("two", "wide", WIDE)
    assert three.look("two") and three.kinds() == {}, "it vanishes when it is no longer true"


def test_lines_near_each_other_are_near_and_others_are_nothing(three: Worktrees) -> None:
    three.write("one", "wide", edited(10, "mine"))
    three.write("two", "wide", edited(13, "yours"))
    three.write("three", "wide", edited(50, "far"))
    for name in NAMES:
        three.look(name)
    assert three.kinds() == {("one", "two"): {"wide": NEARBY}}
    (found,) = three.radar.meetings()["one", "two"]
    assert (found.first, found.last) == (11, 14)


def test_the_same_change_of_both_is_no_meeting(three: Worktrees) -> None:
    for name in ("one", "two"):
        three.write(name, "wide", edited(10, "same"))
        three.write(name, "new", "same\n")
        three.look(name)
    assert three.kinds() == {}


SHAPES: dict[str, tuple[dict[str, str | None], dict[str, str | None], str, str]] = {
    "removed and changed": ({"d/x": None}, {"d/x": "x 1\nother\nx 3\n"}, "d/x", CONFLICT),
    "both added": ({"new": "1\n"}, {"new": "2\n"}, "new", CONFLICT),
    "a file where the other makes a folder": ({"new": "1\n"}, {"new/inner": "2\n"}, "new", CONFLICT),
    "moved to two places": ({"d/y": None, "m": WIDE + "y\n"}, {"d/y": None, "n": WIDE + "y\n"}, "d/y", CONFLICT),
    "moved, and changed by the other": ({"d/y": None, "m": WIDE + "y\n"}, {"d/y": WIDE + "more\n"}, "d/y", NEARBY),
    "a folder moved, and added to by the other": (
        {"e/deep/z": None, "g/z": WIDE + "z\n"}, {"e/deep/more": "1\n"}, "e/deep/more", NEARBY,
    ),
    "binary": ({"f": "\0 1"}, {"f": "\0 2"}, "f", CONFLICT),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_what_is_no_edit_of_one_line_is_seen_too(three: Worktrees, case: str) -> None:
    ours, theirs, path, kind = SHAPES[case]
    for name, files in (("one", ours), ("two", theirs)):
        for file, text in files.items():
            three.write(name, file, text)
        three.look(name)
    assert three.kinds()["one", "two"][path] == kind


def test_the_target_is_met_where_it_moved_and_not_by_everybody_after_it(three: Worktrees) -> None:
    three.write("one", "wide", edited(20, "mine"))
    three.look("one")
    landed = three.git.commit("landed", {"wide": edited(20, "theirs")})
    three.git("checkout", "--quiet", "-B", "two", landed, cwd=three.folder / "two")
    three.write("two", "d/x", "x\n")
    three.aim()
    three.look("two")
    assert three.kinds() == {("", "one"): {"wide": CONFLICT}}
    three.write("two", "wide", edited(20, "both").replace("line 40", "more"))
    three.look("two")
    assert three.kinds() == {("", "one"): {"wide": CONFLICT}, ("one", "two"): {"wide": CONFLICT}}
    three.radar.drop("one")
    assert three.kinds() == {} and three.radar.names == {"two"} and three.radar.changed("two") == {"wide", "d/x"}


def test_a_branch_at_the_gates_is_looked_at_where_it_was_handed_in(three: Worktrees) -> None:
    three.write("one", "wide", edited(5, "handed in"))
    commit = three.frozen("one")
    three.write("one", "wide", edited(30, "an afterthought"))
    three.write("two", "wide", edited(5, "yours"))
    three.look("two")
    three.radar.look("one", Place(head=commit))
    assert three.kinds() == {("one", "two"): {"wide": CONFLICT}}


def test_nothing_is_written_to_the_repository(three: Worktrees) -> None:
    objects = three.git.path / ".git" / "objects"
    before = sorted(objects.rglob("*"))
    three.write("one", "wide", edited(5, "mine") + "end\n")
    three.write("two", "wide", "top\n" + WIDE)
    three.write("two", "new", "x" * 2_000_000)
    three.write("one", "new", "y" * 2_000_000)
    three.look("one")
    three.look("two")
    assert three.kinds() == {("one", "two"): {"new": CONFLICT}}
    assert sorted(objects.rglob("*")) == before


def test_odd_names_links_and_nested_repositories_are_read(three: Worktrees) -> None:
    for name in ("one", "two"):
        three.write(name, "ä ö\nü", name)
        (three.folder / name / "link").symlink_to(name)
        three.git("init", "--quiet", "nested", cwd=three.folder / name)
        (three.folder / name).joinpath("bytes").write_bytes(name.encode())
        os.rename(three.folder / name / "bytes", bytes(three.folder / name) + b"/\xff")
        three.look(name)
    assert set(three.kinds()["one", "two"]) == {"ä ö\nü", "link", "\udcff"}


def test_a_worktree_that_is_gone_is_said_and_what_was_known_stays(three: Worktrees) -> None:
    three.write("one", "wide", edited(5, "mine"))
    three.write("two", "wide", edited(5, "yours"))
    three.look("one")
    three.look("two")
    shutil.rmtree(three.folder / "two")
    with pytest.raises(GasTownError):
        three.look("two")
    assert three.kinds() == {("one", "two"): {"wide": CONFLICT}}


def test_histories_that_cross_are_merged_whole(three: Worktrees) -> None:
    """A branch that landed and went on has two merge bases with the target once that was merged back in between."""
    one = three.folder / "one"
    three.write("one", "wide", edited(5, "mine"))
    three.git("commit", "--quiet", "-am", "first", cwd=one)
    first = three.git.tip("one")
    moved = three.git.commit("target moves", {"f": "other\n"})
    three.git("merge", "--quiet", "--no-ff", "-m", "land", "one")
    three.git("merge", "--quiet", "--no-ff", "-m", "catch up", moved, cwd=one)
    assert set(three.git.out("merge-base", "--all", "one", "main").split()) == {first, moved}
    three.write("one", "wide", edited(5, "mine").replace("line 30", "again"))
    three.git("commit", "--quiet", "-am", "second", cwd=one)
    three.git("checkout", "--quiet", "-B", "two", "main", cwd=three.folder / "two")
    three.write("two", "wide", edited(5, "mine").replace("line 30", "yours"))
    three.aim()
    three.look("one")
    three.look("two")
    assert three.stops("one", three.frozen("two"))
    assert three.kinds()["one", "two"] == {"wide": CONFLICT}


def test_a_branch_on_top_of_another_is_compared_with_what_it_has_of_it(three: Worktrees) -> None:
    three.write("one", "wide", edited(5, "mine"))
    three.git("commit", "--quiet", "-am", "first", cwd=three.folder / "one")
    three.git("checkout", "--quiet", "-B", "two", "one", cwd=three.folder / "two")
    three.write("two", "wide", edited(5, "mine and more"))
    three.look("one")
    three.look("two")
    assert three.kinds() == {}, "git merges these without a question"
    three.write("one", "wide", WIDE)
    three.look("one")
    assert three.stops(three.frozen("one"), three.frozen("two"))
    assert three.kinds() == {("one", "two"): {"wide": CONFLICT}}


def test_forgetting_what_was_read_changes_nothing(three: Worktrees, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gastown_tui.rig.radar.ground.ROOM", 0)
    test_two_who_change_one_line_meet_there_saved_or_not(three)


PATHS = st.sampled_from(["f", "wide", "d/x", "d/y", "e/deep/z", "d/new", "e/deep/new", "d", "new", "g/new"])
ROWS = st.lists(st.sampled_from(["0\n", "1\n", "2\n", "3\n", "}\n"]), max_size=10).map("".join)
STEP = st.one_of(
    st.tuples(st.just("rows"), PATHS, ROWS),
    st.tuples(st.just("line"), PATHS, st.integers(0, 59)),
    st.tuples(st.just("cut"), PATHS, st.integers(0, 59)),
    st.tuples(st.just("remove"), PATHS, st.none()),
    st.tuples(st.just("move"), PATHS, PATHS),
    st.tuples(st.just("folder"), st.sampled_from(["d", "e/deep", "e", "g"]), st.sampled_from(["g", "d", "h/i", "e/k"])),
    st.tuples(st.just("commit"), st.none(), st.none()),
    st.tuples(st.just("catch up"), st.none(), st.none()),
)
MOVES = st.lists(st.tuples(st.sampled_from(NAMES), st.lists(STEP, min_size=1, max_size=3)), min_size=2, max_size=6)


def do(three: Worktrees, name: str, what: str, path: object, more: object) -> None:
    """One step of somebody at work; one that is not possible as things lie is nothing."""
    here = three.folder / name
    place = here / str(path)
    if what == "commit":
        three.git("add", "--all", cwd=here)
        three.git("commit", "--quiet", "--allow-empty", "-m", name, cwd=here)
    elif what == "catch up":
        if three.git("merge", "--quiet", "--no-edit", "main", cwd=here, check=False).returncode:
            three.git("merge", "--abort", cwd=here, check=False)
    elif what == "remove" and place.is_file():
        place.unlink()
    elif what in ("move", "folder"):
        goal = here / str(more)
        there = place.is_file() if what == "move" else place.is_dir()
        free = not goal.exists() and not any(parent.is_file() or parent == place for parent in goal.parents)
        if there and free:
            goal.parent.mkdir(parents=True, exist_ok=True)
            place.rename(goal)
    elif what == "rows" and not place.is_dir():
        if not any(parent.is_file() for parent in place.parents):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(str(more))
    elif what in ("line", "cut") and place.is_file() and isinstance(more, int):
        lines = place.read_text().splitlines(keepends=True)
        if more < len(lines):
            lines[more : more + 1] = [f"{name} was here\n"] if what == "line" else []
            place.write_text("".join(lines))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_no_conflict_of_git_is_ever_missed(three: Worktrees, moves: list[tuple[str, list[tuple[str, object, object]]]]
                                           ) -> None:  # fmt: skip
    three.reset()
    for name, steps in moves:
        for what, path, more in steps:
            do(three, name, what, path, more)
        three.look(name)
    known = sorted(three.radar.names)
    commits = {name: three.frozen(name) for name in known}
    found = three.kinds()
    for index, one in enumerate(known):
        for other in known[index + 1 :]:
            if three.stops(commits[one], commits[other]):
                first, last = sorted((one, other))
                assert (first, last) in found
    fresh = Radar(three.git.path / ".git")
    fresh.aim(three.git.tip("main"))
    for name in known:
        fresh.look(name, Place(three.folder / name))
    assert fresh.meetings() == three.radar.meetings(), "in steps or at once, it is the same"


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, lands=st.lists(st.booleans(), min_size=6, max_size=6))
def test_while_the_target_moves_a_conflict_is_told_of_the_pair_or_of_the_target(
    three: Worktrees, moves: list[tuple[str, list[tuple[str, object, object]]]], lands: list[bool]
) -> None:
    three.reset()
    for (name, steps), land in zip(moves, lands, strict=False):
        for what, path, more in steps:
            do(three, name, what, path, more)
        if land:
            do(three, name, "commit", None, None)
            if three.git("merge", "--quiet", "--no-ff", "-m", "land", name, check=False).returncode:
                three.git("merge", "--abort", check=False)
            three.aim()
        three.look(name)
    # A branch that landed and has nothing more to say meets nobody.
    known = sorted(name for name in three.radar.names if three.radar.changed(name))
    commits = {name: three.frozen(name) for name in known} | {"": three.git.tip("main")}
    found = three.kinds()
    for index, one in enumerate(["", *known]):
        for other in ["", *known][index + 1 :]:
            if three.stops(commits[one], commits[other]):
                told = {tuple(sorted((one, other))), ("", one), ("", other)}
                assert told & found.keys(), (one, other)


def test_a_conflict_only_git_sees_is_near(three: Worktrees, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def stops(base: bytes, ours: bytes, theirs: bytes) -> bool:
        asked.append(base)
        return True

    monkeypatch.setattr(pairs, "git_stops", stops)
    three.write("one", "wide", edited(10, "mine").replace("line 50", "mine"))
    three.write("two", "wide", edited(30, "yours"))
    for name in ("one", "two"):
        three.look(name)
    assert asked == [WIDE.encode()] and three.kinds() == {("one", "two"): {"wide": NEARBY}}


def test_what_one_removes_and_the_other_moves_is_told(three: Worktrees) -> None:
    do(three, "one", "move", "wide", "d/new")
    do(three, "two", "remove", "wide", None)
    for name in ("one", "two"):
        three.look(name)
    assert three.stops(three.frozen("one"), three.frozen("two")) and list(three.kinds()) == [("one", "two")]


def test_edits_that_lie_between_each_other_are_put_to_git_itself(three: Worktrees) -> None:
    theirs = "".join(f"line {n}{' theirs' if n in (20, 50) else ''}\n" for n in range(60))
    assert git_stops(WIDE.encode(), edited(20, "mine").encode(), theirs.encode())
    assert not git_stops(WIDE.encode(), edited(35, "mine").encode(), theirs.encode())
    three.write("one", "wide", edited(35, "mine"))
    three.write("two", "wide", theirs)
    for name in ("one", "two"):
        three.look(name)
    assert three.kinds() == {}, "git was asked, and merges them"
