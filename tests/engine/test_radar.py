"""Polecats that are about to collide are seen at work, told of, and can be made to land one after the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.engine import polecat
from gastown_tui.engine.radar import declared
from gastown_tui.model.errors import Refused
from gastown_tui.model.orders import CreateBead, Serialise, Sling, Undo
from tests.engine.towns import founded, rehearse, running
from tests.support import rigs

WIDE = "".join(f"line {n}\n" for n in range(40))


def held(folder: Path, name: str, line: int, end: str = "done Done") -> str:
    """A script that changes one line at once and goes on when a file of that name is there."""
    gate = folder / name
    return (
        f"replace wide.txt <<END\nline {line}\n====\nline {line} by {name}\nEND\n"
        f"must run until test -e '{gate}'; do sleep 0.1; done\ncommit Line {line} by {name}\n{end}"
    )


def test_two_at_work_are_seen_and_one_lands_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, {"wide.txt": WIDE})) as town:
            one = await town.do(rehearse(held(tmp_path, "ada", 20), title="Ada's"))
            other = await town.do(rehearse(held(tmp_path, "bob", 20), title="Bob's"))
            third = await town.do(rehearse(held(tmp_path, "cyd", 5), title="Cyd's"))
            await town.until(lambda t: [c for c in t.collisions if c.kind == "conflict"], "the collision")
            (found,) = town.town.collisions
            assert set(found.pair) == {one, other}
            assert [(s.file, s.first, s.last) for s in found.spots] == [("wide.txt", 21, 21)]
            status = town.engine.status()["conflicts"][0]
            names = {town.bead(id).assignee for id in (one, other)}
            assert (status["kind"], status["first"], set(status["agents"])) == ("conflict", None, names)
            said = [line.text for line in town.engine.lines.lines() if line.verb == "MEET"]
            assert len(said) == 1 and said[0].endswith("are about to collide in wide.txt:21")

            answer = await town.engine.ask(Serialise(one, other))
            assert (answer["first"], answer["second"]) == (one, other)
            with pytest.raises(Refused, match="waits for"):
                await town.engine.ask(Serialise(other, one))
            assert town.engine.status()["conflicts"][0]["first"] == one
            (tmp_path / "bob").touch()
            bob = town.bead(other).assignee
            await town.until(lambda _: "lands before" in _printed(town.engine.spool(bob)), "bob to be told")
            await town.until(lambda _: town.engine._sessions.live[bob].idle, "bob to wait")
            monkeypatch.setattr(polecat, "_SETTLE", 0.0)
            (tmp_path / "ada").touch()
            await town.landed(one, other)
            assert "is still yours" not in _printed(town.engine.spool(bob)), "who was told to wait is not nudged"
            root = town.place.root
            assert {"line 20 by ada", "line 20 by bob"} <= set((root / "wide.txt").read_text().splitlines())
            merges = rigs.git(root, "log", "--first-parent", "--format=%s", "--reverse").splitlines()
            assert [line.split(":")[0] for line in merges[1:3]] == [f"Merge {one}", f"Merge {other}"]
            assert not [r for r in town.bead(other).work.returns if r.by == "refinery"], "it was never in conflict"
            await town.until(lambda t: not t.collisions, "nothing to be left")
            (tmp_path / "cyd").touch()
            await town.landed(third)
        assert rigs.is_sound(root)

    asyncio.run(story())


def _printed(spool: Path | None) -> str:
    return spool.read_bytes().decode("utf-8", "replace") if spool is not None and spool.exists() else ""


def test_a_wait_is_taken_back_and_who_has_not_begun_is_held_or_goes_last(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, {"wide.txt": WIDE}, max_polecats=2)) as town:
            one = await town.do(rehearse(held(tmp_path, "ada", 20), title="Ada's"))
            other = await town.do(rehearse(held(tmp_path, "bob", 21), title="Bob's"))
            await town.until(lambda t: t.collisions, "the collision")
            await town.engine.ask(Serialise(first=other))
            waiting = next(id for id in (one, other) if town.bead(id).needs)
            await town.engine.ask(Undo())
            assert not town.bead(waiting).needs
            busy = (await town.engine.ask(CreateBead("Busy", files=("wide.txt",))))["bead"]
            free = (await town.engine.ask(CreateBead("Free", files=("else.txt",))))["bead"]
            await town.until(lambda t: ("declared", busy) in [(c.kind, c.one) for c in t.collisions], "the declared")
            said = await town.engine.ask(Sling(dry_run=True))
            (met,) = said["meets"]
            assert (said["would"], met["bead"], met["starts"]) == ([], busy, False)
            who = {f"{town.bead(id).assignee} ({id})" for id in (one, other)}
            assert met["why"] in {f"wide.txt is being changed by {name}" for name in who}
            for id in (busy, free):
                await town.engine.ask(Sling(id))
            chosen, _ = town.engine._sling.choose(town.town, 1)
            assert [bead.id for bead in chosen] == [free], "others first"
            chosen, kept = town.engine._sling.choose(town.town, 2)
            assert [bead.id for bead in chosen] == [free, busy] and not kept, "but nobody waits for who may take long"
            for name in ("ada", "bob"):
                (tmp_path / name).touch()
            await town.landed(one, other)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("files", "changed", "found"),
    [
        (("a.py",), {"a.py", "b.py"}, ["a.py"]), (("./src/",), {"src/x", "srcs/y"}, ["src/x"]),
        (("*.md",), {"a.md", "b"}, ["a.md"]),
        (("src/*.py",), {"src/deep/x.py"}, ["src/deep/x.py"]), ((), {"a"}, []), (("[",), {"["}, ["["]),
    ],
)  # fmt: skip
def test_declared_files_are_files_folders_or_globs(files: tuple[str, ...], changed: set[str], found: list[str]) -> None:
    assert declared(files, frozenset(changed)) == found
