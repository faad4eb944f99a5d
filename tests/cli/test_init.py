"""`gt init` in repositories of every kind: what it finds, what it tries, and what it leaves alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gastown_tui.cli.naming import prefix, rig_name
from tests.cli.towns import gt
from tests.support import rigs

TEST = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual({}, {})\n"
GREEN = {"app.py": "X = 1\n", "tests/__init__.py": "", "tests/test_app.py": TEST.format(1, 1)}
RED = {**GREEN, "tests/test_app.py": TEST.format(1, 2)}


def snapshot(root: Path) -> tuple[str, str, str, str]:
    """What a person would notice: status, branches and tags, worktrees, HEAD."""
    return (
        rigs.git(root, "status", "--porcelain"), rigs.git(root, "for-each-ref"), rigs.git(root, "worktree", "list"),
        rigs.git(root, "log", "-1", "--format=%H %ct"),
    )  # fmt: skip


def test_what_is_found_is_tried_and_nothing_of_the_persons_changes(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "todo", GREEN)
    (root / "app.py").write_text("X = 2\n")
    (root / "new.txt").write_text("mine\n")
    before = snapshot(root)
    said = gt(root, "init", "--json")
    assert said.code == 0, said.err
    found = said.json
    assert found["created"] and found["kind"] == "unittest" and found["gated"] and found["prefix"] == "td"
    assert [(g["run"], g["ok"]) for g in found["gates"]] == [("python -m unittest", True)]
    assert found["gates"][0]["seconds"] > 0
    assert found["uncommitted"] == 2
    assert snapshot(root) == before and (root / "app.py").read_text() == "X = 2\n"
    config = tomllib.loads((root / ".gastown" / "config.toml").read_text())
    assert config["gates"][0]["run"] == "python -m unittest" and config["prefix"] == "td"
    again = gt(root, "init", "--json")
    assert again.code == 0 and again.json["created"] is False


def test_in_words_it_shows_results_seconds_and_the_next_step(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "todo", GREEN)
    (root / "new.txt").write_text("mine\n")
    said = gt(root, "init")
    assert said.code == 0
    assert "trying python -m unittest" in said.err and " s" in said.err
    assert "ok in" in said.out and "gt up" in said.out
    assert "Uncommitted changes here: 1" in said.out and "UNGATED" not in said.out


def test_a_gate_that_is_red_on_the_bare_tip_is_said_loudly_and_stays(tmp_path: Path) -> None:
    said = gt(rigs.make(tmp_path / "rig", RED), "init", "--yes")
    assert said.code == 0
    assert "RED on the clean tip" in said.err and "AssertionError" in said.err
    assert "RED: python -m unittest" in said.out


def test_the_tip_is_tried_and_not_what_lies_about(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", RED)
    (root / "tests" / "test_app.py").write_text(TEST.format(1, 1))
    assert gt(root, "init", "--json").json["gates"][0]["ok"] is False


@pytest.mark.parametrize("files", [{"README.md": "# Nothing\n"}, {"app.py": "", "tests/test_none.py": "X = 1\n"}])
def test_no_gates_is_said_in_capitals(tmp_path: Path, files: dict[str, str]) -> None:
    root = rigs.make(tmp_path / "rig", files)
    said = gt(root, "init")
    assert said.code == 0 and "UNGATED" in said.out and "--gate" in said.out
    assert "UNGATED" in gt(root, "status").out
    doctor = gt(root, "doctor", "--json")
    assert any("UNGATED" in finding["note"] for finding in doctor.json["findings"])


def test_gates_of_ones_own_and_without_running(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", RED)
    said = gt(root, "init", "--no-run", "--gate", "fast=true", "--gate", "slow=sleep 99", "--json")
    assert said.code == 0
    assert [(g["name"], g["run"], g["ok"]) for g in said.json["gates"]] == [
        ("fast", "true", None), ("slow", "sleep 99", None),
    ]  # fmt: skip
    other = rigs.make(tmp_path / "other", RED)
    assert gt(other, "init", "--gate", "no command").code == 2
    assert not (other / ".gastown").exists()


def test_the_target_is_main_or_master_or_what_is_named(tmp_path: Path) -> None:
    old = rigs.make(tmp_path / "old", branch="master")
    rigs.git(old, "switch", "-q", "-c", "feature")
    assert gt(old, "init", "--no-run", "--json").json["target"] == "master"
    other = rigs.make(tmp_path / "other", branch="trunk")
    assert gt(other, "init", "--no-run", "--json").json["target"] == "trunk"
    named = rigs.make(tmp_path / "named")
    rigs.git(named, "branch", "next")
    assert gt(named, "init", "--target", "missing").code == 2
    assert gt(named, "init", "--no-run", "--target", "next", "--json").json["target"] == "next"


def test_what_is_no_repository_to_work_in_is_refused_with_the_way_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    said = gt(outside, "init", "--json")
    assert said.code == 1 and "git init" in said.error["hint"]
    rigs.git(outside, "init", "-q")
    said = gt(outside, "init", "--json")
    assert said.code == 1 and "commit" in said.error["hint"]
    bare = tmp_path / "bare"
    rigs.git(rigs.make(tmp_path / "rig"), "clone", "-q", "--bare", ".", str(bare))
    said = gt(bare, "init", "--json")
    assert said.code == 1 and "bare" in said.error["title"]
    assert not (bare / ".gastown").exists() and not (outside / ".gastown").exists()


def test_an_unknown_runtime_is_refused(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    said = gt(root, "init", "--runtime", "hal9000", "--json")
    assert said.code == 1 and "hal9000" in said.error["title"] and not (root / ".gastown").exists()


def test_from_a_folder_inside_and_by_another_road(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", {"a/b/c.txt": "x"})
    said = gt(root / "a" / "b", "init", "--no-run", "--json")
    assert said.json["root"] == str(root) and (root / ".gastown").is_dir()
    assert gt(tmp_path, "-C", str(root / "a"), "status", "--json").json["town"] == "rig"


def test_uninit_leaves_the_repository_as_it_was(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    before = snapshot(root)
    exclude = (root / ".git" / "info" / "exclude").read_bytes()
    assert gt(root, "init", "--no-run").code == 0
    said = gt(root, "uninit", "--json")
    assert said.code == 0, said.err
    assert snapshot(root) == before and not (root / ".gastown").exists()
    assert (root / ".git" / "info" / "exclude").read_bytes() == exclude
    assert gt(root, "uninit").code == 3


def test_a_ledger_brought_from_elsewhere_goes_on(tmp_path: Path) -> None:
    """The backup of README: a bundle of the branch, fetched into a clone of another name, is the same town there."""
    root = rigs.make(tmp_path / "todo-app")
    assert gt(root, "init", "--no-run", "--runtime", "rehearsal").code == 0
    for words in (("up",), ("bead", "create", "Add a note"), ("down",)):
        said = gt(root, *words)
        assert said.code == 0, said.err
    rigs.git(root, "bundle", "create", "-q", str(tmp_path / "town.bundle"), "gt-ledger")
    clone = tmp_path / "another-name"
    rigs.git(tmp_path, "clone", "-q", str(root), str(clone))
    rigs.git(clone, "fetch", "-q", str(tmp_path / "town.bundle"), "gt-ledger:gt-ledger")
    said = gt(clone, "init", "--no-run")
    assert "The ledger that was here (branch gt-ledger) goes on: 1 bead, record " in said.out
    assert "beads are called ta-..." in said.out
    settings = tomllib.loads((clone / ".gastown" / "config.toml").read_text())
    assert (settings["rig"], settings["prefix"]) == ("todo-app", "ta")
    assert "Add a note" in gt(clone, "bead", "list").out


@pytest.mark.parametrize(
    ("folder", "short"),
    [("todo", "td"), ("todo-app", "ta"), ("gas-town-tui", "gtt"), ("a", "at"), ("42", "gt"), ("áéí", "gt"),
     ("MyBigProject", "mbp"), ("one.two-three_four five", "ottf"), ("", "gt")],
)  # fmt: skip
def test_prefixes(folder: str, short: str) -> None:
    assert prefix(folder) == short


def test_names_of_rigs_are_safe_in_paths() -> None:
    assert rig_name("my project (old)") == "my-project-old"
    assert rig_name("../..") == "rig" and rig_name("a" * 99) == "a" * 40
