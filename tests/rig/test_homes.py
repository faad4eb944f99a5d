"""Worktrees stay out of a repository whose own tools would walk into them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gastown_tui.rig.worktree import detect_trouble, home

TROUBLE: dict[str, dict[str, str]] = {
    "jest": {"package.json": json.dumps({"devDependencies": {"jest": "29"}})},
    "jest by its file": {"package.json": "{}", "jest.config.js": ""},
    "vitest": {"package.json": json.dumps({"scripts": {"test": "vitest run"}})},
    "tsconfig": {"tsconfig.json": "{}"},
    "go": {"go.mod": "module x\n"},
}


@pytest.mark.parametrize("case", TROUBLE)
def test_worktrees_leave_a_repository_whose_tools_they_would_disturb(tmp_path: Path, case: str) -> None:
    for name, text in TROUBLE[case].items():
        (tmp_path / name).write_text(text)
    assert len(detect_trouble(tmp_path)) == 1 and case.split()[0] in detect_trouble(tmp_path)[0]
    found = home(tmp_path, {"HOME": "/home/x"})
    assert found.parent == Path("/home/x") / _data() / "gastown/worktrees"
    assert found.name.startswith(f"{tmp_path.name}-")
    assert home(tmp_path, {"XDG_DATA_HOME": "/data"}).parent == Path("/data/gastown/worktrees")
    assert home(tmp_path, {"XDG_DATA_HOME": "relative", "HOME": "/home/x"}) == found


def _data() -> Path:
    return Path("Library/Application Support") if sys.platform == "darwin" else Path(".local/share")


@pytest.mark.parametrize("package", [None, "not json", '{"scripts": {"test": "mocha"}}'])
def test_worktrees_stay_inside_where_nothing_minds(tmp_path: Path, package: str | None) -> None:
    if package is not None:
        (tmp_path / "package.json").write_text(package)
    assert detect_trouble(tmp_path) == [] and home(tmp_path, {}) == tmp_path / ".gastown" / "worktrees"
