"""Opens a town for one engine: its lock, its books as the disk has them, and the ground its rounds stand on."""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gastown_tui import config as settings
from gastown_tui.engine.base import Base
from gastown_tui.engine.books import Books
from gastown_tui.engine.feed import Feed
from gastown_tui.engine.ledger.archive import Archive
from gastown_tui.engine.ledger.cache import NAME, Cache
from gastown_tui.engine.ledger.records import load
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import Illegal, Refused
from gastown_tui.model.town import Town
from gastown_tui.rig import guard
from gastown_tui.rig.errors import Damaged, cannot_write
from gastown_tui.rig.homes import home
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.repository import Repository
from gastown_tui.rig.worktree import Worktrees
from gastown_tui.world import Clock, Files, Ids


@dataclass(frozen=True)
class Opened:
    """What `opened` took: closing it gives the lock back."""

    base: Base
    journal: Journal
    lock: int

    def close(self) -> None:
        """Give the lock back."""
        self.journal.close()
        os.close(self.lock)


def opened(place: Place, clock: Clock, ids: Ids, files: Files) -> Opened:
    """Take the town's lock and read its books.

    Raises:
        Refused: another engine has the town.
        GasTownError: the ledger or the journal cannot be read.
    """
    config = settings.load(place.config)
    with contextlib.ExitStack() as undo:
        lock = take(place.lock)
        undo.callback(os.close, lock)
        repo = Repository(place.root, files)
        ledger = Ledger(place.root, files=files)
        ledger.clear_stale_lock()
        journal = Journal(place.journal, files)
        undo.callback(journal.close)
        cache = Cache(place.cache / NAME)
        town = _whole(ledger, journal, cache)
        archive = Archive(ledger, journal, cache)
        for _, line in journal.replay(ledger.head()[1]):
            archive.take(e.decode(line))
        place.spool.mkdir(mode=0o700, exist_ok=True)
        guard.install(place.hooks)
        worktrees = Worktrees(repo, home(place.root) / (config.rig or place.root.name))
        books = Books(journal, clock, town)
        base = Base(place, config, books, archive, Feed(place.feed), repo, worktrees, clock, ids, files)
        base.socket = str(place.socket)
        undo.pop_all()
    return Opened(base, journal, lock)


def _whole(ledger: Ledger, journal: Journal, cache: Cache) -> Town:
    """The town as the disk has it; raises Damaged that says what to do when that is not whole."""
    try:
        town = load(ledger, journal, cache)
        if town.rig:
            return town
        raise Damaged("Neither the journal nor the branch gt-ledger has a record of this town.")
    except (Damaged, Illegal, msgspec.DecodeError) as error:
        title = getattr(error, "title", f"A record cannot be read: {error}.")
        hint = "Nothing was changed. gt status shows what can be read; gt doctor says what can be mended."
        raise Damaged(f"The engine does not start on a damaged ledger. {title}", hint) from error


def take(path: Path) -> int:
    """The exclusive lock of a town, with our number in it; it goes with the process.

    Raises:
        Refused: another process has it. CannotWrite: the disk refuses.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(f"The town's lock {path}", error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
        os.close(fd)
        who = f": process {holder}" if holder.isdigit() else ""
        hint = "Nothing was changed. Attach to it with: gt    End it with: gt down"
        raise Refused(f"Another engine has this town{who}.", hint) from error
    with contextlib.suppress(OSError):  # a full disk: whoever is refused then hears no number
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    return fd
