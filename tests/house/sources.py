"""The sources the house tests read: every Python file of the package and of the tests, parsed once."""

from __future__ import annotations

import ast
import gc
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gastown_tui"
DATA = (PACKAGE / "agents" / "rehearsal" / "plays", ROOT / "tests" / "fixtures")
"""What looks like source and is material: the play's application, recorded input."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One module."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path from the top, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def lines(self) -> int:
        """How long it is."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def sources(top: str = "") -> tuple[Source, ...]:
    """All modules under a folder of the repository (none: the package and the tests)."""
    found = tuple(source for source in _parsed() if source.path.is_relative_to(ROOT / top))
    assert found, f"no sources under {top}"
    return found


@cache
def _parsed() -> tuple[Source, ...]:
    """Every module. Two million nodes without a cycle: the collector, which pytest runs five times, skips them."""
    paths = sorted(path for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py"))
    kept = [path for path in paths if not any(path.is_relative_to(data) for data in DATA)]
    gc.disable()
    try:
        return tuple(Source(path, text := path.read_text(encoding="utf-8"), ast.parse(text)) for path in kept)
    finally:
        gc.freeze()
        gc.enable()


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """Lines from its head to its end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def tracked() -> list[Path]:
    """The files of the repository as git knows them, new ones too that are not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return [path for name in said.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
