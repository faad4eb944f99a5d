"""The indexes over beads, moved by one change alone: what it touches costs, the rest of the town does not."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from immutables import Map

from gastown_tui.model.bead import Bead, Dependency
from gastown_tui.model.ready import waiting
from gastown_tui.model.ready.waiting import active

if TYPE_CHECKING:
    from gastown_tui.model.state import State

S = TypeVar("S", bound="State")
_V = TypeVar("_V")
_NONE: Map[str, Any] = Map()
_NOBODY: frozenset[str] = frozenset()


def put(state: S, bead: Bead) -> S:
    """The state with a bead added or replaced."""
    old = state.beads.get(bead.id)
    if old is None or old.extra is not bead.extra or old.dependencies is not bead.dependencies:
        return _Change(state, state.at).put(bead, bead.id).done()
    if old.status != bead.status or old.close_reason != bead.close_reason or _landed(old) != _landed(bead):
        return _Change(state, state.at).put(bead, bead.id).done()
    # Nothing that another bead, or its own being stopped, hangs on: most changes are like this.
    after = state.with_(beads=state.beads.set(bead.id, bead))
    return after if old.work is bead.work else _columns(state, after, (bead.id,))


def without(state: S, id: str) -> S:
    """The state without a bead that is there."""
    return _Change(state, state.at).put(None, id).done()


def until(state: S, now: float) -> S:
    """The state at unix second `now`: deferrals that passed by then are over; those a clock set back brings are back.

    The model has no clock: time is what the last record says. So a town that rests does not notice that a deferral
    passes; who shows or slings beads asks for `until(now)`, and the deacon records a `Woken` when `wake_at` is past.
    """
    if state.at <= now < state.wake_at:
        return state
    return _Change(state, now).pass_time().done()


class _Change(Generic[S]):
    """One change being worked out: `old` is the state before it, the maps are those after it."""

    def __init__(self, old: S, at: float) -> None:
        self.old = old
        self.at = at
        self.beads = old.beads
        self.dependants = old.dependants
        self.children = old.children
        self.open_children = old.open_children
        self.open_needs = old.open_needs
        self.stopped = old.stopped
        self.later = old.later
        self.alarms = old.alarms
        self.wake_at = old.wake_at
        self.touched: set[str] = set()

    def put(self, bead: Bead | None, id: str) -> _Change[S]:
        """Add or replace a bead, or take it away."""
        old = self.beads.get(id)
        self.beads = self.beads.set(id, bead) if bead is not None else self.beads.delete(id)
        self.touched.add(id)
        flipped = _active(old) != _active(bead)
        if old is None or bead is None or flipped or old.extra is not bead.extra:
            self._defer(id, waiting.later(bead) if bead is not None else 0.0)
        edges = _edges(old) is not _edges(bead) and _edges(old) != _edges(bead)
        if edges:
            self._gates(old, bead, id)
        turned = self._parents(old, bead, id) if edges or (flipped and _edges(bead)) else set()
        if flipped or old is None or bead is None or _end(old) != _end(bead):
            turned.add(id)
        for target in turned:
            self._turn(target)
        if bead is None:
            self.open_needs = self.open_needs.delete(id)
        elif edges or old is None:
            found = waiting.gates(bead)
            count = sum(
                1 for target, gate in found.items()
                if gate & self._shut(target, waiting.mates(bead, self.beads.get(target)))
            )  # fmt: skip
            self.open_needs = self.open_needs.set(id, count)
        self._settle({id} if edges or (flipped and (_active(bead) or id in self.stopped)) else set())
        return self

    def _gates(self, old: Bead | None, bead: Bead | None, id: str) -> None:
        before = waiting.gates(old) if old is not None else {}
        after = waiting.gates(bead) if bead is not None else {}
        for target in before.keys() - after.keys():
            self.dependants = lacking(self.dependants, target, id)
        for target, gate in after.items():
            if before.get(target) != gate:
                self.dependants = having(self.dependants, target, id, gate)

    def _parents(self, old: Bead | None, bead: Bead | None, id: str) -> set[str]:
        """Keep the parents' sides; returns those that now have active children, or have none any more."""
        before = after = _parents(bead)
        if _edges(old) is not _edges(bead):
            before = _parents(old)
            for parent in before - after:
                self.children = lacking(self.children, parent, id)
            for parent in after - before:
                self.children = having(self.children, parent, id, None)
        if not before and not after:
            return set()
        now = after if _active(bead) else _NOBODY
        turned = set()
        for parent in (before if _active(old) else _NOBODY) ^ now:
            count = self.open_children.get(parent, 0) + (1 if parent in now else -1)
            self.open_children = self.open_children.set(parent, count) if count else self.open_children.delete(parent)
            if not count or (count == 1 and parent in now):
                turned.add(parent)
        return turned

    def _shut(self, target: str, mate: bool) -> int:
        return waiting.shut(self.beads.get(target), self.open_children.get(target, 0), mate)

    def _turned(self, target: str, mate: bool) -> tuple[int, int]:
        """What a bead shut before the change, to a mate or to others, and what it shuts now."""
        old = waiting.shut(self.old.beads.get(target), self.old.open_children.get(target, 0), mate)
        return old, self._shut(target, mate)

    def _turn(self, target: str) -> None:
        """Count anew for each bead that waits for one whose gate turned."""
        waiters = self.dependants.get(target)
        if waiters is None:
            return
        found = self.beads.get(target) or self.old.beads.get(target)
        others = mates = self._turned(target, False)
        if any(bead is not None and bead.work.staged for bead in (found, self.old.beads.get(target))):
            mates = self._turned(target, True)
        if others[0] == others[1] and mates[0] == mates[1]:
            return
        for id, gate in waiters.items():
            before, after = mates if others != mates and waiting.mates(self.beads.get(id), found) else others
            if step := bool(gate & after) - bool(gate & before):
                self.open_needs = self.open_needs.set(id, self.open_needs.get(id, 0) + step)
                self.touched.add(id)

    def _defer(self, id: str, until: float) -> None:
        """Note until when a bead is deferred."""
        was = self.later.get(id, 0.0)
        if until == was:
            return
        self.later = self.later.set(id, until) if until else self.later.delete(id)
        if self.at < was < inf:
            self._disarm(id, was)
        if self.at < until < inf:
            self.alarms = having(self.alarms, waiting.day(until), id, None)
            self.wake_at = min(self.wake_at, until)

    def _disarm(self, id: str, was: float) -> None:
        self.alarms = lacking(self.alarms, waiting.day(was), id)
        if was == self.wake_at:
            self.wake_at = waiting.first(self.alarms, self.later)

    def pass_time(self) -> _Change[S]:
        """Let time pass, or go back, to where this change stands."""
        now = self.at
        if now < self.old.at:
            for id, until in self.later.items():
                if now < until <= self.old.at:
                    self.alarms = having(self.alarms, waiting.day(until), id, None)
                    self.touched.add(id)
        else:
            for day in [day for day in self.alarms if day <= waiting.day(now)]:
                for id in [id for id in self.alarms[day] if self.later[id] <= now]:
                    self.alarms = lacking(self.alarms, day, id)
                    self.touched.add(id)
        self.wake_at = waiting.first(self.alarms, self.later)
        self._settle(set())
        return self

    def _settle(self, seeds: set[str]) -> None:
        """Find anew who is stopped, from `seeds` and the touched beads whose own reason to stop came or went.

        Whoever lost theirs is let go together with all below that had theirs from nowhere else (they may stand in a
        circle and hold one another); then whoever has a reason yet is stopped again, and all below.
        """
        seeds.update(id for id in self.touched - seeds if self._stops(id) != self._stopped_before(id))
        if not seeds:
            return
        loose = [id for id in seeds if id in self.stopped and not self._stops(id)]
        freed: set[str] = set()
        while loose:
            id = loose.pop()
            if id in freed or id not in self.stopped or self._stops(id):
                continue
            freed.add(id)
            self.stopped = self.stopped.delete(id)
            loose.extend(self.children.get(id, _NONE))
        caught = [id for id in seeds | freed if self._reason(id)]
        while caught:
            id = caught.pop()
            if id in self.stopped:
                continue
            self.stopped = self.stopped.set(id, None)
            self.touched.add(id)
            caught.extend(child for child in self.children.get(id, _NONE) if active(self.beads[child]))
        self.touched |= freed

    def _stops(self, id: str) -> bool:
        return waiting.stops(self.beads.get(id), self.open_needs.get(id, 0), self.later.get(id, 0.0), self.at)

    def _stopped_before(self, id: str) -> bool:
        """As `_stops`, before the change; who was not stopped at all had no reason of its own either."""
        old = self.old
        if id not in old.stopped:
            return False
        return waiting.stops(old.beads.get(id), old.open_needs.get(id, 0), old.later.get(id, 0.0), old.at)

    def _reason(self, id: str) -> bool:
        bead = self.beads.get(id)
        if bead is None or not active(bead):
            return False
        return self._stops(id) or any(parent in self.stopped for parent in bead.parents)

    def done(self) -> S:
        """The state after the change, with every touched bead in its column."""
        old = self.old
        state = old.with_(
            at=self.at, beads=self.beads, dependants=self.dependants, children=self.children,
            open_children=self.open_children, open_needs=self.open_needs, stopped=self.stopped, later=self.later,
            alarms=self.alarms, wake_at=self.wake_at,
        )  # fmt: skip
        return _columns(old, state, self.touched)


