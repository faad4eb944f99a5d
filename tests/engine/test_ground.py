"""The ground moving underneath: foreign moves, edits in the way, ungated rigs, agents that reach for main."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from gastown_tui.engine.refinery import blocked
from gastown_tui.engine.refinery.blocked import Blocked
from gastown_tui.model.errors import GasTownError, Refused, StaleLease
from gastown_tui.model.orders import Answer, Caller, Done
from gastown_tui.rig.errors import InTheWay
from tests.engine.towns import Running, founded, note, rehearse, running
from tests.support import rigs


def need_of(town: Running, kind: str) -> str:
    """The id of the open need of a kind."""
    return next(need.id for need in town.town.needs.values() if need.kind == kind)


def test_a_foreign_move_of_the_target_holds_landing_and_asks(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            root = town.place.root
            mine = rigs.commit(root, {"mine.txt": "mine\n"}, "My own commit")
            await town.until(lambda t: "landing" in t.holds, "landing to be held")
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: t.beads[bead].work.stage == "refinery", "it to reach the refinery")
            need = town.town.needs[need_of(town, "tip")]
            assert "My own commit" in need.question
            await asyncio.sleep(0.6)
            assert rigs.git(root, "rev-parse", "main") == mine
            await town.engine.ask(Answer(need.id, "go on"))
            await town.landed(bead)
            assert rigs.git(root, "rev-parse", "main^1") == mine

    asyncio.run(story())


def test_edits_in_the_way_wait_and_land_by_themselves_afterwards(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            root = town.place.root
            (root / "README.md").write_text("my edit\n")
            (root / "other.txt").write_text("untracked\n")
            script = "replace README.md <<END\n# A rig\n====\n# Their rig\nEND\ncommit Edit\ndone Edited"
            bead = await town.do(rehearse(script))
            await town.until(lambda t: any(n.kind == "landing" for n in t.needs.values()), "it to wait")
            assert "README.md" in town.engine.status()["queue"][0]["why"]
            assert (root / "README.md").read_text() == "my edit\n"
            rigs.git(root, "checkout", "README.md")
            await town.landed(bead)
            assert not town.town.needs
            assert rigs.git(root, "status", "--porcelain") == "?? other.txt"

    asyncio.run(story())


def test_what_is_in_the_way_is_named_once_and_asked_anew_when_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock a power cut left, and then a file of the person's own in a folder git does not know."""
    looks = 0
    found = Blocked.found

    def counted(self: Blocked, tips: Mapping[str, str], commits: Collection[str]) -> InTheWay | None:
        nonlocal looks
        looks += 1
        return found(self, tips, commits)

    monkeypatch.setattr(blocked, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(Blocked, "found", counted)

    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            root = town.place.root
            lock = root / ".git" / "refs" / "heads" / "main.lock"
            lock.touch()
            bead = await town.do(rehearse(note("docs/a.txt")))
            await town.until(lambda t: any(n.kind == "landing" for n in t.needs.values()), "it to wait")
            need = town.town.needs[need_of(town, "landing")]
            assert need.title == f"{bead} waits for a lock of git's" and str(lock) in need.question
            await town.until(lambda t: looks > 4, "some looks at it")
            assert need_of(town, "landing") == need.id, "it is asked once"
            assert rigs.git(root, "status", "--porcelain") == "", "git has moved no file ahead of the branch"
            assert str(lock) in town.engine.status()["queue"][0]["why"]
            (root / "docs").mkdir()
            (root / "docs" / "a.txt").write_text("mine\n")
            lock.unlink()
            await town.until(lambda t: any("docs/a.txt" in n.question for n in t.needs.values()), "the other question")
            assert "docs/a.txt" in town.town.queue[bead].why and len(town.town.needs) == 1
            seen = looks
            await town.until(lambda t: looks > seen + 4, "some looks at that")
            assert need_of(town, "landing") != need.id and (root / "docs" / "a.txt").read_text() == "mine\n"
            (root / "docs" / "a.txt").unlink()
            await town.landed(bead)
            assert not town.town.needs and rigs.git(root, "status", "--porcelain") == ""

    asyncio.run(story())


def test_a_job_that_works_again_takes_its_question_along(tmp_path: Path) -> None:
    """Nobody is left with a question about what is over."""

    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            broken = True

            async def work() -> None:
                if broken:
                    raise GasTownError("It does not work.")

            jobs = town.engine._jobs
            key = "work on something"
            await town.until(lambda t: jobs._group is not None, "the engine to begin")
            for _ in range(3):
                jobs._failed = {k: (n, 0.0) for k, (n, _) in jobs._failed.items()}
                assert jobs.start(key, work)
                await town.until(lambda t: key not in jobs.running, "it to fail")
            await town.until(lambda t: any(n.kind == "trouble" for n in t.needs.values()), "the question")
            broken = False
            jobs._failed = {k: (n, 0.0) for k, (n, _) in jobs._failed.items()}
            assert jobs.start(key, work)
            await town.until(lambda t: not t.needs, "it to be settled")

    asyncio.run(story())


def test_an_ungated_rig_asks_before_each_landing(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, gates=())) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: any(n.kind == "ungated" for n in t.needs.values()), "the question")
            assert "UNGATED" in town.engine.status()["queue"][0]["why"]
            assert not town.engine.status()["gated"]
            await town.engine.ask(Answer(need_of(town, "ungated"), "land"))
            await town.landed(bead)
            assert not town.town.needs

    asyncio.run(story())


