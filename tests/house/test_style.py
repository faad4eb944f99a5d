"""ruff and mypy --strict, over the package and the tests alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.support.environment import clean


def test_ruff_finds_nothing(tmp_path: Path) -> None:
    """The rules of pyproject.toml."""
    cache = "--no-cache" if not os.access(ROOT, os.W_OK) else "--quiet"
    command = [str(Path(sys.executable).with_name("ruff")), "check", cache, "."]
    done = subprocess.run(command, cwd=ROOT, env=clean(tmp_path), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(900)
def test_mypy_strict_finds_nothing(mypy: subprocess.Popen[str]) -> None:
    """Strict, over the tests as well."""
    said, _ = mypy.communicate(timeout=900)
    assert mypy.returncode == 0, said
