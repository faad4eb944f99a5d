"""What one may ask for: one frozen struct an order, and the table of who may."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from gastown_tui.model.agent import MAYOR, POLECAT, WITNESS
from gastown_tui.model.bead import Check
from gastown_tui.model.convoy import Plan
from gastown_tui.model.errors import Usage
from gastown_tui.model.formats.draft import Draft

OVERSEER = "overseer"


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the overseer, or an agent with its role, bead and epoch."""

    role: str = OVERSEER
    name: str = OVERSEER
    bead: str = ""
    epoch: int = 0


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Anything one may ask the engine for."""


class CreateBead(Order, frozen=True):
    """File a bead; a polecat's is `discovered-from` its own and waits in Backlog until it is approved."""

    title: str
    description: str = ""
    acceptance_criteria: str = ""
    priority: int = 2
    issue_type: str = "task"
    labels: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    discovered_from: str = ""


class ImportBeads(Order, frozen=True):
    """Bring in drafts that a reader of model/formats made of `source`: all of them or none.

    Drafts with a secret in them are refused, or with `redact` taken with words in its place.
    """

    source: str
    format: str
    drafts: tuple[Draft, ...]
    redact: bool = False


class Adopt(Order, frozen=True):
    """Make work begun elsewhere a bead and send it through the gates.

    `what` names a branch, or else `folder` (an absolute path) a worktree; neither is touched.
    """

    what: str
    folder: str = ""
    title: str = ""
    description: str = ""


class UpdateBead(Order, frozen=True, repr_omit_defaults=True):
    """Set fields of the field table, or the status (open, deferred, blocked, pinned), of one bead or of many."""

    bead: str = ""
    changes: dict[str, Any] = {}
    beads: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every bead that is meant."""
        return _all(self.bead, self.beads)


class CloseBead(Order, frozen=True, repr_omit_defaults=True):
    """Close beads without landing; a polecat that has one is ended and its work kept."""

    bead: str = ""
    reason: str = ""
    beads: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every bead that is meant."""
        return _all(self.bead, self.beads)


class ReopenBead(Order, frozen=True, repr_omit_defaults=True):
    """Make closed beads open again."""

    bead: str = ""
    beads: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every bead that is meant."""
        return _all(self.bead, self.beads)


def _all(one: str, many: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((one, *many) if one else many))


class Sling(Order, frozen=True):
    """Give a ready bead to a polecat now (approving one that waits in Backlog), or plan what sling would do."""

    bead: str = ""
    dry_run: bool = False


class Release(Order, frozen=True):
    """Take a bead from its polecat; the work is kept and the next polecat gets a newer epoch."""

    bead: str
    reason: str = ""


class TellMayor(Order, frozen=True):
    """Say something to the Mayor."""

    text: str


class SubmitPlan(Order, frozen=True):
    """File a plan as a draft, or a new revision of the draft `revises` (or of an open draft of the same title)."""

    plan: Plan
    revises: str = ""


class EditPlan(Order, frozen=True):
    """The overseer's own revision of a draft."""

    plan: str
    changed: Plan


class ApprovePlan(Order, frozen=True):
    """Make a draft's beads; `keys` takes only a part of them (with what they need)."""

    plan: str
    keys: tuple[str, ...] = ()


class DropPlan(Order, frozen=True):
    """Refuse a draft, with words for the Mayor."""

    plan: str
    reason: str = ""


class DoOnce(Order, frozen=True):
    """One bead, one polecat, no Mayor; without `land` the branch is left for the overseer."""

    text: str
    land: bool = True


class Done(Order, frozen=True):
    """A polecat's work is finished and committed."""

    note: str = ""


class Verdict(Order, frozen=True):
    """The witness's judgement of a bead (interfaces.md)."""

    bead: str
    epoch: int
    decision: str
    reason: str = ""
    checks: tuple[Check, ...] = ()


class Nudge(Order, frozen=True):
    """Say something to an agent."""

    agent: str
    text: str


class Escalate(Order, frozen=True):
    """Ask the overseer; a polecat's bead is held until it is answered."""

    text: str
    bead: str = ""


class Answer(Order, frozen=True):
    """Settle what needs the overseer: one of its choices, and words where wanted."""

    need: str
    choice: str = ""
    text: str = ""


class Freeze(Order, frozen=True):
    """Stop every agent where it stands."""


class Thaw(Order, frozen=True):
    """Let frozen agents go on."""


class Stop(Order, frozen=True):
    """End every session this engine started, keep unsaved work, and leave."""


class Serialise(Order, frozen=True):
    """Have a bead at work wait until another one, which it would conflict with, has landed.

    With one of them alone the radar says who the other is, and who is further on its way goes first.
    """

    first: str = ""
    second: str = ""


class TypeKeys(Order, frozen=True):
    """Bytes for an agent's terminal, as latin-1 text."""

    agent: str
    data: str


class Resize(Order, frozen=True):
    """Give an agent's terminal another size."""

    agent: str
    rows: int
    columns: int


class Undo(Order, frozen=True):
    """Take back the overseer's last `count` orders, or say what that would do (`dry_run`).

    `entry` is the newest order as the person saw it, to refuse when it is another by now; with `skip` those that
    cannot be undone are passed over.
    """

    count: int = 1
    dry_run: bool = False
    entry: int = 0
    skip: bool = False


class Redo(Order, frozen=True):
    """Take back the last `count` undoings, as Undo does orders."""

    count: int = 1
    dry_run: bool = False
    entry: int = 0
    skip: bool = False


