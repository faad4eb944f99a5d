"""Trees compared and overlaid are what git itself would make of them."""

from __future__ import annotations

import pygit2

from gastown_tui.rig import trees
from gastown_tui.rig.trees import EMPTY, Change
from tests.rig.conftest import Git


def test_what_differs_between_two_trees_and_back_again(git: Git) -> None:
    old = git.commit("old", {"a": "1\n", "d/x": "x\n", "d/y": "y\n", "gone": "g\n", "file": "f\n", "é/b": "b\n"})
    new = git.commit("new", {"a": "2\n", "d/x": None, "gone": None, "file": None, "file/inner": "i\n", "é/b": "c\n"})
    repo = pygit2.Repository(str(git.path))
    read, put = trees.reading(repo), lambda kind, data: bytes(repo.write(pygit2.GIT_OBJECT_TREE, data).raw)
    before, after = (trees.tree_of(repo, commit) for commit in (old, new))
    found = trees.differences(read, before, after)
    listed = git.out("diff-tree", "-r", "-z", "--no-renames", "--name-only", old, new).split("\0")
    assert set(found) == {name for name in listed if name}
    assert trees.overlaid(read, before, ((path, now) for path, (_, now) in found.items()), put) == after
    assert trees.overlaid(read, after, ((path, was) for path, (was, _) in found.items()), put) == before
    everything = dict(trees.files(read, after))
    assert trees.build(everything, put) == after
    assert all(trees.lookup(read, after, path) == entry for path, entry in everything.items())
    assert trees.lookup(read, after, "d") is None and trees.lookup(read, after, "a/b") is None
    assert trees.differences(read, after, after) == {}
    assert trees.overlaid(read, after, ((path, None) for path in everything), put) == EMPTY
    assert trees.differences(read, EMPTY, after) == {path: Change(None, entry) for path, entry in everything.items()}
