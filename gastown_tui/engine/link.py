"""How a cockpit sees a town: one interface, whether the engine is in this process or behind the door."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from gastown_tui.config import Config
from gastown_tui.engine.feed import FeedLine
from gastown_tui.model.orders import Order
from gastown_tui.model.town import Town


class Link(Protocol):
    """What the cockpit holds. All reads are cheap and synchronous; a screen polls them at its own pace."""

    @property
    def town(self) -> Town:
        """The latest durable town: a new object whenever anything changed."""

    @property
    def config(self) -> Config:
        """The town's settings."""

    @property
    def notes(self) -> dict[str, str]:
        """Passing facts that are not events: `dispatch` ("holding 9: memory"), `refinery` ("testing td-5e2"), `lost`
        (why the connection is down; absent while it is up), `log` (where details are), `notice` (a card to be shown
        once).
        """

    async def ask(self, order: Order) -> Any:
        """Ask as the overseer; the answer is a JSON value. Raises GasTownError when refused."""

    def feed(self, agent: str) -> tuple[FeedLine, ...]:
        """The latest feed lines of one agent, oldest first."""

    def spool(self, agent: str) -> Path | None:
        """The file of raw terminal bytes of an agent's session, for a screen to tail."""

    @property
    def gate_logs(self) -> Path:
        """The folder of what the gates print; it may not be there yet."""
