"""The peers: one at a time, Gas Town's batch of five, bors, Zuul's window, and one who knows the outcomes."""

from __future__ import annotations

from collections.abc import Generator

from tests.benchmarks.queueing.world import Flight, Ids, World


class Serial:
    """One change at a time; a red one is run once more before it goes back."""

    def __init__(self) -> None:
        self._tried: set[int] = set()

    def ended(self, world: World, flight: Flight) -> None:
        """Land it, or try it again, or send it back."""
        id = flight.beads[0]
        if flight.ok:
            world.land(flight.beads)
        elif id in self._tried:
            world.send_back(id)
        else:
            self._tried.add(id)

    def step(self, world: World) -> None:
        """The oldest is next."""
        if not world.flights and world.queue:
            world.begin((world.queue[0],))


class Batch:
    """Up to five together; red: run again; red again: halve, each single red one run twice; what is green once more."""

    size = 5

    def __init__(self) -> None:
        self._going: Generator[Ids, bool, None] | None = None
        self._said = False

    def ended(self, world: World, flight: Flight) -> None:
        """Keep the verdict for the step."""
        self._said = flight.ok

    def step(self, world: World) -> None:
        """Go on with the batch, or begin the next."""
        while not world.flights:
            try:
                if self._going is not None:
                    world.begin(self._going.send(self._said))
                elif world.queue:
                    self._going = self._batch(world, tuple(world.queue[: self.size]))
                    world.begin(next(self._going))
                else:
                    return
            except StopIteration:
                self._going = None

    def _batch(self, world: World, beads: Ids) -> Generator[Ids, bool, None]:
        for _ in range(2):
            if (yield beads):
                world.land(beads)
                return
        good = yield from self._halved(beads, ())
        if good and (yield good):
            world.land(good)
        for id in beads:
            if id not in good:
                world.send_back(id)

    def _halved(self, beads: Ids, below: Ids) -> Generator[Ids, bool, Ids]:
        """The good ones of some that are red on top of `below`."""
        if len(beads) == 1:
            return beads if (yield below + beads) else ()
        left, right = beads[: len(beads) // 2], beads[len(beads) // 2 :]
        good = left if (yield below + left) else (yield from self._halved(left, below))
        more = right if (yield below + good + right) else (yield from self._halved(right, below + good))
        return good + more


class Bors:
    """Up to eight together; a red batch becomes two; a single red one is run once more before it goes back."""

    size = 8

    def __init__(self) -> None:
        self._batches: list[Ids] = []
        self._tried: set[int] = set()

    def ended(self, world: World, flight: Flight) -> None:
        """Land the batch, or halve it."""
        beads = flight.beads
        if flight.ok:
            world.land(beads)
        elif len(beads) > 1:
            self._batches += [beads[: len(beads) // 2], beads[len(beads) // 2 :]]
        elif beads[0] in self._tried:
            world.send_back(beads[0])
        else:
            self._tried.add(beads[0])
            self._batches.insert(0, beads)

    def step(self, world: World) -> None:
        """Halves before what waits."""
        if world.flights:
            return
        if self._batches:
            world.begin(self._batches.pop(0))
        elif world.queue:
            world.begin(tuple(world.queue[: self.size]))


class Zuul:
    """Each change on all before it, as many at once as there are slots; the window shrinks by half, grows by one.

    A red change is left out by those behind it, and run once more; what it said is forgotten when the line moves on.
    """

    def __init__(self) -> None:
        self._window, self._said, self._reds = 20, dict[Ids, bool](), set[Ids]()

    def ended(self, world: World, flight: Flight) -> None:
        """Keep what it said; a first red is not the last word."""
        if not flight.ok and flight.beads not in self._reds:
            self._reds.add(flight.beads)
        else:
            self._said[flight.beads] = flight.ok

    def step(self, world: World) -> None:
        """The head lands or goes; runs behind it that assume what is not so begin anew."""
        while world.queue and (ok := self._said.pop((world.queue[0],), None)) is not None:
            head = world.queue[0]
            if not ok:
                world.send_back(head)
                self._window = max(3, self._window // 2)
                continue
            world.land((head,))
            world.rebase((head,))
            self._said = {beads[1:]: said for beads, said in self._said.items() if beads[0] == head}
            self._reds = set()
            self._window += 1
        line = self._line(world)
        for number, flight in list(world.flights.items()):
            if flight.beads not in line or flight.onto != len(world.landed):
                world.stop(number)
        tested = {flight.beads for flight in world.flights.values()}
        for beads in line:
            if len(world.flights) < world.slots and beads not in tested and beads not in self._said:
                world.begin(beads)

    def _line(self, world: World) -> list[Ids]:
        out: list[Ids] = []
        below: Ids = ()
        for id in world.queue[: self._window]:
            beads = (*below, id)
            out.append(beads)
            if self._said.get(beads, beads not in self._reds):
                below = beads
        return out


class Oracle:
    """Knows which changes are bad, sends them back as they arrive, and tests all that wait as soon as it can."""

    def ended(self, world: World, flight: Flight) -> None:
        """What no longer run landed meanwhile lands."""
        world.land(tuple(id for id in flight.beads if id in world.queue))

    def step(self, world: World) -> None:
        """One run of all there is, if there is anything that no run has."""
        good: list[int] = []
        for id in list(world.queue):
            if world.sound((*good, id)):
                good.append(id)
            else:
                world.send_back(id)
        tested = {id for flight in world.flights.values() for id in flight.beads}
        if len(world.flights) < world.slots and not tested.issuperset(good):
            flake, world.flake = world.flake, 0.0
            world.begin(tuple(good))
            world.flake = flake
