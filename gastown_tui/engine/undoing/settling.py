"""What follows when a bead that takes landings back has landed, or could not: every step from what the town says."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.undoing import words
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town
from gastown_tui.model.turns import Turn
from gastown_tui.rig import git, merging, replaying, reverting

log = logging.getLogger(__name__)
ASK = "revert"
DROP, POLECAT = "drop", "polecat"
CHOICES = (DROP, POLECAT)
_TRIES = 100


def ref_of(bead: str) -> str:
    """The ref that keeps a revert made in memory from git's cleaning until it has landed."""
    return f"refs/gt/undo/{bead}"


def unattended(bead: Bead) -> bool:
    """Whether a bead takes landings back with nobody at work on it: no polecat is started for it unasked."""
    return _takes_back(bead) and not bead.work.go


def _takes_back(bead: Bead | None) -> bool:
    return bead is not None and bead.work.back is not None and bool(bead.work.back.turns)


def answered(town: Town, need: e.Need, choice: str, why: str) -> list[e.AnyEvent]:
    """What the overseer's answer changes, when a revert did not pass."""
    bead = town.beads.get(need.bead)
    if bead is None or bead.work.stage != "working":
        return []
    return [e.BeadApproved(bead.id) if choice == POLECAT else e.BeadMoved(bead.id, "close", why or "not taken back")]


class Undoings:
    """One round over the beads that take landings back. Which those are is known from the town, and kept here so that
    a look costs nothing while there are none.
    """

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self._open: set[str] | None = None
        base.books.listeners.append(self._heard)

    def _heard(self, record: Record) -> None:
        name = getattr(record.event, "bead", None)
        id = name.id if isinstance(name, Bead) else name
        if self._open is not None and isinstance(id, str) and _takes_back(self._base.books.town.beads.get(id)):
            self._open.add(id)

    def look(self, town: Town) -> None:
        """Open again what was taken back, close again what was put back, and ask about what did not pass."""
        if self._open is None:
            self._open = {bead.id for bead in town.beads.values() if _takes_back(bead)}
        for id in sorted(self._open):
            bead = town.beads.get(id)
            if bead is None or not _takes_back(bead):
                self._open.discard(id)
            elif bead.work.stage == "landed":
                self._jobs.start(f"undo {id}", partial(self._settle, bead))
            elif bead.work.stage == "working" and unattended(bead) and bead.work.returns:
                self._ask(bead)
            elif bead.work.stage == "dropped":
                self._jobs.start(f"undo {id}", partial(self._leave, bead))

    def _ask(self, bead: Bead) -> None:
        now = self._base.books.pending.beads.get(bead.id)
        if now is None or not unattended(now) or now.work.stage != "working":
            return
        last = bead.work.returns[-1]
        title = f"{bead.id} did not pass: {bead.title}"
        question = f"{last.reason}\n\nDrop it (what it would take back stays landed), or have a polecat mend it?"
        needs.ask(self._base, ASK, bead.id, title, question, CHOICES, bead=bead.id)

    async def _settle(self, bead: Bead) -> None:
        base = self._base
        for turn in bead.work.back.turns if bead.work.back is not None else ():
            other = base.books.pending.beads.get(turn.bead)
            if other is None or other.work.epoch != turn.epoch:
                continue
            if turn.again:
                await self._redone(bead, turn, other)
            elif other.work.stage == "landed" and other.work.landed == turn.landed:
                await self._undone(bead, turn, other)
        await self._leave(bead)

    async def _leave(self, bead: Bead) -> None:
        """Nothing is left to do for it; its commit needs no ref of its own any more."""
        if (kept := self._base.repo.lookup(ref_of(bead.id))) is not None:
            await asyncio.to_thread(self._base.repo.git, "update-ref", "-d", ref_of(bead.id), kept)
        if (need := needs.raised(self._base.books.pending, ASK, bead.id)) is not None:
            self._base.books.write("engine", e.Answered(need.id, bead.work.stage, bead=need.bead))
        if self._open is not None:
            self._open.discard(bead.id)

    async def _undone(self, bead: Bead, turn: Turn, other: Bead) -> None:
        base = self._base
        branch, start = await asyncio.to_thread(self._kept, bead, turn, other)
        undone = e.LandingUndone(other.id, turn.epoch, bead.id, bead.work.landed, branch, start)
        await base.books.record("refinery", undone)
        said = f"{other.id} {other.title}"
        detail = f"{bead.work.landed[:9]}, kept on {branch}"
        await base.feed.add(base.clock.now(), "refinery", "UNDONE", said, detail=detail, bead=other.id)

    def _kept(self, bead: Bead, turn: Turn, other: Bead) -> tuple[str, str]:
        """A branch with the work on top of what took it back, for git takes no commit in that it has merged before.

        The commit is the same every time, so a crash between the branch and the record finds it again.
        """
        base, root = self._base, self._base.place.root
        onto = reverting.onto(root, turn.landed, turn.onto)
        carried = replaying.carry(root, bead.work.landed, onto, turn.landed)
        start = other.work.commit or turn.landed
        if isinstance(carried, merging.Merged):
            name, email = base.repo.ident()
            message = f"{words.title(base.books.town, [turn]).replace('Revert', 'Reapply', 1)}\n"
            start = merging.landing_commit(
                root, tree=carried.tree, parents=[bead.work.landed], message=message,
                author=(other.assignee or name, email), committer=(name, email), when=bead.work.landed_at,
            )  # fmt: skip
        wanted = words.branch(turn)
        for number in range(1, _TRIES):
            branch = wanted if number == 1 else f"{wanted}-{number}"
            found = base.repo.lookup(f"refs/heads/{branch}")
            if found is None:
                base.repo.create_branch(branch, start)
            if found in (None, start):
                return branch, start
        raise GasTownError(f"There are {_TRIES} branches {wanted} already.", f"Delete some: git branch -D {wanted}-2")

    async def _redone(self, bead: Bead, turn: Turn, other: Bead) -> None:
        base, back = self._base, other.work.back
        if back is None or back.undone != turn.undone or other.work.stage not in ("idle", "dropped"):
            return
        commit, onto = await asyncio.to_thread(self._stands_as, bead, turn)
        await base.books.record("refinery", e.LandingRedone(other.id, turn.epoch, bead.id, commit, onto))
        await base.feed.add(
            base.clock.now(), "refinery", "REDONE", f"{other.id} {other.title}", detail=commit[:9], bead=other.id
        )
        if back.branch and base.repo.lookup(f"refs/heads/{back.branch}") == back.resume:
            try:
                await asyncio.to_thread(base.repo.delete_branch, back.branch, back.resume)
            except GasTownError as error:
                log.info("%s stays: %s", back.branch, error)

    def _stands_as(self, bead: Bead, turn: Turn) -> tuple[str, str]:
        """The commit that put one bead's change back, and what it stands on: its own, or that of all of them."""
        work = bead.work
        onto = work.landed_onto
        if work.back is None or len(work.back.turns) == 1:
            return work.landed, onto
        root = self._base.place.root
        key = turn.trailer.split(":")[0]
        words_ = ["log", "--no-show-signature", f"--format=%H%x1f%(trailers:key={key},valueonly,separator=%x2C)"]
        told = git.run([*words_, f"{reverting.onto(root, work.landed, onto)}..{work.landed}"], root)
        rows = [line.split("\x1f") for line in told.text.splitlines()]
        own = [row[0] for row in rows if row[1].split(",") == [f"{turn.bead}@{turn.epoch}"]]
        return (own[0], "") if own else (work.landed, onto)