def test_an_agent_cannot_move_main_and_is_told_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            before = rigs.git(town.place.root, "rev-parse", "main")
            bead = await town.do(rehearse("write a <<END\na\nEND\ncommit A\nmove-main\nescalate-nothing\ndone A"))
            await town.until(lambda t: t.beads[bead].work.stage != "working", "it to hand in")
            assert rigs.git(town.place.root, "rev-parse", "main") == before
            assert "landing" not in town.town.holds
            await town.landed(bead)
            assert rigs.git(town.place.root, "rev-list", "--count", "--first-parent", "main") == "2"
            spool = "".join(p.read_text(errors="replace") for p in town.place.spool.glob("*.raw"))
            assert "gt done" in spool

    asyncio.run(story())


def test_no_land_leaves_the_branch(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            bead = await town.do(rehearse(note("a.txt")), land=False)
            await town.until(lambda t: t.beads[bead].status == "closed", "it to be set aside")
            assert town.bead(bead).work.stage == "dropped"
            await town.until(lambda t: not t.live_agents(), "the polecat to go")
            assert not (town.place.root / "a.txt").exists()
            branch = rigs.git(town.place.root, "branch", "--list", "polecat/*").strip()
            assert "a.txt" in rigs.git(town.place.root, "ls-tree", "--name-only", branch.strip("+* "))

    asyncio.run(story())


def test_a_stale_lease_and_a_stranger_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            bead = await town.do(rehearse("stall"))
            await town.until(lambda t: t.live_agents(), "a polecat")
            with pytest.raises(StaleLease):
                town.engine.caller("0" * 32, f"{bead}:1:{'0' * 32}")
            with pytest.raises(Refused):
                await town.engine.ask(Done(), Caller())
            with pytest.raises(Refused, match="not yours"):
                await town.engine.ask(Done(), Caller("polecat", "nobody", bead, 1))

    asyncio.run(story())


def test_done_is_refused_without_a_commit_and_with_changes_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            script = "gt done -m early\nwrite a <<END\na\nEND\ngt done -m dirty\ncommit A\ndone A"
            bead = await town.do(rehearse(script))
            await town.landed(bead)
            spool = "".join(p.read_text(errors="replace") for p in town.place.spool.glob("*.raw"))
            assert "There is no commit yet" in spool
            assert "changes without a commit" in spool

    asyncio.run(story())


def test_what_tools_leave_behind_keeps_nothing_from_being_handed_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            leave = "run mkdir -p __pycache__ .pytest_cache && touch __pycache__/a.pyc .pytest_cache/x\n"
            script = f"write a <<END\na\nEND\ncommit A\n{leave}done A"
            bead = await town.do(rehearse(script))
            await town.landed(bead)
            assert rigs.git(town.place.root, "ls-tree", "-r", "--name-only", "main").split() == ["README.md", "a"]

    asyncio.run(story())
