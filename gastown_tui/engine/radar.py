"""The conflict radar's round: notices which worktrees moved, looks at those, and tells who is about to meet whom."""

from __future__ import annotations

import asyncio
import heapq
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from gastown_tui.engine.base import Base
from gastown_tui.engine.jobs import Jobs
from gastown_tui.model import collision
from gastown_tui.model.bead import Bead
from gastown_tui.model.collision import CONFLICT, DECLARED, Collision, Foreseen, Pair, Spot
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.ready.waiting import mates
from gastown_tui.model.town import Town
from gastown_tui.rig.radar.scope import TARGET, Place, Radar

log = logging.getLogger(__name__)
AT_WORK = ("working", "sheriff", "witness", "refinery")
_BUSY, _ANYWAY = 5.0, 45.0
"""Seconds between two looks at a worktree whose agent only prints, and at one that gives no sign at all."""
_SHARE, _REST = 9.0, 5.0
"""The radar rests nine times as long as it looked, at most so many seconds."""
_DRIFT = 10.0
"""Seconds between two events of a pair of which only the lines moved."""
_READY = 100
"""Ready beads whose declared files are compared with what is being changed: the next to be slung."""


class Lookout:
    """Keeps no truth of its own: what it found is in the town, and found again after a restart."""

    def __init__(self, base: Base, jobs: Jobs) -> None:
        self._base = base
        self._jobs = jobs
        self._radar = Radar(base.repo.common_dir)
        self._signs: dict[str, tuple[object, ...]] = {}
        self._looked: dict[str, float] = {}
        self._spools: dict[str, int] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._seen: tuple[object, ...] = ()
        self._rest_until = 0.0
        self._again = 0.0

    def look(self, town: Town) -> None:
        """Start a round when a branch may have moved. A few `stat` calls for each bead at work, and no `git`."""
        now = self._base.clock.monotonic()
        if now < self._rest_until or self._jobs.busy("radar"):
            return
        places = dict(self._places(town))
        moved = {id: place for id, place in places.items() if self._may_have_moved(town.beads[id], place, now)}
        seen = (town.tip, frozenset(places), town.columns.get("ready") if places else None)
        late = bool(self._again) and now >= self._again
        if moved or seen[:2] != self._seen[:2] or seen[2] is not self._seen[2] or late:
            self._seen = seen
            self._jobs.start("radar", partial(self._round, town, places, moved))

    def _places(self, town: Town) -> Iterator[tuple[str, Place]]:
        for column in AT_WORK:
            for bead in town.in_column(column):
                lease = bead.work.lease
                if column == "working" and lease is not None and os.path.exists(f"{lease.worktree}/.git"):
                    yield bead.id, Place(Path(lease.worktree))
                elif column != "working" and bead.work.commit:
                    yield bead.id, Place(head=bead.work.commit)

    def _may_have_moved(self, bead: Bead, place: Place, now: float) -> bool:
        """Whether there is any sign of work since the last look: of git, of the feed, or of a terminal that prints."""
        if place.worktree is None:
            sign: tuple[object, ...] = (place.head,)
        else:
            lines = self._base.feed.of(bead.assignee)
            sign = (*_git_signs(self._base.repo.common_dir, place.worktree, bead), lines[-1].seq if lines else 0)
        looked = now - self._looked.get(bead.id, float("-inf"))
        if sign == self._signs.get(bead.id):
            prints = looked >= _BUSY and self._printed(bead) != self._spools.get(bead.id)
            return place.worktree is not None and (prints or looked >= _ANYWAY)
        self._signs[bead.id] = sign
        return True

    def _printed(self, bead: Bead) -> int:
        """How much a bead's agent has printed."""
        agent = self._base.books.town.agents.get(bead.assignee)
        try:
            return os.stat(agent.spool).st_size if agent is not None and agent.spool else 0
        except OSError:
            return 0

    async def _round(self, town: Town, places: Mapping[str, Place], moved: Mapping[str, Place]) -> None:
        base = self._base
        began = base.clock.monotonic()
        for id in moved:
            self._looked[id] = began
            self._spools[id] = self._printed(town.beads[id])
        await asyncio.to_thread(self._work, town.tip, places, moved)
        found = self._found(base.books.pending)
        event = self._news(base.books.pending.collisions, found)
        self._rest_until = base.clock.monotonic() + min(_REST, _SHARE * (base.clock.monotonic() - began))
        if event is not None and not base.trouble:
            known = {c.pair for c in base.books.pending.collisions if c.kind == CONFLICT}
            await base.books.record("radar", event)
            for one in event.pairs:
                if one.kind == CONFLICT and one.pair not in known:
                    said, serial = f"{self._whose(one)} in {one.spots[0].words}", "s serialises" if one.other else ""
                    await base.feed.add(base.clock.now(), "radar", "MEET", said, bead=one.one, detail=serial, ok=False)

    def _whose(self, found: Collision) -> str:
        town = self._base.books.pending
        one, other = (town.beads[id].assignee or id if id in town.beads else id for id in found.pair)
        target = self._base.config.target
        return f"{one} and {other} are about to collide" if other else f"{one} is about to collide with {target}"

    def _work(self, tip: str, places: Mapping[str, Place], moved: Mapping[str, Place]) -> None:
        """Bring the radar up to date, in a thread. A branch that cannot be read now is looked at again later."""
        for gone in self._radar.names - places.keys():
            self._radar.drop(gone)
        self._radar.aim(tip)
        for id, place in moved.items():
            try:
                self._radar.look(id, place)
            except GasTownError as error:
                log.info("the radar cannot read %s now: %s", id, error)
                self._signs.pop(id, None)

    def _found(self, town: Town) -> dict[tuple[str, str], Collision]:
        """What is seen now, with what beads that have not begun declare."""
        known = {c.pair: c.since for c in town.collisions}
        now = self._base.clock.now()
        out: dict[tuple[str, str], Collision] = {}
        for (first, second), spots in self._radar.meetings().items():
            one, other = (second, "") if first == TARGET else (first, second)
            kept = tuple(Spot(s.file, s.first, s.last, s.kind, s.why) for s in spots)
            kept = tuple(sorted(kept, key=lambda s: (collision.KINDS.index(s.kind), s.file, s.first)))
            more = max(0, len(kept) - collision.SPOTS)
            out[one, other] = Collision(one, other, kept[: collision.SPOTS], known.get((one, other), now), more)
        for bead in _next(town):
            for id in sorted(self._radar.names):
                if id == bead.id or _under(town, bead, id):
                    continue
                if files := declared(bead.work.files, self._radar.changed(id)):
                    spots_ = tuple(Spot(f, kind=DECLARED, why="not begun") for f in files[: collision.SPOTS])
                    since = known.get((bead.id, id), now)
                    out[bead.id, id] = Collision(bead.id, id, spots_, since, max(0, len(files) - collision.SPOTS))
                    break
        return out

    def _news(self, known: Iterable[Collision], found: Mapping[tuple[str, str], Collision]) -> Foreseen | None:
        """What to tell: what came, went or became another; of lines that only drift no more than is of use."""
        now, before = self._base.clock.monotonic(), {c.pair: c for c in known}
        fresh, self._again = [], 0.0
        for pair, one in found.items():
            old = before.get(pair)
            if old == one:
                continue
            due = self._told.get(pair, float("-inf")) + _DRIFT
            if old is None or _shape(old) != _shape(one) or now >= due:
                fresh.append(one)
                self._told[pair] = now
            else:
                self._again = min(self._again or due, due)
        gone = tuple(Pair(*pair) for pair in sorted(before) if pair not in found)
        for pair in [pair for pair in self._told if pair not in found]:
            del self._told[pair]
        return Foreseen(tuple(fresh), gone) if fresh or gone else None


