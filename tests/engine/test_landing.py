"""From an order to landed code, with rehearsal agents in real PTYs and real git."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.engine.towns import founded, note, rehearse, running
from tests.support import rigs


def test_one_bead_lands_and_the_checkout_stays_clean(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            bead = await town.do(rehearse(note("notes/a.txt")))
            await town.landed(bead)
            root = town.place.root
            assert rigs.git(root, "status", "--porcelain") == ""
            assert (root / "notes/a.txt").read_text() == "text\n"
            assert rigs.git(root, "log", "-1", "--format=%(trailers:key=Bead,valueonly)").strip() == f"{bead}@1"
            assert len(rigs.git(root, "log", "-1", "--format=%P").split()) == 2
            assert rigs.git(root, "log", "-1", "--format=%an %ae %cn").startswith("obsidian ada@example.org Ada")
            await town.until(lambda t: not [a for a in t.live_agents() if a.role != "mayor"], "agents to go")
            await town.until(lambda t: not rigs.git(root, "branch", "--list", "polecat/*"), "the branch to go")
            assert len(rigs.git(root, "worktree", "list").splitlines()) == 2, "the checkout and the test slot"
        assert rigs.is_sound(root)

    asyncio.run(story())
