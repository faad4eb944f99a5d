"""ruff and mypy --strict, over the package and the tests alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.support.environment import clean

TOOLS = Path(sys.executable).parent


def _run(tmp_path: Path, *command: str) -> None:
    done = subprocess.run(
        [TOOLS / command[0], *command[1:]], cwd=ROOT, env=clean(tmp_path), capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing(tmp_path: Path) -> None:
    """The rules of pyproject.toml."""
    _run(tmp_path, "ruff", "check", "--no-cache" if not os.access(ROOT, os.W_OK) else "--quiet", ".")


@pytest.mark.timeout(900)
def test_mypy_strict_finds_nothing(tmp_path: Path) -> None:
    """One run over everything, with its cache: a second one takes a few seconds."""
    _run(tmp_path, "mypy")
