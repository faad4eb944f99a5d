"""Whatever happens to it, the Refinery lands each bead once, nothing red, and loses no landed line."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.engine.base import Base
from gastown_tui.engine.books import Books
from gastown_tui.engine.jobs import Jobs
from gastown_tui.engine.refinery import testing
from gastown_tui.engine.refinery.round import Refinery
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Review, Work
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.model.town import Town
from gastown_tui.rig.errors import GitFailed
from gastown_tui.rig.journal import Journal
from gastown_tui.world import Clock, DiskFiles, SystemClock
from tests.engine.desks import ground
from tests.engine.towns import founded
from tests.model.stories import lease
from tests.support import rigs

KINDS = st.sampled_from(["good", "good", "conflict", "conflict", "bad", "left", "right"])
"""A change by itself fine, one of a line all such change, red alone, or red beside its other half."""

LOOKS = 3000
"""So many looks at the queue are more than any of these stories needs; without an end something starves."""


class Hands(SystemClock):
    """A clock whose hands are moved by whoever waits."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


class Crash(BaseException):
    """The engine is gone, as after `kill -9`."""


class Mortal(Books):
    """Books of an engine that dies while it writes one of its records: what stands before that one is durable.

    With `torn` that is so inside a group, too, as it was before groups were written as one.
    """

    def __init__(self, journal: Journal, clock: Clock, town: Town, left: int, torn: bool = True) -> None:
        super().__init__(journal, clock, town)
        self.left, self.torn = left, torn
        self.dead = asyncio.Event()

    def write(self, who: str, *events: e.AnyEvent, screened: bool = False) -> asyncio.Future[None]:
        if self.dead.is_set():
            raise asyncio.CancelledError
        if who != "world" and self.left < len(events):
            if self.left and self.torn:
                super().write(who, *events[: self.left], screened=screened)
            self.dead.set()
            raise asyncio.CancelledError
        self.left -= len(events) if who != "world" else 0
        return super().write(who, *events, screened=screened)


class Player(testing.Testing):
    """A test runner that looks at which files there are; some runs are red for no reason."""

    def __init__(self, base: Base, flakes: set[int], ran: Counter[int]) -> None:
        super().__init__(base)
        self.base, self.flakes, self.ran = base, flakes, ran

    async def run(self, run: TestRun) -> None:
        """A verdict, after a while."""
        await asyncio.sleep(0.002 * (1 + run.number % 3))
        files = await asyncio.to_thread(rigs.git, self.base.place.root, "ls-tree", "-r", "--name-only", run.commit)
        # Twice red by chance on the bare tip is a question to the overseer, not a thing the queue settles.
        ok = sound(files.split()) and not (run.cars and run.number in self.flakes)
        over = GateRun(
            run.tree, run.gates, ok, self.base.clock.now(), 1.0, "" if ok else "red", run.number, run.kind, run.base,
            run.beads, run.commit, "" if ok else "green",
        )  # fmt: skip
        self.ran[run.number] += 1
        await self.base.books.record("refinery", e.RunEnded(over))


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def sound(files: list[str]) -> bool:
    """Whether the gates are green on a tree with these files."""
    there = set(files)
    return not any(name.startswith("bad/") for name in there) and not ({"half/left", "half/right"} <= there)


@dataclasses.dataclass
class World:
    """A repository, the commits of its workers, and a person who gets in the way."""

    root: Path
    hands: Path
    clock: Hands
    kinds: list[str]
    flakes: set[int]
    broken: int
    ran: Counter[int] = dataclasses.field(default_factory=Counter)
    torn: bool = True

    def commit(self, number: int, onto: str, mended: bool) -> str:
        """A worker's commit; one that was sent back leaves out what was wrong."""
        kind = "good" if mended else self.kinds[number]
        rigs.git(self.hands, "checkout", "-q", "--detach", onto)
        write(self.hands, f"own/{number}", f"of {number}\n")
        if kind == "conflict":
            write(self.hands, "shared.txt", f"one\nby {number}\nthree\n")
        elif kind == "bad":
            write(self.hands, f"bad/{number}", "x\n")
        elif kind in ("left", "right"):
            write(self.hands, f"half/{kind}", "x\n")
        rigs.git(self.hands, "add", "-A")
        rigs.git(self.hands, "commit", "-q", "--allow-empty", "-m", f"Work {number}")
        return rigs.git(self.hands, "rev-parse", "HEAD").strip()


Around = Callable[["World", Base, "Mortal", list[str], int], Awaitable[None]]


