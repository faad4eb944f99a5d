"""Integration branches: a convoy lands on a branch of its own first, and on the target as one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui import config
from gastown_tui.engine.engine import Engine
from gastown_tui.model.convoy import Plan, PlannedBead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import ApprovePlan, SubmitPlan
from tests.engine.towns import founded, note, rehearse, running
from tests.support import rigs


async def convoy(engine: Engine, title: str, **parts: tuple[str, tuple[str, ...]]) -> dict[str, str]:
    """An approved plan of (script, needs) by key; the ids by key."""
    beads = tuple(PlannedBead(key, f"Add {key}", rehearse(does), needs=needs) for key, (does, needs) in parts.items())
    filed = await engine.ask(SubmitPlan(Plan(title, beads)))
    return dict((await engine.ask(ApprovePlan(filed["plan"])))["beads"])


def test_a_convoy_lands_as_one_while_a_loose_bead_goes_its_own_way(tmp_path: Path) -> None:
    """What is needed is built upon from the branch; the target gets one step with every bead's own landing behind."""

    async def story() -> None:
        async with running(founded(tmp_path, staging="convoy")) as town:
            root = town.place.root
            sees = f"must run test -e a.txt\n{note('b.txt')}"
            ids = await convoy(town.engine, "Two parts", a=(note("a.txt"), ()), b=(sees, ("a",)))
            loose = await town.do(rehearse(note("loose.txt")))
            await town.landed(loose, *ids.values())
            steps = rigs.git(root, "log", "--first-parent", "--format=%s", "main").splitlines()
            assert "Land convoy c1: Two parts" in steps and len(steps) == 3, steps
            told = rigs.git(root, "log", "--format=%(trailers:key=Bead,valueonly)", "main").split()
            assert sorted(told) == sorted(f"{id}@1" for id in (loose, *ids.values()))
            assert rigs.git(root, "status", "--porcelain") == "" and (root / "b.txt").is_file()
            await town.until(lambda t: not rigs.git(root, "branch", "--list", "staging/*"), "the branch to go")
            landed = town.town.convoys["c1"].landed
            assert rigs.git(root, "cat-file", "-t", landed).strip() == "commit"
        assert rigs.is_sound(root)

    asyncio.run(story())


def test_the_setting_is_checked_and_does_not_go_with_pull_requests(tmp_path: Path) -> None:
    """A word it does not know, and a way to land that offers beads one by one, are refused with what to do."""
    path = tmp_path / "config.toml"
    path.write_text('staging = "convoy"\n')
    assert config.load(path).staging == "convoy" and config.Config().staging == ""
    for text in ('staging = "all"\n', 'staging = "convoy"\nland = "pr"\n'):
        path.write_text(text)
        with pytest.raises(GasTownError, match="staging"):
            config.load(path)
