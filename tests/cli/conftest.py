"""What tests of `gt` share: a town whose engine runs, and `gt` in it; a file with a town of its own says `place`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gastown_tui.cli import main
from gastown_tui.engine.place import Place
from tests.cli.towns import Gt, Said, served
from tests.engine.towns import founded


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A town whose engine runs for the whole of a file."""
    made = founded(tmp_path_factory.mktemp("town"))
    with served(made):
        yield made


@pytest.fixture
def run(place: Place, capsys: pytest.CaptureFixture[str]) -> Gt:
    """`gt` in this process, in that town."""

    def call(*words: str) -> Said:
        code = main.run(["-C", str(place.root), *words])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call
