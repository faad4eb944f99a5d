"""Landing at a real remote: it has the train first, or nothing moves; and it goes on by itself when it can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.engine.place import Place
from gastown_tui.engine.refinery import pushing
from gastown_tui.engine.refinery.landing import Landing
from gastown_tui.engine.refinery.pushing import Pushing
from gastown_tui.model.orders import Answer
from tests.engine.towns import Running, founded, note, rehearse, running
from tests.support import hub, rigs

LONG = 120.0
"""Seconds a busy machine may take for what here takes one."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remote is looked at often."""
    monkeypatch.setattr(pushing, "LOOK_EVERY", 0.1)


def far_main(far: Path) -> str:
    """Where the remote's main stands."""
    return rigs.git(far, "rev-parse", "refs/heads/main")


def main(place: Place) -> str:
    """Where main stands here."""
    return rigs.git(place.root, "rev-parse", "refs/heads/main")


def landings(far: Path) -> list[str]:
    """The beads that landed at the remote, sorted."""
    return sorted(rigs.git(far, "log", "main", "--format=%(trailers:key=Bead,valueonly,separator=)").split())


def elsewhere(tmp_path: Path, far: Path, name: str) -> str:
    """Somebody else pushes a file to the remote's main from a clone of their own."""
    clone = tmp_path / f"clone-{name}"
    rigs.git(tmp_path, "clone", "-q", str(far), str(clone))
    for key, value in (("user.name", "Eve Elsewhere"), ("user.email", "eve@example.org")):
        rigs.git(clone, "config", key, value)
    commit = rigs.commit(clone, {name: "theirs\n"}, f"Add {name}")
    rigs.git(clone, "push", "-q", "origin", "main")
    return commit


def asks(town: Running, kind: str) -> bool:
    """Whether the overseer is asked something of a kind."""
    return any(need.kind == kind for need in town.town.needs.values())


async def answer(town: Running, kind: str, choice: str) -> None:
    """The overseer answers."""
    await town.engine.ask(Answer(next(n.id for n in town.town.needs.values() if n.kind == kind), choice))


def test_the_remote_has_it_first_and_what_others_push_is_taken_over(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="push")
        far = hub.bare(place.root, tmp_path)
        async with running(place) as town:
            first = await town.do(rehearse(note("a.txt")))
            await town.landed(first, seconds=LONG)
            assert far_main(far) == main(place) == town.town.tip
            theirs = elsewhere(tmp_path, far, "b.txt")
            second = await town.do(rehearse(note("c.txt")))
            await town.landed(second, seconds=LONG)
            assert far_main(far) == main(place) == town.town.tip and not town.town.needs
            assert rigs.git(place.root, "merge-base", "--is-ancestor", theirs, "main") == ""
            assert landings(far) == sorted([f"{first}@1", f"{second}@1"])
            assert rigs.git(place.root, "status", "--porcelain") == ""

    asyncio.run(story())


def test_what_others_pushed_waits_for_a_lock_that_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="push")
        far = hub.bare(place.root, tmp_path)
        theirs = elsewhere(tmp_path, far, "b.txt")
        lock = place.root / ".git" / "refs" / "heads" / "main.lock"
        lock.touch()
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: asks(town, "edits"), "the question", LONG)
            need = next(iter(town.town.needs.values()))
            assert need.title == "What came from origin/main waits for a lock of git's" and str(lock) in need.question
            assert rigs.git(place.root, "status", "--porcelain") == "" and main(place) != theirs
            lock.unlink()
            await town.landed(bead, seconds=LONG)
            assert not town.town.needs and far_main(far) == main(place)

    asyncio.run(story())


def test_a_refusal_is_told_in_the_remotes_words_and_moves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="push")
        far = hub.bare(place.root, tmp_path)
        hook, before = hub.protect(far), main(place)
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: asks(town, "push"), "the question", LONG)
            need = next(iter(town.town.needs.values()))
            assert "GH006: Protected branch update failed" in need.question and need.bead == bead
            assert need.choices == ("retry", "use pull requests", "land here only")
            assert main(place) == far_main(far) == before and town.bead(bead).work.stage == "refinery"
            assert "GH006" in town.town.queue[bead].why
            hook.unlink()
            await answer(town, "push", "retry")
            await town.landed(bead, seconds=LONG)
            hub.protect(far)
            other = await town.do(rehearse(note("b.txt")))
            await town.until(lambda t: asks(town, "push"), "the question once more", LONG)
            at = far_main(far)
            await answer(town, "push", "land here only")
            await town.landed(other, seconds=LONG)
            assert far_main(far) == at != main(place) and 'land = ' not in place.config.read_text()

    asyncio.run(story())


