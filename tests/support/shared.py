"""Real boards and findings of other projects, as found: packed in tests/fixtures, with a README that names licences."""

from __future__ import annotations

import atexit
import functools
import shutil
import tarfile
import tempfile
from pathlib import Path

_PACKED = Path(__file__).resolve().parents[1] / "fixtures" / "boards.tar.xz"
BOARDS = ("agent-island", "beads-history", "gastown-backup", "gastown-history")


@functools.cache
def _unpacked() -> Path:
    """The folder they are unpacked in, once a process; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="gt-boards-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(_PACKED) as packed:
        packed.extractall(folder, filter="data")
    return folder


def data(*names: str) -> Path:
    """A file or folder: `beads/<board>.issues.jsonl`, `sarif/<name>.sarif`."""
    return _unpacked().joinpath(*names)


def board(name: str) -> list[bytes]:
    """The records of one board, a line each without its newline."""
    lines = data("beads", f"{name}.issues.jsonl").read_bytes().split(b"\n")
    return [line for line in lines if line]
