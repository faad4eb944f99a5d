"""A town's books on a real disk without an engine: records go into the journal, and groups of them into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gastown_tui.engine.ledger.archive import message
from gastown_tui.engine.ledger.records import path_of
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.touching import touched
from gastown_tui.model.town import Town, encode_part, scalars
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.world import DiskFiles
from tests.support import rigs


class Written:
    """The books of one town, as an engine would have left them at any moment."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(rigs.make(folder / "rig"))
        self.place.gastown.mkdir(exist_ok=True)
        self.journal = Journal(self.place.journal, DiskFiles(), segment_bytes=2000)
        self.ledger = Ledger(self.place.root)
        self.waiting: list[e.Record] = []

    def note(self, records: Sequence[e.Record]) -> None:
        """Make records durable."""
        self.journal.append([(record.seq, e.encode(record)) for record in records])
        self.waiting += records

    def commit(self, town: Town, *, trim: bool = True) -> None:
        """Bring the ledger up to the town, which is as of the last record noted."""
        group, self.waiting = self.waiting, []
        if not group:
            return
        parts = {part for record in group for part in touched(record, town.agents)}
        changes = {path_of(kind, key): encode_part(town, kind, key) for kind, key in parts}
        changes["town.json"] = scalars(town)
        self.ledger.commit(changes, town.seq, message(group), group[-1].at)
        if trim:
            self.journal.trim(town.seq)

    def close(self) -> None:
        """Give the files back."""
        self.journal.close()
