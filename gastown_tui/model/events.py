"""What happens: one frozen struct an event, numbered and dated by the record around it."""

from __future__ import annotations

from typing import Any

import msgspec

from gastown_tui.model.bead import Bead, Lease, Review
from gastown_tui.model.collision import Foreseen as Foreseen
from gastown_tui.model.convoy import Convoy, Draft
from gastown_tui.model.event import Event as Event
from gastown_tui.model.lines import codec
from gastown_tui.model.outward.events import RequestClosed as RequestClosed
from gastown_tui.model.outward.events import RequestMerged as RequestMerged
from gastown_tui.model.outward.events import RequestOpened as RequestOpened
from gastown_tui.model.outward.events import RequestReturned as RequestReturned
from gastown_tui.model.outward.events import Rewritten as Rewritten
from gastown_tui.model.queue.events import Flaked as Flaked
from gastown_tui.model.queue.events import MergeFirst as MergeFirst
from gastown_tui.model.queue.events import MergeHeld as MergeHeld
from gastown_tui.model.queue.events import RunBegun as RunBegun
from gastown_tui.model.queue.events import RunDropped as RunDropped
from gastown_tui.model.queue.events import RunEnded as RunEnded
from gastown_tui.model.queue.events import Shunted as Shunted
from gastown_tui.model.queue.events import Staged as Staged
from gastown_tui.model.queue.events import TrainBegun as TrainBegun
from gastown_tui.model.queue.events import TrainFailed as TrainFailed
from gastown_tui.model.queue.events import TrainLanded as TrainLanded
from gastown_tui.model.undoing.landings import LandingRedone as LandingRedone
from gastown_tui.model.undoing.landings import LandingUndone as LandingUndone
from gastown_tui.model.undoing.landings import UndoBegun as UndoBegun
from gastown_tui.model.undoing.taking_back import Asked as Asked
from gastown_tui.model.undoing.taking_back import Redone as Redone
from gastown_tui.model.undoing.taking_back import Restored as Restored
from gastown_tui.model.undoing.taking_back import Undone as Undone