class RunGate(Order, frozen=True):
    """Run a gate by its name, or all, on the target's tip, or on it with a bead's commit merged onto it."""

    name: str = ""
    bead: str = ""
    all: bool = False


class Bisect(Order, frozen=True):
    """One step of the search for the landing that broke a gate; asked again until it is found."""

    gate: str


class UndoLanding(Order, frozen=True, repr_omit_defaults=True):
    """Take landings back, of beads or of all that landed since `to` (a time, or a commit of the target).

    With `again` put back what was taken; with `polecat` have one do it where it conflicts; with `dry_run` only say
    what it would do. `tip` is the target's tip as the person saw it, to refuse when it is another by now.
    """

    beads: tuple[str, ...] = ()
    to: str = ""
    again: bool = False
    polecat: bool = False
    dry_run: bool = False
    tip: str = ""


class Queue(Order, frozen=True):
    """Steer the merge queue: retry, reject, hold, release or first (of a bead), or pause or resume (all of it).

    `why` are words for the polecat (reject) or for whoever looks at the queue (hold, pause).
    """

    action: str
    bead: str = ""
    why: str = ""


class Row(NamedTuple):
    """One row of the table: the order's name, its shape, who may ask, and what it does in words.

    What an order changes can be undone without more; where it cannot, `final` says why and `instead` what to do.
    """

    name: str
    order: type[Order]
    who: frozenset[str]
    title: str
    final: str = ""
    instead: str = ""


_ALL = frozenset({OVERSEER, MAYOR, POLECAT, WITNESS})
_PERSON = frozenset({OVERSEER})


_row = Row


ORDERS: dict[str, Row] = {
    row.name: row
    for row in (
        _row("create_bead", CreateBead, frozenset({OVERSEER, POLECAT, MAYOR}), "File a bead"),
        _row("import_beads", ImportBeads, _PERSON, "Bring beads in from outside"),
        _row("adopt", Adopt, _PERSON, "Adopt work begun elsewhere", "a copy of it went to the gates at once",
             "Nothing was changed. To end that, keeping the branch: gt bead close ID"),
        _row("update_bead", UpdateBead, _PERSON, "Change a bead"),
        _row("close_bead", CloseBead, _PERSON, "Close a bead"),
        _row("reopen_bead", ReopenBead, _PERSON, "Reopen a bead"),
        _row("sling", Sling, _PERSON, "Sling a bead"),
        _row("release", Release, _PERSON, "Take a bead from its polecat",
             "its polecat was ended, and another may have it", "Nothing was changed. Its work is kept on its branch."),
        _row("tell_mayor", TellMayor, _PERSON, "Tell the Mayor",
             "what was said cannot be unsaid", "Say it otherwise: gt mayor tell TEXT"),
        _row("submit_plan", SubmitPlan, frozenset({OVERSEER, MAYOR}), "File a plan"),
        _row("edit_plan", EditPlan, _PERSON, "Edit a plan"),
        _row("approve_plan", ApprovePlan, _PERSON, "Approve a plan"),
        _row("drop_plan", DropPlan, _PERSON, "Drop a plan"),
        _row("do", DoOnce, _PERSON, "One bead, one polecat"),
        _row("done", Done, frozenset({POLECAT}), "Work is finished"),
        _row("verdict", Verdict, frozenset({WITNESS}), "Judge a bead"),
        _row("nudge", Nudge, frozenset({OVERSEER, MAYOR}), "Say something to an agent",
             "what was said cannot be unsaid", "Say it otherwise: gt nudge NAME TEXT"),
        _row("escalate", Escalate, _ALL, "Ask the overseer"),
        _row("answer", Answer, _PERSON, "Answer what needs you"),
        _row("freeze", Freeze, _PERSON, "Freeze all agents", "agents were stopped", "Let them go on: gt up"),
        _row("thaw", Thaw, _PERSON, "Let agents go on", "agents went on", "Freeze them again: gt stop --now"),
        _row("stop", Stop, _PERSON, "Stop the engine", "the engine ended", "Start it again: gt up"),
        _row("serialise", Serialise, _PERSON, "Have one bead wait for another's landing"),
        _row("type_keys", TypeKeys, _PERSON, "Type into a terminal"),
        _row("resize", Resize, _PERSON, "Size a terminal"),
        _row("run_gate", RunGate, _PERSON, "Run a gate"),
        _row("bisect", Bisect, _PERSON, "Find what broke a gate"),
        _row("undo_landing", UndoLanding, _PERSON, "Take a landing back", "it goes through the queue by itself",
             "Nothing was changed. While it waits: gt bead close ID. Once it has landed: gt redo BEAD"),
        _row("queue", Queue, _PERSON, "Steer the merge queue", instead="Nothing was changed. See it with: gt mq"),
        _row("undo", Undo, _PERSON, "Undo the last order"),
        _row("redo", Redo, _PERSON, "Redo what was undone last"),
    )
}  # fmt: skip
NAMES: dict[type[Order], str] = {row.order: name for name, row in ORDERS.items()}


def decode(name: str, args: object) -> Order:
    """An order from its name and arguments as they crossed the door; raises Usage saying what does not fit."""
    row = ORDERS.get(name)
    if row is None:
        raise Usage(f"There is no order called {name}.", f"There are: {', '.join(ORDERS)}.")
    try:
        # Lone surrogates pass for text until somebody writes them down: refuse them here, not in the journal.
        msgspec.json.encode(args)
        return msgspec.convert(args, row.order, strict=True)
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        raise Usage(f"{name}: {error}.", "Nothing was changed.") from error
