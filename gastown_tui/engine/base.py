"""What every round is handed: the town's books, its rig, its settings, and what is passed in from outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from gastown_tui.config import Config
from gastown_tui.engine.books import Books
from gastown_tui.engine.feed import Feed
from gastown_tui.engine.gating.turns import Turns
from gastown_tui.engine.ledger.archive import Archive
from gastown_tui.engine.place import Place
from gastown_tui.engine.ports import Ports
from gastown_tui.rig.repository import Repository
from gastown_tui.rig.worktree import Worktrees
from gastown_tui.world import Clock, Files, Ids


@dataclass
class Base:
    """The ground the rounds stand on; it holds no state of the town's own."""

    place: Place
    config: Config
    books: Books
    archive: Archive
    feed: Feed
    repo: Repository
    worktrees: Worktrees
    clock: Clock
    ids: Ids
    files: Files
    port: int = 0
    socket: str = ""
    expected_tip: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    ports: Ports = field(default_factory=Ports)
    turns: Turns = field(default_factory=Turns)

    @property
    def trouble(self) -> str:
        """Why the journal or the ledger's branch cannot be written now, or nothing; rounds start nothing then."""
        return self.books.trouble or self.archive.trouble
