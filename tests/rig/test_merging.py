"""Merges in memory agree with git's own, conflicts name what is in dispute, and lost lines are noticed."""

from __future__ import annotations

import errno
from pathlib import Path

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import CannotWrite, GasTownError
from gastown_tui.rig import memory, merging
from gastown_tui.rig.merging import Conflict, Merged, landing_commit, landing_message, merge, survived
from gastown_tui.rig.objects.pack import object_id
from tests.rig.conftest import Git

Files = dict[str, str | bytes | None]
WIDE = "".join(f"line {n}\n" for n in range(40))


def _fork(git: Git, base: Files, ours: Files, theirs: Files) -> tuple[str, str, str]:
    """Three commits: a base, and two on top of it."""
    start = git.commit("base", base)
    git("checkout", "--quiet", "--detach", start)
    one = git.commit("ours", ours)
    git("checkout", "--quiet", "--detach", start)
    two = git.commit("theirs", theirs)
    return start, one, two


def _judge(git: Git, ours: str, theirs: str) -> str | None:
    """The tree git itself makes of a merge, or None when it conflicts."""
    told = git("merge-tree", "--write-tree", ours, theirs, check=False)
    assert told.returncode in (0, 1), told.stderr
    return told.stdout.split("\n")[0] if told.returncode == 0 else None


CLEAN: dict[str, tuple[Files, Files, Files]] = {
    "different files": ({"a": "1\n"}, {"b": "2\n"}, {"c": "3\n"}),
    "different ends of a file": ({"f": WIDE}, {"f": "top\n" + WIDE}, {"f": WIDE + "end\n"}),
    "the same change": ({"f": WIDE}, {"f": WIDE + "x\n"}, {"f": WIDE + "x\n"}),
    "renamed and edited": ({"old.py": WIDE}, {"old.py": None, "new.py": WIDE}, {"old.py": WIDE + "more\n"}),
    "both deleted": ({"a": "1\n", "b": "2\n"}, {"a": None}, {"a": None}),
    "deleted and untouched": ({"a": "1\n", "b": "2\n"}, {"a": None}, {"b": "3\n"}),
    "a binary of one side": ({"a": b"\0\1"}, {"a": b"\0\2"}, {"b": "x"}),
    "the same binary": ({"a": b"\0\1"}, {"a": b"\0\2"}, {"a": b"\0\2"}),
    "a file becomes a folder": ({"a": "1\n"}, {"a": None, "a/b": "2\n"}, {"c": "3\n"}),
    "unusual names": ({"ä ö": "1\n"}, {"new\nline": "2\n"}, {"ä ö": "3\n"}),
}


@pytest.mark.parametrize("case", CLEAN)
def test_a_clean_merge_is_the_tree_git_makes(git: Git, case: str) -> None:
    base, ours, theirs = _fork(git, *CLEAN[case])
    for one, two in ((ours, theirs), (theirs, ours)):
        found = merge(git.path, one, two)
        assert found == Merged(_judge(git, one, two) or "a conflict")
        assert survived(git.path, base, one, two, found.tree) == []
    assert git.out("status", "--porcelain") == ""
    git.fsck()


