"""Whatever happens to it, a convoy lands as one: each bead once, nothing red, no landed line lost, nothing stuck."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery.tip import Tip
from gastown_tui.engine.undoing import choosing
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Dependency, Work
from gastown_tui.model.convoy import Convoy, Draft, Plan, PlannedBead
from gastown_tui.model.errors import Refused
from gastown_tui.model.queue import lanes
from gastown_tui.model.town import Town
from gastown_tui.rig.journal import Journal
from gastown_tui.world import DiskFiles
from tests.engine.desks import ground
from tests.engine.test_refinery_any import KINDS, Hands, Mortal, World, handed_in, lived, person, sound
from tests.engine.towns import founded
from tests.model.stories import lease
from tests.support import rigs


@dataclasses.dataclass
class Convoys(World):
    """The same with two convoys, and what was asked about their branches.

    With `loose_first` nobody takes up what needs others before what is in no convoy has landed.
    """

    loose_first: bool = False
    torn: bool = False
    asked: set[str] = dataclasses.field(default_factory=set)


def convoy_of(number: int) -> str:
    """The convoy of a bead: two convoys and what is in none, side by side."""
    return ("c1", "c2", "", "c1")[number % 4]


def begun(world: Convoys, tip: str) -> Iterator[e.AnyEvent]:
    """The town, its beads (each third waits for the first of its convoy), and the convoys."""
    ids: dict[str, list[str]] = {}
    for number in range(len(world.kinds)):
        name, id = convoy_of(number), f"rg-{number}"
        first = ids.get(name, [])[:1] if name else []
        edges = tuple(Dependency(id, need) for need in first)
        work = Work(approved=True, convoy=name)
        yield e.BeadCreated(beads.make(id, f"Do {number}", "", dependencies=edges, work=work))
        ids.setdefault(name, []).append(id)
    for name in sorted(set(ids) - {""}):
        plan = f"p{name[1:]}"
        yield e.PlanSubmitted(Draft(plan, Plan(name, (PlannedBead("k", "k"),)), 1, "mayor", 1.0, convoy=name))
        yield e.PlanApproved(plan, Convoy(name, name, tuple(ids[name]), float(name[1:]), plan, f"staging/{name}"), {})


def mended(world: Convoys, town: Town, need: e.Need) -> Iterator[e.AnyEvent]:
    """What the overseer's `file a bead` comes to: a bead that merges the target into the branch, and heals it."""
    convoy = town.convoys[need.about]
    id = f"rg-{1000 + len(town.beads)}"
    rigs.git(world.hands, "checkout", "-q", "--detach", convoy.tip)
    rigs.git(world.hands, "merge", "-q", "-X", "ours", "-m", "With the target", town.tip)
    if not sound(rigs.git(world.hands, "ls-files").split()):
        rigs.git(world.hands, "rm", "-q", "half/left")
    rigs.git(world.hands, "commit", "-q", "--allow-empty", "-m", "Mend")
    yield e.Answered(need.id, "file a bead")
    yield e.BeadCreated(beads.make(id, "Mend", "", work=Work(approved=True, convoy=convoy.id)))
    yield e.Slung(id, lease(id, 1))
    yield from handed_in(id, rigs.git(world.hands, "rev-parse", "HEAD").strip())


async def around(world: World, base: Base, books: Mortal, act: list[str], look: int) -> None:
    """They hand in what is ready, mend what came back and what is asked about, and the person does as they like."""
    town = books.town
    if books.pending is not town:
        return
    assert isinstance(world, Convoys)
    world.asked |= {need.title for need in town.needs.values() if need.kind == "staging"}
    told: list[e.AnyEvent] = []
    found = base.repo.tip("refs/heads/main")
    if not town.rig:
        told = [e.TownFounded("rig", "main", "rg", found)]
    elif not town.beads:
        told = list(begun(world, town.tip))
    elif not town.convoys:
        told = [x for x in begun(world, town.tip) if not isinstance(x, e.BeadCreated)]
        told = [x for x in told if getattr(x, "plan", "") not in town.drafts or isinstance(x, e.PlanApproved)]
    elif found != town.tip and town.train is None:
        told = [e.TipMoved(town.tip, found, known=True)]
    elif ready := [bead for bead in town.ready() if not (bead.needs and _kept(world, town))]:
        told = _slung(world, town, ready[0])
    elif back := sorted(town.in_column("working"), key=lambda b: b.id):
        told = handed_in(back[0].id, _work(world, town, back[0], True))
    elif need := next((n for n in town.needs.values() if n.kind == "staging"), None):
        told = list(mended(world, town, need))
    elif any(need.kind == "landing" for need in town.needs.values()):
        rigs.git(world.root, "checkout", "-q", "--", ".")
    elif act and look % 9 == 8 and town.train is None:
        person(world, act.pop())
    if told:
        await books.record("world", *told)


def _kept(world: Convoys, town: Town) -> bool:
    return world.loose_first and not all(b.work.landed for b in town.beads.values() if not b.work.convoy)


