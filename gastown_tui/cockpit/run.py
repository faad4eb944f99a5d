"""Runs the cockpit over a link until the person leaves, the line drops or the machine says so."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator

from gastown_tui.cockpit.app import Cockpit, wants_ascii
from gastown_tui.engine.link import Link
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import Clock

DETACH, STOP, STOP_NOW, HANGUP = "detach", "stop", "stop-now", "hangup"
"""Why a cockpit ended."""


def check_terminal() -> None:
    """Raise GasTownError where no screen can be drawn: output that is no terminal, or TERM=dumb."""
    hint = "Nothing was started. See the town with: gt status, or gt feed -f"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise GasTownError("This is not a terminal.", hint)
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise GasTownError(f"A screen cannot be drawn on TERM={os.environ.get('TERM', '') or '(empty)'}.", hint)


@contextlib.contextmanager
def _signals(app: Cockpit) -> Iterator[None]:
    """A dropped line or SIGTERM ends the screen in order; Textual alone would leave the terminal as it is."""
    loop = asyncio.get_running_loop()
    reasons = {signal.SIGHUP: HANGUP, signal.SIGTERM: HANGUP}
    for number, why in reasons.items():
        loop.add_signal_handler(number, app.exit, why)
    try:
        yield
    finally:
        for number in reasons:
            loop.remove_signal_handler(number)


async def run_cockpit(
    link: Link, *, theme: str | None = None, read_only: bool = False, clock: Clock | None = None,
    ask_cap: Callable[[float], None] | None = None,
) -> str:  # fmt: skip
    """Show the town until the person leaves.

    Args:
        link: the engine in this process, or one behind the door.
        theme: a name of `themes/`; the dark one when None.
        read_only: nothing can be asked of the engine.
        ask_cap: given on a first real run without a budget: the person is asked for a cap in US dollars, and this is
            called with it.

    Returns:
        "detach", "stop", "stop-now" or "hangup" (the line dropped, or SIGTERM).

    Raises:
        GasTownError: no screen can be drawn here, or there is no such theme.
    """
    check_terminal()
    app = Cockpit(link, theme=theme, read_only=read_only, clock=clock, ascii=wants_ascii(), ask_cap=ask_cap)
    gc.freeze()
    with _signals(app):
        result = await app.run_async()
    return result or DETACH
