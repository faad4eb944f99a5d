"""Real boards and findings that stand beside the repository (shared/data, see its README)."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def data(*names: str) -> Path:
    """A file or folder of shared/data; fails in words where it is not there."""
    path = _ROOT.parent.joinpath("shared", "data", *names)
    if not path.exists():
        raise AssertionError(f"{path} is not there: these tests need the folder shared/ beside the repository.")
    return path


BOARDS = ("agent-island", "beads-history", "gastown-backup", "gastown-history")


def board(name: str) -> list[bytes]:
    """The records of one board, a line each without its newline."""
    lines = data("beads", f"{name}.issues.jsonl").read_bytes().split(b"\n")
    return [line for line in lines if line]
