"""The journal's last lines, read from its end: what the ledger has not yet, without reading what it has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.segments import decode, goes_on
from gastown_tui.world import Files

_BLOCK = 64 * 1024


def tail(folder: Path, after: int, files: Files) -> list[tuple[int, bytes]]:
    """The journal's lines numbered above `after`, in order; a line just being written is not there yet.

    Raises:
        Damaged: a bad line, or numbers missing.
        GasTownError: the engine trimmed the journal meanwhile; look at the ledger again, then here.
    """
    journal = Journal(folder, files, readonly=True)
    try:
        found = _from_the_end(journal, after)
    except FileNotFoundError as error:
        raise GasTownError("The journal was trimmed while it was read.", "Try again.") from error
    # Anything out of the ordinary is for the reader that looks at every line, and names what is wrong.
    return list(journal.replay(after)) if found is None else found


def _from_the_end(journal: Journal, after: int) -> list[tuple[int, bytes]] | None:
    found: list[tuple[int, bytes]] = []
    below: int | None = None
    for first, path in reversed(journal.segments() if journal.folder.is_dir() else []):
        for raw in _backwards(path, torn=below is None):
            line = decode(raw)
            if line is None:
                return None
            # A group without its end is being written, or never was.
            if below is None and not found and goes_on(raw):
                continue
            # A segment ends where the next one begins; what stands behind that is not the journal's any more.
            if below is not None and line[0] >= below:
                continue
            if found and line[0] != found[-1][0] - 1:
                return None
            if line[0] <= after:
                return found[::-1]
            found.append(line)
        if first <= after + 1:
            break
        below = first
    return found[::-1] if not found or found[-1][0] == after + 1 else None


def _backwards(path: Path, torn: bool) -> Iterator[bytes]:
    """The whole lines of a file, last first; with `torn` the piece behind the last newline is passed over."""
    with path.open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        rest, last = b"", True
        while at > 0:
            size = min(_BLOCK, at)
            at -= size
            file.seek(at)
            rest, *lines = (file.read(size) + rest).split(b"\n")
            for line in reversed(lines):
                if not (last and (torn or not line)):
                    yield line
                last = False
        if rest and not last:
            yield rest
