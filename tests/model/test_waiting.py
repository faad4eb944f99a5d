"""Ready as in Beads: each rule by itself, and the indexes against a reading of the rules over whole random towns."""

from __future__ import annotations

import sys
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Dependency, Work
from gastown_tui.model.ready import waiting
from gastown_tui.model.ready.bulk import with_beads
from gastown_tui.model.town import Town, stamp
from tests.model.rules import INDEXES, by_the_rules
from tests.model.stories import Story

NOW = 1_772_000_000.0


def made(id: str, *edges: tuple[str, str], **fields: Any) -> Bead:
    """An approved bead with edges (to, type)."""
    found = tuple(Dependency(id, to, kind) for to, kind in edges)
    return beads.make(id, id, "", dependencies=found, work=fields.pop("work", Work(approved=True)), **fields)


def town_of(*all_: Bead, at: float = NOW) -> Town:
    """A town with these beads, put one by one."""
    town = Town(at=at)
    for bead in all_:
        town = town.put(bead)
    return town


def ready(town: Town) -> list[str]:
    """The ids of what is ready, sorted."""
    return sorted(bead.id for bead in town.ready())


CLOSED = Work(approved=True, stage="dropped")


def test_an_open_parent_stops_nobody_and_a_stopped_one_all_below() -> None:
    """Blockage flows down to any depth, and ends with its cause."""
    town = town_of(
        made("x"), made("e", ("x", "blocks")), made("f", ("e", "parent-child")), made("g", ("f", "parent-child")),
        made("p"), made("q", ("p", "parent-child")),
    )  # fmt: skip
    assert ready(town) == ["p", "q", "x"]
    assert town.blockers(town.beads["g"]) == ["x"] and town.blocked() == {"e", "f", "g"}
    town = town.put(made("x", status="closed", work=CLOSED))
    assert ready(town) == ["e", "f", "g", "p", "q"] and not town.blocked()


def test_a_closed_parent_passes_nothing_on() -> None:
    """Whatever it still waits for."""
    closed = made("e", ("x", "blocks"), status="closed", work=CLOSED)
    town = town_of(made("x"), closed, made("f", ("e", "parent-child")))
    assert ready(town) == ["f", "x"]


@pytest.mark.parametrize(
    ("status", "reason", "landed", "runs"),
    [
        ("open", "", "", False), ("closed", "done", "", False), ("closed", "FAILED: no disk", "", True),
        ("closed", "won't fix", "", True), ("closed", "unblocked the build", "", False), ("pinned", "", "", True),
        ("closed", "cancelled by Ada", "", True), ("closed", "the error is gone", "abc", False),
    ],
)  # fmt: skip
def test_a_conditional_bead_runs_when_the_other_failed(status: str, reason: str, landed: str, runs: bool) -> None:
    """And never after a success: it is shown what it waits for all the same."""
    work = Work(approved=True, stage="dropped" if status == "closed" else "idle", landed=landed)
    town = town_of(made("b", ("a", "conditional-blocks")), made("a", status=status, close_reason=reason, work=work))
    assert ("b" in ready(town)) is runs and bool(town.blockers(town.beads["b"])) is not runs


def test_waits_for_waits_for_what_was_spawned_too() -> None:
    """The spawner may close long before its children, and may not even be there."""
    town = town_of(made("b", ("a", "waits-for")), made("a"), made("c", ("a", "parent-child")))
    town = town.put(made("a", status="closed", work=CLOSED))
    assert ready(town) == ["c"]
    assert ready(town.put(made("c", ("a", "parent-child"), status="closed", work=CLOSED))) == ["b"]
    assert ready(town_of(made("b", ("z", "waits-for")), made("c", ("z", "parent-child")))) == ["c"]


@pytest.mark.parametrize(
    "field", [{"ephemeral": True}, {"ephemeral": 1}, {"pinned": 1}, {"status": "pinned"}, {"defer_until": "2099-01-01"}]
)
def test_what_is_never_ready_or_not_yet(field: dict[str, Any]) -> None:
    """Pinned, ephemeral, deferred; each goes when the field does."""
    assert ready(town_of(made("a", **field))) == []
    assert ready(town_of(made("a", **field)).put(made("a"))) == ["a"]
    plain = {"ephemeral": 0, "pinned": False, "defer_until": "someday"}
    assert ready(town_of(made("a", **plain))) == ["a"]


