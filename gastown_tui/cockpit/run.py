"""Runs the cockpit: over a link that is given, or over the town of a folder, whose engine it starts or finds."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator

from gastown_tui import config as settings
from gastown_tui.agents import processes, runtime
from gastown_tui.cockpit import opening
from gastown_tui.cockpit.app import Cockpit, wants_ascii
from gastown_tui.cockpit.guide import Guide
from gastown_tui.door import address
from gastown_tui.door.host import World, hosting
from gastown_tui.door.remote import RemoteTown
from gastown_tui.engine import secrecy
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.link import Link
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import Freeze, Stop
from gastown_tui.world import Clock, DiskFiles

DETACH, STOP, STOP_NOW, HANGUP, TERMINATED, STOPPED = "detach", "stop", "stop-now", "hangup", "terminated", "stopped"
"""Why a cockpit ended; TERMINATED is SIGTERM's doing, STOPPED the engine's."""

SAID = {
    DETACH: "Detached; the town goes on. gt comes back to it, gt down stops it.",
    STOP: "Stopped; all work is kept. gt goes on with it.",
    STOP_NOW: "Every agent is frozen where it stands. gt up lets them go on, gt down ends them.",
    HANGUP: "",
    TERMINATED: "Ended by a signal; all work is kept. gt goes on with it.",
    STOPPED: "The engine was stopped.",
}
"""What the person's shell says afterwards."""

_INSISTS = 0.5
"""Seconds after which a screen that was told to go, and has not gone, is told again."""


def check_terminal() -> None:
    """Raise GasTownError where no screen can be drawn: output that is no terminal, or TERM=dumb."""
    hint = "Nothing was started. See the town with: gt status, or gt feed -f"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise GasTownError("This is not a terminal.", hint)
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise GasTownError(f"A screen cannot be drawn on TERM={os.environ.get('TERM', '') or '(empty)'}.", hint)


@contextlib.contextmanager
def _signals(app: Cockpit) -> Iterator[None]:
    """A dropped line or SIGTERM ends the screen in order; Textual alone would leave the terminal as it is.

    It is told until it goes: a screen that is only being made does not hear the first word.
    """
    loop = asyncio.get_running_loop()
    told: list[asyncio.TimerHandle] = []

    def leave(why: str) -> None:
        app.exit(why)
        told[:] = [loop.call_later(_INSISTS, leave, why)]

    for number, why in ((signal.SIGHUP, HANGUP), (signal.SIGTERM, TERMINATED)):
        loop.add_signal_handler(number, leave, why)
    # On the screen ctrl+c is a key; while an editor has the terminal it is the editor's alone.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        yield
    finally:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        for again in told:
            again.cancel()


async def run_cockpit(
    link: Link, *, theme: str | None = None, read_only: bool = False, clock: Clock | None = None,
    ask_cap: Callable[[float], None] | None = None, until: asyncio.Event | None = None, guide: Guide | None = None,
) -> str:  # fmt: skip
    """Show the town until the person leaves.

    Args:
        link: the engine in this process, or one behind the door.
        theme: a name of `themes/`; the dark one when None.
        read_only: nothing can be asked of the engine.
        ask_cap: given on a first real run without a budget: the person is asked for a cap in US dollars, and this is
            called with it.
        until: set when there is nothing to show any more.
        guide: does a person's part, as long as the screen is there.

    Returns:
        "detach", "stop", "stop-now", "hangup" (the line dropped), "terminated" (SIGTERM) or "stopped" (`until` set).

    Raises:
        GasTownError: no screen can be drawn here, there is no such theme, or the screen failed.
    """
    check_terminal()
    app = Cockpit(link, theme=theme, read_only=read_only, clock=clock, ascii=wants_ascii(), ask_cap=ask_cap,
                  guide=guide)  # fmt: skip
    gc.freeze()
    async with asyncio.TaskGroup() as group:
        over = group.create_task(_until(until or asyncio.Event(), app), name="over")
        try:
            with _signals(app):
                result = await app.run_async()
        finally:
            over.cancel()
            if guide is not None:
                guide.rise()
    if app.return_code:
        raise GasTownError("The screen failed.", "The town goes on; gt opens it again, gt status shows it.")
    return result or DETACH


