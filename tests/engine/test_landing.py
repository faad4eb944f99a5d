"""From an order to landed code, with rehearsal agents in real PTYs and real git."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.engine import jobs
from gastown_tui.engine.refinery.landing import Landing
from gastown_tui.engine.refinery.round import Refinery
from gastown_tui.engine.refinery.thinking import Thinking, View
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import Train
from gastown_tui.model.town import Town
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


def test_a_landing_that_failed_rests_and_the_queue_is_not_planned_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing changes in the town meanwhile: looks are cheap, and there is one plan for all of them."""
    plans = looks = 0
    think, look = Thinking.look, Refinery.look

    def planned(self: Thinking, *args: Any) -> View:
        nonlocal plans
        plans += 1
        return think(self, *args)

    def looked(self: Refinery, town: Town) -> None:
        nonlocal looks
        looks += 1
        look(self, town)

    async def fails(self: Landing, train: Train) -> None:
        raise GasTownError("git gave no answer.")

    monkeypatch.setattr(Thinking, "look", planned)
    monkeypatch.setattr(Refinery, "look", looked)

    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            with monkeypatch.context() as patch:
                patch.setattr(Landing, "depart", fails)
                patch.setattr(jobs, "_PATIENCE", (3600.0,))
                bead = await town.do(rehearse(note("a.txt")))
                resting = town.engine._jobs
                await town.until(lambda t: resting.rests("refinery landing"), "the landing to rest")
                before, begun = plans, looks

                def many(town_: Town) -> bool:
                    town.engine._wake.set()
                    return looks > begun + 40

                await town.until(many, "many looks")
                assert plans - before < 5
            resting._failed = {"refinery landing": (1, 0.0)}
            town.engine._wake.set()
            await town.landed(bead)

    asyncio.run(story())
