"""What happens in the merge queue: runs of the gates, lanes, the overseer's wishes, and trains."""

from __future__ import annotations

from gastown_tui.model.event import Event
from gastown_tui.model.merge import GateRun, TestRun, Train


class RunBegun(Event, frozen=True, tag="run_begun"):
    """The gates run on a tree; its number is the town's next."""

    run: TestRun


class RunEnded(Event, frozen=True, tag="run_ended"):
    """The gates ran: the verdict on a tree, wherever its run stands by now."""

    run: GateRun


class RunDropped(Event, frozen=True, tag="run_dropped"):
    """A run was ended without a verdict: it no longer matters, or the engine went; `beads` were in it."""

    number: int
    why: str
    beads: tuple[str, ...] = ()


class Shunted(Event, frozen=True, tag="shunted"):
    """An entry changed its lane: to `confirm` (red alone), to the `end` (red beside others), or back to `main`."""

    bead: str
    lane: str
    why: str = ""
    beside: tuple[str, ...] = ()


class MergeFirst(Event, frozen=True, tag="merge_first"):
    """The overseer put an entry before all others."""

    bead: str


class MergeHeld(Event, frozen=True, tag="merge_held"):
    """The overseer keeps an entry from being tested and landed, in these words; without any it may go on."""

    bead: str
    why: str = ""


class Flaked(Event, frozen=True, tag="flaked"):
    """A test ("" when its name is not known) of a gate was red and then green on the same tree, in run `number`."""

    gate: str
    test: str
    on: str
    number: int = 0


class TrainBegun(Event, frozen=True, tag="train_begun"):
    """A tested train is about to become the target's tip; durable before git is asked."""

    train: Train


class TrainFailed(Event, frozen=True, tag="train_failed"):
    """Git did not take the train; its `beads` stay in the queue."""

    commit: str
    why: str
    beads: tuple[str, ...] = ()


class Staged(Event, frozen=True, tag="staged"):
    """The bead stands on its convoy's integration branch as `commit`; `onto` is as with a landing on the target."""

    bead: str
    epoch: int
    commit: str
    onto: str = ""


class TrainLanded(Event, frozen=True, tag="train_landed"):
    """The train's commit is the tip; each bead's own landing stands before this, in the same group.

    `convoy` is the one whose integration branch landed with it, or moved to it if `staging`; "" where there is none.
    """

    commit: str
    beads: tuple[str, ...] = ()
    convoy: str = ""
    staging: bool = False
