"""Opens the index of events and brings it up to the ledger: anew when it is no good, in memory when it must be."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.engine.history.eventindex import Index
from gastown_tui.rig.past import Past

NAME = "history.sqlite"
_LOCK = "history.lock"


def caught_up(folder: Path, past: Past) -> Index:
    """The index in `folder`, holding everything the ledger's branch has now.

    Whoever looks brings it up to date, one at a time (a lock beside the file); a file that is broken, of another town
    or of a branch that was moved is built anew. Where the folder cannot be written the index is held in memory.

    Raises:
        Damaged: the ledger cannot be read.
    """
    tip = past.tip()
    path = folder / NAME
    if (found := _current(path, tip)) is not None:
        return found
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with _locked(folder / _LOCK):
            return _written(path, past, past.tip())
    except (OSError, sqlite3.Error):
        return _in_memory(path, past, tip)


def keep_up(folder: Path, past: Past, most: int) -> bool:
    """Add to the file what the branch has above it, unless that is more than `most` events.

    Returns:
        Whether the file now has everything.

    Raises:
        OSError, sqlite3.Error: the file cannot be written. Damaged: the ledger cannot be read.
    """
    path, tip, has = folder / NAME, past.tip(), 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(Index(path, readonly=True)) as index:
        has = index.ends()[1]
    if tip is None or past.commit(tip).seq - has > most:
        return False
    folder.mkdir(mode=0o700, exist_ok=True)
    with _locked(folder / _LOCK):
        _written(path, past, tip).close()
    return True


def _current(path: Path, tip: str | None) -> Index | None:
    """The index as it is, when nothing needs to be added to it."""
    try:
        index = Index(path, readonly=True)
    except sqlite3.Error:
        return None
    with contextlib.suppress(sqlite3.Error):
        if index.head() == tip:
            return index
    index.close()
    return None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _written(path: Path, past: Past, tip: str | None) -> Index:
    """The file, caught up. Only with the lock held."""
    if path.exists():
        with contextlib.suppress(sqlite3.Error):
            return _grown(Index(path), past, tip)
    return _anew(path, past, tip)


def _grown(index: Index, past: Past, tip: str | None) -> Index:
    """The index with what the branch has above it; raises sqlite3.Error when it is not below the branch."""
    with contextlib.ExitStack() as undo:
        undo.callback(index.close)
        known, above = past.line(tip, index.knows)
        if known != index.head():
            raise sqlite3.DatabaseError("the branch is elsewhere")
        index.take(past, above)
        undo.pop_all()
    return index


def _anew(path: Path, past: Past, tip: str | None) -> Index:
    """The file built from the first commit on; others see the old one until the new one is whole."""
    for left in path.parent.glob(f"{NAME}*"):
        if left != path:
            left.unlink()
    new = path.with_name(f"{NAME}.new")
    try:
        _grown(Index(new, new=True), past, tip).close()
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    return Index(path)


def _in_memory(path: Path, past: Past, tip: str | None) -> Index:
    """For a folder that cannot be written: the file as far as it goes, and the rest in memory."""
    with contextlib.suppress(sqlite3.Error):
        file = Index(path, readonly=True)
        try:
            return _grown(file.copy(), past, tip)
        finally:
            file.close()
    return _grown(Index(None, new=True), past, tip)


def discard(folder: Path) -> None:
    """Throw the file away, so that it is built anew; of no effect where it cannot be written."""
    with contextlib.suppress(OSError), _locked(folder / _LOCK):
        (folder / NAME).unlink(missing_ok=True)