def _active(bead: Bead | None) -> bool:
    return bead is not None and active(bead)


def _parents(bead: Bead | None) -> frozenset[str]:
    return frozenset(bead.parents) if bead is not None and bead.dependencies else _NOBODY


def _edges(bead: Bead | None) -> tuple[Dependency, ...]:
    return bead.dependencies if bead is not None else ()


def _landed(bead: Bead) -> tuple[str, str]:
    return bead.work.landed, bead.work.staged


def _end(bead: Bead) -> tuple[str, str, str, str]:
    """What decides how a bead shuts gates."""
    return bead.status, bead.close_reason, bead.work.landed, bead.work.staged


def _columns(old: S, state: S, ids: Iterable[str]) -> S:
    """The state with some beads in the columns they now belong to."""
    columns, going = state.columns, state.going
    for id in ids:
        bead, before = state.beads.get(id), old.beads.get(id)
        was = old.column(before) if before is not None else None
        now = state.column(bead) if bead is not None else None
        if (bead is not None and now == "ready" and bead.work.go) != (id in going):
            going = going.delete(id) if id in going else going.set(id, None)
        if was == now:
            continue
        if was is not None:
            columns = lacking(columns, was, id)
        if now is not None:
            columns = having(columns, now, id, None)
    if columns is state.columns and going is state.going:
        return state
    return state.with_(columns=columns, going=going)


K = TypeVar("K", str, int)


def having(index: Map[K, Map[str, _V]], key: K, id: str, value: _V) -> Map[K, Map[str, _V]]:
    """An index with one id more, or another value for it."""
    return index.set(key, index.get(key, _NONE).set(id, value))


def lacking(index: Map[K, Map[str, _V]], key: K, id: str) -> Map[K, Map[str, _V]]:
    """An index with one id less; a set that becomes empty goes, so that equal towns have equal indexes."""
    left = index[key].delete(id)
    return index.set(key, left) if left else index.delete(key)
