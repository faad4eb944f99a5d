"""Merges in memory give what libgit2's own merge of the commits gives, wherever a change stands in a stack."""

from __future__ import annotations

import itertools
from pathlib import Path

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygit2.enums import FileMode

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import merging
from gastown_tui.rig.merging import Conflict, Merged
from gastown_tui.rig.objects.pack import commit_bytes
from gastown_tui.rig.stacking import Merger, Outcome
from tests.support import rigs

WHO = "Ada <ada@example.org> 1700000000 +0000"
Files = dict[str, str]

PAGE = "".join(f"row {n}\n" for n in range(12))
BEGIN: Files = {"a": PAGE, "b": "one\n", "d/x": PAGE.replace("row", "line"), "d/y": "why\n", "e/f/g": "deep\n"}
PATHS = ("a", "b", "c", "d/x", "d/y", "d/z", "d", "e/f/g", "e/f", "a/under")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    """A repository that many examples put commits into; none of them can be told from where they came."""
    root = rigs.make(tmp_path_factory.mktemp("stack") / "rig")
    return pygit2.Repository(str(root))


def commit(repo: pygit2.Repository, files: Files, *parents: str) -> str:
    """A commit of these files and no others."""
    tree = _tree(repo, files)
    raw = commit_bytes(tree, list(parents), WHO, WHO, f"commit {next(_numbers)}\n")
    return str(repo.odb.write(pygit2.GIT_OBJECT_COMMIT, raw))


def _tree(repo: pygit2.Repository, files: Files) -> str:
    index = pygit2.Index()
    for path, text in files.items():
        index.add(pygit2.IndexEntry(path, repo.create_blob(text.encode()), FileMode.BLOB))
    return str(index.write_tree(repo))


def edit(files: Files, kind: str, path: str, other: str, row: int) -> Files:
    """One file edited in a row, written anew, taken away or moved; what that leaves no place for goes."""
    files = dict(files)
    if kind == "row" and files.get(path, "").count("\n") > row:
        lines = files[path].splitlines(keepends=True)
        files[path] = "".join([*lines[:row], f"{path} {row} edited\n", *lines[row + 1 :]])
    elif kind == "new":
        files[path] = f"new {row % 2}\n"
    elif kind == "gone":
        files.pop(path, None)
    elif kind == "moved" and path in files:
        files[other] = files.pop(path)
    last = other if kind == "moved" else path
    return {p: t for p, t in files.items() if p == last or not (p.startswith(f"{last}/") or last.startswith(f"{p}/"))}


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["row", "row", "row", "new", "gone", "moved"]), st.sampled_from(PATHS), st.sampled_from(PATHS),
        st.integers(0, 11),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


def expected(root: Path, onto: str, theirs: str) -> tuple[str, list[str], list[str]]:
    """Tree, conflicts and lost lines, as two commits' own merge has them."""
    found = merging.merge(root, onto, theirs)
    if isinstance(found, Conflict):
        return "", [str(conflict) for conflict in found.paths], []
    assert isinstance(found, Merged)
    lost = merging.survived(root, found.base, onto, theirs, found.tree)
    return "" if lost else found.tree, [], lost


def said(found: Outcome) -> tuple[str, list[str], list[str]]:
    """The same of an outcome."""
    return found.tree.hex(), [str(conflict) for conflict in found.conflicts], list(found.lost)


@given(st.lists(EDITS, min_size=2, max_size=5))
@settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_a_stack_is_what_merging_the_commits_gives(
    repo: pygit2.Repository, changes: list[list[tuple[str, str, str, int]]]
) -> None:
    """Every one tried twice: the second time from memory, and onto a tip that has the first ones landed."""
    root, merger = Path(repo.workdir), Merger(Path(repo.workdir))
    begin = commit(repo, BEGIN)
    branches = []
    for edits in changes:
        files = BEGIN
        for one in edits:
            files = edit(files, *one)
        branches.append(commit(repo, files, begin))
    onto, tree = begin, merger.tree(begin)
    for branch in branches:
        wanted = expected(root, onto, branch)
        from_tip, from_here = merger.side(begin, branch), merger.side(onto, branch)
        assert said(merger.merged(tree, from_tip)) == wanted
        assert said(merger.merged(tree, from_here)) == wanted
        # What was worked out on this tree must hold on another one, too.
        beside = merger.merged(merger.tree(begin), from_tip)
        assert said(beside) == expected(root, begin, branch)
        if wanted[0]:
            tree = bytes.fromhex(merger.keep(bytes.fromhex(wanted[0])))
            raw = commit_bytes(wanted[0], [onto, branch], WHO, WHO, "Merge\n")
            onto = str(repo.odb.write(pygit2.GIT_OBJECT_COMMIT, raw))


