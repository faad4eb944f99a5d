"""A real town for engine tests: a repository, an engine with its door, and rehearsal agents in real PTYs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.config import Config, EnvSettings, Gate, Roles, RoleSettings
from gastown_tui.door.host import hosting
from gastown_tui.engine import founding
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.place import Place
from gastown_tui.model.bead import Bead
from gastown_tui.model.orders import DoOnce
from gastown_tui.model.town import Town
from gastown_tui.world import DiskFiles, SystemClock
from tests.support import rigs
from tests.support.waiting import PATIENCE, until_async

GREEN = "test ! -e RED"
"""A gate that is red where a file called RED is."""

_PLAYER = RoleSettings("rehearsal")


def settings(**changes: object) -> Config:
    """Rehearsal agents in a clean environment, one gate, a few polecats."""
    values: dict[str, object] = {
        "rig": "rig",
        "prefix": "rg",
        "target": "main",
        "gates": (Gate("green", GREEN, 60.0),),
        "max_polecats": 3,
        "memory_reserve_mb": 64,
        "roles": Roles(_PLAYER, _PLAYER, _PLAYER),
        "env": EnvSettings(only=("PATH",), set={"LANG": "C.UTF-8"}),
    }
    return Config(**{**values, **changes})  # type: ignore[arg-type]


def founded(folder: Path, files: dict[str, str] | None = None, **changes: object) -> Place:
    """A town in a new repository under `folder`, with no engine yet."""
    root = rigs.make(folder / "rig", files)
    place = Place(root)
    founding.found(place, settings(**changes), clock=SystemClock(), files=DiskFiles())
    return place


def rehearse(script: str, *back: str, title: str = "Add a note") -> str:
    """The text of a bead whose worker does `script`, and then each of `back` when it is sent back."""
    blocks = [f"```rehearse\n{script}\n```", *(f"```rehearse back\n{lines}\n```" for lines in back)]
    return "\n\n".join([title, *blocks])


def note(name: str, text: str = "text") -> str:
    """A script that writes one file, commits it and hands it in."""
    return f"write {name} <<END\n{text}\nEND\ncommit Add {name}\ndone Added {name}"


def holding(place: Place) -> bool:
    """Whether a worker has come to its `once held wait`: when it comes back it does not wait again."""
    return any((place.root / ".git").glob("worktrees/*/rehearse-once-held"))


@dataclass
class Running:
    """An engine that runs, and ways to wait for it."""

    engine: Engine
    place: Place

    @property
    def town(self) -> Town:
        """The durable town."""
        return self.engine.town

    async def do(self, text: str, land: bool = True) -> str:
        """File a one-off bead and return its id."""
        answer = await self.engine.ask(DoOnce(text, land))
        return str(answer["bead"])

    def bead(self, id: str) -> Bead:
        """A bead as the durable town has it."""
        return self.town.beads[id]

    async def until(self, condition: Callable[[Town], object], what: str, seconds: float = 2 * PATIENCE) -> None:
        """Wait for the town to be so; what it looked like stands in the failure."""

        def look() -> bool:
            return bool(condition(self.town))

        try:
            await until_async(look, what, seconds)
        except AssertionError as error:
            lines = "\n".join(f"[{x.agent}] {x.verb} {x.text} {x.detail}" for x in self.engine.lines.lines()[-40:])
            raise AssertionError(f"{error}\n{self.engine.status()}\n{lines}") from error

    async def landed(self, *ids: str, seconds: float = 2 * PATIENCE) -> None:
        """Wait until all these beads have landed."""
        await self.until(lambda t: all(t.beads[id].work.stage == "landed" for id in ids), f"{ids} to land", seconds)


@contextlib.asynccontextmanager
async def running(place: Place) -> AsyncIterator[Running]:
    """The town's engine and door, until the block ends."""
    async with hosting(place) as engine:
        yield Running(engine, place)
