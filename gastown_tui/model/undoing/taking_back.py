"""The events that take orders of the overseer back, and the mark of the records that belong to one order."""

from __future__ import annotations

import msgspec

from gastown_tui.model.event import Event


class Restored(Event, frozen=True, tag="restored"):
    """A part of the town, the one that is named, is as it was: fields were set, others emptied, or all of it went."""

    bead: str = ""
    plan: str = ""
    convoy: str = ""
    need: str = ""
    merge: str = ""
    fields: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    gone: tuple[str, ...] = ()
    removed: bool = False


class Undone(Event, frozen=True, tag="undone"):
    """The overseer took back the order whose first record is numbered `entry`; what that changed follows."""

    entry: int
    title: str


class Redone(Event, frozen=True, tag="redone"):
    """The overseer took back the undoing whose first record is numbered `entry`; what that changed follows."""

    entry: int
    title: str


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which of the overseer's orders a record is part of: the one whose first record is numbered `first`.

    That record has also the order's name, what it is called in words, why it cannot be undone, if so, and the numbers
    of older orders that can no longer be undone or redone from here on.
    """

    first: int
    name: str = ""
    title: str = ""
    final: str = ""
    drops: tuple[int, ...] = ()
