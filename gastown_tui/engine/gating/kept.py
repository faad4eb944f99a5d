"""What is kept of each run of the gates under .gastown/log/gates: its logs, and what it came to."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gastown_tui.engine.place import Place

RUNS = 200
"""Runs that are kept; older ones are taken away."""

_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


class KeptGate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One gate of a run; `code` is None when it ran out of time, `log` a file beside."""

    name: str
    command: str = ""
    ok: bool = False
    code: int | None = None
    seconds: float = 0.0
    passed: int = 0
    failures: int = 0
    skipped: int = 0
    total: int = 0
    first: str = ""
    where: str = ""
    why: tuple[str, ...] = ()
    log: str = ""


class KeptRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run: what was tested (`commit` and its `tree`, beads on `base`), when (unix seconds), and its gates.

    `ok` is None while it goes on, or when it was ended without a verdict; `left` are gates none of whose paths changed.
    """

    number: int
    kind: str = ""
    base: str = ""
    beads: tuple[str, ...] = ()
    commit: str = ""
    tree: str = ""
    began: float = 0.0
    seconds: float = 0.0
    ok: bool | None = None
    gates: tuple[KeptGate, ...] = ()
    left: tuple[str, ...] = ()


def folder(place: Place) -> Path:
    """Where all runs are kept."""
    return place.gastown / "log" / "gates"


def file_name(gate: str) -> str:
    """A gate's name as that of a file."""
    return f"{_PLAIN.sub('_', gate)[:80].lstrip('.') or 'gate'}.log"


def write(place: Place, run: KeptRun) -> None:
    """Keep what is known of a run: whole or not at all, but without waiting for the disk; the verdict is elsewhere."""
    at = folder(place) / str(run.number)
    at.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = at / "run.json.new"
    half.touch(mode=0o600)
    half.write_bytes(msgspec.json.encode(run))
    half.replace(at / "run.json")


def read(place: Place, number: int) -> KeptRun | None:
    """What is kept of a run, or None."""
    return _read(folder(place) / str(number))


def _read(at: Path) -> KeptRun | None:
    try:
        return msgspec.json.decode((at / "run.json").read_bytes(), type=KeptRun)
    except (OSError, msgspec.DecodeError):
        return None


def runs(place: Place) -> Iterator[KeptRun]:
    """Every run that is kept, newest first; of one whose account is torn there is a row if something was printed."""
    for number in sorted(_numbers(place), reverse=True):
        found = read(place, number)
        if found is not None or _logs(place, number):
            yield found or KeptRun(number, began=(folder(place) / str(number)).stat().st_mtime)


def cut(place: Place, run: KeptRun) -> tuple[str, ...]:
    """The gates that printed something and came to no end: cut off, unless the run goes on; named as their files."""
    ended = {file_name(gate.name) for gate in run.gates}
    return tuple(path.stem for path in _logs(place, run.number) if path.name not in ended)


def _logs(place: Place, number: int) -> list[Path]:
    return sorted((folder(place) / str(number)).glob("*.log"))


def _numbers(place: Place) -> list[int]:
    try:
        return [int(path.name) for path in folder(place).iterdir() if path.name.isdecimal() and path.is_dir()]
    except FileNotFoundError:
        return []


def prune(place: Place, keep: int = RUNS) -> int:
    """Take away all but the newest runs; says how many went."""
    old = sorted(_numbers(place))[:-keep]
    for number in old:
        shutil.rmtree(folder(place) / str(number), ignore_errors=True)
    return len(old)
