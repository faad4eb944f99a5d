"""The workload: changes of many agents, what each touches, which are bad, and which pairs are bad together."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass

MODULES = 40
PAIR = 0.005
"""A pair conflicts with this probability if the paths overlap and both were developed at once."""

ALONE = 0.05
DEVELOPED = 4.6
"""An agent takes so long for one change on average, in test lengths d = 120 s. The source does not say; with this the
figures of all five peers come out as in its table, and 4.6 d is nine minutes."""

_SPREAD = 0.5


@dataclass(frozen=True)
class Change:
    """Change number `id`, developed from `since` to `at` (in d); `bad` fails by itself, wherever it is."""

    id: int
    since: float
    at: float
    paths: frozenset[int]
    bad: bool


@dataclass(frozen=True)
class Load:
    """Changes in order of arrival, and with whom each of them fails."""

    changes: tuple[Change, ...]
    clashes: dict[int, frozenset[int]]


def lognormal(random_: random.Random, mean: float, cv: float) -> float:
    """A lognormal length of that mean and coefficient of variation."""
    variance = math.log(1 + cv * cv)
    return random_.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))


def of_agents(seed: int, count: int = 84, agents: int = 20, alone: float = ALONE) -> Load:
    """`count` changes of agents who begin one after the other, and the next change when the last was handed in."""
    dice = random.Random(seed)
    free = [(dice.random() * DEVELOPED, agent) for agent in range(agents)]
    heapq.heapify(free)
    spans = []
    for _ in range(count):
        since, agent = heapq.heappop(free)
        at = since + lognormal(dice, DEVELOPED, _SPREAD)
        spans.append((since, at))
        heapq.heappush(free, (at, agent))
    return _load(dice, spans, alone)


def arriving(seed: int, count: int, rate: float, alone: float = ALONE) -> Load:
    """`count` changes that arrive by chance, `rate` of them per d."""
    dice = random.Random(seed)
    now, spans = 0.0, []
    for _ in range(count):
        now += dice.expovariate(rate)
        spans.append((now - lognormal(dice, DEVELOPED, _SPREAD), now))
    return _load(dice, spans, alone)


def _load(dice: random.Random, spans: list[tuple[float, float]], alone: float) -> Load:
    spans.sort(key=lambda span: span[1])
    weights = [1 / (n + 1) for n in range(MODULES)]
    changes = []
    for id, (since, at) in enumerate(spans):
        touched = dice.randint(1, 3)
        paths: set[int] = set()
        while len(paths) < touched:
            paths.update(dice.choices(range(MODULES), weights))
        changes.append(Change(id, since, at, frozenset(paths), dice.random() < alone))
    clashes: dict[int, set[int]] = {change.id: set() for change in changes}
    for one in changes:
        for other in changes[: one.id]:
            at_once = one.since < other.at and other.since < one.at
            if at_once and one.paths & other.paths and dice.random() < PAIR:
                clashes[one.id].add(other.id)
                clashes[other.id].add(one.id)
    return Load(tuple(changes), {id: frozenset(with_) for id, with_ in clashes.items()})
