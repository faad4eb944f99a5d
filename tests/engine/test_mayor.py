"""From one message to a plan, to beads in waves, to landed code; and what was said is kept."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.model.convoy import Plan, PlannedBead
from gastown_tui.model.errors import Refused
from gastown_tui.model.orders import Answer, ApprovePlan, CreateBead, DropPlan, EditPlan, Sling, SubmitPlan, TellMayor
from tests.engine.towns import Running, founded, note, rehearse, running
from tests.support import rigs


def planned(key: str, *needs: str) -> dict[str, object]:
    """One bead of a plan that adds a file."""
    text = rehearse(note(f"{key}.txt"))
    return {"key": key, "title": f"Add {key}", "description": text, "needs": list(needs), "files": [f"{key}.txt"]}


def message(*beads: dict[str, object]) -> str:
    """What the rehearsal Mayor submits as it stands."""
    body = json.dumps({"title": "Three files", "beads": list(beads)})
    return f"Please add these files.\n\n```plan\n{body}\n```"


async def drafted(town: Running) -> str:
    """The open draft, once the Mayor has filed one and answered."""
    await town.until(lambda t: [d for d in t.drafts.values() if d.state == "draft"], "a draft")
    await town.until(lambda t: any(s.said.speaker == "mayor" for s in t.chat.values()), "an answer")
    return next(d.id for d in town.town.drafts.values() if d.state == "draft")


def test_one_message_to_landed_code_in_waves(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path)
        async with running(place) as town:
            await town.engine.ask(TellMayor(message(planned("a"), planned("b"), planned("c", "a", "b"))))
            plan = await drafted(town)
            assert not town.town.beads, "nothing starts before the overseer has said yes"
            answer = await town.engine.ask(ApprovePlan(plan))
            ids = answer["beads"]
            assert town.town.column(town.bead(ids["c"])) == "backlog"
            await town.landed(*ids.values(), seconds=240)
            log = rigs.git(place.root, "log", "--first-parent", "--format=%s").splitlines()
            assert f"{ids['c']}" in log[0], "what needs others lands after them"
            assert (place.root / "c.txt").exists()
            with pytest.raises(Refused, match="approved already"):
                await town.engine.ask(ApprovePlan(plan))
        kept = read_town(place)
        assert [s.said.speaker for _, s in sorted(kept.chat.items())] == ["overseer", "mayor"]
        assert kept.convoys[answer["convoy"]].beads == tuple(ids.values())
        assert kept.costs["mayor"] > 0

    asyncio.run(story())


def test_a_refusal_reaches_the_mayor_and_comes_back_as_a_revision(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            await town.engine.ask(TellMayor("Write a greeting for newcomers."))
            first = await drafted(town)
            await town.engine.ask(DropPlan(first, "make it polite"))
            await town.until(lambda t: [d for d in t.drafts.values() if d.state == "draft"], "another plan")
            second = next(d for d in town.town.drafts.values() if d.state == "draft")
            assert second.id != first
            assert "polite" in str(second.plan)
            assert town.town.drafts[first].reason == "make it polite"

    asyncio.run(story())


def test_part_of_an_edited_plan(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            needs: dict[str, tuple[str, ...]] = {"a": (), "b": ("a",), "c": ()}
            beads = tuple(PlannedBead(k, f"Add {k}", rehearse(note(k)), needs=n) for k, n in needs.items())
            filed = await town.engine.ask(SubmitPlan(Plan("Parts", beads)))
            again = await town.engine.ask(SubmitPlan(Plan("Parts", beads)))
            assert (again["plan"], again["revision"], again["beads"]) == (filed["plan"], 2, filed["beads"])
            edited = await town.engine.ask(EditPlan(filed["plan"], Plan("Fewer parts", beads)))
            assert edited["revision"] == 3
            answer = await town.engine.ask(ApprovePlan(filed["plan"], ("b",)))
            assert set(answer["beads"]) == {"a", "b"}, "b brings what it needs"
            await town.landed(*answer["beads"].values())

    asyncio.run(story())


def test_a_circle_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            beads = (PlannedBead("a", "A", needs=("b",)), PlannedBead("b", "B", needs=("a",)))
            with pytest.raises(Refused, match="circle"):
                await town.engine.ask(SubmitPlan(Plan("Circle", beads)))
            assert not town.town.drafts

    asyncio.run(story())


def test_a_bead_filed_by_hand_waits_for_sling_and_a_polecats_waits_in_backlog(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, filed_cap=1)) as town:
            mine = (await town.engine.ask(CreateBead("Mine", rehearse(note("mine")))))["bead"]
            assert town.town.column(town.bead(mine)) == "ready"
            files = 'gt bead create "Found this"\ngt bead create "And this"\n' + note("a")
            other = await town.do(rehearse(files))
            await town.landed(other)
            found = [b for b in town.town.beads.values() if b.work.filed_by]
            assert [(b.title, b.dependencies[0].type) for b in found] == [("Found this", "discovered-from")]
            assert town.town.column(found[0]) == "backlog"
            assert town.town.column(town.bead(mine)) == "ready"
            would = await town.engine.ask(Sling(dry_run=True))
            assert would["would"] == [mine]
            assert not would["slung"]
            assert (await town.engine.ask(Sling(mine)))["slung"] == [mine]
            await town.landed(mine)

    asyncio.run(story())


def test_memory_holds_dispatch_and_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, memory_reserve_mb=10**9)) as town:
            bead = await town.do(rehearse(note("a")))
            await town.until(lambda t: town.engine.notes.get("dispatch"), "a note")
            assert town.engine.notes["dispatch"] == "holding 1: memory"
            assert town.town.column(town.bead(bead)) == "ready"

    asyncio.run(story())


def test_the_same_order_twice_is_done_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            order = CreateBead("Once")
            first, second = await asyncio.gather(town.engine.ask(order, id="x"), town.engine.ask(order, id="x"))
            assert first == second
            assert len(town.town.beads) == 1

    asyncio.run(story())


def test_a_used_up_budget_holds_what_is_new_and_asks(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path, budget_usd=0.001)) as town:
            first = await town.do(rehearse(note("a")))
            await town.landed(first)
            await town.until(lambda t: any(n.kind == "budget" for n in t.needs.values()), "the question")
            second = await town.do(rehearse(note("b")))
            await town.until(lambda t: "budget" in town.engine.notes.get("dispatch", ""), "a note")
            need = next(n.id for n in town.town.needs.values() if n.kind == "budget")
            assert (await town.engine.ask(Answer(need, "keep holding")))["open"]
            assert need in town.town.needs, "it goes on standing under needs-you"
            while town.engine.config.budget_usd < town.town.cost_usd:
                await town.until(lambda t: any(n.kind == "budget" for n in t.needs.values()), "the next question")
                need = next(n.id for n in town.town.needs.values() if n.kind == "budget")
                await town.engine.ask(Answer(need, "double it"))
            await town.landed(second)

    asyncio.run(story())


def test_a_mayor_that_keeps_dying_is_said_and_tried_again_when_the_overseer_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            await town.engine.ask(TellMayor("Please write a greeting."))
            for _ in range(3):
                await town.until(lambda t: t.agents.get("mayor") and t.agents["mayor"].live, "a Mayor")
                before = town.town.agents["mayor"]
                os.kill(before.pid, signal.SIGKILL)
                await town.until(lambda t, pid=before.pid: t.agents["mayor"].pid != pid, "its death")  # type: ignore[misc]
                if any(s.said.speaker == "mayor" for s in town.town.chat.values()):
                    break
            if not any(s.said.speaker == "mayor" for s in town.town.chat.values()):
                await town.until(lambda t: any(n.kind == "mayor" for n in t.needs.values()), "the question")
                for need in [n for n in town.town.needs.values() if n.kind in ("mayor", "storm")]:
                    await town.engine.ask(Answer(need.id, "retry" if need.kind == "mayor" else "go on"))
            await town.until(lambda t: any(s.said.speaker == "mayor" for s in t.chat.values()), "an answer")
            assert len(town.town.drafts) == 1, "a plan filed before a death is not filed twice"

    asyncio.run(story())