@pytest.mark.parametrize("parent", [{"defer_until": stamp(NOW + 10)}, {"status": "deferred"}])
def test_a_deferred_parent_holds_its_children(parent: dict[str, Any]) -> None:
    """By its date or by its status; an ephemeral parent does not."""
    town = town_of(made("e", **parent), made("f", ("e", "parent-child")), made("g", ("f", "parent-child")))
    assert ready(town) == [] and not town.blocked()
    assert ready(town.put(made("e"))) == ["e", "f", "g"]
    assert ready(town_of(made("e", ephemeral=True), made("f", ("e", "parent-child")))) == ["f"]


def test_a_deferral_passes_with_time_alone_and_comes_back_with_the_clock() -> None:
    """Time is what a record says, or what `until` is asked."""
    story = Story(Town())
    for number in (3, 1, 2):
        story.tell(e.BeadCreated(made(f"td-{number}", defer_until=stamp(NOW + number))), NOW)
    town = story.town
    assert ready(town) == [] and town.wake_at == NOW + 1
    assert ready(town.until(NOW + 0.5)) == [] and town.until(NOW + 0.5) is town
    assert ready(town.until(NOW + 2)) == ["td-1", "td-2"] and town.until(NOW + 2).wake_at == NOW + 3
    assert ready(story.tell(e.Said("overseer", "hm"), NOW + 1)) == ["td-1"]
    assert ready(story.tell(e.Woken(("td-2",)), NOW + 2)) == ["td-1", "td-2"]
    assert ready(story.tell(e.Said("overseer", "back"), NOW - 5)) == [] and story.town.wake_at == NOW + 1
    changed = e.BeadChanged("td-1", {"defer_until": stamp(NOW + 100)})
    story.tell(changed, NOW)
    assert story.town.wake_at == NOW + 2
    story.tell(e.BeadChanged("td-2", {"defer_until": None}), NOW)
    assert ready(story.town) == ["td-2"] and story.town.wake_at == NOW + 3
    assert ready(story.tell(e.BeadChanged("td-3", {"defer_until": stamp(NOW + 50)}), NOW + 60)) == ["td-2", "td-3"]
    assert story.town.until(NOW + 1000).wake_at == inf and not story.town.until(NOW + 1000).alarms


def test_a_closed_bead_is_not_woken() -> None:
    """Its deferral counts again when it is reopened."""
    story = Story(Town())
    story.tell(e.BeadCreated(made("td-1", defer_until=stamp(NOW + 9))), NOW)
    story.tell(e.BeadMoved("td-1", "close"), NOW + 1)
    assert story.town.wake_at == inf and not story.town.waking(NOW + 99)
    story.tell(e.BeadMoved("td-1", "reopen"), NOW + 2)
    assert story.town.wake_at == NOW + 9 and story.town.waking(NOW + 99) == ["td-1"]
    assert story.town.waits(story.bead("td-1")).startswith("is deferred until 2026-02-25 06:13")


def test_a_circle_of_parents_lets_go_together() -> None:
    """They hold one another only as long as something holds one of them."""
    ring = [made(f"r{n}", (f"r{(n + 1) % 5}", "parent-child")) for n in range(5)]
    town = town_of(*ring)
    assert len(ready(town)) == 5
    held = town.put(made("x")).put(made("r2", ("r3", "parent-child"), ("x", "blocks")))
    assert ready(held) == ["x"]
    assert len(ready(held.put(made("x", status="closed", work=CLOSED)))) == 5
    assert ready(town_of(made("a", ("a", "parent-child"), ("a", "blocks")))) == []


IDS = [f"b{number}" for number in range(7)]
KINDS = ["blocks", "blocks", "parent-child", "parent-child", "conditional-blocks", "waits-for", "related"]
EDGES = st.lists(st.tuples(st.sampled_from([*IDS, "gone"]), st.sampled_from(KINDS)), max_size=3)
STATUS = st.sampled_from(["open", "open", "open", "closed", "closed", "pinned", "deferred", "in_progress"])
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "defer_until": st.integers(-3, 6).map(lambda n: stamp(NOW + n * 40_000)) | st.just("someday"),
        "ephemeral": st.sampled_from([0, 1]), "notes": st.just("n"),
    },
)  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> Bead:
    """Any bead of seven, with any edges among them."""
    status = draw(STATUS)
    reason = draw(st.sampled_from(["", "done", "failed"])) if status == "closed" else ""
    id = draw(st.sampled_from(IDS))
    convoy = "c1" if id in IDS[::2] else ""
    staged = draw(st.sampled_from(["", "commit"])) if convoy and status == "in_progress" else ""
    work = Work(approved=draw(st.sampled_from([True, True, False])), go=draw(st.booleans()), convoy=convoy,
                staged=staged, stage="dropped" if status == "closed" else "idle")  # fmt: skip
    return made(id, *draw(EDGES), status=status, close_reason=reason, work=work, **draw(EXTRAS))


