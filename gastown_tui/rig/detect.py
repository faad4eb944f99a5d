"""Guesses what a repository is made of: how to set it up, check it quickly and test it whole."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gastown_tui.config import Gate
from gastown_tui.rig.homes import read_json

__all__ = ["Found", "Gate", "detect"]

_LOCKS = {"pnpm": "pnpm-lock.yaml", "yarn": "yarn.lock"}
_COMPILE = 'PYTHONPYCACHEPREFIX="${TMPDIR:-/tmp}/gt-pycache" '
"""Compiled files stay out of the worktree, where an agent's `git add -A` would take them along."""


@dataclass
class Found:
    """What was found: `kind` is the first runner's name, "unknown" without one; the rest are commands to try."""

    kind: str = "unknown"
    languages: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    sheriff: list[str] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)


@dataclass(frozen=True)
class _Part:
    kind: str
    language: str
    setup: tuple[str, ...] = ()
    sheriff: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()


def detect(root: Path, which: Callable[[str], str | None] = shutil.which) -> Found:
    """Guess from the files in `root`; nothing is run. `gt init` runs each guess once and shows what came of it.

    Args:
        which: says which commands this machine has.
    """
    found = Found()
    for part in (*_python(root, which), *_node(root), *_go(root), *_cargo(root)):
        _take(found, part)
    for part in _make(root):
        # A Makefile usually calls the runners above: its targets count only where nothing else was found.
        if not found.gates:
            _take(found, part)
    return found


def _take(found: Found, part: _Part) -> None:
    found.kind = part.kind if found.kind == "unknown" else found.kind
    if part.language and part.language not in found.languages:
        found.languages.append(part.language)
    found.setup += [command for command in part.setup if command not in found.setup]
    found.sheriff += [command for command in part.sheriff if command not in found.sheriff]
    for run in part.gates:
        taken = {gate.name for gate in found.gates}
        name = part.kind if part.kind not in taken else f"{part.kind}-{len(found.gates) + 1}"
        found.gates.append(Gate(name, run))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


# Python


def _python(root: Path, which: Callable[[str], str | None]) -> Iterator[_Part]:
    tests = _python_tests(root)
    project = any((root / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"))
    if not tests and not project and not any(root.glob("*.py")):
        return
    python = "python" if which("python") else "python3"
    sheriff = [f"{_COMPILE}{python} -m compileall -q {' '.join(_code(root))}"]
    if _has(root, "pyproject.toml", "[tool.ruff") or (root / "ruff.toml").is_file():
        sheriff.append("ruff check .")
    if _uses_pytest(root, tests):
        yield _Part("pytest", "python", (), tuple(sheriff), (f"{python} -m pytest -q",))
    elif tests:
        yield _Part("unittest", "python", (), tuple(sheriff), (f"{python} -m unittest{_discover(root, tests)}",))
    else:
        yield _Part("python", "python", (), tuple(sheriff))


def _python_tests(root: Path) -> list[Path]:
    """Test files, nearest first; folders of tools and hidden ones are left out."""
    found = [path for pattern in ("test_*.py", "*_test.py") for path in root.glob(pattern)]
    for folder in ("tests", "test"):
        found += sorted(path for path in (root / folder).rglob("test*.py") if path.is_file())
    for package in sorted(path for path in root.glob("*/") if not path.name.startswith((".", "_"))):
        if package.name not in ("tests", "test", "node_modules", "venv", "build", "dist"):
            found += sorted(package.rglob("test_*.py"))
    return found[:200]


def _uses_pytest(root: Path, tests: list[Path]) -> bool:
    tool = _toml(root / "pyproject.toml").get("tool")
    if isinstance(tool, dict) and "pytest" in tool:
        return True
    if (root / "pytest.ini").is_file() or _has(root, "setup.cfg", "[tool:pytest]") or _has(root, "tox.ini", "[pytest]"):
        return True
    if any((root / folder / "conftest.py").is_file() for folder in (".", "tests", "test")):
        return True
    bare = re.compile(r"^(import pytest|from pytest|(async )?def test_)", re.MULTILINE)
    return any(bare.search(_text(path)) for path in tests[:40])


def _discover(root: Path, tests: list[Path]) -> str:
    """The words that make unittest find the tests: plain discovery enters packages only."""
    for folder in ("tests", "test"):
        if any(path.is_relative_to(root / folder) for path in tests):
            return "" if (root / folder / "__init__.py").is_file() else f" discover -s {folder} -t {folder}"
    return ""


def _code(root: Path) -> list[str]:
    """What to compile: files and packages at the top, not a virtual environment that lies there too."""
    names = sorted(path.name for path in root.glob("*.py"))
    skipped = ("venv", "env", "build", "dist", "node_modules")
    folders = [path for path in sorted(root.glob("*/")) if not path.name.startswith(".") and path.name not in skipped]
    names += [path.name for path in folders if any(path.glob("*.py"))]
    plain = [name for name in names if re.fullmatch(r"[\w.-]+", name)]
    return plain or ["."]


def _has(root: Path, name: str, text: str) -> bool:
    return text in _text(root / name)


# the others


def _node(root: Path) -> Iterator[_Part]:
    package = read_json(root / "package.json")
    if not package:
        return
    given = package.get("scripts")
    scripts = given if isinstance(given, dict) else {}
    language = "typescript" if (root / "tsconfig.json").is_file() else "javascript"
    tool = next((tool for tool, lock in _LOCKS.items() if (root / lock).is_file()), "npm")
    setup = _node_setup(root, package, tool)
    wanted = [name for name in ("lint", "typecheck") if name in scripts]
    sheriff = tuple(f"{tool} run {'--silent ' if tool == 'npm' else ''}{name}" for name in wanted)
    test = scripts.get("test")
    # `npm init` writes a test script that only fails.
    real = isinstance(test, str) and "no test specified" not in test
    yield _Part(tool, language, setup, sheriff, (f"{tool} test",) if real else ())


def _node_setup(root: Path, package: dict[str, Any], tool: str) -> tuple[str, ...]:
    if not (package.get("dependencies") or package.get("devDependencies")):
        return ()
    if tool != "npm":
        return (f"{tool} install --frozen-lockfile",)
    return ("npm ci",) if (root / "package-lock.json").is_file() else ("npm install --no-package-lock",)


def _go(root: Path) -> Iterator[_Part]:
    if (root / "go.mod").is_file():
        yield _Part("go", "go", (), ("go vet ./...",), ("go test ./...",))


def _cargo(root: Path) -> Iterator[_Part]:
    if (root / "Cargo.toml").is_file():
        workspace = " --workspace" if "workspace" in _toml(root / "Cargo.toml") else ""
        yield _Part("cargo", "rust", (), (f"cargo check{workspace}",), (f"cargo test{workspace}",))


def _make(root: Path) -> Iterator[_Part]:
    text = next((_text(root / name) for name in ("GNUmakefile", "makefile", "Makefile") if (root / name).is_file()), "")
    targets = set(re.findall(r"^([A-Za-z][\w-]*)\s*:(?![=:])", text, re.MULTILINE))
    gate = next((target for target in ("check", "test", "tests") if target in targets), None)
    if gate:
        yield _Part("make", "", (), ("make lint",) if "lint" in targets else (), (f"make {gate}",))
