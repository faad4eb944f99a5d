"""The order that takes landings back, or puts them back: said before, then filed as a bead in the Refinery's column."""

from __future__ import annotations

import asyncio
from typing import Any

from gastown_tui.engine.base import Base
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.desk.beads import new_bead
from gastown_tui.engine.undoing import choosing, outlook, telling, words
from gastown_tui.engine.undoing.choosing import Chosen
from gastown_tui.engine.undoing.outlook import Outlook
from gastown_tui.engine.undoing.settling import ref_of
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Bead, Work
from gastown_tui.model.errors import GasTownError, Refused, Usage
from gastown_tui.model.orders import Caller
from gastown_tui.model.town import Town
from gastown_tui.model.turns import KIND, Back
from gastown_tui.rig import reverting
from gastown_tui.rig.reverting import Turned
from gastown_tui.text import count, one_line

_TITLE = 500


@handles(o.UndoLanding)
async def undo_landing(desk: Desk, order: o.UndoLanding, caller: Caller) -> Any:
    """Say what it would do, and unless it is a dry run file the bead that does it."""
    base = desk.base
    town = base.books.town
    if order.tip and order.tip != town.tip:
        raise Refused(f"{base.config.target} moved on while you looked.", "Nothing was changed. Look again.")
    found = await asyncio.to_thread(_look, base, town, order)
    would = outlook.document(town, found)
    said = {"lines": list(telling.lines(would, base.clock.now())), "question": telling.question(would)}
    answer = {**would, **said, "dry_run": order.dry_run, "filed": "", "polecat": False, "nothing": []}
    if order.dry_run:
        return answer
    if found.stuck:
        if not order.polecat:
            raise Refused(_conflicting(town, found), _ways_out(found))
        bead = _bead(desk, town, found, go=True)
        _still(base, found.chosen)
        await base.books.record(caller.name, e.BeadCreated(bead))
        return _done({**answer, "filed": bead.id, "polecat": True})
    made = await asyncio.to_thread(_made, base, town, found.chosen)
    if not made.commits:
        named = ", ".join(made.nothing)
        raise Refused(f"Nothing of {named} is left to take back.", "Later work changed all of it. Nothing was changed.")
    return _done({**answer, "filed": await _file(desk, town, found, made, caller), "nothing": list(made.nothing)})


def _done(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "done": list(telling.done(answer))}


def _look(base: Base, town: Town, order: o.UndoLanding) -> Outlook:
    if bool(order.beads) == bool(order.to):
        raise Usage("Name beads, or with --to a time or a commit.", "gt undo BEAD, or: gt undo --to 14:30")
    if order.to:
        chosen = choosing.since(base, town, order.to)
    else:
        chosen = choosing.of_beads(base, town, order.beads, order.again)
    return outlook.look(base, town, chosen)


def _made(base: Base, town: Town, chosen: Chosen) -> Turned:
    """The commits of it on the tip, the newest landing first."""
    turns = [words.turn(town, turn) for turn in chosen.turns]
    found = reverting.turn(base.place.root, town.tip, turns, who=base.repo.ident(), when=base.clock.now())
    if not isinstance(found, Turned):
        raise Refused(f"{found.name} conflicts by now.", "Nothing was changed. Look again.")
    return found


def _bead(desk: Desk, town: Town, found: Outlook, *, go: bool) -> Bead:
    turns = found.chosen.turns
    work = Work(approved=True, go=go, files=found.files, back=Back(turns))
    text = words.by_hand(town, turns, found.conflicts, found.in_the_way)
    title = words.title(town, turns)[:_TITLE]
    return new_bead(desk, title, work, description=text, issue_type=KIND, priority=0, created_by=o.OVERSEER)


async def _file(desk: Desk, town: Town, found: Outlook, made: Turned, caller: Caller) -> str:
    """Make the bead and put it into the queue, all in one group; its commit is kept from git's cleaning by a ref."""
    base = desk.base
    bead = _bead(desk, town, found, go=False)
    lease = desk.sling.lease(bead, made.head)
    _still(base, found.chosen)
    # The ref is made first: a death right after it leaves a ref too many, never a queued bead without its commit.
    base.repo.move(ref_of(bead.id), None, made.head)
    try:
        await base.books.record(
            caller.name, e.BeadCreated(bead), e.Slung(bead.id, lease),
            e.UndoBegun(bead.id, lease.epoch, made.head, len(made.commits)),
        )  # fmt: skip
    except GasTownError:
        base.repo.git("update-ref", "-d", ref_of(bead.id), made.head)
        raise
    return bead.id


def _still(base: Base, chosen: Chosen) -> None:
    """Refuse when another order came first, while git was asked."""
    now = base.books.pending
    for turn in chosen.turns:
        if (other := choosing.taking(now, turn.bead)) is not None:
            raise Refused(f"{other.id} does that with {turn.bead} already.", f"gt bead show {other.id}")
        work = now.beads[turn.bead].work
        stands = turn.again or work.landed == turn.landed
        if work.epoch != turn.epoch or not stands:
            raise Refused(f"{turn.bead} changed while you looked.", "Nothing was changed. Look again.")


def _conflicting(town: Town, found: Outlook) -> str:
    paths = ", ".join(f"{c.path} ({c.kind})" for c in found.conflicts[:5])
    more = f" and {len(found.conflicts) - 5} more" if len(found.conflicts) > 5 else ""
    ways = [f"{id} ({one_line(town.beads[id].title)})" for id in found.in_the_way[:3]]
    with_ = f" with {', '.join(ways)}" if ways else " with what the target became since"
    again = any(turn.again for turn in found.chosen.turns if turn.bead == found.stuck)
    return f"{found.stuck} cannot be {'put' if again else 'taken'} back as it is: it conflicts{with_} in {paths}{more}."


def _ways_out(found: Outlook) -> str:
    out = ["Nothing was changed."]
    if (ways := found.in_the_way) and not any(turn.again for turn in found.chosen.turns):
        ids = " ".join((*ways, *(turn.bead for turn in found.chosen.turns)))
        out.append(f"To take {count(len(ways), 'bead')} back with it: gt undo {ids}")
    named = " ".join(turn.bead for turn in found.chosen.turns)
    out.append(f"To have a polecat do it: gt undo {named} --polecat")
    return "\n".join(out)
