"""Integration branches: a convoy lands on a branch of its own first, and on the target as one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui import config
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.founding import unfound
from gastown_tui.engine.gating import bisecting
from gastown_tui.engine.refinery.thinking import remaining
from gastown_tui.model import events as e
from gastown_tui.model.convoy import Convoy, Draft, Plan, PlannedBead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import TestRun
from gastown_tui.model.orders import ApprovePlan, SubmitPlan
from gastown_tui.rig.repository import Repository
from gastown_tui.world import DiskFiles
from tests.engine.towns import founded, note, rehearse, running
from tests.model.stories import TIP, Story
from tests.model.test_lanes import stage, work
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


def test_a_run_goes_on_with_those_that_are_not_on_the_branch_yet() -> None:
    """Its first car came to the branch: what is left of it is what the branch lacks."""
    story = Story()
    for id in ("td-a", "td-b"):
        story.create(id, work=work("c1"))
    story.tell(e.PlanSubmitted(Draft("p1", Plan("Parts", (PlannedBead("k", "k"),)), 1, "mayor", 1.0, convoy="c1")))
    story.tell(e.PlanApproved("p1", Convoy("c1", "Parts", ("td-a", "td-b"), 1.0, "p1", "staging/c1"), {}))
    for id in ("td-a", "td-b"):
        story.to_refinery(id)
    cars = tuple(story.town.queue[id].car for id in ("td-a", "td-b"))
    both = TestRun(7, "train", TIP, cars, "c7", "t7", "g", 2, 1.0)
    story.tell(e.RunBegun(both))
    assert remaining(story.town, both) == list(cars)
    stage(story, "td-a")
    assert remaining(story.town, both) == [cars[1]] and story.town.queue["td-b"].state == "testing"


def _merged(root: Path, branch: str, message: str) -> None:
    rigs.git(root, "merge", "-q", "--no-ff", "-m", message, branch)


def _history(root: Path) -> dict[str, str]:
    """A target on which a convoy landed: one bead and a train of two on its branch, and a commit beside it."""
    at = {"start": rigs.git(root, "rev-parse", "HEAD").strip()}
    rigs.git(root, "checkout", "-q", "-b", "staging/c1")
    for name in ("one", "two", "three"):
        if name == "two":
            rigs.git(root, "checkout", "-q", "-b", "train")
        rigs.git(root, "checkout", "-q", "-b", name, at["start"])
        rigs.commit(root, {name: "x"}, name)
        rigs.git(root, "checkout", "-q", "staging/c1" if name == "one" else "train")
        _merged(root, name, f"Merge {name}\n\nBead: td-{name}@1")
        at[name] = rigs.git(root, "rev-parse", "HEAD").strip()
    rigs.git(root, "checkout", "-q", "staging/c1")
    _merged(root, "train", "Land 2 beads: td-two, td-three")
    rigs.git(root, "checkout", "-q", "main")
    at["beside"] = rigs.commit(root, {"beside": "x"}, "Beside")
    _merged(root, "staging/c1", "Land convoy c1: Parts")
    at["closing"] = rigs.git(root, "rev-parse", "HEAD").strip()
    return at


def test_bisecting_looks_into_a_convoy(tmp_path: Path) -> None:
    """The bead that broke it, on the branch or in a train there; or the step itself, if only both are red together."""
    root = rigs.make(tmp_path / "rig")
    at, repo = _history(root), Repository(root)
    for red in ("one", "two", "three", "beside", "beside two"):
        found = "closing" if " " in red else red
        known: dict[str, bool] = {}
        step = bisecting.search(repo, at["closing"], known.get)
        while step.probe is not None:
            files = set(rigs.git(root, "ls-tree", "-r", "--name-only", step.probe.commit).split())
            assert step.probe.tree not in known, "nothing is tested twice"
            known[step.probe.tree] = not set(red.split()) <= files
            step = bisecting.search(repo, at["closing"], known.get)
        assert step.found is not None and step.found.commit == at[found]
        assert step.found.bead == ("" if found in ("closing", "beside") else f"td-{found}")


def test_taking_the_town_away_takes_the_branches_that_have_landed_and_names_the_others(tmp_path: Path) -> None:
    """What only a branch has stays, and is said."""

    async def story() -> None:
        place = founded(tmp_path, staging="convoy")
        async with running(place) as town:
            parts = {"a": (note("a.txt"), ()), "b": (f"wait 600\n{note('b.txt')}", ())}
            ids = await convoy(town.engine, "Two parts", **parts)
            await town.until(lambda t: bool(t.beads[ids["a"]].work.staged), "one to be on the branch")
        kept = await unfound(place, ledger=False, files=DiskFiles())
        assert "branch staging/c1: 2 commits that main does not have" in kept
        assert rigs.git(place.root, "branch", "--list", "staging/*").split() == ["staging/c1"]

    asyncio.run(story())
