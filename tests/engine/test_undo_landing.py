"""Landed work is taken back through the queue, opened again with its branch, and put back: real agents, real git."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.config import Gate
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.orders import Answer, CloseBead, Sling, UndoLanding
from tests.engine.towns import Running, founded, note, rehearse, running
from tests.support import rigs

PATIENCE = 120.0
"""Seconds: beads travel through real terminals, on machines that do much else."""

LINES = "".join(f"line {n}\n" for n in range(1, 10))


def edit(name: str, old: str, new: str) -> str:
    """A script that changes one line of a file."""
    return f"replace {name} <<END\n{old}\n====\n{new}\nEND\ncommit Change {name}\ndone Changed it"


async def _landed(town: Running, script: str, title: str = "Add a note") -> str:
    bead = await town.do(rehearse(script, title=title))
    await town.landed(bead, seconds=PATIENCE)
    return bead


async def _undo(town: Running, *beads: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await town.engine.ask(UndoLanding(beads, **more))
    return answer


async def _undone(town: Running, *beads: str) -> None:
    await town.until(lambda t: all(t.beads[id].work.stage == "idle" for id in beads), f"{beads} to open", PATIENCE)


def _files(place: Place) -> list[str]:
    return rigs.git(place.root, "ls-tree", "-r", "--name-only", "main").splitlines()


def test_a_landing_is_taken_back_worked_on_and_put_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            root = town.place.root
            one = await _landed(town, note("a.txt"))
            two = await _landed(town, note("b.txt"))
            would = await _undo(town, one, dry_run=True)
            assert would["files"] == ["a.txt"] and would["dependants"] == [] and would["filed"] == ""
            assert [x["bead"] for x in would["landings"]] == [one]
            assert _files(town.place) == ["README.md", "a.txt", "b.txt"], "a dry run changes nothing"
            by = str((await _undo(town, one))["filed"])
            await _undone(town, one)
            assert _files(town.place) == ["README.md", "b.txt"] and rigs.git(root, "status", "--porcelain") == ""
            assert not (root / "a.txt").exists() and town.bead(by).work.stage == "landed"
            said = rigs.git(root, "log", "-1", "--format=%s|%an|%(trailers:separator=%x2C)")
            assert said == f"Revert {one}: Add a note|Ada Overseer|Bead: {by}@1,Reverts: {one}@1"
            back = town.bead(one).work.back
            assert back is not None and back.branch == f"undone/{one}-e1" and back.undone == by
            assert rigs.git(root, "show", f"{back.branch}:a.txt") == "text"
            assert town.town.column(town.bead(one)) == "backlog"
            with pytest.raises(Refused, match="has not landed: it is open"):
                await _undo(town, one)
            again = await _undo(town, one, again=True)
            await town.landed(one, str(again["filed"]), seconds=PATIENCE)
            assert _files(town.place) == ["README.md", "a.txt", "b.txt"]
            await town.until(lambda t: not rigs.git(root, "branch", "--list", "undone/*"), "the branch to go", PATIENCE)
            await _undo(town, one)
            await _undone(town, one)
            await town.engine.ask(Sling(one))
            await town.landed(one, seconds=PATIENCE)
            assert (root / "a.txt").exists() and town.bead(one).work.epoch == 2, "a polecat went on from the branch"
            assert town.bead(two).work.stage == "landed"
            await town.until(lambda t: not rigs.git(root, "for-each-ref", "refs/gt/undo"), "no ref left", PATIENCE)
        assert rigs.is_sound(root)

    asyncio.run(story())


def test_several_go_as_one_newest_first_and_by_a_commit_or_a_time(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, {"f.txt": LINES})) as town:
            root = town.place.root
            start = rigs.git(root, "rev-parse", "main")
            when = town.engine._base.clock.now()
            one = await _landed(town, edit("f.txt", "line 2", "two"))
            two = await _landed(town, edit("f.txt", "two", "TWO"))
            would = await _undo(town, to=start, dry_run=True)
            assert [x["bead"] for x in would["landings"]] == [two, one] and would["conflict"] is None
            assert (await _undo(town, to=f"@{when}", dry_run=True))["landings"] == would["landings"]
            answer = await _undo(town, to=start, tip=would["tip"])
            await _undone(town, one, two)
            assert (root / "f.txt").read_text() == LINES
            shape = "--format=%s%n%(trailers:key=Reverts,valueonly,separator=%x2C)"
            said = rigs.git(root, "log", shape, f"{start}..main")
            assert f"{two}@1" in said and f"{one}@1" in said
            with pytest.raises(Refused, match="moved on while you looked"):
                await _undo(town, to=start, tip=would["tip"])
            with pytest.raises(Refused, match="Nothing landed"):
                await _undo(town, to=rigs.git(root, "rev-parse", "main"))
            with pytest.raises(Refused, match="Nothing landed"):
                await _undo(town, to=start), "all of that stretch is as it was"
            await _undo(town, str(answer["filed"]))
            await town.landed(one, two, seconds=PATIENCE)
            assert "TWO" in (root / "f.txt").read_text()
            await _undo(town, two)
            await _undone(town, two)
            assert "two\n" in (root / "f.txt").read_text(), "one of those put back together goes alone"

    asyncio.run(story())


def test_who_built_on_it_is_named_and_a_conflict_offers_ways(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, {"f.txt": LINES})) as town:
            one = await _landed(town, edit("f.txt", "line 2", "two"), "Change two")
            two = await _landed(town, edit("f.txt", "two", "TWO"), "Shout two")
            three = await _landed(town, edit("f.txt", "line 9", "nine"), "Change nine")
            rigs.git(town.place.root, "tag", "here")
            would = await _undo(town, one, dry_run=True)
            named = {d["bead"]: (d["conflicts"], d["lines"], d["files"]) for d in would["dependants"]}
            assert named == {two: (True, ["f.txt:2"], ["f.txt"]), three: (False, [], ["f.txt"])}
            assert would["conflict"]["bead"] == one and would["conflict"]["beads"] == [two]
            with pytest.raises(Refused) as refused:
                await _undo(town, one)
            assert f"conflicts with {two} (Shout two) in f.txt (both changed)" in refused.value.title
            assert f"gt undo {two} {one}\n" in refused.value.hint and f"gt undo {one} --polecat" in refused.value.hint
            answer = await _undo(town, one, polecat=True)
            by = str(answer["filed"])
            assert answer["polecat"] and town.engine.town.beads[by].work.go
            text = town.bead(by).description
            assert "git diff" in text and "Shout two" in text and "TWO" in text
            with pytest.raises(Refused, match=r"takes .* back already"):
                await _undo(town, one)
            with pytest.raises(Refused, match=r"has not landed: it is (open|with)"):
                await _undo(town, by)

    asyncio.run(story())


def test_one_that_does_not_pass_asks_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            root = town.place.root
            one = await _landed(town, "write GOOD <<END\nx\nEND\ncommit Add it\ndone Added")
            gates = (Gate("good", "test -e GOOD", 60.0),)
            town.engine.config = dataclasses.replace(town.engine.config, gates=gates)
            by = str((await _undo(town, one))["filed"])
            await town.until(lambda t: [n for n in t.needs.values() if n.kind == "revert"], "a question", PATIENCE)
            need = next(n for n in town.town.needs.values() if n.kind == "revert")
            assert need.bead == by and "did not pass" in need.title and "red" in need.question
            assert not [a for a in town.town.live_agents() if a.bead == by], "nothing was spent on it unasked"
            await town.engine.ask(Answer(need.id, "drop"))
            await town.until(lambda t: t.beads[by].work.stage == "dropped", "it to go", PATIENCE)
            assert town.bead(one).work.stage == "landed" and (root / "GOOD").exists()
            await town.until(lambda t: not rigs.git(root, "for-each-ref", "refs/gt/undo"), "no ref left", PATIENCE)
            other = str((await _undo(town, one))["filed"])
            await town.until(lambda t: [n for n in t.needs.values() if n.bead == other], "a question again", PATIENCE)
            await town.engine.ask(CloseBead(other))
            await town.until(lambda t: not t.needs, "the question to go with it", PATIENCE)

    asyncio.run(story())


def test_a_crash_between_the_landing_and_the_opening_is_made_good(tmp_path: Path) -> None:
    place = founded(tmp_path)

    async def first() -> str:
        async with running(place) as town:
            one = await _landed(town, note("a.txt"))
            town.engine._undoings.look = lambda town: None  # type: ignore[method-assign]
            by = str((await _undo(town, one))["filed"])
            await town.landed(by, seconds=PATIENCE)
            assert town.bead(one).work.stage == "landed"
            return one

    async def second(one: str) -> None:
        async with running(place) as town:
            await _undone(town, one)
            assert rigs.git(place.root, "branch", "--list", "undone/*").strip() == f"undone/{one}-e1"

    one = asyncio.run(first())
    asyncio.run(second(one))


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            for beads, to in (((), ""), (("x",), "-2h"), ((), "gibberish"), ((), "+2h")):
                with pytest.raises(Usage):
                    await _undo(town, *beads, to=to)
            one = await _landed(town, note("a.txt"))
            with pytest.raises(Refused, match=r"No landing of .* was taken back"):
                await _undo(town, one, again=True)
            stray = rigs.git(town.place.root, "commit-tree", "-m", "x", "main^{tree}")
            with pytest.raises(Refused, match="does not have"):
                await _undo(town, to=stray)

    asyncio.run(story())
