"""Dying and coming back: agents, the engine by SIGKILL, and stopping in order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.door.client import Client
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.ledger.reading import read_town, records
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import GasTownError, NoEngine, Refused
from gastown_tui.model.orders import Freeze, Thaw
from tests.engine.towns import founded, holding, note, rehearse, running
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import PATIENCE, until


def engine_process(place: Place, home: Path) -> subprocess.Popen[bytes]:
    """An engine in a process of its own, answering."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gastown_tui.door.host", str(place.root)], env=clean(home), start_new_session=True
    )

    def answers() -> bool:
        try:
            return bool(Client.of(place).status())
        except NoEngine:
            return False

    until(answers, "the door to answer")
    return process


def test_a_dead_polecat_goes_on_in_the_same_worktree_and_epoch(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            script = "write a.txt <<END\na\nEND\nonce died crash\ncommit Add a\ndone A"
            bead = await town.do(rehearse(script))
            await town.until(lambda t: any(a.deaths for a in t.agents.values()), "a death")
            await town.landed(bead)
            assert town.bead(bead).work.epoch == 1
        ended = [r.event for r in records(town.place) if isinstance(r.event, e.AgentEnded) and not r.event.expected]
        started = [r.event for r in records(town.place) if isinstance(r.event, e.AgentStarted)]
        assert len(ended) == 1
        assert [s.resumed for s in started if s.role == "polecat"] == [False, True]

    asyncio.run(story())


def test_one_that_keeps_dying_is_held_and_nothing_more_is_started(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            bead = await town.do(rehearse("crash"))
            await town.until(lambda t: {"bead", "storm"} & {n.kind for n in t.needs.values()}, "a question")
            assert "died" in town.engine.status()["needs_you"][0]["title"] or town.town.holds
            assert town.bead(bead).work.stage == "working"

    asyncio.run(story())


def test_kill_nine_of_the_engine_loses_nothing_and_lands_once(tmp_path: Path) -> None:
    place = founded(tmp_path)
    first = engine_process(place, tmp_path / "home")
    first_step, unsaved = "write a.txt <<END\na\nEND\ncommit First", "write b.txt <<END\nunsaved\nEND"
    long = f"{first_step}\n{unsaved}\nonce held wait 600\ncommit Second\ndone Both"
    bead = str(Client.of(place).order("do", {"text": rehearse(long)})["bead"])
    until(lambda: holding(place), "unsaved work")
    town = read_town(place)
    agents = [(a.pid, a.start_ticks) for a in town.live_agents()]
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second = engine_process(place, tmp_path / "home")
    try:
        until(lambda: not [pair for pair in agents if processes.is_alive(*pair)], "the old agents to be gone")
        until(lambda: rigs.git(place.root, "for-each-ref", "refs/gt/wip"), "unsaved work to be kept")
        assert rigs.git(place.root, "show", f"refs/gt/wip/{bead}/e1:b.txt") == "unsaved"
        until(lambda: read_town(place).beads[bead].work.stage == "landed", "the bead to land")
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE) == 0
    work = read_town(place).beads[bead].work
    assert work.epoch == 1
    assert rigs.git(place.root, "log", "--first-parent", "--format=%s").splitlines()[0].startswith(f"Merge {bead}")
    assert rigs.git(place.root, "rev-list", "--count", "--first-parent", "main") == "2"
    subjects = rigs.git(place.root, "log", "--format=%s").splitlines()
    assert subjects.count("First") == subjects.count("Second") == 1, "a killed worker repeats no finished step"
    assert rigs.is_sound(place.root)
    assert [r.seq for r in records(place)] == list(range(1, read_town(place).seq + 1))


def test_down_ends_what_it_started_keeps_unsaved_work_and_up_goes_on(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)

    async def story() -> None:
        place = founded(tmp_path)
        script = "write a.txt <<END\nunsaved\nEND\nonce held wait 600\ncommit A\ndone A"
        async with running(place) as town:
            bead = await town.do(rehearse(script))
            await town.until(lambda t: holding(place), "unsaved work")
            agents = [(a.pid, a.start_ticks) for a in town.town.live_agents()]
            assert agents
        assert not [pair for pair in agents if processes.is_alive(*pair)]
        assert stranger.poll() is None
        assert rigs.git(place.root, "show", f"refs/gt/wip/{bead}/e1:a.txt") == "unsaved"
        assert not read_town(place).live_agents()
        async with running(place) as town:
            await town.landed(bead)

    try:
        asyncio.run(story())
    finally:
        stranger.kill()
        stranger.wait()


def test_freeze_stops_every_process_where_it_stands(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            ticking = "run while :; do date +%N > tick; sleep 0.01; done\n"
            bead = await town.do(rehearse(ticking + note("a")))
            await town.until(lambda t: list(town.place.worktrees.glob("*/*/tick")), "it to tick")
            tick = next(iter(town.place.worktrees.glob("*/*/tick")))
            answer = await town.engine.ask(Freeze())
            assert answer["frozen"]
            await asyncio.sleep(0.1)
            before = tick.read_text()
            await asyncio.sleep(0.3)
            assert tick.read_text() == before
            assert {a.state for a in town.town.live_agents()} == {"frozen"}
            await town.engine.ask(Thaw())
            await town.until(lambda t: not tick.exists() or tick.read_text() != before, "it to go on")
            await town.engine.ask(Freeze())
            await town.engine.ask(Thaw())
            assert bead in town.town.beads

    asyncio.run(story())


def test_two_engines_never_have_one_town(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            with pytest.raises(Refused, match="Another engine"):
                Engine.open(town.place)

    asyncio.run(story())


def test_a_broken_config_is_refused_with_its_key(tmp_path: Path) -> None:
    place = founded(tmp_path)
    place.config.write_text("max_polecat = 3\n")
    with pytest.raises(GasTownError, match="max_polecat"):
        Engine.open(place)


def test_a_session_killed_before_it_wrote_its_prompt_down_starts_afresh(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path)
        async with running(place) as town:
            bead = await town.do(rehearse("once held wait 600\n" + note("a.txt")))
            await town.until(lambda t: holding(place), "a polecat that waits")
        for transcript in place.sessions.glob("*/*.jsonl"):
            transcript.unlink()
        async with running(place) as town:
            await town.landed(bead)
        assert (place.root / "a.txt").exists(), "it did its bead, not what it guessed from being told to carry on"
        started = [r.event for r in records(place) if isinstance(r.event, e.AgentStarted) and r.event.bead == bead]
        polecats = [s for s in started if s.role == "polecat"]
        assert [s.resumed for s in polecats] == [False, False]
        assert len({s.session for s in polecats}) == 2

    asyncio.run(story())