class Need(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something only the overseer can settle. `choices` are what `gt answer` takes; the first is the safe one."""

    id: str
    kind: str
    title: str
    at: float
    question: str = ""
    choices: tuple[str, ...] = ()
    bead: str = ""
    agent: str = ""
    about: str = ""


class TownFounded(Event, frozen=True, tag="town_founded"):
    """`gt init` made the town."""

    rig: str
    target: str
    prefix: str
    tip: str


class EngineStarted(Event, frozen=True, tag="engine_started"):
    """An engine took the town."""

    pid: int
    start_ticks: int
    version: str


class EngineStopped(Event, frozen=True, tag="engine_stopped"):
    """The engine left in order."""

    reason: str


class Held(Event, frozen=True, tag="held"):
    """`what` (dispatch or landing) waits until Resumed."""

    what: str
    reason: str


class Resumed(Event, frozen=True, tag="resumed"):
    """`what` goes on."""

    what: str


class TipMoved(Event, frozen=True, tag="tip_moved"):
    """The target moved and not by us: `known` says whether the overseer has accepted the new tip."""

    old: str
    new: str
    known: bool = False


class BeadCreated(Event, frozen=True, tag="bead_created"):
    """A bead came to be."""

    bead: Bead


class BeadsImported(Event, frozen=True, tag="beads_imported"):
    """Beads came in from outside, new ones and new states of old ones: all of an import, or nothing of it."""

    source: str
    format: str
    beads: tuple[Bead, ...]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened to a bead before the town had it: when (unix seconds), who, what.

    `old` and `new` are the fields that changed as JSON objects, or plain words; "" when the source does not say.
    """

    at: float
    who: str
    kind: str
    old: str = ""
    new: str = ""
    text: str = ""


class HistoryImported(Event, frozen=True, tag="history_imported"):
    """What happened to an imported bead before, oldest first; the bead itself is as it was."""

    bead: str
    entries: tuple[Entry, ...]


class BeadChanged(Event, frozen=True, tag="bead_changed"):
    """Fields of a bead were set; the names are those of the field table."""

    bead: str
    changes: dict[str, Any]


class BeadMoved(Event, frozen=True, tag="bead_moved"):
    """A plain move of the lifecycle: close, reopen, open, defer, block, pin, start, release, set_aside."""

    bead: str
    move: str
    reason: str = ""


class BeadApproved(Event, frozen=True, tag="bead_approved"):
    """The overseer let a bead go: it is slung as soon as it is ready and there is room."""

    bead: str


class Woken(Event, frozen=True, tag="woken"):
    """The deferrals of these beads are over: time moved the town, and this says so to everybody who looks at it."""

    beads: tuple[str, ...]


class Slung(Event, frozen=True, tag="slung"):
    """A ready bead was given to a polecat; durable before the polecat is started."""

    bead: str
    lease: Lease
    no_land: bool = False


class AgentStarted(Event, frozen=True, tag="agent_started"):
    """A session runs."""

    agent: str
    role: str
    session: str
    runtime: str
    pid: int
    start_ticks: int
    worktree: str = ""
    spool: str = ""
    bead: str = ""
    epoch: int = 0
    resumed: bool = False


class AgentTurned(Event, frozen=True, tag="agent_turned"):
    """A live agent's state changed (working, parked, asking, frozen)."""

    agent: str
    state: str


class AgentEnded(Event, frozen=True, tag="agent_ended"):
    """A session is over; `expected` when the town ended it or its work was done."""

    agent: str
    reason: str
    expected: bool = True


class Submitted(Event, frozen=True, tag="submitted"):
    """`gt done`: the polecat says its commit is finished. `added` and `removed` are the lines it changes."""

    bead: str
    epoch: int
    commit: str
    commits: int
    note: str = ""
    added: int = 0
    removed: int = 0


class Checked(Event, frozen=True, tag="checked"):
    """The sheriff ran: on to the witness, or back with the reason."""

    bead: str
    epoch: int
    review: Review


class Reviewed(Event, frozen=True, tag="reviewed"):
    """The witness judged: on to the refinery, or back with the reason."""

    bead: str
    epoch: int
    review: Review


class Conflicted(Event, frozen=True, tag="conflicted"):
    """The bead's commit does not merge onto the tip: back with the hunks."""

    bead: str
    epoch: int
    onto: str
    paths: tuple[str, ...]
    reason: str


class Gated(Event, frozen=True, tag="gated"):
    """The gates ran on the combined tree; red goes back with the log."""

    bead: str
    epoch: int
    onto: str
    tree: str
    gates: str
    review: Review
    seconds: float


class MergeTurned(Event, frozen=True, tag="merge_turned"):
    """An entry of the queue changed its state (queued, testing, waiting) for the reason `why`."""

    bead: str
    state: str
    why: str = ""


class LandingBegun(Event, frozen=True, tag="landing_begun"):
    """The tested candidate is about to become the target's tip; durable before git is asked."""

    bead: str
    epoch: int
    candidate: str
    onto: str
    tree: str = ""


class LandingFailed(Event, frozen=True, tag="landing_failed"):
    """Git did not take the candidate; the bead stays queued."""

    bead: str
    epoch: int
    why: str


class Landed(Event, frozen=True, tag="landed"):
    """The bead stands in the target as `commit`; its change begins at `onto` where that is not the first parent."""

    bead: str
    epoch: int
    commit: str
    onto: str = ""


class Escalated(Event, frozen=True, tag="escalated"):
    """Something only the overseer can settle; a bead it names is held until answered."""

    need: Need


class Answered(Event, frozen=True, tag="answered"):
    """The overseer settled it; `retry` lets a held bead's returns start from nought."""

    need: str
    choice: str
    text: str = ""
    bead: str = ""


class Said(Event, frozen=True, tag="said"):
    """The chat: what the overseer said to the Mayor (speaker overseer) or the Mayor answered, in Markdown."""

    speaker: str
    text: str


class MayorHeard(Event, frozen=True, tag="mayor_heard"):
    """The Mayor's session was given everything said up to the record numbered `upto`."""

    upto: int


class PlanSubmitted(Event, frozen=True, tag="plan_submitted"):
    """A plan, or a new revision of one."""

    draft: Draft


class PlanApproved(Event, frozen=True, tag="plan_approved"):
    """The overseer said yes; the beads of `ids` were created in the same group."""

    plan: str
    convoy: Convoy
    ids: dict[str, str]


class PlanDropped(Event, frozen=True, tag="plan_dropped"):
    """The overseer said no, in these words."""

    plan: str
    reason: str


class Spent(Event, frozen=True, tag="spent"):
    """What a session cost since the last such event, in US dollars."""

    agent: str
    role: str
    usd: float
    bead: str = ""
    tokens: int = 0


AnyEvent = (
    TownFounded | EngineStarted | EngineStopped | Held | Resumed | TipMoved | BeadCreated | BeadChanged | BeadMoved
    | BeadsImported | HistoryImported | Woken
    | BeadApproved | Slung | AgentStarted | AgentTurned | AgentEnded | Submitted | Checked | Reviewed | Conflicted
    | Gated | MergeTurned | LandingBegun | LandingFailed | Landed | Escalated | Answered | Said | MayorHeard
    | PlanSubmitted | PlanApproved | PlanDropped | Spent | Restored | Undone | Redone
    | RunBegun | RunEnded | RunDropped | Shunted | MergeFirst | MergeHeld | TrainBegun | TrainFailed | TrainLanded
    | Staged | UndoBegun | LandingUndone | LandingRedone | Foreseen | Flaked
    | Rewritten | RequestOpened | RequestReturned | RequestMerged | RequestClosed
)  # fmt: skip


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event with its place in the ledger: `seq` from 1 without gaps, `at` in unix seconds, `who` did it."""

    seq: int
    at: float
    who: str
    event: AnyEvent
    order: Asked | None = None


encode, decode = codec(Record, AnyEvent, (BeadCreated, BeadsImported))
"""A record as one line of JSON, without the newline; and back, which raises msgspec.DecodeError."""
