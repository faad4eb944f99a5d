"""Squash and rebase: one tested bead at a time, in linear history, and taken back like any other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.engine.place import Place
from gastown_tui.model.orders import UndoLanding
from tests.engine.towns import founded, rehearse, running
from tests.support import rigs

TWO = "write a.txt <<END\na\nEND\ncommit First\nwrite b.txt <<END\nb\nEND\ncommit Second\ndone Two commits"
ONE = "write c.txt <<END\nc\nEND\ncommit Third\ndone One commit"
_TRAILER = "%(trailers:key={},valueonly,separator=)".format
SHAPE = f"--format=%s|%an|%cn|%P|{_TRAILER('Bead')}|{_TRAILER('Not-tested-alone')}"


def _log(place: Place, *span: str) -> list[list[str]]:
    return [line.split("|") for line in rigs.git(place.root, "log", SHAPE, *(span or ("main",))).splitlines()]


@pytest.mark.parametrize("strategy", ["squash", "rebase"])
def test_history_is_linear_and_every_landing_was_tested(tmp_path: Path, strategy: str) -> None:
    async def story() -> None:
        place = founded(tmp_path, strategy=strategy)
        async with running(place) as town:
            one = await town.do(rehearse(TWO, title="Two files"))
            two = await town.do(rehearse(ONE, title="One file"))
            await town.landed(one, two, seconds=120)
            rows = _log(place)
            assert all(len(row[3].split()) <= 1 for row in rows), "no merge commit"
            named = {row[4]: row for row in rows if row[4]}
            assert set(named) == {f"{one}@1", f"{two}@1"} and named[f"{one}@1"][1] == town.bead(one).assignee
            assert named[f"{one}@1"][2] == "Ada Overseer"
            subjects = {row[0] for row in rows}
            work = town.bead(one).work
            if strategy == "squash":
                assert subjects == {"Two files", "One file", "Begin"} and work.landed_onto == ""
                body = rigs.git(place.root, "log", "-1", "--format=%b", work.landed)
                assert "Two files" in body and body.endswith(f"Bead: {one}@1")
            else:
                assert subjects == {"First", "Second", "Third", "Begin"} and work.landed_onto
                first = rigs.git(place.root, "rev-parse", f"{work.landed}^")
                assert named[f"{one}@1"][5] == first[:12], "the one that was not tested by itself is named"
            for id in (one, two):
                tree = rigs.git(place.root, "rev-parse", f"{town.bead(id).work.landed}^{{tree}}")
                assert town.town.runs[tree].ok
            await town.engine.ask(UndoLanding((one,)))
            await town.until(lambda t: t.beads[one].work.stage == "idle", "it to be taken back", 120)
            files = rigs.git(place.root, "ls-tree", "--name-only", "main").split()
            assert files == ["README.md", "c.txt"]
            newest = _log(place, "-1", "main")[0]
            assert newest[0] == f"Revert {one}: Two files" and newest[1] == "Ada Overseer"
            trailers = rigs.git(place.root, "log", "-1", "--format=%(trailers:key=Reverts,valueonly)").strip()
            assert trailers == f"{one}@1"
            await town.engine.ask(UndoLanding((one,), again=True))
            await town.landed(one, seconds=120)
            assert len(rigs.git(place.root, "ls-tree", "--name-only", "main").split()) == 4
        assert rigs.is_sound(place.root)

    asyncio.run(story())