TIMES = st.integers(-4, 8).map(lambda n: NOW + n * 30_000.0)


@settings(max_examples=150)
@given(st.lists(records() | records() | TIMES | st.sampled_from(IDS), max_size=14))
def test_the_indexes_are_what_the_rules_say_after_any_changes(steps: list[Bead | float | str]) -> None:
    """Put and taken away, with time going on and back between: the same as built at once, and as the rules read."""
    town = Town(at=NOW)
    for step in steps:
        before = town
        if isinstance(step, Bead):
            town = town.put(step)
        elif isinstance(step, str):
            town = town.without(step) if step in town.beads else town
        else:
            town = town.until(step)
            town = town.with_(at=step) if town is before else town
        at_once = with_beads(Town(at=town.at), dict(town.beads))
        for name in INDEXES:
            assert getattr(town, name) == getattr(at_once, name), name
        stopped, free = by_the_rules(town)
        assert set(town.stopped) == stopped and set(ready(town)) == free
        for id in stopped & town.blocked():
            assert town.blockers(town.beads[id]) and town.waits(town.beads[id])
        for bead in town.beads.values():
            assert bool(town.waits(bead)) or town.column(bead) != "backlog" or not bead.work.approved


def _visits(monkeypatch: pytest.MonkeyPatch, town: Town, bead: Bead) -> int:
    """How many beads one change looks at."""
    looked = 0
    real = waiting.stops

    def counting(*args: Any) -> bool:
        nonlocal looked
        looked += 1
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(waiting, "stops", counting)
        town.put(bead)
    return looked


def test_a_change_costs_what_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent of a thousand, and a chain a thousand deep: only what turns is looked at, and no recursion."""
    wide = [made("x"), made("y"), made("e", ("x", "blocks"), ("y", "blocks"))]
    wide += [made(f"c{number}", ("e", "parent-child")) for number in range(1000)]
    town = with_beads(Town(at=NOW), {bead.id: bead for bead in wide})
    closed = made("x", status="closed", work=CLOSED)
    assert _visits(monkeypatch, town, closed) < 20, "it is blocked still: its children are not asked"
    assert _visits(monkeypatch, town, made("c7", ("e", "parent-child"), notes="other")) < 20
    town = town.put(closed)
    assert 1000 < _visits(monkeypatch, town, made("y", status="closed", work=CLOSED)) < 8000
    assert _visits(monkeypatch, town, made("e", ("x", "blocks"), ("y", "blocks"), notes="n")) < 20
    chain = [made("d0", ("x", "blocks"))]
    chain += [made(f"d{number}", (f"d{number - 1}", "parent-child")) for number in range(1, 3000)]
    town = with_beads(Town(at=NOW), {bead.id: bead for bead in (made("x"), *chain)})
    assert len(town.stopped) == 3000 > sys.getrecursionlimit() and ready(town) == ["x"]
    assert len(ready(town.put(closed))) == 3000
    assert town.blockers(town.beads["d2999"]) == ["x"]


SHARED = Path(__file__).parents[1] / "fixtures" / "beads"


@pytest.mark.parametrize("path", sorted(SHARED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_real_boards_read_by_the_rules(path: Path) -> None:
    """Every bead of a real export, put one by one in its order and backwards."""
    found = []
    for line in path.read_bytes().splitlines():
        bead = beads.foreign(line) if line.strip() else None
        if bead is not None:
            stage = "dropped" if bead.status == "closed" else "idle"
            work = msgspec.structs.replace(bead.work, approved=True, stage=stage)
            found.append(msgspec.structs.replace(bead, work=work))
    town, back = town_of(*found), town_of(*reversed(found))
    stopped, free = by_the_rules(town)
    assert set(town.stopped) == stopped and set(ready(town)) == free
    for name in INDEXES:
        assert getattr(town, name) == getattr(back, name), name
