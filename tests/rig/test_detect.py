"""What a repository is made of is guessed from its files, and a guess for Python runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gastown_tui.rig.detect import Found, detect
from tests.support.environment import clean

CASE = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self): pass\n"


def _here(root: Path, files: dict[str, str], python: str = "python") -> Found:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return detect(root, lambda name: f"/bin/{name}" if name == python else None)


PYTHON: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "pytest in pyproject": (
        {"pyproject.toml": "[tool.pytest.ini_options]\n", "tests/test_a.py": CASE},
        "pytest",
        ["python -m pytest -q"],
    ),
    "pytest by its style": ({"test_a.py": "def test_a():\n    assert 1\n"}, "pytest", ["python -m pytest -q"]),
    "pytest by a conftest": ({"tests/conftest.py": "", "tests/test_a.py": CASE}, "pytest", ["python -m pytest -q"]),
    "setup.cfg": ({"setup.cfg": "[tool:pytest]\n", "tests/test_a.py": CASE}, "pytest", ["python -m pytest -q"]),
    "unittest at the top": ({"test_a.py": CASE, "a.py": ""}, "unittest", ["python -m unittest"]),
    "unittest in a package": (
        {"tests/__init__.py": "", "tests/test_a.py": CASE},
        "unittest",
        ["python -m unittest"],
    ),
    "unittest in a plain folder": (
        {"tests/test_a.py": CASE, "app.py": ""},
        "unittest",
        ["python -m unittest discover -s tests -t tests"],
    ),
    "no tests at all": ({"app.py": "x = 1\n"}, "python", []),
}


@pytest.mark.parametrize("case", PYTHON)
def test_python(tmp_path: Path, case: str) -> None:
    files, kind, gates = PYTHON[case]
    found = _here(tmp_path, files)
    assert (found.kind, found.languages, [gate.run for gate in found.gates]) == (kind, ["python"], gates)
    assert found.sheriff and "compileall" in found.sheriff[0]
    assert all(gate.run.startswith("python3 ") for gate in _here(tmp_path, files, python="python3").gates)


OTHERS: dict[str, tuple[dict[str, str], Found]] = {
    "npm": (
        {
            "package.json": json.dumps(
                {"scripts": {"test": "node --test", "lint": "eslint ."}, "devDependencies": {"eslint": "9"}}
            ),
            "package-lock.json": "{}",
        },
        Found("npm", ["javascript"], ["npm ci"], ["npm run --silent lint"], []),
    ),
    "pnpm": (
        {
            "package.json": json.dumps({"scripts": {"test": "vitest"}, "dependencies": {"x": "1"}}),
            "pnpm-lock.yaml": "",
            "tsconfig.json": "{}",
        },
        Found("pnpm", ["typescript"], ["pnpm install --frozen-lockfile"], [], []),
    ),
    "go": ({"go.mod": "module x\n"}, Found("go", ["go"], [], ["go vet ./..."], [])),
    "cargo": ({"Cargo.toml": "[workspace]\n"}, Found("cargo", ["rust"], [], ["cargo check --workspace"], [])),
    "make": ({"Makefile": "X := 1\nlint:\n\ttrue\ntest: lint\n\ttrue\n"}, Found("make", [], [], ["make lint"], [])),
}
GATES = {
    "npm": "npm test",
    "pnpm": "pnpm test",
    "go": "go test ./...",
    "cargo": "cargo test --workspace",
    "make": "make test",
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_languages(tmp_path: Path, case: str) -> None:
    files, expected = OTHERS[case]
    found = _here(tmp_path, files)
    assert [(gate.name, gate.run) for gate in found.gates] == [(case, GATES[case])]
    found.gates.clear()
    assert found == expected


def test_several_languages_are_all_gated_and_make_only_where_nothing_else_is(tmp_path: Path) -> None:
    package = json.dumps({"scripts": {"test": "node --test"}})
    found = _here(tmp_path, {"test_a.py": CASE, "package.json": package, "Makefile": "test:\n\ttrue\n"})
    assert (found.kind, found.languages) == ("unittest", ["python", "javascript"])
    assert [(gate.name, gate.run) for gate in found.gates] == [("unittest", "python -m unittest"), ("npm", "npm test")]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": "x"},
        {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'},
        {"package.json": "[1]"},
        {"pyproject.toml": "not toml ["},
        {"Makefile": "all:\n\ttrue\n"},
    ],
)
def test_without_tests_there_are_no_gates(tmp_path: Path, files: dict[str, str]) -> None:
    assert _here(tmp_path, files).gates == []


@pytest.mark.parametrize("layout", ["top", "package", "plain"])
def test_the_guess_finds_the_tests_and_leaves_nothing_behind(tmp_path: Path, layout: str) -> None:
    root = tmp_path / "rig"
    files = {"app.py": "x = 1\n", "lib/__init__.py": "", "venv/bad.py": "not python at all"}
    red = CASE.replace("pass", "self.fail()")
    files |= {"top": {"test_a.py": red}, "package": {"tests/__init__.py": "", "tests/test_a.py": red}}.get(
        layout, {"tests/test_a.py": red}
    )
    _here(root, files)
    found = detect(root, shutil.which)
    env = clean(tmp_path / "home", PYTHONDONTWRITEBYTECODE="1", TMPDIR=str(tmp_path))
    before = sorted(root.rglob("*"))
    for command, code in ((found.sheriff[0], 0), (found.gates[0].run, 1)):
        told = subprocess.run(command, shell=True, cwd=root, env=env, capture_output=True, text=True, check=False)
        assert told.returncode == code, told.stderr
    assert "Ran 1 test" in told.stderr
    assert sorted(root.rglob("*")) == before
