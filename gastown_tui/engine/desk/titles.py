"""What an order is called in words, for the list of those that can be undone."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from gastown_tui.model import orders as o
from gastown_tui.model.town import Town
from gastown_tui.text import clip, count, one_line

_LONGEST = 100


def title(order: o.Order, town: Town) -> str:
    """One short clean line, from the town as it is before the order."""
    return clip(one_line(_title(order, town)), _LONGEST)


@singledispatch
def _title(order: o.Order, town: Town) -> str:
    """The row's own words, and what the order names."""
    row = o.ORDERS[o.NAMES[type(order)]]
    named: list[Any] = [getattr(order, name, "") for name in ("bead", "plan", "need", "agent")]
    about = next((value for value in named if isinstance(value, str) and value), "")
    return row.title[:1].lower() + row.title[1:] + (f": {about}" if about else "")


def _beads(ids: tuple[str, ...], town: Town) -> str:
    if len(ids) != 1:
        return count(len(ids), "bead")
    found = town.beads.get(ids[0]) or town.beads.get(f"{town.prefix}-{ids[0]}")
    return found.id if found is not None else ids[0]


@_title.register
def _(order: o.Serialise, town: Town) -> str:
    if order.first and order.second:
        return f"{_beads((order.second,), town)} lands after {_beads((order.first,), town)}"
    return f"settle who of {_beads((order.first or order.second,), town)} and who it meets lands first"


@_title.register
def _(order: o.CreateBead, town: Town) -> str:
    return f"file '{order.title}'"


@_title.register
def _(order: o.ImportBeads, town: Town) -> str:
    return f"import {count(len(order.drafts), 'bead')} from {order.source}"


@_title.register
def _(order: o.Adopt, town: Town) -> str:
    return f"adopt {order.what or order.folder}"


@_title.register
def _(order: o.UpdateBead, town: Town) -> str:
    which = _beads(order.all, town)
    if len(order.changes) != 1:
        return f"change {', '.join(sorted(order.changes)) or 'nothing'} of {which}".replace("_", " ")
    ((name, value),) = order.changes.items()
    if isinstance(value, int) or (isinstance(value, str) and value and name not in ("description", "design", "notes")):
        return f"set {name.replace('_', ' ')} of {which} to {value}"
    return f"set {name.replace('_', ' ')} of {which}"


@_title.register
def _(order: o.CloseBead, town: Town) -> str:
    return f"close {_beads(order.all, town)}"


@_title.register
def _(order: o.ReopenBead, town: Town) -> str:
    return f"reopen {_beads(order.all, town)}"


@_title.register
def _(order: o.Sling, town: Town) -> str:
    return f"sling {_beads((order.bead,), town)}" if order.bead else "sling what is ready"


@_title.register
def _(order: o.UndoLanding, town: Town) -> str:
    verb = "put back" if order.again else "take back"
    return f"{verb} {_beads(order.beads, town)}" if order.beads else f"take back what landed since {order.to}"


@_title.register
def _(order: o.Release, town: Town) -> str:
    return f"release {_beads((order.bead,), town)}"


@_title.register
def _(order: o.TellMayor, town: Town) -> str:
    return f"tell the Mayor '{clip(one_line(order.text), 50)}'"


@_title.register
def _(order: o.DoOnce, town: Town) -> str:
    return f"do '{clip(one_line(order.text), 60)}'"


@_title.register
def _(order: o.SubmitPlan, town: Town) -> str:
    return f"file plan '{clip(order.plan.title, 60)}' ({count(len(order.plan.beads), 'bead')})"


@_title.register
def _(order: o.EditPlan, town: Town) -> str:
    return f"edit plan '{clip(order.changed.title, 60)}'"


@_title.register
def _(order: o.ApprovePlan, town: Town) -> str:
    return f"approve {_plan(order.plan, order.keys, town)}"


@_title.register
def _(order: o.DropPlan, town: Town) -> str:
    return f"drop {_plan(order.plan, (), town)}"


def _plan(id: str, keys: tuple[str, ...], town: Town) -> str:
    waiting = [draft for draft in town.drafts.values() if draft.state == "draft"]
    draft = town.drafts.get(id) if id or len(waiting) != 1 else waiting[0]
    if draft is None:
        return f"plan {id}".strip()
    how_many = f"a part of {len(draft.plan.beads)}" if keys else f"{len(draft.plan.beads)}"
    return f"plan '{clip(draft.plan.title, 60)}' ({how_many} bead{'s' * (len(draft.plan.beads) != 1)})"


@_title.register
def _(order: o.Queue, town: Town) -> str:
    if order.action in ("pause", "resume"):
        return f"{order.action} the merge queue"
    words = {"first": "put {} first in the queue", "retry": "test {} again", "reject": "send {} back from the queue",
             "hold": "hold {} in the queue", "release": "let {} go on in the queue"}  # fmt: skip
    return words.get(order.action, f"{order.action} {{}}").format(_beads((order.bead,), town))


@_title.register
def _(order: o.Answer, town: Town) -> str:
    need = town.needs.get(order.need)
    asked = f" to '{clip(need.title, 50)}'" if need is not None else f" to {order.need}"
    return f"answer {clip(order.choice or order.text, 30)}{asked}"
