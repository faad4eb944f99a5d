"""An engine of the real one's shape that only files beads and says things: enough to stand behind a door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from gastown_tui.engine.feed import Feed
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders
from gastown_tui.model.errors import Refused, StaleLease
from gastown_tui.model.town import Town, stamp


def founded() -> Town:
    """A town of nothing yet."""
    return Town().after(e.Record(1, 1.0, "overseer", e.TownFounded("todo", "main", "td", "0" * 40)))


class FakeEngine:
    """Keeps its town in memory; `hooks` and `asked` show what reached it."""

    def __init__(self, town: Town | None = None) -> None:
        self.town = town or founded()
        self.notes: dict[str, str] = {}
        self.lines = Feed(None)
        self.records: list[e.Record] = []
        self.asked: list[tuple[orders.Order, orders.Caller]] = []
        self.hooks: list[tuple[str, dict[str, Any], orders.Caller]] = []
        self._answers: dict[str, Any] = {}
        self._more = asyncio.Condition()
        self.watched = 0
        self.forgotten = 0

    async def write(self, *events: e.AnyEvent) -> None:
        """Let events happen."""
        for event in events:
            record = e.Record(self.town.seq + 1, 2.0 + self.town.seq, "overseer", event)
            self.town = self.town.after(record)
            self.records.append(record)
        async with self._more:
            self._more.notify_all()

    async def ask(self, order: orders.Order, caller: orders.Caller | None = None, id: str = "") -> Any:
        caller = caller or orders.Caller()
        row = orders.ORDERS[orders.NAMES[type(order)]]
        if caller.role not in row.who:
            raise Refused(f"{row.title} is not for a {caller.role}.", "Nothing was changed.")
        if id and id in self._answers:
            return self._answers[id]
        self.asked.append((order, caller))
        answer: Any = {}
        if isinstance(order, orders.CreateBead):
            name = f"td-{self.town.seq}"
            await self.write(e.BeadCreated(beads.make(name, order.title, stamp(2.0))))
            answer = {"bead": name}
        elif isinstance(order, orders.CloseBead):
            raise Refused(f"{order.bead} stays.", "Ask again tomorrow.")
        elif isinstance(order, orders.Freeze):
            raise ZeroDivisionError("a fault of the engine's own")
        elif isinstance(order, orders.Done):
            answer = {"bead": caller.bead, "epoch": caller.epoch, "commit": "c0ffee" * 6}
        elif isinstance(order, orders.SubmitPlan):
            answer = {"plan": "p1", "convoy": "", "beads": {b.key: "" for b in order.plan.beads}, "revision": 1}
        elif isinstance(order, orders.Verdict):
            answer = {"bead": order.bead, "decision": order.decision}
        self._answers[id] = answer
        return answer

    def caller(self, token: str, lease: str) -> orders.Caller:
        if not token and not lease:
            return orders.Caller()
        if token != "secret":
            raise StaleLease("Somebody newer has the bead.", "Stop here.")
        return orders.Caller("witness" if lease == "w" else "polecat", "obsidian", "td-1", 1)

    async def hook(self, event: str, payload: dict[str, Any], caller: orders.Caller) -> dict[str, Any]:
        self.hooks.append((event, payload, caller))
        return {"decision": "block", "reason": "go on"} if event == "Stop" else {}

    async def watch(self, after: int) -> AsyncIterator[e.Record]:
        if after < self.forgotten:
            raise Refused(f"Records after {after} are no longer at hand.", "Take a new snapshot.")
        while True:
            for record in self.records:
                if record.seq > after:
                    after = record.seq
                    self.watched = after
                    yield record
            async with self._more:
                while self.town.seq <= after:
                    await self._more.wait()

    def status(self) -> dict[str, Any]:
        return {"town": self.town.rig, "seq": self.town.seq, "beads": self.town.counts()}
