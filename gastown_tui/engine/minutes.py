"""Marks what is written while one of the overseer's orders is answered, so that it can be undone as one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from gastown_tui.model.events import Asked, Record
from gastown_tui.model.orders import OVERSEER
from gastown_tui.model.town import Town
from gastown_tui.model.undoing import undo


class Asking:
    """An order of the overseer's while it is answered."""

    def __init__(self, name: str, title: str, final: str = "") -> None:
        self.name = name
        self.title = title
        self.final = final
        self.first = 0
        self.over = False

    def begin(self, title: str) -> None:
        """What is written from here on is an order of its own."""
        self.first, self.title = 0, title

    def marks(self, town: Town, count: int) -> list[Asked | None]:
        """The marks of the records that follow `town`; the order's first record says it all."""
        first = self.first or town.seq + 1
        rest: list[Asked | None] = [Asked(first)] * count
        if self.first:
            return rest
        gone = () if self.name in ("undo", "redo") else undo.drops(town, bool(self.final))
        return [Asked(first, self.name, self.title, self.final, gone), *rest[1:]][:count]


_CURRENT: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextlib.contextmanager
def asking(name: str, title: str, final: str = "") -> Iterator[Asking]:
    """Mark what the overseer writes inside the block."""
    mine = Asking(name, title, final)
    token = _CURRENT.set(mine)
    try:
        yield mine
    finally:
        # A task begun inside keeps this context; what it writes later is not the overseer's order any more.
        mine.over = True
        _CURRENT.reset(token)


def current(who: str) -> Asking | None:
    """The order being answered, if it is `who` that writes on the overseer's behalf."""
    found = _CURRENT.get()
    return found if found is not None and who == OVERSEER and not found.over else None


def marks(who: str, town: Town, count: int) -> list[Asked | None]:
    """The marks of `count` records by `who` that follow `town`."""
    found = current(who)
    return [None] * count if found is None else found.marks(town, count)


def written(who: str, records: list[Record]) -> None:
    """Remember where the order being answered began, once its first records are written."""
    if (found := current(who)) is not None and records and not found.first:
        found.first = records[0].seq


def final(why: str) -> None:
    """Say that the order being answered cannot be undone, and why (after "cannot be undone: ")."""
    if (found := current(OVERSEER)) is not None:
        found.final = why