CONFLICTS: dict[str, tuple[tuple[Files, Files, Files], dict[str, tuple[str, str]]]] = {
    "both changed a line": (
        ({"f": WIDE}, {"f": WIDE.replace("line 5", "mine")}, {"f": WIDE.replace("line 5", "yours")}),
        {"f": ("both changed", "mine")},
    ),
    "both added": (({"x": "0\n"}, {"f": "mine\n"}, {"f": "yours\n"}), {"f": ("both added", "yours")}),
    "deleted and changed": (({"f": "1\n"}, {"f": None}, {"f": "2\n"}), {"f": ("deleted by ours", "deleted by ours")}),
    "changed and deleted": (({"f": "1\n"}, {"f": "2\n"}, {"f": None}), {"f": ("deleted by theirs", "f")}),
    "binary": (({"f": b"\0\1"}, {"f": b"\0\2"}, {"f": b"\0\3"}), {"f": ("both changed (binary)", "binary")}),
    "no text but not binary to git": (
        ({"f": b"caf\xe9 1\n"}, {"f": b"caf\xe9 2\n"}, {"f": b"caf\xe9 3\n"}), {"f": ("both changed", "")},
    ),
    "renamed differently": (
        ({"f": WIDE}, {"f": None, "g": WIDE}, {"f": None, "h": WIDE}),
        {"f": ("moved or deleted by both", ""), "g": ("in the way of a folder or a rename (ours)", ""),
         "h": ("in the way of a folder or a rename (theirs)", "")},
    ),
    "renamed and edited the same line": (
        ({"f": WIDE}, {"f": None, "g": WIDE.replace("line 7", "mine")}, {"f": WIDE.replace("line 7", "yours")}),
        {"g": ("both changed", "yours")},
    ),
    "edited the same line and renamed": (
        ({"f": WIDE}, {"f": WIDE.replace("line 7", "mine")}, {"f": None, "g": WIDE.replace("line 7", "yours")}),
        {"g": ("both changed", "mine")},
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_a_conflict_names_files_kinds_and_lines(git: Git, case: str) -> None:
    files, expected = CONFLICTS[case]
    _, ours, theirs = _fork(git, *files)
    found = merge(git.path, ours, theirs)
    assert _judge(git, ours, theirs) is None
    assert isinstance(found, Conflict)
    assert {c.path: c.kind for c in found.paths} == {path: kind for path, (kind, _) in expected.items()}
    assert all(expected[c.path][1] in c.hunks for c in found.paths)


def test_a_file_against_a_folder_is_a_conflict(git: Git) -> None:
    _, ours, theirs = _fork(git, {"x": "1\n"}, {"a": "file\n"}, {"a/b": "in a folder\n"})
    assert _judge(git, ours, theirs) is None
    for one, two in ((ours, theirs), (theirs, ours)):
        found = merge(git.path, one, two)
        assert isinstance(found, Conflict) and any(c.path.split("/")[0] == "a" for c in found.paths)


def test_hunks_show_both_sides_where_they_are_and_no_more(git: Git) -> None:
    long = "".join(f"row {n}\n" for n in range(4000))
    mine, yours = (long.replace("row 5\n", f"{a} 5\n").replace("row 3000\n", f"{a} 3000\n") for a in ("my", "your"))
    _, ours, theirs = _fork(git, {"f": long}, {"f": mine}, {"f": yours})
    found = merge(git.path, ours, theirs)
    assert isinstance(found, Conflict)
    hunks = found.paths[0].hunks
    assert hunks.count("@@ line") == 2 and "my 5\n" in hunks and "your 3000\n" in hunks and "row 1500" not in hunks
    assert len(hunks) < 500
    everything = "".join(f"mine {n}\n" for n in range(4000)), "".join(f"yours {n}\n" for n in range(4000))
    _, ours, theirs = _fork(git, {"f": long}, {"f": everything[0]}, {"f": everything[1]})
    found = merge(git.path, ours, theirs)
    assert isinstance(found, Conflict) and len(found.paths[0].hunks) < 9000 and "not shown" in found.paths[0].hunks


def test_what_is_merged_already_changes_nothing(git: Git) -> None:
    base, ours, _ = _fork(git, {"a": "1\n"}, {"b": "2\n"}, {"c": "3\n"})
    assert merge(git.path, ours, base) == Merged(git.tip(f"{ours}^{{tree}}"))
    assert merge(git.path, base, ours) == Merged(git.tip(f"{ours}^{{tree}}"))


def test_unrelated_or_missing_commits_are_unsure_and_no_conflict(git: Git) -> None:
    git("checkout", "--quiet", "--orphan", "other")
    other = git.commit("other root", {"z": "z\n"})
    with pytest.raises(GasTownError, match="no common ancestor"):
        merge(git.path, git.tip("main"), other)
    with pytest.raises(GasTownError, match="unsure"):
        merge(git.path, git.tip("main"), "1" * 40)


def test_criss_cross_history_agrees_with_git(git: Git) -> None:
    _, ours, theirs = _fork(git, {"f": WIDE}, {"f": "a\n" + WIDE}, {"f": WIDE + "z\n"})
    crossed = []
    for first, second in ((ours, theirs), (theirs, ours)):
        git("checkout", "--quiet", "--detach", first)
        git("merge", "--quiet", "--no-ff", "-m", "cross", second)
        crossed.append(git.commit("more", {f"only-{first[:4]}": "x\n"}))
    assert merge(git.path, *crossed) == Merged(_judge(git, *crossed) or "a conflict")


def _land(git: Git, **other: str) -> str:
    values = {"author": "jasper", "committer": "Pat Person", "message": landing_message("Add x", "td-1", 2), **other}
    return landing_commit(
        git.path, tree=git.tip("main^{tree}"), parents=[git.tip("main")], message=values["message"],
        author=(values["author"], "pat@example.com"), committer=(values["committer"], "pat@example.com"), when=1.7e9,
    )


def test_a_landing_commit_is_an_ordinary_merge_commit_everywhere(git: Git, tmp_path: Path) -> None:
    _, ours, theirs = _fork(git, {"a": "1\n"}, {"b": "2\n"}, {"c": "3\n"})
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    found = merge(git.path, ours, theirs)
    assert isinstance(found, Merged)
    words = landing_message("Add c", "td-1", 2, "Body.")
    oid = landing_commit(
        tmp_path / "other", tree=found.tree, parents=[ours, theirs], message=words,
        author=("obsidian", "pat@example.com"), committer=("Pat Person", "pat@example.com"), when=1_700_000_000.9,
    )
    shape = "%P|%an|%ae|%cn|%at|%ct|%s|%(trailers:key=Bead,valueonly)"
    told = git.out("log", "-1", f"--format={shape}", oid, cwd=tmp_path / "other").strip()
    assert told == f"{ours} {theirs}|obsidian|pat@example.com|Pat Person|1700000000|1700000000|Add c|td-1@2"
    git("update-ref", "refs/heads/landed", oid)
    git.fsck()


def test_hostile_names_and_words_make_a_sound_commit(git: Git) -> None:
    oid = _land(git, author="<evil>\n\0committer x", message="nul \0, lone \udcff\n\nBead: td-1@1\n")
    git("update-ref", "refs/heads/landed", oid)
    git.fsck()
    assert git.out("log", "-1", "--format=%an", oid) == "evilcommitter x"
    assert git.out("log", "-1", "--format=%an", _land(git, author="<>")) == "unknown"


def test_a_message_has_one_bead_whatever_its_title_says(git: Git) -> None:
    text = landing_message("Do x\n\nBead: td-9@9", "td-1", 2, "Some.\n\nBead: td-8@8\n")
    oid = _land(git, message=text)
    assert git.out("log", "-1", "--format=%(trailers:key=Bead,valueonly)", oid).strip() == "td-1@2"
    assert git.out("log", "-1", "--format=%s", oid) == "Do x Bead: td-9@9"


def test_a_missing_tree_or_parent_is_refused(git: Git) -> None:
    who, tip, top = ("a", "b"), git.tip("main"), git.tip("main^{tree}")
    for tree, parent in (("1" * 40, tip), (top, "1" * 40), (tip, tip), (top, top)):
        with pytest.raises(GasTownError, match="missing"):
            landing_commit(git.path, tree=tree, parents=[parent], message="x", author=who, committer=who, when=1)


def test_a_disk_that_swallows_the_commit_is_noticed(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    class Liar:
        """An object store that says yes and keeps nothing, as libgit2's create_commit does on a full disk."""

        def __init__(self, repo: pygit2.Repository) -> None:
            self.repo = repo

        def __getattr__(self, name: str) -> object:
            return getattr(self.repo, name)

        @property
        def odb(self) -> Liar:
            return self

        def write(self, kind: int, data: bytes) -> pygit2.Oid:
            return pygit2.Oid(object_id("commit", data))

        def read(self, oid: str) -> tuple[int, bytes]:
            return self.repo.odb.read(oid)

    opened = memory.opened
    monkeypatch.setattr(merging, "opened", lambda path: Liar(opened(path)))
    with pytest.raises(CannotWrite, match="landing commit"):
        _land(git)


def test_a_refusing_disk_is_said(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(index: pygit2.Index, repo: pygit2.Repository) -> pygit2.Oid:
        raise OSError(errno.ENOSPC, "No space left on device")

    _, ours, theirs = _fork(git, {"f": WIDE}, {"f": "a\n" + WIDE}, {"f": WIDE + "z\n"})
    monkeypatch.setattr(pygit2.Index, "write_tree", refuse)
    with pytest.raises(CannotWrite, match="No space left"):
        merge(git.path, ours, theirs)


def test_lost_lines_are_named(git: Git) -> None:
    base, ours, theirs = _fork(
        git, {"f": WIDE, "g": "1\n"}, {"f": WIDE + "mine\nmine\n", "new": "n\n"}, {"f": "yours\n" + WIDE, "b": b"\0\1"}
    )
    good = merge(git.path, ours, theirs)
    assert isinstance(good, Merged) and survived(git.path, base, ours, theirs, good.tree) == []
    assert survived(git.path, base, ours, theirs, git.tip(f"{ours}^{{tree}}")) == [
        "b: (binary content of one side)", "f: yours",
    ]
    assert survived(git.path, base, ours, theirs, git.tip(f"{theirs}^{{tree}}")) == ["f: mine", "f: mine", "new: n"]
    with pytest.raises(GasTownError, match="Cannot check"):
        survived(git.path, base, ours, theirs, "1" * 40)


def test_lines_that_moved_with_a_renamed_file_survive(git: Git) -> None:
    base, ours, theirs = _fork(git, {"old": WIDE}, {"old": None, "new": WIDE}, {"old": WIDE + "more\n"})
    found = merge(git.path, ours, theirs)
    assert isinstance(found, Merged) and survived(git.path, base, ours, theirs, found.tree) == []
    assert survived(git.path, base, ours, theirs, git.tip(f"{ours}^{{tree}}")) == ["new: more"]


rows = st.lists(st.sampled_from(["a", "b", "c", "d", "}", ""]), max_size=9)
lines = rows.map(lambda found: "".join(f"{row}\n" for row in found))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(base=lines, ours=lines, theirs=lines)
def test_where_both_merge_the_tree_is_gits_and_nothing_is_lost(git: Git, base: str, ours: str, theirs: str) -> None:
    start, one, two = _fork(git, {"f": base}, {"f": ours}, {"f": theirs})
    found = merge(git.path, one, two)
    judged = _judge(git, one, two)
    # Over lines that repeat, the two align differently: one may see a conflict where the other sees none.
    if isinstance(found, Merged):
        assert judged in (None, found.tree)
        assert survived(git.path, start, one, two, found.tree) == []
