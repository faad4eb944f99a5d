"""The tree as a newcomer and a client see it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.sources import ROOT, sources, tracked

TOP = {
    "pyproject.toml", "gastown_tui", "tests", "snapshots", "themes", "README.md", "CHANGELOG.md", "LICENSE", ".ci",
    ".gitignore",
}  # fmt: skip
# Put together here, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.>}])/(?:" + "|".join(("wor" + "k", "roo" + "t", "tm" + "p/brief")) + r")/")


def test_the_top_level_is_as_the_house_fixes_it() -> None:
    """Nothing else at the top; every one of them is there."""
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} == TOP


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    """Not in code, not in fixtures, not in pictures."""
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in MACHINE.finditer(text)]
    assert not found


def test_every_test_folder_mirrors_a_room() -> None:
    """Where a test stands says what it is about."""
    rooms = {path.name for path in (ROOT / "gastown_tui").iterdir() if path.is_dir() and path.name != "__pycache__"}
    others = {"house", "real", "benchmarks", "support", "fixtures"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == rooms | others


def test_no_picture_is_left_without_its_test() -> None:
    """snapshots/ mirrors tests/: a golden whose test is gone would never be looked at again."""
    for picture in (ROOT / "snapshots").rglob("*.svg"):
        module = ROOT / "tests" / picture.parent.relative_to(ROOT / "snapshots").with_suffix(".py")
        assert module.is_file(), f"{picture.name} belongs to no test module"
        name = re.split(r"[\[.]", picture.name)[0]
        found = {node.name for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.FunctionDef)}
        assert name in found, f"{picture.name} belongs to no test of {module.name}"


def test_every_module_speaks_of_annotations_the_same_way() -> None:
    """`from __future__ import annotations` opens every module that has any code."""
    for source in sources():
        code = [node for node in source.tree.body if not isinstance(node, ast.Expr)]
        if code and not (len(code) == 1 and source.path.name == "__init__.py"):
            first = code[0]
            assert isinstance(first, ast.ImportFrom) and first.module == "__future__", source.name


def test_each_theme_and_prompt_is_shipped() -> None:
    """What the program reads at run time is inside what the wheel takes along."""
    shipped = [path.relative_to(ROOT) for path in tracked() if path.suffix in (".toml", ".md")]
    data = [path for path in shipped if path.parts[0] in ("gastown_tui", "themes")]
    assert {Path("themes"), Path("gastown_tui/agents/runtimes"), Path("gastown_tui/agents/prompts")} <= {
        path.parent for path in data
    }
