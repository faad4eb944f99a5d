"""Tells polecats whom they wait for, and when to go on: one bead lands after another that it would conflict with."""

from __future__ import annotations

from gastown_tui.engine.base import Base
from gastown_tui.engine.sessions import Live, Sessions
from gastown_tui.model import collision
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town

_NOTE = "after"
"""What a live session's notes keep the ids under that it was told to wait for."""


class Serialising:
    """One round over the beads at work: what stands on a bead's edges and what its polecat was told are made one."""

    def __init__(self, base: Base, sessions: Sessions) -> None:
        self._base = base
        self._sessions = sessions

    def look(self, town: Town) -> None:
        """Tell each polecat at work what changed for it; a bead at the gates only has its edge settled."""
        town = self._base.books.pending
        for column in ("working", "sheriff", "witness", "refinery"):
            for bead in list(town.in_column(column)):
                if column == "working":
                    self._tell(town, bead)
                elif settled := collision.past(town, bead):
                    self._settle(bead, settled)

    def _tell(self, town: Town, bead: Bead) -> None:
        live = self._live(bead)
        if live is None or self._sessions.frozen:
            return
        told = live.notes.get(_NOTE, "")
        if settled := collision.past(town, bead):
            self._sessions.tell(live.caller.name, go_on(self._base, town, bead, settled))
            live.notes.pop(_NOTE, None)
            self._settle(bead, settled)
            return
        waits = collision.awaited(town, bead)
        if waits and told != " ".join(waits):
            live.notes[_NOTE] = " ".join(waits)
            self._sessions.tell(live.caller.name, wait(self._base, town, bead, waits))
        elif told and not waits:
            live.notes.pop(_NOTE, None)
            self._sessions.tell(live.caller.name, f"You need not wait for {told} any more: finish, then run `gt done`.")

    def _live(self, bead: Bead) -> Live | None:
        lease = bead.work.lease
        live = self._sessions.live.get(lease.polecat) if lease is not None else None
        mine = live is not None and (live.caller.bead, live.caller.epoch) == (bead.id, bead.work.epoch)
        return live if mine and live is not None and not live.ending else None

    def _settle(self, bead: Bead, settled: list[str]) -> None:
        self._base.books.write("engine", e.BeadChanged(bead.id, {"dependencies": collision.over(bead, settled)}))


def wait(base: Base, town: Town, bead: Bead, firsts: list[str]) -> str:
    """What a polecat is told that has to wait."""
    named = ", ".join(_named(town, id) for id in firsts)
    places = [
        spot.words
        for found in town.collisions
        if bead.id in found.pair and found.besides(bead.id) in firsts
        for spot in found.spots
    ]
    where = f" Both of you change {', '.join(places[:5])}." if places else ""
    target = " and ".join(lanes.where(town, bead, firsts, base.config.target))
    return (
        f"{named} lands before {bead.id}.{where} Finish what does not touch that and commit it, then stop and wait: "
        f"`gt done` is not taken before. You will be told when to merge {target}."
    )


def go_on(base: Base, town: Town, bead: Bead, settled: list[str]) -> str:
    """What a polecat is told whose wait is over."""
    found = {id: town.beads[id].work for id in settled if id in town.beads}
    landed = [id for id, work in found.items() if work.landed or work.staged]
    named = ", ".join(_named(town, id) for id in settled)
    if not landed:
        return f"{named} is closed without landing: you need not wait for it. Finish, then run `gt done`."
    targets = lanes.where(town, bead, landed, base.config.target)
    merge = " and ".join(f"`git merge {target}`" for target in targets)
    return (
        f"{named} has landed on {' and '.join(targets)}. Run {merge}, keep what both sides meant, finish, test, "
        "commit, and run `gt done`."
    )


def _named(town: Town, id: str) -> str:
    bead = town.beads.get(id)
    return id if bead is None else f"{id} ({bead.title})"