def test_what_is_only_tried_is_not_written_and_what_is_kept_is_whole(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", BEGIN)
    begin = rigs.git(root, "rev-parse", "HEAD")
    mine = rigs.commit(root, {"a": PAGE.replace("row 9", "ninth")}, "Mine")
    rigs.git(root, "checkout", "-q", "-b", "theirs", begin)
    theirs = rigs.commit(root, {"b": "two\n", "new/er": "1\n"}, "Theirs")
    merger = Merger(root)
    found = merger.merged(merger.tree(mine), merger.side(mine, theirs))
    missing = ["cat-file", "-e", found.tree.hex()]
    with pytest.raises(AssertionError):
        rigs.git(root, *missing)
    kept = merger.keep(found.tree)
    assert "ninth" in rigs.git(root, "show", f"{kept}:a") and rigs.git(root, "show", f"{kept}:b") == "two"
    assert rigs.git(root, "ls-tree", "-r", "--name-only", kept).split() == ["a", "b", "d/x", "d/y", "e/f/g", "new/er"]
    assert rigs.is_sound(root)


def test_a_file_merged_by_its_lines_is_merged_again_only_when_it_is_another(tmp_path: Path) -> None:
    """What else is in the tree does not matter: the second merge is known though it was never worked out."""
    root = rigs.make(tmp_path / "rig", BEGIN)
    begin = rigs.git(root, "rev-parse", "HEAD")
    mine = rigs.commit(root, {"a": PAGE.replace("row 9", "ninth")}, "Mine")
    more = rigs.commit(root, {"d/y": "because\n"}, "More")
    rigs.git(root, "checkout", "-q", "-b", "theirs", begin)
    theirs = rigs.commit(root, {"a": PAGE.replace("row 1\n", "first\n")}, "Theirs")
    merger = Merger(root)
    first = merger.merged(merger.tree(mine), merger.side(mine, theirs))
    again = merger.merged(merger.tree(more), merger.side(more, theirs))
    assert said(first) == expected(root, mine, theirs) and said(again) == expected(root, more, theirs)
    assert first.files == again.files and [path for path, _ in again.files] == ["a"]


def test_a_file_is_not_put_where_a_folder_is_nor_below_a_file(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", BEGIN)
    begin = rigs.git(root, "rev-parse", "HEAD")
    folder = rigs.commit(root, {"c/inside": "1\n", "k": "a file\n"}, "A folder c, a file k")
    rigs.git(root, "checkout", "-q", "-b", "theirs", begin)
    theirs = rigs.commit(root, {"c": "a file\n", "k/below": "2\n"}, "A file c, a folder k")
    merger = Merger(root)
    found = merger.merged(merger.tree(folder), merger.side(folder, theirs))
    assert not found.tree and {conflict.path for conflict in found.conflicts} & {"c", "k"}


def test_two_best_ancestors_are_told(tmp_path: Path) -> None:
    """Each has merged the other's first commit: no one tree is what both began from."""
    root = rigs.make(tmp_path / "rig")
    rigs.git(root, "checkout", "-q", "-b", "other")
    left = rigs.commit(root, {"left": "1\n"}, "Left")
    rigs.git(root, "checkout", "-q", "main")
    right = rigs.commit(root, {"right": "1\n"}, "Right")
    rigs.git(root, "merge", "-q", "--no-edit", left)
    main = rigs.commit(root, {"more": "1\n"}, "More")
    rigs.git(root, "checkout", "-q", "other")
    rigs.git(root, "merge", "-q", "--no-edit", right)
    other = rigs.commit(root, {"less": "1\n"}, "Less")
    side = Merger(root).side(main, other)
    assert not side.plain and other in side.own and left not in side.own


def test_a_branch_that_merged_the_target_has_one_ancestor_with_it(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    rigs.git(root, "checkout", "-q", "-b", "other")
    rigs.commit(root, {"left": "1\n"}, "Left")
    rigs.git(root, "checkout", "-q", "main")
    tip = rigs.commit(root, {"right": "1\n"}, "Right")
    rigs.git(root, "checkout", "-q", "other")
    rigs.git(root, "merge", "-q", "--no-edit", tip)
    side = Merger(root).side(tip, rigs.git(root, "rev-parse", "HEAD"))
    assert side.plain and side.fork == tip and set(side.changed) == {"left"}


def test_what_cannot_be_read_is_no_conflict(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    merger, tip = Merger(root), rigs.git(root, "rev-parse", "HEAD")
    with pytest.raises(GasTownError, match="cannot be merged"):
        merger.side(tip, "1" * 40)
    rigs.git(root, "checkout", "-q", "--orphan", "alien")
    with pytest.raises(GasTownError, match="no common ancestor"):
        merger.side(tip, rigs.commit(root, {"alien": "1\n"}, "Alien"))
