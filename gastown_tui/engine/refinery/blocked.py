"""What a train meets in the person's checkout: said in words, looked after, and over by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.model import events as e
from gastown_tui.model.merge import MergeRequest
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town
from gastown_tui.rig import obstacles
from gastown_tui.rig.errors import InTheWay

LOOK_EVERY, _MOST = 2.0, 60.0
"""Seconds between two looks, and at most, where git refuses what looked free."""


class Said(NamedTuple):
    """The question's title and text, and why the entries wait."""

    title: str
    question: str
    why: str


class Blocked:
    """Watches what is in the way; how often git refused in a row what looked free is its own."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._refused = 0
        self._freed = False

    def asked(self, beads: tuple[str, ...], error: InTheWay) -> tuple[str, list[e.AnyEvent]]:
        """Why the beads of a train wait, and the event that asks the overseer for what only they can do."""
        self._refused = self._refused + 1 if self._freed else 0
        self._freed = False
        said = words(beads, error)
        return said.why, needs.asked(
            self._base, "landing", "target", said.title, said.question, ("retry",), bead=beads[0]
        )

    def over(self) -> None:
        """Something landed."""
        self._refused, self._freed = 0, False

    async def unblock(self, need: e.Need) -> None:
        """Let trains go on once nothing is in their way; looks every two seconds. Raises GasTownError."""
        base = self._base
        await base.clock.sleep(min(_MOST, LOOK_EVERY * 2.0 ** min(self._refused, 5)))
        town = base.books.town
        tips = {base.config.target: town.tip}
        for lane in sorted({lanes.of(town, town.beads[entry.bead]) for entry in waiting(town)} - {""}):
            tips[town.convoys[lane].branch] = lanes.tip(town, lane)
        found = await asyncio.to_thread(self.found, tips, [entry.commit for entry in waiting(town)])
        if need.id not in base.books.pending.needs:
            return
        if found is None:
            self._freed = True
            answered = e.Answered(need.id, "nothing is in the way any more", bead=need.bead)
            base.books.write("refinery", answered, *again(base))
            return
        left = tuple(entry.bead for entry in waiting(base.books.pending))
        said = words(left, found) if left else None
        if said is not None and said.question != need.question:
            turned = (e.MergeTurned(bead, "waiting", said.why) for bead in left)
            base.books.write(
                "refinery", e.Answered(need.id, "something else is in the way", bead=need.bead), *turned
            )
            needs.ask(base, "landing", "target", said.title, said.question, ("retry",), bead=left[0])

    def found(self, tips: Mapping[str, str], commits: Collection[str]) -> InTheWay | None:
        """What keeps some commits from where branches are checked out. Works for a while. Raises GasTownError.

        Args:
            tips: the branches they land on, with the commit each is at.
        """
        repo = self._base.repo
        for branch, tip in tips.items():
            for path in repo.checkouts_of(branch):
                if (error := obstacles.found(repo, path, tip, commits)) is not None:
                    return error
        return None


def words(beads: tuple[str, ...], error: InTheWay) -> Said:
    """What the overseer is asked about something in the way of these beads."""
    names = ", ".join(beads)
    who, verb = (beads[0], "waits") if len(beads) == 1 else (f"{len(beads)} beads", "wait")
    green = f"{names} {'is' if len(beads) == 1 else 'are'} green and {verb}."
    if error.lock:
        question = f"{green} {error.title}{_since(error.lock)} {error.hint}"
        return Said(f"{who} {verb} for a lock of git's", question, f"a lock file is in the way: {error.lock}")
    if error.paths:
        question = f"{green} In your checkout git will not overwrite: {', '.join(error.paths)}"
        why = f"your edits are in the way: {', '.join(error.paths[:5])}"
        return Said(f"{who} {verb} for your edits", question, why)
    why = f"your checkout is in the way: {error.why}"
    return Said(f"{who} {verb} for your checkout", f"{green} {error.title} {error.hint}", why)


def _since(lock: str) -> str:
    with suppress(OSError):
        return time.strftime(" It is from %Y-%m-%d %H:%M.", time.localtime(Path(lock).stat().st_mtime))
    return ""


def waiting(town: Town) -> list[MergeRequest]:
    """The entries that wait for the person's checkout, by id."""
    found = (m for m in town.queue.values() if m.state == "waiting" and not needs.raised(town, "ungated", m.bead))
    return sorted(found, key=lambda m: m.bead)


def again(base: Base) -> list[e.AnyEvent]:
    """The events that let what waited for the person's checkout go on, as it was before."""
    state = "queued" if base.config.gated else "allowed"
    return [e.MergeTurned(entry.bead, state) for entry in waiting(base.books.pending)]
