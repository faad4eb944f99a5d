"""A world in which runs take time and tell the truth but for flakes: discrete events, in test lengths d."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, replace
from typing import Protocol

from tests.benchmarks.queueing.load import Load, lognormal

Ids = tuple[int, ...]
CV = 0.15
"""Coefficient of variation of a run's length."""


@dataclass(frozen=True)
class Flight:
    """A run in flight: of `beads` on what had landed when it began (`onto` changes), and what it will say."""

    number: int
    beads: Ids
    onto: int
    ok: bool


class Policy(Protocol):
    """Who decides."""

    def ended(self, world: World, flight: Flight) -> None:
        """A run ended; it is no longer in flight."""

    def step(self, world: World) -> None:
        """Something happened: land, begin, stop."""


class World:
    """The target, the queue and the slots. `queue` has what arrived and is neither landed nor sent back."""

    def __init__(self, load: Load, slots: int, seed: int, flake: float = 0.01) -> None:
        self.load, self.slots, self.flake = load, slots, flake
        self.now = 0.0
        self.queue: list[int] = []
        self.landed: list[int] = []
        self.waits: dict[int, float] = {}
        self.back: list[int] = []
        self.flights: dict[int, Flight] = {}
        self.runs = 0
        self.wrong: list[int] = []
        self._seed = seed
        self._bad = {change.id for change in load.changes if change.bad}
        self._events = [(change.at, 0, change.id) for change in load.changes]
        heapq.heapify(self._events)

    def sound(self, beads: Ids) -> bool:
        """The truth about some changes on what has landed."""
        there = {*beads, *self.landed}
        return not any(id in self._bad or self.load.clashes[id] & there for id in beads)

    def begin(self, beads: Ids) -> int:
        """Begin a run; what it will say depends on its number and the seed alone, and on the truth."""
        if len(self.flights) >= self.slots:
            raise ValueError(f"There is no slot for {beads}.")
        self.runs += 1
        dice = random.Random(self._seed * 1_000_003 + self.runs)
        length, flaked = lognormal(dice, 1.0, CV), dice.random() < self.flake
        self.flights[self.runs] = Flight(self.runs, beads, len(self.landed), self.sound(beads) and not flaked)
        heapq.heappush(self._events, (self.now + length, 1, self.runs))
        return self.runs

    def stop(self, number: int) -> None:
        """End a run without a verdict; it counts as a run all the same."""
        del self.flights[number]

    def land(self, beads: Ids) -> None:
        """The target moves by these changes; a bad one among them is kept in `wrong`."""
        if not self.sound(beads):
            self.wrong += beads
        for id in beads:
            self.queue.remove(id)
            self.landed.append(id)
            self.waits[id] = self.now - self.load.changes[id].at

    def rebase(self, beads: Ids) -> None:
        """Runs that had what just landed as their beginning are runs of the rest, on the new tip."""
        n = len(beads)
        for number, flight in self.flights.items():
            if flight.beads[:n] == beads and flight.onto == len(self.landed) - n:
                self.flights[number] = replace(flight, beads=flight.beads[n:], onto=len(self.landed))

    def send_back(self, id: int) -> None:
        """A change leaves the queue for rework; it is not seen again."""
        self.queue.remove(id)
        self.back.append(id)

    def play(self, policy: Policy) -> World:
        """Let time pass until nothing happens any more; raises ValueError if changes are left in the queue."""
        while self._events:
            self.now, kind, what = heapq.heappop(self._events)
            if kind == 0:
                self.queue.append(what)
            elif what in self.flights:
                policy.ended(self, self.flights.pop(what))
            policy.step(self)
        if self.queue:
            raise ValueError(f"{self.queue} neither landed nor went back.")
        return self
