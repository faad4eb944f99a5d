"""Where the door is: short enough for the kernel, and in nobody else's folder."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gastown_tui.door import address
from gastown_tui.door.shim import shim, starting
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import DiskFiles


@pytest.fixture
def run() -> Iterator[Path]:
    """A runtime folder whose path is short, wherever the tests' own folders are."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_a_long_path_moves_the_socket_to_a_folder_of_our_own(tmp_path: Path, run: Path) -> None:
    place = Place(tmp_path / ("a" * 60) / ("b" * 60))
    place.gastown.mkdir(parents=True)
    path = address.socket_path(place, {"XDG_RUNTIME_DIR": str(run)})
    assert run in path.parents and len(str(path)) < len(str(place.socket))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    other = address.socket_path(Place(place.root / "c"), {"XDG_RUNTIME_DIR": str(run)})
    assert other != path and other.parent == path.parent
    assert address.socket_path(Place(Path("/short")), {}) == Path("/short/.gastown/engine.sock")


@pytest.mark.parametrize("length", [99, 100, 101])
def test_the_limit_itself(length: int) -> None:
    root = Path("/" + "x" * (length - len("/.gastown/engine.sock") - 1))
    place = Place(root)
    assert len(str(place.socket)) == length
    moved = address.socket_path(place, {"XDG_RUNTIME_DIR": "/tmp"}) != place.socket
    assert moved == (length > 100)


def test_a_runtime_folder_that_is_itself_too_long_is_passed_over(tmp_path: Path) -> None:
    place = Place(tmp_path / ("a" * 100))
    path = address.socket_path(place, {"XDG_RUNTIME_DIR": "/tmp/" + "r" * 100})
    assert len(str(path)) <= address.LONGEST and "rrr" not in str(path)


def test_a_folder_others_may_enter_is_refused(tmp_path: Path, run: Path) -> None:
    place = Place(tmp_path / ("a" * 100))
    folder = run / f"gastown-{os.getuid()}"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(GasTownError, match="only you"):
        address.socket_path(place, {"XDG_RUNTIME_DIR": str(run)})


def test_engine_json_says_where(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.gastown.mkdir()
    assert address.read(place) is None
    mine = address.Address(7, 8, "/s", 9, "0.1")
    address.write(place, mine, DiskFiles())
    assert address.read(place) == mine
    place.engine_json.write_text('{"pid": "x"}')
    assert address.read(place) is None


def test_the_shim_quotes_what_it_runs(tmp_path: Path) -> None:
    python = tmp_path / "it's a python"
    python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    python.chmod(0o755)
    path = shim(tmp_path / "bin", str(python))
    short = subprocess.run([path, "done", "-m", "two words"], capture_output=True, text=True, check=True)
    said = short.stdout.split("|")
    assert said[:2] == ["-I", "-S"] and said[2:4] == ["-c", starting()] and said[4:7] == ["done", "-m", "two words"]
    long = subprocess.run([path, "bead", "list"], capture_output=True, text=True, check=True).stdout
    assert long == "-P|-m|gastown_tui|bead|list|"
