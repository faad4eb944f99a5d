"""How each event of the merge queue changes the town."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from gastown_tui.model import collision, lifecycle
from gastown_tui.model import events as e
from gastown_tui.model.errors import Illegal
from gastown_tui.model.folding import case, fenced
from gastown_tui.model.merge import CLOSING, CLOSING_AGAIN, Car, MergeRequest, Train, learned
from gastown_tui.model.queue import lanes, order
from gastown_tui.model.queue.flaky import Flake, flake_id
from gastown_tui.model.state import State

S = TypeVar("S", bound=State)
LANES = ("confirm", "end", "main")
replace = msgspec.structs.replace


@case(e.RunBegun)
def run_begun(town: S, event: e.RunBegun, record: e.Record) -> S:
    run = event.run
    if run.number <= town.run_number:
        raise Illegal(f"Run {run.number} is not newer than run {town.run_number}.", "Nothing was begun.")
    if run.slot and any(other.slot == run.slot for other in town.testing.values()):
        raise Illegal(f"Test slot {run.slot} is taken.", "Nothing was begun.")
    town = town.with_(testing=town.testing.set(run.number, run), run_number=run.number)
    entries = [entry for id in run.beads if (entry := town.queue.get(id)) is not None]
    for entry in order.placed(entries, run.number) if run.kind == "train" else entries:
        if entry.state in ("queued", "staged"):
            entry = replace(entry, state="testing", why=f"run {run.number}")
        town = _put(town, entry)
    return town


@case(e.RunEnded)
def run_ended(town: S, event: e.RunEnded, record: e.Record) -> S:
    run, begun = event.run, town.testing.get(event.run.number)
    town = _over(town, run.number, run.beads).with_(runs=town.runs.set(run.tree, run))
    entry = town.queue.get(begun.beads[0]) if begun is not None and len(begun.cars) == 1 else None
    if begun is None or entry is None or entry.car != begun.cars[0] or run.beads != begun.beads:
        return town
    if begun.kind in (CLOSING, CLOSING_AGAIN):
        return town
    # In the confirm lane only the run that was begun for it counts: the one before is why it is there.
    told = begun.kind == "confirm" or not entry.lane
    return _put(town, replace(entry, alone=run.ok)) if told else town


@case(e.RunDropped)
def run_dropped(town: S, event: e.RunDropped, record: e.Record) -> S:
    if event.number not in town.testing:
        raise Illegal(f"There is no run {event.number} in flight.", "Nothing was changed.")
    return _over(town, event.number, event.beads)


def _over(town: S, number: int, beads: Iterable[str]) -> S:
    """The town without a run in flight; entries that no other run has are queued again."""
    if number in town.testing:
        town = town.with_(testing=town.testing.delete(number))
    busy = {id for run in town.testing.values() for id in run.beads}
    for id in beads:
        entry = town.queue.get(id)
        if entry is not None and entry.state == "testing" and id not in busy:
            town = _put(town, replace(entry, state="staged" if town.beads[id].work.staged else "queued", why=""))
    return town


@case(e.Shunted)
def shunted(town: S, event: e.Shunted, record: e.Record) -> S:
    if event.lane not in LANES:
        raise Illegal(f"There is no lane called {event.lane}.", f"There are: {', '.join(LANES)}.")
    entry = _free(town, event.bead)
    beside = tuple(dict.fromkeys((*entry.beside, *event.beside)))
    lane = "confirm" if event.lane == "confirm" else ""
    entry = replace(entry, lane=lane, why=event.why, beside=beside, alone=None, came=town.run_number, place=0)
    if event.lane == "confirm":
        town = town.with_(rate=learned(town.rate, True))
    if event.lane == "end":
        entry = replace(entry, tries=entry.tries + 1, entered=record.at, first=0.0)
    return _put(town, entry)


@case(e.MergeFirst)
def merge_first(town: S, event: e.MergeFirst, record: e.Record) -> S:
    return _put(town, replace(_free(town, event.bead), first=record.at, place=0))


@case(e.MergeHeld)
def merge_held(town: S, event: e.MergeHeld, record: e.Record) -> S:
    return _put(town, replace(_free(town, event.bead), hold=event.why))


@case(e.Flaked)
def flaked(town: S, event: e.Flaked, record: e.Record) -> S:
    id = flake_id(event.gate, event.test)
    known = town.flaky.get(id, Flake(id, event.gate, event.test, 0, record.at))
    known = replace(known, times=known.times + 1, at=record.at, tree=event.on, number=event.number)
    return town.with_(flaky=town.flaky.set(id, known))


@case(e.TrainBegun)
def train_begun(town: S, event: e.TrainBegun, record: e.Record) -> S:
    train = event.train
    if train.onto != (tip := lanes.tip(town, _lane(town, train))):
        raise Illegal(f"The train {train.commit[:9]} stands on {train.onto[:9]}, the tip is {tip[:9]}.", "")
    if town.train is not None or any(bead.work.landing for bead in town.in_column("refinery")):
        raise Illegal("A landing has begun and is not settled.", "")
    if not train.cars or len(train.cars) != len(train.steps) or len(set(train.beads)) != len(train.cars):
        raise Illegal(f"The train {train.commit[:9]} does not have one step for each of its beads.", "")
    run = town.runs.get(train.tree)
    tested = run is not None and run.ok
    for car, step in zip(train.cars, train.steps, strict=True):
        entry = _free(town, car.bead)
        lifecycle.check(town.beads[car.bead], "land")
        if entry.car != car:
            raise Illegal(f"{car.bead} is not what was queued: epoch {car.epoch}, {car.commit[:9]}.", "")
        _fits(town, train, car, step)
        if not tested and entry.state != "allowed":
            raise Illegal(f"The gates did not pass on tree {train.tree[:9]}.", f"{car.bead} stays queued.")
        town = town.put(town.beads[car.bead].working(landing=step))
        town = _put(town, replace(entry, state="landing", why="", candidate=step, onto=""))
    return town.with_(train=train)


@case(e.TrainFailed)
def train_failed(town: S, event: e.TrainFailed, record: e.Record) -> S:
    for car in _train(town, event.commit, event.beads):
        bead = town.beads[car.bead]
        if not bead.work.landing:
            raise Illegal(f"{car.bead} has landed with the train {event.commit[:9]} already.", "")
        entry = replace(town.queue[car.bead], state="waiting", why=event.why, candidate="")
        town = _put(town.put(bead.working(landing="")), entry)
    return town.with_(train=None)


@case(e.TrainLanded)
def train_landed(town: S, event: e.TrainLanded, record: e.Record) -> S:
    for car in _train(town, event.commit, event.beads):
        if (bead := town.beads.get(car.bead)) is not None and bead.work.landing:
            raise Illegal(f"{car.bead} is not recorded as landed.", "Nothing was changed.")
    train = town.train
    if train is not None and (id := train.into or train.closes):
        if (event.convoy, event.staging) != (id, bool(train.into)):
            raise Illegal(f"The train {event.commit[:9]} is of convoy {id}.", "Nothing was changed.")
        convoy = town.convoys[id]
        moved = replace(convoy, tip=event.commit) if train.into else replace(convoy, landed=event.commit)
        town = town.with_(convoys=town.convoys.set(id, moved))
        if train.into:
            return town.with_(train=None)
    # Somebody may have moved the target on between git's landing and this record.
    tip = event.commit if town.train is not None and town.tip == town.train.onto else town.tip
    return town.with_(train=None, last=town.train, tip=tip)


@case(e.Staged)
def staged(town: S, event: e.Staged, record: e.Record) -> S:
    bead = fenced(town, event.bead, event.epoch)
    train = town.train
    if train is None or not train.into or bead.work.landing != event.commit:
        raise Illegal(f"No landing of {bead.id} as {event.commit[:9]} has begun.", "")
    bead = bead.working(landing="", staged=event.commit, landed_onto=event.onto, since=record.at, held="")
    entry = replace(_of(town, bead.id), state="staged", why="", lane="", place=0, first=0.0, alone=None)
    return _put(town.put(bead).with_(rate=learned(town.rate, False)), entry)


def _lane(town: State, train: Train) -> str:
    """The line a train lands on, as long as there is such a one."""
    id = train.into or train.closes
    convoy = town.convoys.get(id) if id else None
    if id and (convoy is None or not convoy.branch or convoy.landed):
        raise Illegal(f"The convoy {id} has no integration branch that could land.", "Nothing was changed.")
    return train.into


def _fits(town: State, train: Train, car: Car, step: str) -> None:
    """Refuse a bead on a train to where it does not land."""
    bead = town.beads[car.bead]
    closes = bool(train.closes) and bead.work.convoy == train.closes and bead.work.staged == step
    if not closes and (train.closes or bead.work.staged or lanes.of(town, bead) != train.into):
        raise Illegal(f"{car.bead} does not land there.", "Nothing was changed.")


def _of(town: State, id: str) -> MergeRequest:
    entry = town.queue.get(id)
    if entry is None:
        raise Illegal(f"{id} is not in the queue.", "Nothing was changed.")
    return entry


def _train(town: State, commit: str, beads: tuple[str, ...]) -> tuple[Car, ...]:
    train = town.train
    if train is None or train.commit != commit or train.beads != beads:
        raise Illegal(f"No landing of the train {commit[:9]} has begun.", "Nothing was changed.")
    return train.cars


def _free(town: State, id: str) -> MergeRequest:
    """The entry of a bead that git may not be landing this instant."""
    entry = _of(town, id)
    if town.beads[id].work.landing:
        raise Illegal(f"{id} is landing.", "Nothing was changed. Try again in a moment.")
    return entry


def _put(town: S, entry: MergeRequest) -> S:
    return town.with_(queue=town.queue.set(entry.bead, entry))


@case(e.Foreseen)
def foreseen(town: S, event: e.Foreseen, record: e.Record) -> S:
    return town.with_(collisions=collision.told(town.collisions, event))