def test_a_remote_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="push")
        far = hub.bare(place.root, tmp_path)
        far.rename(far.with_name("unplugged"))
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: asks(town, "remote") and bead in t.queue, "the question", LONG)
            assert town.bead(bead).work.stage == "refinery" and "does not answer" in town.engine.notes["remote"]
            far.with_name("unplugged").rename(far)
            await town.landed(bead, seconds=LONG)
            assert far_main(far) == main(place)
            await town.until(lambda t: not t.needs and "remote" not in town.engine.notes, "it to be settled", LONG)

    asyncio.run(story())


def test_a_lock_in_the_way_of_a_fetch_is_asked_about_though_the_remote_answers(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="push")
        far = hub.bare(place.root, tmp_path)
        lock = place.root / ".git/refs/remotes/origin/main.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        theirs = elsewhere(tmp_path, far, "b.txt")
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: asks(town, "remote"), "the question", LONG)
            need = next(iter(town.town.needs.values()))
            assert str(lock) in need.question and "remove that file" in need.question
            lock.unlink()
            await town.landed(bead, seconds=LONG)
            assert rigs.git(place.root, "merge-base", "--is-ancestor", theirs, "main") == ""
            await town.until(lambda t: not t.needs, "it to be settled", LONG)

    asyncio.run(story())


def test_what_is_the_persons_own_is_neither_sent_nor_overwritten(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, {"a.txt": "old\n"}, land="push")
        far = hub.bare(place.root, tmp_path)
        async with running(place) as town:
            own = rigs.commit(place.root, {"own.txt": "mine\n"}, "My own")
            await town.until(lambda t: asks(town, "tip"), "the move to be noticed", LONG)
            await answer(town, "tip", "go on")
            bead = await town.do(rehearse("write a.txt <<END\nnew\nEND\ncommit New\ndone New"))
            await town.until(lambda t: asks(town, "ahead"), "the question about the person's commit", LONG)
            assert far_main(far) != own and main(place) == own
            (place.root / "a.txt").write_text("edited\n")
            rigs.git(place.root, "push", "-q", "origin", "main")
            await town.until(lambda t: asks(town, "landing"), "the question about the edit", LONG)
            assert far_main(far) == own == main(place) and not asks(town, "ahead")
            (place.root / "a.txt").write_text("old\n")
            await town.landed(bead, seconds=LONG)
            assert far_main(far) == main(place)
            theirs = elsewhere(tmp_path, far, "b.txt")
            rigs.git(place.root, "pull", "-q", "--ff-only", "origin", "main")
            await town.do(rehearse(note("c.txt")))
            await town.until(lambda t: len(landings(far)) == 2, "the next landing on what was pulled", LONG)
            assert not asks(town, "tip") and rigs.git(far, "merge-base", "--is-ancestor", theirs, "main") == ""

    asyncio.run(story())


async def _stuck(*_: Any) -> None:
    await asyncio.Event().wait()


def _after(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
    async def sent(self: Any, *rest: Any) -> None:
        await step(self, *rest)
        await _stuck()

    return sent


@pytest.mark.parametrize("when", ["after the push", "before the record"])
def test_a_landing_cut_off_anywhere_is_settled_from_git_and_happens_once(
    tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = founded(tmp_path, land="push")
    far = hub.bare(place.root, tmp_path)
    before = main(place)

    async def cut() -> str:
        with monkeypatch.context() as patch:
            if when == "before the record":
                patch.setattr(Landing, "_landed", _stuck)
            else:
                patch.setattr(Pushing, "send", _after(Pushing.send))
            async with running(place) as town:
                bead = await town.do(rehearse(note("a.txt")))
                reached: dict[str, Callable[[], bool]] = {
                    "after the push": lambda: far_main(far) != before,
                    "before the record": lambda: main(place) != before,
                }
                await town.until(lambda t: reached[when](), when, LONG)
                return bead

    async def again(bead: str) -> None:
        async with running(place) as town:
            await town.landed(bead, seconds=LONG)
            assert far_main(far) == main(place) == town.town.tip
            await town.until(lambda t: not t.needs, "nothing to be asked", LONG)

    bead = asyncio.run(cut())
    asyncio.run(again(bead))
    assert landings(far) == [f"{bead}@1"]
