"""The town as it was: the nearest snapshot of the ledger at or before a moment, and the events from there to it."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from gastown_tui.engine.history import History
from gastown_tui.engine.ledger.records import OWN, key_of, path_of
from gastown_tui.model import events as e
from gastown_tui.model import times
from gastown_tui.model.bead import decode as decode_bead
from gastown_tui.model.errors import Illegal, Refused, Usage
from gastown_tui.model.ready import waiting
from gastown_tui.model.touching import touched
from gastown_tui.model.town import Town, assembled, read_part, restore
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.objects.trees import Trees
from gastown_tui.rig.past import Past

_SEQ = re.compile(r"seq:\s*(\d+)", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
_WHOLE = ("agents", "needs", "queue")
"""Kinds an event may read beyond what it names; there are few of each."""


class Moment(NamedTuple):
    """A point of the town's past: after the event numbered `seq`, which was at `at` (unix seconds)."""

    seq: int
    at: float
    last: int

    @property
    def said(self) -> str:
        """The moment in words, as `as of 2026-11-21 12:03:04 (seq 812 of 1290)`."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.at))
        return f"as of {when} (seq {self.seq}" + (f" of {self.last})" if self.seq < self.last else ", the latest)")


def moment(history: History, text: str, now: float) -> Moment:
    """What a person means by `--at`: a time, `seq:N`, or a commit of the ledger.

    Raises:
        Usage: it is none of these. Refused: the town was not there yet, or has no such event or commit.
    """
    span = history.span()
    if (number := _SEQ.fullmatch(text.strip())) is not None:
        seq = int(number[1])
        if not span.first <= seq <= span.last or not seq:
            raise Refused(f"There is no event {seq}.", f"The town's events go from {span.first} to {span.last}.")
    elif _COMMIT.fullmatch(text.strip()):
        seq = _of_commit(history, text.strip().lower())
    else:
        seq = history.seq_at(_time(text, now))
        if not seq:
            raise Refused(f"The town was not there at {text}.", _began(span.began) if span.last else "It has no event.")
    return Moment(seq, history.at(seq), span.last)


def _time(text: str, now: float) -> float:
    try:
        return times.parse(text, now, end=True)
    except Usage as error:
        raise Usage(error.title, f"{error.hint} seq:812 and a commit of the ledger are moments, too.") from error


def _began(at: float) -> str:
    return f"It began at {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))}."


def _of_commit(history: History, name: str) -> int:
    oid = history.past.resolve(name)
    seq = None if oid is None else history.seq_of(oid)
    if seq is None:
        raise Refused(f"{name} is no commit of the ledger.", "See them with: git log --oneline gt-ledger")
    return seq


def town_at(history: History, seq: int) -> Town:
    """The whole town after the event numbered `seq`. Reads every file of one commit.

    Raises:
        Damaged: what the ledger has there does not fit together.
    """
    base = history.base(seq)
    try:
        town = Town() if base is None else _snapshot(history.past, base)
        return town.after_all(history.between(town.seq, seq))
    except Illegal as error:
        where = "its beginning" if base is None else base[:12]
        hint = "Another moment may be whole. gt doctor looks closer."
        raise Damaged(f"The ledger does not lead from {where} to event {seq}: {error.title}", hint) from error


def _snapshot(past: Past, oid: str) -> Town:
    files = past.read(past.commit(oid).tree)
    if (own := files.pop(OWN, None)) is None:
        raise Damaged(f"The ledger's commit {oid[:12]} has no {OWN}.", "Another moment may be whole.")
    return assembled(own, [read_part(*key_of(path), data) for path, data in files.items()])


def bead_at(history: History, id: str, seq: int) -> Town:
    """A town that knows of one bead all there was to know after the event numbered `seq`, read in milliseconds.

    It holds that bead (if it was there), all it belonged to, what these waited for, and whatever else the events since
    the nearest commit need. `id` is the whole id.

    Raises:
        GasTownError: the ledger cannot be read.
    """
    base = history.base(seq)
    if base is None:
        return town_at(history, seq)
    snapshot = _Snapshot(history.past, base)
    since = list(history.between(snapshot.seq, seq))
    wanted = {id, *_beads(since)}
    try:
        while True:
            town = snapshot.of(wanted, since).after_all(since)
            # What it belongs to, and what these wait for, may have been changed since the snapshot.
            around = _around(town, id)
            if around is None:
                return town_at(history, seq)
            if around <= wanted | set(town.beads):
                return town
            wanted |= around
    except (Illegal, KeyError):
        # An event looked at more than it names: then nothing less than the whole town will do.
        return town_at(history, seq)


def _around(town: Town, id: str) -> set[str] | None:
    """The bead, all it belongs to, and what any of them waits for: a blockage flows down from parents.

    None when one of them waits for what another spawned, for no bead's record says which those are.
    """
    family, left, waited = {id}, [id], set[str]()
    while left:
        if (bead := town.beads.get(left.pop())) is None:
            continue
        found = waiting.gates(bead)
        if any(gate & waiting.FANOUT for gate in found.values()):
            return None
        waited |= found.keys()
        left += [parent for parent in bead.parents if parent not in family]
        family.update(bead.parents)
    return family | waited


def _beads(records: list[e.Record]) -> set[str]:
    found = set()
    for record in records:
        found |= {key for kind, key in touched(record, {}) if kind == "beads"}
        if isinstance(record.event, e.BeadCreated):
            found |= set(record.event.bead.needs)
    return found


class _Snapshot:
    """The files of one commit, read one by one."""

    def __init__(self, past: Past, oid: str) -> None:
        commit = past.commit(oid)
        self._past, self.seq = past, commit.seq
        self._trees: Trees = past.files(commit.tree)

    def of(self, beads: set[str], since: list[e.Record]) -> Town:
        """The town with these beads, what they need, and the small records `since` may read."""
        own = self._past.file(self._trees, OWN)
        wanted = {path_of(kind, key) for record in since for kind, key in touched(record, {}) if kind != "beads"}
        wanted |= {f"{kind}/{name}" for kind in _WHOLE for name in self._trees.folder(kind) or ()}
        first = self._read({path_of("beads", id) for id in beads})
        needs = {id for data in first.values() for id in decode_bead(data).needs}
        found = {**first, **self._read({path_of("beads", id) for id in needs} | wanted)}
        return restore(own or b"", ((*key_of(path), data) for path, data in sorted(found.items())))

    def _read(self, paths: set[str]) -> dict[str, bytes]:
        found = ((path, self._past.file(self._trees, path)) for path in sorted(paths))
        return {path: data for path, data in found if data is not None}