def _shape(found: Collision) -> tuple[object, ...]:
    return found.kind, {(spot.file, spot.kind) for spot in found.spots}, found.more


def _next(town: Town) -> list[Bead]:
    """The beads that may begin next and say which files they mean to change."""
    ready = (bead for bead in town.in_column("ready") if bead.work.files)
    return heapq.nsmallest(_READY, ready, key=lambda b: (b.priority, b.created_at, b.id))


def _under(town: Town, bead: Bead, id: str) -> bool:
    """Whether a bead begins on top of another, which stands on their convoy's integration branch."""
    other = town.beads.get(id)
    return other is not None and bool(other.work.staged) and mates(bead, other)


def declared(files: Iterable[str], changed: frozenset[str]) -> list[str]:
    """The changed paths that lie among declared ones, which may be files, folders or globs; sorted."""
    out: set[str] = set()
    for name in files:
        plain = name.removeprefix("./").rstrip("/")
        if plain in changed:
            out.add(plain)
        elif any(sign in plain for sign in "*?["):
            out.update(path for path in changed if fnmatch(path, plain))
        else:
            out.update(path for path in changed if path.startswith(f"{plain}/"))
    return sorted(out)


def _git_signs(common_dir: Path, worktree: Path, bead: Bead) -> tuple[int, ...]:
    """When git last wrote what it keeps of a worktree: where it is, its index, its branch."""
    own = common_dir / "worktrees" / worktree.name
    branch = common_dir / "refs" / "heads" / (bead.work.lease.branch if bead.work.lease is not None else "")
    return tuple(_written(path) for path in (own / "HEAD", own / "index", branch, worktree))


def _written(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
