"""Collisions come, change and go by events, and one bead waits for another by an edge."""

from __future__ import annotations

from gastown_tui.model import bead as beads
from gastown_tui.model import collision as c
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Lease, Work
from gastown_tui.model.collision import Collision, Foreseen, Pair, Spot
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town, restore, scalars


def _pair(one: str, other: str, kind: str = "conflict", since: float = 1.0) -> Collision:
    return Collision(one, other, (Spot("a.py", 40, 61, kind),), since)


def _town(*made: Bead) -> Town:
    town = Town(prefix="td")
    for bead in made:
        town = town.put(bead)
    return town


def _after(town: Town, *events: e.AnyEvent) -> Town:
    for event in events:
        town = town.after(e.Record(town.seq + 1, 1.0, "radar", event))
    return town


def test_what_is_foreseen_comes_changes_and_goes_and_is_kept() -> None:
    town = _after(_town(), Foreseen((_pair("b", "c", "near"), _pair("a", "b"))))
    assert [found.pair for found in town.collisions] == [("a", "b"), ("b", "c")]
    assert restore(scalars(town), []).collisions == town.collisions
    town = _after(town, Foreseen((_pair("b", "c", since=0.5),), (Pair("a", "b"), Pair("x", "y"))))
    assert [(found.pair, found.kind) for found in town.collisions] == [(("b", "c"), "conflict")]
    assert [found.besides("b") for found in c.of(town.collisions, "b")] == ["c"]


def test_a_place_in_words() -> None:
    assert [Spot("a", 4, 9).words, Spot("a", 4, 4).words, Spot("a").words] == ["a:4-9", "a:4", "a"]


def test_who_is_further_goes_first_and_a_circle_is_seen() -> None:
    lease = Lease(1, "jasper", "b", "c", "w", "s", 50.0)
    gates = beads.make("td-1", "One", "", work=Work(stage="witness", lease=lease))
    early = beads.make("td-2", "Two", "", work=Work(stage="working", lease=lease))
    late = beads.make("td-3", "Three", "", work=Work(stage="working", lease=Lease(1, "x", "b", "c", "w", "s", 60.0)))
    town = _town(gates, early, late)
    assert c.in_order(town, _pair("td-2", "td-1")) == ("td-1", "td-2")
    assert c.in_order(town, _pair("td-3", "td-2")) == ("td-2", "td-3")
    assert c.loose(town, _pair("td-2", "td-3")) and not c.loose(town, _pair("td-2", ""))
    second = late.changed(dependencies=c.serial(late, "td-2"))
    town = town.put(second)
    assert c.awaited(town, second) == ["td-2"] and c.past(town, second) == [] and c.landed(town, second) == {}
    assert lanes.circular(town, "td-3", "td-2") and not lanes.circular(town, "td-2", "td-3")
    assert not c.loose(town, _pair("td-2", "td-3"))
    town = town.put(early.changed(status="closed").working(stage="landed", landed="f" * 40))
    assert c.awaited(town, second) == [] and c.past(town, second) == ["td-2"]
    told = second.changed(dependencies=c.over(second, ["td-2"]))
    assert c.past(town, told) == [] and c.landed(town, told) == {"td-2": "f" * 40}


def test_a_bead_waits_a_while_for_what_it_means_to_change_to_land() -> None:
    ready = beads.make("td-1", "One", "", work=Work(approved=True, go=True, files=("a.py",)))
    other = beads.make("td-2", "Two", "", work=Work(stage="witness", since=100.0))
    town = _after(_town(ready, other), Foreseen((Collision("td-1", "td-2", (Spot("a.py", kind="declared"),), 1.0),)))
    assert c.kept_back(town, "td-1", 150.0) == "waits for td-2, which changes a.py and is at the witness"
    assert c.kept_back(town, "td-1", 100.0 + c.PATIENCE) == ""
    assert c.kept_back(town.put(other.working(stage="working")), "td-1", 150.0) == ""
    assert town.waits(ready) == "waits for td-2, which changes a.py and is at the witness"


def test_who_changes_what_a_bead_declares_is_said() -> None:
    ready = beads.make("td-1", "One", "", work=Work(approved=True, files=("a.py",)))
    other = beads.make("td-2", "Two", "", assignee="obsidian", work=Work(stage="working"))
    spots = (Spot("a.py", kind="declared"), Spot("b.py", kind="declared"))
    town = _town(ready, other)
    assert c.changing(town, "td-1") == ""
    town = _after(town, Foreseen((Collision("td-1", "td-2", spots[:1], 1.0),)))
    assert c.changing(town, "td-1") == "a.py is being changed by obsidian (td-2)"
    assert c.changing(town, "td-2") == ""
    town = _after(town.put(other.working(stage="sheriff")), Foreseen((Collision("td-1", "td-2", spots, 1.0, 3),)))
    assert c.changing(town, "td-1") == "a.py and 4 more are being changed by obsidian (td-2), which is at the sheriff"
