"""What comes back, and why: sheriff, witness, conflict, red gate; three times escalates."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.config import Gate
from gastown_tui.model import events as e
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.orders import Answer
from tests.engine.towns import Running, founded, note, rehearse, running
from tests.support import rigs


def returns(town: Running, bead: str) -> list[str]:
    """Who sent a bead back, in order."""
    return [r.by for r in town.bead(bead).work.returns]


def test_a_red_sheriff_sends_back_with_the_output_and_no_witness_is_asked(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, sheriff=("test ! -e BAD || { echo the-reason; exit 3; }",))
        async with running(place) as town:
            mend = "run rm BAD\nwrite good <<END\nx\nEND\ncommit Mend\ndone Mended"
            bead = await town.do(rehearse(note("BAD"), mend))
            await town.landed(bead)
            assert returns(town, bead) == ["sheriff"]
            assert "the-reason" in town.bead(bead).work.returns[0].reason
            assert not (place.root / "BAD").exists()
            assert [line.verb for line in town.engine.lines.lines()].count("VERDICT") == 1

    asyncio.run(story())


def test_a_rejection_reaches_the_same_polecat_and_session(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            head = "def same(signature: str, given: str) -> bool:\n"
            flawed = f"write auth.py <<END\n{head}    return signature == given\nEND"
            sound = (
                f"write auth.py <<END\nimport hmac\n\n\n{head}"
                "    return hmac.compare_digest(signature, given)\nEND"
            )
            bead = await town.do(
                rehearse(f"{flawed}\ncommit Compare\ndone Compared", f"{sound}\ncommit Mend\ndone Mended")
            )
            await town.until(lambda t: t.beads[bead].work.returns, "a rejection")
            session = town.bead(bead).work.lease
            await town.landed(bead)
            assert returns(town, bead) == ["witness"]
            assert "auth.py:2" in town.bead(bead).work.returns[0].reason
            assert town.bead(bead).work.lease == session
            assert town.bead(bead).work.epoch == 1
            assert "compare_digest" in (town.place.root / "auth.py").read_text()

    asyncio.run(story())


def test_two_that_change_the_same_line_both_land_and_keep_both_sides(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, {"list.txt": "one\n"})
        async with running(place) as town:
            script = "replace list.txt <<END\none\n====\none\n{0}\nEND\ncommit Add {0}\ndone {0}"
            first = await town.do(rehearse(script.format("two"), title="Two"))
            second = await town.do(rehearse(script.format("three"), title="Three"))
            await town.landed(first, second)
            assert sorted(returns(town, first) + returns(town, second)) == ["refinery"]
            assert set((place.root / "list.txt").read_text().split()) == {"one", "two", "three"}

    asyncio.run(story())


def test_green_alone_and_red_together_never_lands_red(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, gates=(Gate("sum", "test $(cat n/* 2>/dev/null | wc -l) -le 1 || test -e both"),))
        async with running(place) as town:
            back = "merge\nwrite both <<END\nyes\nEND\ncommit Both\ndone Both"
            first = await town.do(rehearse(note("n/a"), back, title="A"))
            second = await town.do(rehearse(note("n/b"), back, title="B"))
            await town.landed(first, second)
            assert sorted(returns(town, first) + returns(town, second)) == ["refinery"]
            for commit in rigs.git(place.root, "rev-list", "--first-parent", "main").split():
                files = rigs.git(place.root, "ls-tree", "-r", "--name-only", commit).split()
                assert "both" in files or not {"n/a", "n/b"} <= set(files), "a red tree landed"

    asyncio.run(story())


def test_three_times_escalates_and_the_answer_decides(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, sheriff=("test ! -e BAD",))
        async with running(place) as town:
            again = "append BAD <<END\nmore\nEND\nrun date +%N >> BAD\ncommit Again\ndone Again"
            good = "run git rm -q BAD\nwrite good <<END\nx\nEND\ncommit Good\ndone Good"
            bead = await town.do(rehearse(note("BAD"), again, again, good))
            await town.until(lambda t: t.needs, "an escalation")
            need = next(iter(town.town.needs.values()))
            assert (need.kind, need.bead, len(returns(town, bead))) == ("bead", bead, 3)
            assert "3 times" in town.bead(bead).work.held
            with pytest.raises(Usage, match="none of its choices"):
                await town.engine.ask(Answer(need.id, "perhaps"))
            await town.engine.ask(Answer(need.id, "retry"))
            await town.landed(bead)
            with pytest.raises(Refused):
                await town.engine.ask(Answer(need.id, "retry"))

    asyncio.run(story())


def test_a_dropped_bead_keeps_its_branch(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, sheriff=("false",), max_returns=1)
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: t.needs, "an escalation")
            need = next(iter(town.town.needs.values()))
            await town.engine.ask(Answer(need.id, "drop", "not wanted"))
            await town.until(lambda t: not t.live_agents(), "the polecat to go")
            assert town.bead(bead).close_reason == "not wanted"
            await town.until(lambda t: len(rigs.git(place.root, "worktree", "list").splitlines()) == 1, "no worktree")
            assert rigs.git(place.root, "branch", "--list", "polecat/*")

    asyncio.run(story())


def test_a_dialog_waits_for_the_overseer_and_gets_just_that_answer(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            bead = await town.do(rehearse("ask May I install it?\n" + note("a")))
            await town.until(lambda t: any(n.kind == "dialog" for n in t.needs.values()), "the question")
            await town.until(lambda t: any(a.state == "asking" for a in t.live_agents()), "it to be shown as asking")
            need = next(iter(town.town.needs.values()))
            assert "May I install it?" in need.question
            assert town.bead(bead).work.stage == "working"
            await asyncio.sleep(1.0)
            assert any(a.state == "asking" for a in town.town.live_agents()), "and it goes on being shown so"
            await town.engine.ask(Answer(need.id, "yes"))
            await town.landed(bead)

    asyncio.run(story())


def test_a_question_in_words_gets_its_answer_in_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            told = tmp_path / "told"
            wait = f"run until test -e {told}; do sleep 0.05; done\n"
            bead = await town.do(rehearse(f"gt escalate 'Which port?'\n{wait}{note('a')}"))
            await town.until(lambda t: any(n.kind == "question" for n in t.needs.values()), "the question")
            need = next(iter(town.town.needs.values()))
            with pytest.raises(Usage, match="in words"):
                await town.engine.ask(Answer(need.id))
            await town.engine.ask(Answer(need.id, text="8080"))
            await town.until(lambda t: not t.needs, "it to be settled")
            told.touch()
            await town.landed(bead)

    asyncio.run(story())


def test_more_parked_than_may_work_rest_and_one_that_comes_back_resumes_its_session(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, {"list.txt": "one\n"}, max_polecats=1)
        async with running(place) as town:
            books = town.engine._base.books
            await books.record("overseer", e.Held("landing", "to look at it first"))
            script = "replace list.txt <<END\none\n====\none\n{0}\nEND\ncommit Add {0}\ndone {0}"
            ids = [await town.do(rehearse(script.format(word), title=word)) for word in ("two", "three", "four")]
            await town.until(lambda t: all(t.beads[id].work.stage == "refinery" for id in ids), "all to be queued")
            await town.until(lambda t: sum(a.role == "polecat" for a in t.live_agents()) == 1, "two to rest")
            assert all(agent.deaths == 0 for agent in town.town.agents.values())
            sessions = {id: town.bead(id).work.lease for id in ids}
            await books.record("overseer", e.Resumed("landing"))
            await town.landed(*ids)
            assert {id: town.bead(id).work.lease for id in ids} == sessions
            assert sum(len(returns(town, id)) for id in ids) >= 2, "the two that land later meet the first"
            assert set((place.root / "list.txt").read_text().split()) == {"one", "two", "three", "four"}

    asyncio.run(story())