async def _until(over: asyncio.Event, app: Cockpit) -> None:
    await over.wait()
    app.exit(STOPPED)


def open_town(place: Place, *, theme: str | None = None, read_only: bool = False) -> int:
    """Open the cockpit on a town: on the engine that has it, or on one started beneath the screen.

    Returns:
        The exit code.

    Raises:
        GasTownError: no screen can be drawn here, or the engine could not be started.
    """
    check_terminal()
    theme = theme or settings.load(place.config).theme or None
    found = address.read(place)
    if found is not None and processes.is_alive(found.pid, found.start_ticks):
        why = asyncio.run(_attached(place, theme, read_only))
        sys.stdout.write(f"{SAID[why]}\n" if SAID[why] else "")
        return 0
    return opening.beneath(lambda tell: _child(place, theme, tell))


async def _attached(place: Place, theme: str | None, read_only: bool) -> str:
    """The cockpit over the door; ends like any other, and the engine goes on."""
    remote = RemoteTown(place)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(remote.run(), name="remote town")
        try:
            async with asyncio.timeout(30):
                await remote.ready.wait()
            why = await run_cockpit(remote, theme=theme, read_only=read_only)
            if why == STOP:
                await remote.ask(Stop())
            elif why == STOP_NOW:
                await remote.ask(Freeze())
        except TimeoutError as error:
            raise GasTownError("The engine does not answer.", "Stop it with gt down, then try again.") from error
        finally:
            following.cancel()
    return why


def _child(place: Place, theme: str | None, tell: opening.Tell) -> int:
    place.log.parent.mkdir(parents=True, exist_ok=True)
    secrecy.log_to(place.log)
    failed: list[GasTownError] = []
    try:
        asyncio.run(_hosted(place, theme, tell))
    except* GasTownError as group:
        failed = list(leaves(group))
    if failed:
        tell(str(failed[0]), failed[0].code)
        return failed[0].code
    return 0


def leaves(group: BaseExceptionGroup[GasTownError]) -> Iterator[GasTownError]:
    """What went wrong, without the groups asyncio puts around it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


async def _hosted(place: Place, theme: str | None, tell: opening.Tell) -> None:
    """Engine and screen as siblings; when the screen goes for anything but a stop, the engine stays."""
    async with hosting(place, World.real()) as engine:
        ask_cap = (lambda usd: _cap(engine, usd)) if _wants_cap(engine) else None
        said, code = "", 0
        try:
            why = await run_cockpit(engine, theme=theme, ask_cap=ask_cap, until=engine.stopped)
            said = SAID[why]
        except GasTownError as error:
            why, said, code = HANGUP, str(error), error.code
        if why == STOP_NOW:
            await engine.ask(Freeze())
        if why not in (STOP, TERMINATED, STOPPED):
            opening.let_go(place.log)
            tell(said, code)
            await alone(engine)
    tell(said, code)


async def alone(engine: Engine) -> None:
    """Go on without a screen until ordered to stop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stopped.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    await engine.stopped.wait()


def _wants_cap(engine: Engine) -> bool:
    """Whether this is a first real run without a budget: nothing spent, and a role's runtime has accounts."""
    config = engine.config
    if config.budget_usd or engine.town.cost_usd:
        return False
    rows = [runtime.load(role.runtime) for role in (config.roles.mayor, config.roles.polecat, config.roles.witness)]
    return any(row.prices and row.seed is not None for row in rows)


def _cap(engine: Engine, usd: float) -> None:
    """Set the budget, and keep it in config.toml."""
    engine.config = settings.change(engine.place.config, engine.config, DiskFiles(), budget_usd=usd)
