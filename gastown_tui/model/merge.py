"""The merge queue's values: entries, runs of the gates in flight and finished, and the train that is landing."""

from __future__ import annotations

from typing import ClassVar

import msgspec

RATE = 0.08
"""What share of changes is thought to go red before any was seen (facts/merge-queue.md)."""

CLOSING, CLOSING_AGAIN = "closing", "closing again"
"""Kinds of run that test a convoy's integration branch merged with the target; once red is no proof."""

_LEARN = 0.025
"""How far one more change moves that share."""


class Car(msgspec.Struct, frozen=True, gc=False):
    """A bead's approved commit, as a part of what is tested or landed together."""

    bead: str
    epoch: int
    commit: str


class MergeRequest(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An entry of the Refinery's queue: queued, allowed (ungated), testing, landing, waiting, or staged.

    `why` says why it is not landed. `lane` is "" (the main one) or "confirm", `tries` how often it went to the end of
    the queue, `first` the unix second the overseer put it first (0: never), `hold` the overseer's words that keep it
    ("" when nothing does), `beside` the beads it was red with. `alone` is what its run alone said since it came to its
    lane, `came` the number of the last run begun before that. `place` orders those that were in a train since they came
    to their lane (0: not yet).
    """

    bead: str
    epoch: int
    commit: str
    entered: float
    priority: int = 2
    state: str = "queued"
    why: str = ""
    candidate: str = ""
    onto: str = ""
    lane: str = ""
    tries: int = 0
    first: float = 0.0
    hold: str = ""
    beside: tuple[str, ...] = ()
    alone: bool | None = None
    came: int = 0
    place: float = 0.0

    @property
    def car(self) -> Car:
        """What of it is tested and landed."""
        return Car(self.bead, self.epoch, self.commit)


class PullRequest(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A bead's pull request: its number and address, the branch at the remote, and the commit that was pushed there.

    `opened` is in unix seconds; reviews up to `seen` (as the service writes times) have been dealt with.
    """

    number: int
    url: str
    branch: str
    commit: str
    opened: float = 0.0
    seen: str = ""


class TestRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run of the gates in flight: `cars` in order on `base`, as `commit` with `tree`, in test slot `slot` from 1.

    `kind` is train, confirm, closing, closing again, tip, all, bisect or asked; `gates` names the gates as they are
    configured; `began` is in unix seconds. A slot of 0 is none of the pool.
    """

    __test__: ClassVar[bool] = False

    number: int
    kind: str
    base: str
    cars: tuple[Car, ...] = ()
    commit: str = ""
    tree: str = ""
    gates: str = ""
    slot: int = 0
    began: float = 0.0

    @property
    def beads(self) -> tuple[str, ...]:
        """The ids of its cars, in order."""
        return tuple(car.bead for car in self.cars)


class GateRun(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One finished run of the gates on a tree; verdicts are looked up by tree and gates.

    `failed` is the reason in words, `gate` the gate that was red, `passed` and `failures` how many tests, `first` the
    first failing one, `where` its place (file:line), and `log` a file's name under .gastown/log/gates. `left` are the
    gates that were left out, because nothing changed that they are about.
    """

    tree: str
    gates: str
    ok: bool
    at: float
    seconds: float = 0.0
    failed: str = ""
    number: int = 0
    kind: str = ""
    base: str = ""
    beads: tuple[str, ...] = ()
    commit: str = ""
    gate: str = ""
    passed: int = 0
    failures: int = 0
    first: str = ""
    where: str = ""
    log: str = ""
    left: tuple[str, ...] = ()


class Train(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is being landed: `steps` are the merge commits of `cars`, `commit` is what the target will point at.

    It was tested as `tree` in run `number` (0: ungated) and stands on the tip `onto`; `began` is in unix seconds.
    `into` is the convoy on whose integration branch it lands ("": on the target), `closes` the convoy whose integration
    branch it brings to the target.
    """

    cars: tuple[Car, ...]
    steps: tuple[str, ...]
    commit: str
    onto: str
    tree: str = ""
    number: int = 0
    began: float = 0.0
    into: str = ""
    closes: str = ""

    @property
    def beads(self) -> tuple[str, ...]:
        """The ids of its cars, in order."""
        return tuple(car.bead for car in self.cars)


def learned(rate: float, culprit: bool) -> float:
    """The share of changes that go red, after one more landed (`culprit` False) or was sent back red."""
    return rate + _LEARN * (culprit - rate)