async def lived(world: World, base: Base, lives: int, act: list[str], around: Around | None = None) -> bool:
    """One engine's life of so many records; whether everything has landed at its end.

    `around` is what others do between two of its looks.
    """
    journal = Journal(base.place.gastown / "story", DiskFiles())
    town = Town().after_all(e.decode(line) for _, line in journal.replay(0))
    books = Mortal(journal, world.clock, town, lives, world.torn)
    base = dataclasses.replace(base, books=books, clock=world.clock, notes={})
    jobs = Jobs(world.clock, lambda: None, lambda key, error, count: None)
    refinery = Refinery(base, jobs)
    refinery._testing = Player(base, world.flakes, world.ran)
    done = False

    async def work() -> None:
        nonlocal done
        async with asyncio.TaskGroup() as group:
            jobs.open(group)
            for look in range(LOOKS):
                if books.dead.is_set():
                    break
                await (around or _around)(world, base, books, act, look)
                with contextlib.suppress(asyncio.CancelledError):  # it may die while it looks
                    refinery.look(books.town)
                done = bool(books.town.beads) and all(b.work.landed for b in books.town.beads.values())
                if done and not books.town.testing and books.town.train is None:
                    break
                await asyncio.sleep(0.002)
                world.clock.at += 0.3
            for task in list(jobs.running.values()):
                task.cancel()

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(books.run(), name="books")
        await work()
        books.close()
        await writing
    journal.close()
    assert books.dead.is_set() or done, f"it starves: {books.town.queue} {books.town.testing} {books.town.needs}"
    return done


async def _around(world: World, base: Base, books: Mortal, act: list[str], look: int) -> None:
    """What others do between two looks: they hand in, mend what came back, and the person does as they like."""
    town = books.town
    if books.pending is not town:
        return
    told: list[e.AnyEvent] = []
    if not town.rig:
        tip = base.repo.tip("refs/heads/main")
        told = [e.TownFounded("rig", "main", "rg", tip)]
    elif not town.beads:
        for number in range(len(world.kinds)):
            id = f"rg-{number}"
            made = beads.make(id, f"Do {number}", "", work=Work(approved=True))
            told += [e.BeadCreated(made), e.Slung(id, lease(id, 1))]
            told += handed_in(id, world.commit(number, town.tip, False))
    elif (found := base.repo.tip("refs/heads/main")) != town.tip and town.train is None:
        told = [e.TipMoved(town.tip, found, known=True)]
    else:
        for bead in sorted(town.in_column("working"), key=lambda b: b.id)[:1]:
            told += handed_in(bead.id, world.commit(int(bead.id.removeprefix("rg-")), town.tip, True))
        if any(need.kind == "landing" for need in town.needs.values()):
            rigs.git(world.root, "checkout", "-q", "--", ".")
        if not told and act and look % 9 == 8 and town.train is None:
            person(world, act.pop())
    if told:
        await books.record("world", *told)


def handed_in(id: str, commit: str) -> list[e.AnyEvent]:
    return [
        e.Submitted(id, 1, commit, 1), e.Checked(id, 1, Review("sheriff", True, commit)),
        e.Reviewed(id, 1, Review("witness", True, commit)),
    ]  # fmt: skip


def person(world: World, act: str) -> None:
    """They commit to the target, or leave an edit in a file that may land."""
    if act == "commits" and not rigs.git(world.root, "status", "--porcelain").strip():
        rigs.git(world.root, "commit", "-q", "--allow-empty", "-m", "By hand")
    elif act == "edits":
        write(world.root, "shared.txt", "one\nmine\nthree\n")


def _fails(world: World, base: Base) -> None:
    """Git says 128 now and then, where the target is moved."""
    forward = base.repo.fast_forward

    def failing(checkout: Path, commit: str) -> None:
        world.broken -= 1
        if world.broken >= 0:
            raise GitFailed(["merge"], 128, "fatal: the disk hiccups")
        forward(checkout, commit)

    base.repo.fast_forward = failing  # type: ignore[method-assign]


def judged(world: World) -> None:
    """What must hold in the end."""
    git = rigs.git
    assert rigs.is_sound(world.root)
    trailers = git(world.root, "log", "--merges", "--format=%(trailers:key=Bead,valueonly)", "main").split()
    assert Counter(trailers) == Counter(f"rg-{n}@1" for n in range(len(world.kinds))), "landed once each"
    for commit in git(world.root, "rev-list", "--first-parent", "main").split():
        assert sound(git(world.root, "ls-tree", "-r", "--name-only", commit).split()), "a red tip landed"
    for number in range(len(world.kinds)):
        assert git(world.root, "show", f"main:own/{number}") == f"of {number}", "a landed line was lost"


@given(
    kinds=st.lists(KINDS, min_size=2, max_size=5),
    deaths=st.lists(st.integers(0, 25), max_size=3),
    flakes=st.sets(st.integers(1, 8), max_size=2),
    act=st.lists(st.sampled_from(["commits", "edits"]), max_size=2),
    broken=st.integers(0, 2),
)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_lands_once_and_nothing_red_whatever_happens(
    kinds: list[str], deaths: list[int], flakes: set[int], act: list[str], broken: int
) -> None:
    """Conflicts, breaks, flakes, engines that die at any record, a person in the way, and a git that fails."""
    with tempfile.TemporaryDirectory() as folder:
        place = founded(Path(folder), {"shared.txt": "one\ntwo\nthree\n"}, slots=2)
        hands = Path(folder) / "hands"
        rigs.git(place.root, "worktree", "add", "-q", "--detach", str(hands))
        world = World(place.root, hands, Hands(), kinds, flakes, broken)
        base = ground(place)
        _fails(world, base)
        for lives in (*deaths, 10**6):
            if asyncio.run(lived(world, base, lives, act)):
                break
        judged(world)
