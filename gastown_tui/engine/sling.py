"""Gives ready beads to polecats: by priority, while there is room for one more."""

from __future__ import annotations

import re

import psutil

from gastown_tui.engine.base import Base
from gastown_tui.engine.sessions import Sessions
from gastown_tui.model import collision
from gastown_tui.model import events as e
from gastown_tui.model.agent import NAMES, POLECAT
from gastown_tui.model.bead import Bead, Lease
from gastown_tui.model.importing import adopted
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def place_name(polecat: str, bead: str, epoch: int) -> str:
    """What a polecat's worktree is called, and its branch under `polecat/` (interfaces.md)."""
    return f"{polecat}-{_UNSAFE.sub('_', bead)}-e{epoch}"


class Sling:
    """One round: how many more polecats may start, and which beads they get."""

    def __init__(self, base: Base, sessions: Sessions) -> None:
        self._base = base
        self._sessions = sessions

    def look(self, town: Town) -> None:
        """Sling what may be slung, and note why the rest waits."""
        town = self._base.books.pending
        if not town.going:
            self._base.notes.pop("dispatch", None)
            return
        room, why = self.room(town)
        given, kept = self.choose(town, room)
        for bead in given:
            self.give(bead)
        left = max(0, len(town.going) - len(given))
        if left and len(given) < room and kept:
            self._base.notes["dispatch"] = f"holding {left}: {kept[0]}"
        elif left and why:
            self._base.notes["dispatch"] = f"holding {left}: {why}"
        else:
            self._base.notes.pop("dispatch", None)

    def choose(self, town: Town, room: int) -> tuple[list[Bead], list[str]]:
        """The beads that begin now, and why others are kept back."""
        meant = town.to_sling(room and room + sum(1 for c in town.collisions if c.kind == collision.DECLARED))
        return self.picked(town, meant, room)

    def picked(self, town: Town, meant: list[Bead], room: int) -> tuple[list[Bead], list[str]]:
        """Of beads that may go, in order, those that begin now, and why others are kept back.

        Those whose declared files nobody is changing go before the others; what is about to land is waited for.
        """
        now = self._base.clock.now()
        met = {found.one for found in town.collisions if found.kind == collision.DECLARED}
        waits = {id: why for id in met if (why := collision.kept_back(town, id, now))}
        kept = {bead.id: f"{bead.id} {waits[bead.id]}" for bead in meant if bead.id in waits}
        free = [bead for bead in meant if bead.id not in kept]
        free.sort(key=lambda bead: bead.id in met)
        return free[:room], list(kept.values())

    def room(self, town: Town) -> tuple[int, str]:
        """How many polecats may start now, and what limits them in words."""
        config = self._base.config
        if self._sessions.frozen:
            return 0, "frozen (gt up goes on)"
        if (reason := town.holds.get("dispatch")) is not None:
            return 0, reason
        if trouble := self._base.trouble:
            return 0, trouble
        if config.budget_usd and town.cost_usd >= config.budget_usd:
            return 0, f"budget (${town.cost_usd:.2f} of ${config.budget_usd:.2f})"
        slots = config.max_polecats - sum(1 for _ in town.in_column("working"))
        memory = self._memory() if slots > 0 else 0
        if memory < slots:
            return max(0, memory), "memory"
        return max(0, slots), f"{config.max_polecats} polecats at most"

    def _memory(self) -> int:
        """How many more polecats fit into free memory, beside the reserve and those still starting."""
        runtime, _ = self._sessions.runtime_of(POLECAT)
        free = psutil.virtual_memory().available / 2**20 - self._base.config.memory_reserve_mb
        starting = sum(1 for b in self._base.books.pending.in_column("working") if b.status == "hooked")
        return int(free // runtime.memory_mb) - starting

    def give(self, bead: Bead) -> None:
        """Write the lease; the polecats' round starts the session once it is durable."""
        base = self._base
        # Adopted work that was taken from its polecat goes on where it was: its first commits are a person's. Work
        # whose landing was taken back begins with all of it on top of what took it back.
        resume = bead.work.back.resume if bead.work.back is not None else ""
        start = bead.work.commit if adopted(bead) else resume
        base.books.write("engine", e.Slung(bead.id, self.lease(bead, start or lanes.base(base.books.pending, bead))))

    def lease(self, bead: Bead, start: str) -> Lease:
        """The next lease of a bead, for a polecat nobody has, on a branch that begins at the commit `start`."""
        base = self._base
        name = self._name(base.books.pending)
        epoch = bead.work.epoch + 1
        place = place_name(name, bead.id, epoch)
        runtime, _ = self._sessions.runtime_of(POLECAT)
        return Lease(
            epoch, name, f"polecat/{place}", start, str(base.worktrees.folder / place), base.ids.session(),
            base.clock.now(), runtime.name,
        )  # fmt: skip

    def _name(self, town: Town) -> str:
        """The first name no session and no lease has."""
        taken = {agent.name for agent in town.live_agents()} | set(self._sessions.live)
        for column in ("working", "sheriff", "witness", "refinery"):
            taken |= {bead.assignee for bead in town.in_column(column)}
        numbered = (f"{name}{number}" for number in range(2, 100) for name in NAMES)
        return next(name for name in (*NAMES, *numbered) if name not in taken)
