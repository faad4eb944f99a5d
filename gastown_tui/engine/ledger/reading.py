"""The town read from disk, without its lock: for commands that run while no engine does."""

from __future__ import annotations

from collections.abc import Iterator

from gastown_tui.engine.history.eventindex import lines
from gastown_tui.engine.ledger.cache import NAME, Cache
from gastown_tui.engine.ledger.records import load
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.past import Past
from gastown_tui.world import DiskFiles


def read_town(place: Place) -> Town:
    """The town as the ledger and the journal have it now; raises GasTownError when they cannot be read."""
    files = DiskFiles()
    journal = Journal(place.journal, files, readonly=True)
    return load(Ledger(place.root, files=files), journal, Cache(place.cache / NAME))


def records(place: Place) -> Iterator[Record]:
    """Every record ever, oldest first: the ledger's commit messages, then the journal's tail."""
    past, last = Past(place.root), 0
    for oid in past.line(past.tip(), lambda _: False)[1]:
        for _, record in lines(past.commit(oid)):
            last = record.seq
            yield record
    for _, line in Journal(place.journal, DiskFiles(), readonly=True).replay(last):
        yield e.decode(line)
