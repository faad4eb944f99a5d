"""Work begun elsewhere goes through the gates as any other, on a copy: the person's branch is never touched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.config import WorktreeSettings
from gastown_tui.model.errors import Refused
from gastown_tui.model.orders import Adopt, Release, Sling
from tests.engine.towns import Running, founded, running
from tests.support import rigs


def _branch(root: Path, name: str, files: dict[str, str], author: str = "Bob Elsewhere") -> str:
    """A branch of one commit on main, made in the checkout, which is on main again afterwards."""
    rigs.git(root, "switch", "-q", "-c", name, "main")
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8")
    rigs.git(root, "add", "-A")
    rigs.git(root, "commit", "-q", "-m", f"Write {name}", f"--author={author} <bob@example.org>")
    commit = rigs.git(root, "rev-parse", "HEAD")
    rigs.git(root, "switch", "-q", "main")
    return commit


def _refs(root: Path) -> list[str]:
    return [line for line in rigs.git(root, "for-each-ref").splitlines() if "gt-ledger" not in line]


async def _tidied(town: Running) -> None:
    """Wait until nothing of the town's is left but its ledger."""
    root = town.place.root

    def clean() -> bool:
        return "polecat" not in rigs.git(root, "worktree", "list") + rigs.git(root, "branch", "--list")

    await town.until(lambda _: clean(), "the copy to go")


def test_a_branch_lands_as_its_authors_and_stays_where_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        setup = WorktreeSettings(setup=("touch set-up",))
        ignored = {".gitignore": "set-up\n"}
        place = founded(tmp_path, ignored, sheriff=("test -e set-up && test -e hello.txt",), worktree=setup)
        commit = _branch(place.root, "feature/hello", {"hello.txt": "hello\n"})
        async with running(place) as town:
            answer = await town.engine.ask(Adopt("feature/hello"))
            bead = answer["bead"]
            assert (answer["commit"], answer["commits"], answer["title"]) == (commit, 1, "Write feature/hello")
            assert town.bead(bead).work.files == ("hello.txt",) and commit[:9] in town.bead(bead).description
            with pytest.raises(Refused, match=f"{bead} has feature/hello already"):
                await town.engine.ask(Adopt("feature/hello"))
            await town.landed(bead)
            assert not town.bead(bead).work.returns
            assert not [a for a in town.town.agents.values() if a.role == "polecat"], "nobody was paid for it"
            tip = rigs.git(place.root, "log", "-1", "--format=%an|%ae|%cn", "main")
            assert tip == "Ada Overseer|ada@example.org|Ada Overseer"
            assert rigs.git(place.root, "log", "-1", "--format=%an", "main^2") == "Bob Elsewhere"
            assert rigs.git(place.root, "rev-parse", "feature/hello") == commit
            await _tidied(town)

    asyncio.run(story())


def test_what_the_witness_rejects_a_polecat_mends_on_the_copy(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path)
        flawed = "def same(signature, given):\n    return signature == given\n"
        commit = _branch(place.root, "auth", {"auth.py": flawed})
        sound = "import hmac\n\n\ndef same(signature, given):\n    return hmac.compare_digest(signature, given)"
        script = f"```rehearse back\nwrite auth.py <<END\n{sound}\nEND\ncommit Mend\ndone Mended\n```"
        async with running(place) as town:
            bead = (await town.engine.ask(Adopt("auth", title="Compare tokens", description=script)))["bead"]
            await town.landed(bead)
            work = town.bead(bead).work
            assert [r.by for r in work.returns] == ["witness"] and "auth.py:2" in work.returns[0].reason
            assert (work.epoch, work.commits, work.added, work.removed) == (1, 2, 5, 0)
            assert "compare_digest" in (place.root / "auth.py").read_text()
            assert rigs.git(place.root, "rev-parse", "auth") == commit
            assert rigs.git(place.root, "merge-base", "--is-ancestor", commit, "main", check=False) == ""
            await _tidied(town)
            assert town.bead(bead).title == "Compare tokens"

    asyncio.run(story())


def test_adopted_work_that_is_released_goes_on_where_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, sheriff=("test -e more.txt",))
        commit = _branch(place.root, "half", {"half.txt": "half\n"})
        script = (
            "```rehearse back\nstall\n```\n\n"
            "```rehearse\nrun test -e half.txt\nwrite more.txt <<END\nmore\nEND\ncommit More\ndone More\n```"
        )
        async with running(place) as town:
            bead = (await town.engine.ask(Adopt("half", description=script)))["bead"]
            await town.until(lambda t: t.beads[bead].work.returns, "the sheriff to send it back")
            await town.engine.ask(Release(bead))
            await town.engine.ask(Sling(bead))
            await town.landed(bead)
            work = town.bead(bead).work
            assert (work.epoch, work.commits, work.added) == (2, 2, 2)
            assert (place.root / "half.txt").exists() and (place.root / "more.txt").exists()
            assert rigs.git(place.root, "rev-parse", "half") == commit

    asyncio.run(story())


def test_a_worktree_is_adopted_by_its_path(tmp_path: Path) -> None:
    """Detached or on a branch; with unsaved changes it is refused, saying where and which."""

    async def story() -> None:
        place = founded(tmp_path)
        _branch(place.root, "side", {"side.txt": "side\n"})
        there = tmp_path / "side worktree"
        rigs.git(place.root, "worktree", "add", "-q", str(there), "side")
        (there / "side.txt").write_text("more\n")
        (there / "new.txt").write_text("new\n")
        async with running(place) as town:
            for order in (Adopt("side"), Adopt("elsewhere", folder=str(there))):
                with pytest.raises(Refused, match="without a commit") as refusal:
                    await town.engine.ask(order)
                assert "side.txt" in refusal.value.title and "new.txt" in refusal.value.title
                assert str(there) in refusal.value.hint
            rigs.git(there, "add", "-A")
            rigs.git(there, "commit", "-q", "-m", "More")
            rigs.git(there, "switch", "-q", "--detach")
            answer = await town.engine.ask(Adopt("elsewhere", folder=str(there)))
            assert answer["commits"] == 2 and answer["from"] == str(there)
            await town.landed(answer["bead"])
            assert (place.root / "new.txt").read_text() == "new\n" and there.is_dir()

    asyncio.run(story())


def test_what_cannot_be_adopted_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path)
        root = place.root
        rigs.git(root, "branch", "same")
        rigs.git(root, "branch", "polecat/mine")
        other = rigs.make(tmp_path / "other")
        tree = rigs.git(root, "mktree", stdin="")
        rigs.git(root, "branch", "orphan", rigs.git(root, "commit-tree", tree, "-m", "Alone"))
        before = _refs(root), rigs.git(root, "worktree", "list")
        async with running(place) as town:
            for order, why in (
                (Adopt("nowhere"), "There is no branch and no folder nowhere"),
                (Adopt("main"), "main is the branch work lands on"),
                (Adopt("x", folder=str(root)), "main is the branch work lands on"),
                (Adopt("polecat/mine"), "the town's own"),
                (Adopt("same"), "main has everything of same already"),
                (Adopt("orphan"), "no common history"),
                (Adopt("../other", folder=str(other)), "no worktree of this repository"),
            ):
                with pytest.raises(Refused, match=why):
                    await town.engine.ask(order)
            assert (_refs(root), rigs.git(root, "worktree", "list")) == before and not town.town.beads

    asyncio.run(story())
