"""A town whose queue stands still: two beads in it change the same line, and nothing is tested until it is let go."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Review, Work
from tests.engine.towns import Running, founded, running
from tests.model.stories import lease
from tests.support import rigs

ONE, OTHER = "rg-aa1", "rg-bb2"


async def tell(town: Running, *events: e.AnyEvent) -> None:
    """Something happens that nobody ordered."""
    await town.engine._base.books.record("engine", *events)


@contextlib.asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[Running]:
    """Such a town, with its engine, until the block ends."""
    async with running(founded(folder, {"a.txt": "first\n"})) as town:
        root = town.place.root
        await town.engine.ask(o.Queue("pause", why="the demo is on"))
        for number, id in enumerate((ONE, OTHER), 1):
            rigs.git(root, "switch", "-q", "-c", f"side{number}", "main")
            commit = rigs.commit(root, {"a.txt": f"line by {id}\n"}, f"Do {id}")
            rigs.git(root, "switch", "-q", "main")
            sheriff, witness = (Review(name, True, commit) for name in ("sheriff", "witness"))
            await tell(
                town, e.BeadCreated(beads.make(id, f"Do {id}", "", work=Work(approved=True))),
                e.Slung(id, lease(id, 1)), e.Submitted(id, 1, commit, 1, "", 1), e.Checked(id, 1, sheriff),
                e.Reviewed(id, 1, witness),
            )  # fmt: skip
        yield town
