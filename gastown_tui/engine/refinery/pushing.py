"""Landing at the remote: the tested commit is pushed and read back there before anything moves here."""

from __future__ import annotations

import asyncio

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery import asking
from gastown_tui.model import events as e
from gastown_tui.model.merge import Train
from gastown_tui.rig.errors import GitFailed, InTheWay
from gastown_tui.rig.remote import Remote, RemoteMoved, Unreachable
from gastown_tui.text import count

# Why the remote comes first: a push may be refused, and then the person's own branch must not stand ahead of it with
# a landing to be taken back. A crash between the two is harmless: the remote's ref says whether the train has landed.

LOOK_EVERY = 30.0
"""Seconds between two looks at the remote while somebody is at work."""

_STEP = 1.0
_PATIENCE = (1.0, 2.0, 5.0, 15.0, 30.0)
_SAID_AFTER = 3
"""So often the remote may miss before the overseer hears of it."""


class Pushing:
    """Everything the Refinery asks of, and sends to, the remote's own target branch."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._one = asyncio.Lock()
        self._misses = 0
        self._tries = 0
        self._blocked = False
        self._sent = ""
        self.turn = 0
        """Goes up whenever what was blocked is worth another try."""

    @property
    def remote(self) -> Remote:
        """The remote config.toml names."""
        return Remote(self._base.place.root, self._base.config.remote)

    @property
    def name(self) -> str:
        """The remote's target as git names it."""
        return f"{self._base.config.remote}/{self._base.config.target}"

    async def ready(self, tip: str) -> bool:
        """Whether a train on `tip` can go to the remote now; what somebody pushed meanwhile is taken over first.

        If not, `turn` goes up when it is worth another try. The overseer is asked where nobody but them can say how
        two branches come together.
        """
        async with self._one:
            try:
                fine = await self._ready(tip)
                self.answered()
            except Unreachable as error:
                self.missed(error)
                fine = False
        if fine:
            self._tries = 0
        else:
            self.block()
        return fine

    def block(self) -> None:
        """Have `turn` go up after a while: something is worth another try then."""
        self._blocked = True

    async def _ready(self, tip: str) -> bool:
        base = self._base
        found = await self.remote.tip(base.config.target)
        if found and found != tip and not await self._contains(tip, found):
            await self._follow(await self.remote.fetch(base.config.target))
            return False
        if found not in ("", tip) and (ahead := await asyncio.to_thread(self._theirs, found, tip)):
            asking.ahead(base, self.name, found, ahead)
            return False
        needs.settle(base, "ahead", "target", f"{self.name} has it all")
        return True

    async def has(self, commit: str) -> bool:
        """Whether the remote's target is known to be at a commit. Raises Unreachable."""
        return self._sent == commit or await self.remote.tip(self._base.config.target) == commit

    async def contains(self, commit: str) -> bool:
        """Whether the remote's target has a commit in its history. Raises Unreachable."""
        if await self.has(commit):
            return True
        target = self._base.config.target
        return bool(await self.remote.tip(target)) and await self._contains(await self.remote.fetch(target), commit)

    async def send(self, train: Train) -> None:
        """Have the remote's target at a train's commit, or beyond it; repeating after a crash is harmless.

        Raises:
            RemoteMoved: somebody pushed something else. PushRefused: the remote said no. Unreachable: nothing is known.
        """
        if self._sent == train.commit:
            return
        async with self._one:
            await self._send(train)
        self._sent = train.commit
        self.answered()

    async def _send(self, train: Train) -> None:
        target = self._base.config.target
        found = await self.remote.tip(target)
        if found == train.commit:
            return
        if found and found != train.onto:
            found = await self.remote.fetch(target)
            if await self._contains(found, train.commit):
                return
            if not await self._contains(train.onto, found):
                raise RemoteMoved(self.name, train.onto, found)
        await self.remote.push(train.commit, target, found)

    async def follow(self) -> None:
        """Bring the target here up to what the remote has. Raises Unreachable."""
        async with self._one:
            found = await self.remote.tip(self._base.config.target)
            if found and not await self._contains(self._base.books.pending.tip, found):
                await self._follow(await self.remote.fetch(self._base.config.target))
            self.answered()

    async def _follow(self, found: str) -> None:
        """Take the remote's own history over; nobody is asked, unless the target here has something of its own."""
        base = self._base
        town = base.books.pending
        tip = base.repo.tip(f"refs/heads/{base.config.target}")
        if town.train is not None or ("landing" in town.holds and not needs.raised(town, "tip", tip)):
            return
        if not await self._contains(found, tip):
            asking.apart(base, self.name, found, tip)
            return
        base.expected_tip = found
        try:
            await asyncio.to_thread(self._forward, found, tip)
        except InTheWay as error:
            asking.edits(base, self.name, found, error)
            return
        finally:
            base.expected_tip = ""
        await self._followed(town.tip, found)

    async def _followed(self, before: str, found: str) -> None:
        """Record that the target stands where the remote has it, and settle what was asked about it meanwhile."""
        base = self._base
        now = base.books.pending
        asked = [need for need in now.needs.values() if need.kind == "tip"]
        events: list[e.AnyEvent] = [e.TipMoved(now.tip, found, True)] if now.tip != found else []
        events += [e.Answered(need.id, f"{self.name} has it", bead=need.bead) for need in asked]
        events += needs.landing_resumed(now, "tip") if asked else []
        for kind in ("apart", "edits"):
            events += needs.settled(now, kind, "target", "settled")
        if events:
            await base.books.record("refinery", *events)
        log = await asyncio.to_thread(base.repo.log, before, found)
        said = f"{count(len(log), 'commit')} from {self.name}"
        await base.feed.add(base.clock.now(), "refinery", "FETCHED", said, detail=found[:9])

    async def watch(self) -> None:
        """One look at the remote, and a rest: what other hands landed there is taken over before it is in the way."""
        try:
            await self.follow()
        except Unreachable as error:
            self.missed(error)
        rested = 0.0
        while rested < (self.patience if self._blocked or self._misses else LOOK_EVERY):
            await self._base.clock.sleep(min(_STEP, LOOK_EVERY))
            rested += _STEP
        if self._blocked:
            self._blocked, self._tries, self.turn = False, self._tries + 1, self.turn + 1

    @property
    def patience(self) -> float:
        """Seconds to the next try while the remote does not answer, or something there has to be settled first."""
        return min(_PATIENCE[min(max(self._misses, self._tries), len(_PATIENCE) - 1)], LOOK_EVERY)

    def missed(self, error: Unreachable) -> None:
        """Say that the remote does not answer, when it did not for a while."""
        base, self._misses = self._base, self._misses + 1
        base.notes["remote"] = f"{base.config.remote} {error.said}; landing waits"
        if self._misses == _SAID_AFTER:
            asking.silent(base, error)

    def answered(self) -> None:
        """The remote answers (again)."""
        self._misses = 0
        self._base.notes.pop("remote", None)
        needs.settle(self._base, "remote", self._base.config.remote, "it answers again")

    def _forward(self, found: str, tip: str) -> None:
        base = self._base
        where = base.repo.checkouts_of(base.config.target)
        if where and tip != found:
            base.repo.fast_forward(where[0], found)
        elif tip != found:
            base.repo.move(f"refs/heads/{base.config.target}", tip, found)

    async def _contains(self, commit: str, older: str) -> bool:
        """Whether `older` is in the history of `commit`; one that is not here is in no history we know."""
        try:
            return await asyncio.to_thread(self._base.repo.is_ancestor, older, commit)
        except GitFailed:
            return False

    def _theirs(self, found: str, tip: str) -> int:
        """How many steps of the target here the remote does not have, and no landing of ours made."""
        base = self._base
        landed = {bead.work.landed for bead in base.books.pending.in_column("landed")}
        landed |= {convoy.landed for convoy in base.books.pending.convoys.values() if convoy.landed}
        told = base.repo.git("log", "--first-parent", "--no-show-signature", "--format=%H %P", f"{found}..{tip}")
        # A train's own step is named by nobody: its second parent is the last landing in it.
        steps = [line.split() for line in told.text.splitlines()]
        return sum(1 for step in steps if step[0] not in landed and not (len(step) > 2 and step[2] in landed))