def _slung(world: Convoys, town: Town, bead: Bead) -> list[e.AnyEvent]:
    return [e.Slung(bead.id, lease(bead.id, 1)), *handed_in(bead.id, _work(world, town, bead, False))]


def _work(world: Convoys, town: Town, bead: Bead, mended: bool) -> str:
    onto, number = lanes.base(town, bead), int(bead.id.removeprefix("rg-"))
    for need in bead.needs:
        assert rigs.git(world.root, "show", f"{onto}:own/{need.removeprefix('rg-')}"), "it begins on what it needs"
    return world.commit(number, onto, mended)


def judged(world: Convoys) -> None:
    """What must hold in the end."""
    git = rigs.git
    assert rigs.is_sound(world.root)
    trailers = git(world.root, "log", "--format=%(trailers:key=Bead,valueonly)", "main").split()
    assert not [name for name, times in Counter(trailers).items() if times > 1], "landed twice"
    assert {f"rg-{n}@1" for n in range(len(world.kinds))} <= set(trailers), "not all landed"
    subjects = git(world.root, "log", "--first-parent", "--format=%s", "main").splitlines()
    for name in {convoy_of(n) for n in range(len(world.kinds))} - {""}:
        assert sum(s.startswith(f"Land convoy {name}:") for s in subjects) == 1, "one step for a convoy"
    for commit in git(world.root, "rev-list", "--first-parent", "main").split():
        assert sound(git(world.root, "ls-tree", "-r", "--name-only", commit).split()), "a red tip landed"
    for number in range(len(world.kinds)):
        assert git(world.root, "show", f"main:own/{number}") == f"of {number}", "a landed line was lost"


def taken_back(world: Convoys, base: Base) -> None:
    """Each landing can be taken back but one that brought the target in, and nothing of a convoy passes as nobody's."""
    journal = Journal(base.place.gastown / "story", DiskFiles(), readonly=True)
    town = Town().after_all(e.decode(line) for _, line in journal.replay(0))
    begins = rigs.git(world.root, "rev-list", "--max-parents=0", "main").strip()
    mends = [bead.id for bead in town.beads.values() if bead.title == "Mend"]
    for bead in town.beads.values():
        with pytest.raises(Refused, match="merged main into") if bead.id in mends else contextlib.nullcontext():
            assert choosing.of_beads(base, town, [bead.id], False).turns[0].landed == bead.work.landed
    if not mends:
        assert {commit.subject for commit in choosing.since(base, town, begins).stays} <= {"By hand"}


def lived_through(
    kinds: list[str], deaths: list[int], flakes: set[int], act: list[str], loose_first: bool = False
) -> set[str]:
    """One such story, judged; what was asked about branches on the way."""
    with tempfile.TemporaryDirectory() as folder:
        place = founded(Path(folder), {"shared.txt": "one\ntwo\nthree\n"}, slots=2)
        hands = Path(folder) / "hands"
        rigs.git(place.root, "worktree", "add", "-q", "--detach", str(hands))
        world = Convoys(place.root, hands, Hands(), kinds, flakes, 0, loose_first=loose_first)
        base = ground(place)
        for lives in (*deaths, 10**6):
            if asyncio.run(lived(world, base, lives, act, around)):
                break
        judged(world)
        taken_back(world, base)
        return world.asked


@given(
    kinds=st.lists(KINDS, min_size=3, max_size=6),
    deaths=st.lists(st.integers(0, 30), max_size=3),
    flakes=st.sets(st.integers(1, 8), max_size=2),
    act=st.lists(st.sampled_from(["commits", "edits"]), max_size=2),
)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_convoy_lands_once_as_one_whatever_happens(
    kinds: list[str], deaths: list[int], flakes: set[int], act: list[str]
) -> None:
    """Conflicts with the target, branches red with it, flakes, engines that die at any record, a person in the way."""
    lived_through(kinds, deaths, flakes, act)


def test_a_branch_that_conflicts_with_the_target_is_asked_about_and_mended() -> None:
    """The target and the branch changed one line: a bead merges the one into the other, and the convoy lands."""
    assert lived_through(["conflict", "good", "conflict", "good"], [], set(), [], True) == {
        "staging/c1 conflicts with main in shared.txt"
    }


def test_a_branch_that_is_red_with_the_target_is_tested_twice_and_asked_about() -> None:
    """Each half is green by itself: nothing lands red, and a bead mends the branch."""
    assert lived_through(["left", "good", "right", "good"], [], set(), [], True) == {
        "green is red on staging/c1 merged with main"
    }


def test_what_becomes_known_of_the_tip_late_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tree was tested as a part of what landed, so no run tells of it: a bead red on it goes back all the same."""
    knows = Tip._know

    async def late(tip: Tip, commit: str) -> None:
        await asyncio.sleep(0.15)
        await knows(tip, commit)

    monkeypatch.setattr(Tip, "_know", late)
    lived_through(["good", "bad"], [], set(), [])
