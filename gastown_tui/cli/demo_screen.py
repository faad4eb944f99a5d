"""The demo with a screen: the cockpit over a run that plays itself, and at the end the application that landed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gastown_tui.agents import processes
from gastown_tui.cli import common, demo, demo_town
from gastown_tui.cli.demo_application import serving
from gastown_tui.cockpit import opening
from gastown_tui.cockpit.guide import Guide
from gastown_tui.cockpit.run import DETACH, HANGUP, STOPPED, alone, check_terminal, leaves, open_town, run_cockpit
from gastown_tui.door import address
from gastown_tui.door.host import hosting
from gastown_tui.engine import secrecy
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError

if TYPE_CHECKING:
    from gastown_tui.cockpit.opening import Tell
    from gastown_tui.engine.engine import Engine
    from gastown_tui.model.convoy import Draft

TYPING = 4.5
"""Seconds in which the prompt is written."""

READ_PLAN = 6.0
"""Seconds to read the plan before it approves itself."""

_TOUR, _TURN = ("board", "polecats", "board", "train"), 5.0
"""Panes a screen that shows only one is turned to, and seconds each is shown."""
_LOOK = 0.1


class Seated(demo.Overseer):
    """The overseer's part, played at the cockpit until the person plays it."""

    patience = 60.0

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    async def tell(self, engine: Engine, prompt: str) -> None:
        """Write the prompt into the Mayor's field."""
        if not await self._guide.write(prompt, TYPING) and not engine.town.chat:
            await super().tell(engine, prompt)

    async def read(self, engine: Engine, draft: Draft) -> None:
        """Leave the plan to the person for a while; while they do something with it, for longer."""
        self._guide.say(f"The demo accepts this plan in {READ_PLAN:.0f} s. a accepts it now")
        waited = 0.0
        while min(waited, self._guide.still) < READ_PLAN and engine.town.drafts[draft.id] is draft:
            await asyncio.sleep(_LOOK)
            waited += _LOOK


@dataclass
class Show:
    """One showing: the run, what came of it, and the address where that ran."""

    engine: Engine
    guide: Guide
    linger: float
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ended: demo.Ended | None = None
    address: str = ""

    async def play(self) -> None:
        """From the prompt to the card; stays at the card until nobody has been there for long."""
        async with asyncio.TaskGroup() as group:
            touring = group.create_task(self._tour(), name="tour")
            try:
                stuck = await demo.drive(self.engine, lambda _: None, Seated(self.guide))
            except GasTownError as error:
                stuck = str(error)
            touring.cancel()
        if self.engine.stopped.is_set():
            self.over.set()
            return
        self.guide.turn("board")
        if not stuck:
            self.guide.say("All has landed. A fresh clone is started and tried, as a stranger would")
        ended = await asyncio.to_thread(demo.prove, self.engine.place, stuck)
        with contextlib.ExitStack() as kept:
            if ended.good:
                served = serving(self.engine.place.root, ended.figures.target_commit)
                self.address = await asyncio.to_thread(kept.enter_context, served)
            self.ended = ended
            self.engine.notice("\n".join(card(ended, self.address)))
            shown = 0.0
            while min(shown, self.guide.still) < self.linger or not self.guide.seated:
                if self.engine.stopped.is_set():
                    break
                await asyncio.sleep(_LOOK)
                shown += _LOOK
            self.over.set()

    async def _tour(self) -> None:
        """Show the panes in turn where only one fits; where all do, the board has the keys once there is a plan."""
        shown = 0
        while True:
            await asyncio.sleep(_LOOK if not shown else _TURN)
            if not self.engine.town.convoys:
                continue
            if not shown or self.guide.narrow:
                self.guide.turn(_TOUR[shown % len(_TOUR)])
            shown += 1


def card(ended: demo.Ended, address: str) -> list[str]:
    """What the board says when all is over: a title, then lines."""
    if not ended.good:
        return ["The demo did not come to its end", demo.why(ended), "The town is kept."]
    checks = {check.name for check in ended.verdict.checks if check.ok}
    proved = [words for name, words in _PROVED if name in checks]
    return [
        f"✓ All {ended.figures.landed} beads landed, and it works",
        f"Verified from a fresh clone: {', '.join(proved)}.",
        "",
        *([f"What they built runs now\t{address}"] if address else []),
        "This on your repository\tgt",
    ]


_PROVED = (("register", "registers"), ("log in", "logs in"), ("no token", "refused without a token"),
           ("own todos only", "served with one"))  # fmt: skip
"""Names of checks, and what the card says of them."""


def watch(folder: Path, pace: float, keep: bool, linger: float) -> int:
    """Show the demo in this terminal; the person may do everything, and need do nothing.

    Args:
        folder: where its town is, or is to be made.
        pace: seconds between two steps of a rehearsed agent.
        keep: leave the folder there when all went well.
        linger: seconds without a key after which the finished board leaves.

    Returns:
        The exit code.

    Raises:
        GasTownError: no screen can be drawn here.
    """
    found = address.read(Place(folder))
    if found is not None and processes.is_alive(found.pid, found.start_ticks):
        return open_town(Place(folder))
    check_terminal()
    return opening.beneath(lambda tell: _child(folder, pace, keep, linger, tell))


def _child(folder: Path, pace: float, keep: bool, linger: float, tell: Tell) -> int:
    failed: list[GasTownError] = []
    try:
        place = demo_town.make(folder, pace)
        secrecy.log_to(place.log)
        asyncio.run(_hosted(place, keep, linger, tell))
    except* GasTownError as group:
        failed = list(leaves(group))
    for error in failed[:1]:
        common.hint(error.title)
        common.hint(error.hint)
        return error.code
    return 0


async def _hosted(place: Place, keep: bool, linger: float, tell: Tell) -> None:
    """Engine, screen and the demo's own part as siblings; of the three only a screen may go before the others."""
    async with hosting(place) as engine, asyncio.TaskGroup() as group:
        show = Show(engine, Guide(), linger)
        playing = group.create_task(show.play(), name="demo")
        why = await run_cockpit(engine, until=show.over, guide=show.guide)
        if why == DETACH:
            opening.let_go(place.log)
            there = f"gt -C {place.root}"
            ways = f"  {there}        comes back to it\n  {there} down   ends it"
            tell(f"Detached; the demo goes on by itself.\n{ways}", 0)
            await alone(engine)
        playing.cancel()
    if why != DETACH:
        _closing(place, show, keep, why)


def _closing(place: Place, show: Show, keep: bool, why: str) -> None:
    """The last words in the person's shell; what was only made for this showing is taken away.

    Raises:
        GasTownError: it did not come to its end, or not to a good one.
    """
    ended = show.ended
    if not keep and (why == HANGUP or (ended is not None and ended.good)):
        # Whose line dropped cannot be told where it would go on.
        shutil.rmtree(place.root.parent, ignore_errors=True)
    if ended is None:
        how = "The demo was stopped before its end." if why == STOPPED else "You left the demo before its end."
        raise GasTownError(how, f"It goes on with: gt demo --keep {place.root}")
    lines = list(demo.table(ended))
    if show.address:
        lines += [f"What they built ran at {show.address} until now."]
    if ended.good and keep:
        lines += [f"To run it again: cd {place.root} && python3 -m app --port 8000"]
    if why != HANGUP:
        common.show(None, [*lines, "This on your repository: gt"], False)
    if not ended.good:
        raise demo.failure(place, ended)
