"""Where each record of a town stands in the ledger's tree, and the town read back from there."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import re
from collections.abc import Iterator

from gastown_tui.engine.ledger.cache import Cache, Kept
from gastown_tui.model import events as e
from gastown_tui.model.ready.bulk import with_agents
from gastown_tui.model.town import KINDS, Part, Town, assembled, read_part, with_own, with_parts
from gastown_tui.model.undoing.noting import with_undo
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger, bead_path

OWN = "town.json"
FANNED = frozenset({"chat", "runs", "agents"})
"""Kinds whose folder was flat once."""

_SAFE = re.compile(r"[^A-Za-z0-9._-]")
_FEW = 500
"""Changed records up to which each is put in its place; of more, all indexes are built anew."""

LARGE = 10_000
"""Beads from which on the collector never looks at what was loaded: it stays, and each look stops everything."""


def path_of(kind: str, key: str) -> str:
    """Where a record stands. A folder that grows with every bead or every word said is fanned out: git writes a
    folder again, whole, for each change in it."""
    if kind == "beads":
        return bead_path(key)
    name = _name(key)
    if kind == "chat":
        return f"chat/{int(key) // 1000}/{name}"
    if kind == "runs" or (kind == "agents" and "-" in key):
        digest = hashlib.sha1(key.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{kind}/{digest[0]}/{digest[1]}/{digest[2]}/{name}"
    return f"{kind}/{name}"


def old_path(kind: str, key: str) -> str:
    """Where ledgers of the first days have it; another place only for the kinds in FANNED."""
    return bead_path(key) if kind == "beads" else f"{kind}/{_name(key)}"


def _name(key: str) -> str:
    return f"{_SAFE.sub(lambda m: f'%{ord(m[0]):02x}', key)}.json"


def key_of(path: str) -> tuple[str, str]:
    """Kind of a record and the name of its file, which is its key only where that is a number."""
    return path.partition("/")[0], path.rpartition("/")[2].removesuffix(".json")


def load(ledger: Ledger, journal: Journal, cache: Cache | None = None) -> Town:
    """The town as the ledger's head has it, and the journal's records above that. Raises GasTownError."""
    with _uncollected():
        _, seq = ledger.head()
        town = at_head(ledger, cache)
        town = town.after_all(e.decode(line) for _, line in journal.replay(max(seq, town.seq)))
        if len(town.beads) >= LARGE:
            gc.freeze()
        return town


def at_head(ledger: Ledger, cache: Cache | None = None) -> Town:
    """The town as the ledger's head has it: the cache and what changed since, or every record. Raises GasTownError."""
    ledger.adopt()
    if cache is not None and (kept := cache.read()) is not None and (town := _caught_up(ledger, kept)) is not None:
        return town
    own, parts = b"", list[Part]()
    for path, data in ledger.files():
        if path == OWN:
            own = data
        else:
            parts.append(read_part(*key_of(path), data))
    return assembled(own, parts) if own else Town()


def _caught_up(ledger: Ledger, kept: Kept) -> Town | None:
    """The cache's town with what changed between its tree and the head's; None when its tree is gone."""
    own, gone, parts = b"", set[str](), list[Part]()
    try:
        for path, data in ledger.changed(kept.tree):
            if path == OWN:
                own = data or b""
            elif data is None:
                gone.add(path)
            else:
                parts.append(read_part(*key_of(path), data))
    except Damaged:
        return None
    if not own:
        return None if gone or parts else kept.town
    town = with_own(_without(kept.town, gone), own)
    if len(parts) <= max(_FEW, len(town.beads) // 8):
        return with_parts(town, parts)
    return assembled(own, [*_parts(town), *parts])


def _parts(town: Town) -> Iterator[Part]:
    for kind, name in (("beads", "beads"), *((kind, row[0]) for kind, row in KINDS.items())):
        yield from ((kind, key, found) for key, found in getattr(town, name).items())


def _without(town: Town, gone: set[str]) -> Town:
    """The town without the records that stood at these paths."""
    kinds = {path.partition("/")[0] for path in gone}
    for kind, key, _ in [part for part in _parts(town) if part[0] in kinds]:
        if not gone & {path_of(kind, str(key)), old_path(kind, str(key))}:
            continue
        if kind == "beads":
            town = town.without(str(key))
        elif kind == "agents":
            town = with_agents(town, {name: agent for name, agent in town.agents.items() if name != key})
        else:
            name = KINDS[kind][0]
            left = getattr(town, name).delete(key)
            town = with_undo(town, left) if kind == "undo" else town.with_(**{name: left})
    return town


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Build many objects that stay without the collector looking at them again and again."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
