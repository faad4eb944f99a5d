"""The slowest look is begun first: mypy reads everything while the other tests of the house run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.support.environment import clean


@pytest.fixture(scope="session")
def mypy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """One run of mypy over everything, with its cache: a second one takes a few seconds."""
    env = clean(tmp_path_factory.mktemp("mypy"))
    command = [Path(sys.executable).with_name("mypy")]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        try:
            yield run
        finally:
            run.kill()


@pytest.fixture(scope="session", autouse=True)
def mypy_runs_meanwhile(request: pytest.FixtureRequest) -> None:
    """Begin it with the first test of the house; of several workers only the one that asks for it has it."""
    asked = any("mypy" in getattr(item, "fixturenames", ()) for item in request.session.items)
    if asked and not hasattr(request.config, "workerinput"):
        request.getfixturevalue("mypy")
