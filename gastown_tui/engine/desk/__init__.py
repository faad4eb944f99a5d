"""Where orders are answered: one handler an order, each checked against the town before anything is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from gastown_tui.engine import minutes, secrecy
from gastown_tui.engine.base import Base
from gastown_tui.engine.deacon import Deacon
from gastown_tui.engine.desk import titles
from gastown_tui.engine.sessions import Sessions
from gastown_tui.engine.sling import Sling
from gastown_tui.model.errors import Refused
from gastown_tui.model.orders import NAMES, ORDERS, OVERSEER, Caller, Order

_O = TypeVar("_O", bound=Order)


class Desk:
    """What handlers may use."""

    def __init__(
        self, base: Base, sessions: Sessions, sling: Sling, deacon: Deacon, stop: Callable[[], None]
    ) -> None:
        self.base = base
        self.sessions = sessions
        self.sling = sling
        self.deacon = deacon
        self.stop = stop

    async def answer(self, order: Order, caller: Caller) -> Any:
        """Answer an order, or raise the GasTownError that refuses it."""
        name = NAMES[type(order)]
        row = ORDERS[name]
        if caller.role not in row.who:
            raise Refused(f"{row.title} is not for a {caller.role}.", f"It is for: {', '.join(sorted(row.who))}.")
        order, left_out = secrecy.of_order(name, order)
        handler = HANDLERS[type(order)]
        if caller.role != OVERSEER:
            return secrecy.answered(await handler(self, order, caller), left_out)
        with minutes.asking(row.name, titles.title(order, self.base.books.pending), row.final):
            return secrecy.answered(await handler(self, order, caller), left_out)


Handler = Callable[[Desk, Any, Caller], Awaitable[Any]]
HANDLERS: dict[type[Order], Handler] = {}


def handles(kind: type[_O]) -> Callable[[Callable[[Desk, _O, Caller], Awaitable[Any]]], Handler]:
    """Make a function the handler of one kind of order."""

    def keep(function: Callable[[Desk, _O, Caller], Awaitable[Any]]) -> Handler:
        HANDLERS[kind] = function
        return function

    return keep
