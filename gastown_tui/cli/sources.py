"""Where an import reads from: a file, standard input, a folder with a board, or the common name of its files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.formats import backup
from gastown_tui.model.formats.draft import Reading
from gastown_tui.model.formats.guess import READERS, guess

LARGEST = 64 * 1024 * 1024
"""Bytes of one import: about a hundred thousand beads."""

_MB = 1024 * 1024
_ISSUES = ".issues.jsonl"


class Source(NamedTuple):
    """What was read: a name to call it by, and its files by what they are (a single one is called "")."""

    name: str
    files: Mapping[str, bytes]


def read(where: str, folder: Path) -> Source:
    """The bytes of an import.

    Args:
        where: a path from `folder`, `-` for standard input, or the part of a path that the files of a board share.

    Raises:
        Usage: there is no such thing. Refused: it cannot be read, or is too large.
    """
    if where == "-":
        data = sys.stdin.buffer.read(LARGEST + 1)
        return Source("standard input", {"": _small(data, len(data), "Standard input")})
    path = folder / where
    if path.is_dir():
        return _board(path, where)
    if not path.exists():
        if path.with_name(path.name + _ISSUES).is_file():
            return Source(path.name, _parts(path.parent, f"{path.name}."))
        raise Usage(f"There is no file {where}.", "Nothing was imported.")
    return Source(path.name, {"": _bytes(path)})


def reading(source: Source, format: str) -> tuple[Reading, bool]:
    """What a reader makes of a source, and whether its format was guessed; raises Refused."""
    if "" not in source.files:
        if format not in ("", "beads"):
            raise Usage(f"A folder is read as a board of Beads, not as {format}.", "Name the file in it.")
        return backup.read(source.files), not format
    data = source.files[""]
    if b"\0" in data[:65536]:
        raise Refused(f"{source.name} is not text.", "Nothing was imported.")
    return READERS[format or guess(source.name, data)](data), not format


def _board(folder: Path, where: str) -> Source:
    """The board in a folder: its own files, or those of the `.beads` in it."""
    for place in (folder, folder / ".beads"):
        boards = sorted(path.name for path in place.glob(f"*{_ISSUES}"))
        if len(boards) > 1:
            named = ", ".join(f"{where.rstrip('/')}/{name.removesuffix(_ISSUES)}" for name in boards)
            raise Usage(f"There are {len(boards)} boards in {where}.", f"Name one of them: {named}")
        if boards:
            prefix = boards[0].removesuffix("issues.jsonl")
            return Source(prefix.rstrip("."), _parts(place, prefix))
        if (place / "issues.jsonl").is_file():
            return Source(str(Path(where) / "issues.jsonl"), _parts(place, ""))
    raise Usage(f"There is no issues.jsonl in {where}.", "Nothing was imported. Name a file.")


def _parts(folder: Path, prefix: str) -> dict[str, bytes]:
    paths = {part: folder / f"{prefix}{part}.jsonl" for part in backup.PARTS}
    found = {part: _bytes(path) for part, path in paths.items() if path.is_file()}
    _small(b"", sum(map(len, found.values())), f"The board in {folder.name}")
    return found


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise Refused(f"{path.name} is no file.", "Nothing was imported. Pipe it: ... | gt import -")
        _small(b"", path.stat().st_size, path.name)
        with path.open("rb") as file:
            return _small(data := file.read(LARGEST + 1), len(data), path.name)
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}.", "Nothing was imported.") from error


def _small(data: bytes, size: int, name: str) -> bytes:
    if size > LARGEST:
        most = f"{LARGEST // _MB} MB are taken at once"
        hint = "Nothing was imported. Split it, for example: split -l 20000 FILE part-"
        raise Refused(f"{name} is too large: {size // _MB} MB, and {most}.", hint)
    return data
