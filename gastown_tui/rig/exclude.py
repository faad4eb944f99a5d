"""Our few lines in a repository's info/exclude, put in and taken out without touching a person's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gastown_tui.rig.errors import cannot_write
from gastown_tui.world import Files

_BEGIN = b"# >>> gastown (gt uninit removes this block)"
_OPEN_END = b"; the line above had no newline"
_END = b"# <<< gastown"


def add(common_dir: Path, lines: Sequence[str], files: Files) -> None:
    """Have exactly `lines` in our block of the file. Raises CannotWrite."""
    path = common_dir / "info" / "exclude"
    old = _read(path)
    rest = _without(old)
    begin = _BEGIN
    if rest and not rest.endswith(b"\n"):
        begin, rest = _BEGIN + _OPEN_END, rest + b"\n"
    new = rest + b"\n".join((begin, *(line.encode() for line in lines), _END, b""))
    _write(path, old, new, files)


def remove(common_dir: Path, files: Files) -> None:
    """Take our block out; a file that was empty or missing before stays as an empty file. Raises CannotWrite."""
    path = common_dir / "info" / "exclude"
    old = _read(path)
    _write(path, old, _without(old), files)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _without(data: bytes) -> bytes:
    start = data.find(_BEGIN)
    end = data.find(_END + b"\n", start)
    if start < 0 or end < 0:
        return data
    before, after = data[:start], data[end + len(_END) + 1 :]
    if data.startswith(_BEGIN + _OPEN_END, start) and not after:
        before = before.removesuffix(b"\n")
    return before + after


def _write(path: Path, old: bytes, new: bytes, files: Files) -> None:
    if new == old:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        real = path.resolve()
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o644
        files.replace(real, new, mode)
    except OSError as error:
        raise cannot_write(str(path), error) from error
