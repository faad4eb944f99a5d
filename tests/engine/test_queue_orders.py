"""The overseer steers the merge queue: each action does what it says, refuses with a reason, and can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Review, Work
from gastown_tui.model.errors import Refused, Usage
from tests.engine.desks import Quiet, ground, quiet
from tests.engine.towns import founded
from tests.model.stories import lease

Story = Callable[[Quiet], Awaitable[None]]


async def queued(desk: Quiet, *ids: str) -> None:
    """Beads that sheriff and witness let through."""
    for id in ids:
        commit = f"c-{id}"
        await desk.tell(
            e.BeadCreated(beads.make(id, f"Do {id}", "", work=Work(approved=True))), e.Slung(id, lease(id, 1)),
            e.Submitted(id, 1, commit, 1), e.Checked(id, 1, Review("sheriff", True, commit)),
            e.Reviewed(id, 1, Review("witness", True, commit)),
        )  # fmt: skip


def told(tmp_path: Path, story: Story) -> None:
    """A desk with two beads in the queue."""

    async def run() -> None:
        async with quiet(ground(founded(tmp_path)), tmp_path / "journal") as desk:
            await queued(desk, "rg-a", "rg-b")
            await story(desk)
            assert desk.replayed() == desk.town

    asyncio.run(run())


async def refused(desk: Quiet, order: o.Order, words: str) -> None:
    before = desk.town.seq
    with pytest.raises(Refused, match=words):
        await desk.ask(order)
    assert desk.town.seq == before


def test_hold_release_and_first_are_wishes_that_can_be_undone(tmp_path: Path) -> None:
    async def story(desk: Quiet) -> None:
        await desk.ask(o.Queue("hold", "rg-a", "wait for the release"))
        assert desk.town.queue["rg-a"].hold == "wait for the release"
        await refused(desk, o.Queue("hold", "a"), "held already: wait for the release")
        await refused(desk, o.Queue("retry", "rg-a"), "is held")
        await desk.ask(o.Queue("first", "rg-b"))
        assert desk.town.queue["rg-b"].first > 0
        await refused(desk, o.Queue("first", "rg-b"), "first already")
        taken = await desk.ask(o.Undo(dry_run=True))
        assert "put rg-b first in the queue" in str(taken)
        await desk.ask(o.Undo())
        assert desk.town.queue["rg-b"].first == 0
        await desk.ask(o.Undo())
        holds = [desk.town.queue["rg-a"].hold]
        await desk.ask(o.Redo())
        holds.append(desk.town.queue["rg-a"].hold)
        assert holds == ["", "wait for the release"]
        await desk.ask(o.Queue("release", "rg-a"))
        await refused(desk, o.Queue("release", "rg-a"), "not held")

    told(tmp_path, story)


def test_a_wish_about_what_left_the_queue_is_not_undone(tmp_path: Path) -> None:
    async def story(desk: Quiet) -> None:
        await desk.ask(o.Queue("hold", "rg-a"))
        await desk.tell(e.Conflicted("rg-a", 1, "tip", ("x",), "hunks"))
        await refused(desk, o.Undo(), "rg-a left the queue")
        await refused(desk, o.Queue("hold", "rg-a"), "not in the queue: it is working")

    told(tmp_path, story)


def test_reject_sends_back_with_the_overseers_words(tmp_path: Path) -> None:
    async def story(desk: Quiet) -> None:
        rate = desk.town.rate
        await desk.ask(o.Queue("reject", "rg-a", "not in this release"))
        back = desk.town.beads["rg-a"].work
        assert back.stage == "working" and "not in this release" in back.returns[-1].reason
        assert "rg-a" not in desk.town.queue and desk.town.rate == rate and not desk.town.runs
        await refused(desk, o.Undo(), "its polecat was told")

    told(tmp_path, story)


def test_retry_runs_a_red_one_once_more_and_nothing_else(tmp_path: Path) -> None:
    async def story(desk: Quiet) -> None:
        await refused(desk, o.Queue("retry", "rg-a"), "waits its turn")
        await desk.tell(e.Shunted("rg-a", "end", "red beside rg-b", ("rg-b",)))
        await desk.ask(o.Queue("retry", "rg-a"))
        entry = desk.town.queue["rg-a"]
        assert (entry.lane, entry.alone) == ("confirm", None)

    told(tmp_path, story)


def test_pause_and_resume(tmp_path: Path) -> None:
    async def story(desk: Quiet) -> None:
        await refused(desk, o.Queue("resume"), "not paused")
        await desk.ask(o.Queue("pause", why="the demo is on"))
        assert desk.town.holds["queue"] == "paused by you: the demo is on"
        await refused(desk, o.Queue("pause"), "paused by you: the demo is on already")
        await refused(desk, o.Undo(), "gt mq resume")
        await desk.ask(o.Queue("resume"))
        assert "queue" not in desk.town.holds
        with pytest.raises(Usage, match="no action"):
            await desk.ask(o.Queue("explode", "rg-a"))
        with pytest.raises(Usage, match="needs a bead"):
            await desk.ask(o.Queue("hold"))

    told(tmp_path, story)
