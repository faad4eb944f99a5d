"""The town: an immutable value, and the one way to a later one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from immutables import Map

from gastown_tui.model import bead as beads
from gastown_tui.model import folding, folding_import
from gastown_tui.model.agent import Agent
from gastown_tui.model.collision import Collision
from gastown_tui.model.convoy import Convoy, Draft
from gastown_tui.model.errors import GasTownError, Illegal
from gastown_tui.model.events import HistoryImported, Landed, Need, Record, RequestMerged, Restored, Submitted
from gastown_tui.model.merge import RATE, GateRun, MergeRequest, TestRun, Train
from gastown_tui.model.outward import folding as folding_outward
from gastown_tui.model.queue import folding as folding_queue
from gastown_tui.model.queue.flaky import Flake
from gastown_tui.model.ready.bulk import with_agents, with_beads
from gastown_tui.model.state import EngineInfo, Speech, State
from gastown_tui.model.undoing import entries, landing_folding, noting

CASES = folding.CASES
FOLDING_ROOMS = (folding, folding_import, folding_queue, folding_outward, landing_folding, noting)
"""Importing them fills the table of cases."""


def stamp(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC, the way Beads writes times."""
    return _stamp(int(at // 1))


@lru_cache(maxsize=8)
def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


class Town(State, frozen=True):
    """Everything one engine runs, as of the record numbered `seq`."""

    def after(self, record: Record) -> Town:
        """The town after one more record.

        Raises:
            Illegal: the event is not allowed in this state, or the record is not the next one.
        """
        if record.seq != self.seq + 1:
            raise Illegal(f"Record {record.seq} does not follow {self.seq}.", "The ledger is out of order.")
        # Time passes first: what an event may do depends on which deferrals are over when it happens.
        before = self.until(record.at)
        before = before if before.at == record.at else before.with_(at=record.at)
        town: Town = CASES[type(record.event)](before, record.event, record)
        return noting.noted(before, _dated(town, record), record).with_(seq=record.seq)

    def after_all(self, records: Iterable[Record]) -> Town:
        """The town after several records."""
        town = self
        for record in records:
            town = town.after(record)
        return town


def _dated(town: Town, record: Record) -> Town:
    """Beads carries dates on the record: set them where the event changed a bead's status or fields."""
    name = getattr(record.event, "bead", None)
    if isinstance(record.event, HistoryImported):
        return town
    if not isinstance(name, str) or (bead := town.beads.get(name)) is None:
        return town
    if isinstance(record.event, Restored) and entries.WHOLE in record.event.fields:
        return town  # it is back word for word, with the dates it had
    when = stamp(record.at)
    closed = when if bead.status == "closed" and not bead.closed_at else bead.closed_at
    told = isinstance(record.event, Landed | RequestMerged | Submitted)
    if not told and closed == bead.closed_at and bead.updated_at == when:
        return town
    return town.put(msgspec.structs.replace(bead, updated_at=when, closed_at=closed))


Part = tuple[str, str | int, object]
"""One record of the town: kind, key (a number for the chat), and what it says."""


class _Scalars(msgspec.Struct, frozen=True):
    rig: str
    target: str
    prefix: str
    seq: int
    at: float
    tip: str
    heard: int
    engine: EngineInfo
    holds: dict[str, str]
    costs: dict[str, float]
    train: Train | None = None
    collisions: tuple[Collision, ...] = ()
    last: Train | None = None
    run_number: int = 0
    rate: float = RATE


KINDS: dict[str, tuple[str, type, str]] = {
    "agents": ("agents", Agent, "name"), "plans": ("drafts", Draft, "id"), "convoys": ("convoys", Convoy, "id"),
    "needs": ("needs", Need, "id"), "chat": ("chat", Speech, ""), "queue": ("queue", MergeRequest, "bead"),
    "runs": ("runs", GateRun, "tree"), "testing": ("testing", TestRun, ""), "flaky": ("flaky", Flake, "id"),
    "undo": ("undo", entries.Kept, ""),
}  # fmt: skip
"""Kind of record in the ledger → the town's map of it, its type, and the field that is its key ("" for a number that
stands in the path alone); beads have a codec of their own."""


def scalars(town: Town) -> bytes:
    """The town's own record: everything that is not in a map of records."""
    values = {name: getattr(town, name) for name in _Scalars.__struct_fields__}
    return _pretty({**values, "holds": dict(town.holds), "costs": dict(town.costs)})


def encode_part(town: Town, kind: str, key: str) -> bytes | None:
    """One record of the town for the ledger; None when it is not, or no longer, there."""
    if kind == "beads":
        bead = town.beads.get(key)
        return None if bead is None else beads.encode(bead)
    name, _, named = KINDS[kind]
    found = getattr(town, name).get(key if named else int(key))
    return None if found is None else _pretty(entries.kept(found) if kind == "undo" else found)


def has_part(town: Town, kind: str, key: str) -> bool:
    """Whether the town has a record."""
    if kind == "beads":
        return key in town.beads
    name, _, named = KINDS[kind]
    return (key if named else int(key)) in getattr(town, name)


def parts(town: Town) -> Iterator[tuple[str, str]]:
    """The (kind, key) of every record of the town, in the order `restore` takes them."""
    yield from (("beads", id) for id in town.beads)
    for kind, (name, _, _) in KINDS.items():
        yield from ((kind, str(key)) for key in getattr(town, name))


def restore(own: bytes, parts: Iterable[tuple[str, str, bytes]]) -> Town:
    """A town from its records (kind, key, bytes) and its own record; raises GasTownError naming a bad one."""
    return assembled(own, (read_part(*part) for part in parts))


def read_part(kind: str, key: str, data: bytes) -> Part:
    """One record out of the ledger: kind, key and what it says; raises GasTownError."""
    try:
        if kind == "beads":
            bead = beads.decode(data)
            return kind, bead.id, bead
        _, shape, named = KINDS[kind]
        found: Any = msgspec.json.decode(data, type=shape)
        if kind == "undo":
            found = entries.unkept(found)
        return kind, getattr(found, named) if named else int(key), found
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise GasTownError(f"{kind}/{key} cannot be read: {error}.", "gt doctor looks closer.") from error


def with_own(town: Town, own: bytes) -> Town:
    """The town as of what its own record says, and with all of it; raises GasTownError when that cannot be read."""
    try:
        values = msgspec.json.decode(own, type=_Scalars)
    except msgspec.DecodeError as error:
        raise GasTownError(f"The town's own record cannot be read: {error}.", "gt doctor looks closer.") from error
    town = town.until(values.at).with_(**{name: getattr(values, name) for name in _Scalars.__struct_fields__})
    return town.with_(holds=Map(values.holds), costs=Map(values.costs))


def with_parts(town: Town, parts: Iterable[Part]) -> Town:
    """The town with some records added or replaced."""
    for kind, key, found in parts:
        if isinstance(found, beads.Bead):
            town = town.put(found)
        elif isinstance(found, Agent):
            town = town.seat(found)
        else:
            name = KINDS[kind][0]
            town = town.with_(**{name: getattr(town, name).set(key, found)})
            town = noting.with_undo(town, town.undo) if kind == "undo" else town
    return town


def assembled(own: bytes, parts: Iterable[Part]) -> Town:
    """A town from its own record and all others; a later one of the same key counts. Raises GasTownError."""
    maps: dict[str, dict[Any, Any]] = {kind: {} for kind in ("beads", *KINDS)}
    for kind, key, found in parts:
        maps[kind][key] = found
    town = with_own(Town(), own)
    town = with_agents(with_beads(town, maps.pop("beads")), maps.pop("agents"))
    town = noting.with_undo(town, maps.pop("undo"))
    return town.with_(**{KINDS[kind][0]: Map(found) for kind, found in maps.items()})


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"
