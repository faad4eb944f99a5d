"""Two branches against each other: only what both touch is merged, in memory, in a tree of a few files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import trees
from gastown_tui.rig.radar.ground import Ground
from gastown_tui.rig.radar.opinion import git_stops
from gastown_tui.rig.radar.ranges import NEAR, Range, changed, interleaved, meeting, shown
from gastown_tui.rig.radar.sides import After, Own, Side, above
from gastown_tui.rig.trees import Entry

CONFLICT, NEARBY = "conflict", "near"


class Spot(NamedTuple):
    """A place where two branches meet: lines of the file as both began with it, 0 and 0 for all of it.

    `kind` is "conflict" where a merge stops, "near" where it goes through and somebody should know.
    """

    file: str
    first: int
    last: int
    kind: str
    why: str


@dataclass(frozen=True)
class View:
    """A branch as it differs from a commit that may be older than where it left the target."""

    side: Side
    changes: dict[str, Own]
    folders: frozenset[str]
    grown: frozenset[str]
    emptied: frozenset[str]


def view(ground: Ground, side: Side, base: str) -> View:
    """A branch seen from `base`, which it is built on: what the target did between is part of it."""
    if base == side.fork:
        return View(side, side.changes, side.folders, side.grown, side.emptied)
    changes = {path: Own(*change) for path, change in ground.between(base, side.fork).items()}
    for path, own in side.changes.items():
        before = changes[path].before if path in changes else own.before
        if before is None and own.after is None:
            changes.pop(path, None)
        else:
            changes[path] = Own(before, own.after)
    grown = frozenset(above(path for path, own in changes.items() if own.before is None))
    went = [path for path, own in changes.items() if own.after is None]
    kept = {path for path, own in changes.items() if own.after is not None}
    emptied = ground.emptied(ground.tree(base), went, kept)
    return View(side, changes, frozenset(above(changes)), grown, emptied)


def touching(one: View, other: View) -> bool:
    """Whether a merge of the two could be more than both put together: a superset, found by paths alone."""
    small, large = sorted((one.changes, other.changes), key=len)
    return (
        any(path in large for path in small)
        or not one.folders.isdisjoint(other.changes)
        or not other.folders.isdisjoint(one.changes)
        or not one.emptied.isdisjoint(other.grown)
        or not other.emptied.isdisjoint(one.grown)
    )


def judge(ground: Ground, one: View, other: View) -> tuple[Spot, ...]:
    """Where two branches seen from the same commit meet; nothing where a merge keeps both without a question."""
    shared = one.changes.keys() & other.changes.keys()
    disputed = {path for path in shared if not _agree(ground, one, other, path)}
    lone = {path for path in disputed if not (_edited(one.changes[path]) and _edited(other.changes[path]))}
    found = {spot.file: spot for spot in _moved_folders(one, other)}
    for path in disputed - lone:
        if (spot := _lines(ground, one, other, path)) is not None:
            found[path] = spot
    crossed = not one.folders.isdisjoint(other.changes) or not other.folders.isdisjoint(one.changes)
    if lone or crossed:
        stopped = _merged(ground, one, other, disputed)
        for path in sorted(lone | stopped):
            if path not in found and (spot := _spot(ground, one, other, path, path in stopped)) is not None:
                found[path] = spot
    return tuple(sorted(found.values()))


def _agree(ground: Ground, one: View, other: View, path: str) -> bool:
    mine, theirs = one.changes[path].after, other.changes[path].after
    if mine is None and theirs is None:
        # Both took it away; whoever put something elsewhere may have moved it, and git asks which of the two is meant.
        return not (_came(one) or _came(other))
    return ground.settled(one.side, mine) == ground.settled(other.side, theirs)


def _came(view: View) -> bool:
    return any(own.before is None and own.after is not None for own in view.changes.values())


def _merged(ground: Ground, one: View, other: View, disputed: set[str]) -> set[str]:
    """The paths at which a merge stops of all that is disputed, and of all that came or went: it may have moved."""
    wanted = set(disputed)
    for view in (one, other):
        wanted |= {path for path, own in view.changes.items() if not _edited(own)}
    bases: dict[str, Entry] = {}
    sides: tuple[dict[str, Entry], dict[str, Entry]] = ({}, {})
    for path in wanted:
        before = (one.changes.get(path) or other.changes[path]).before
        if before is not None:
            bases[path] = before
        for view, entries in zip((one, other), sides, strict=True):
            own = view.changes.get(path)
            entry = before if own is None else ground.settled(view.side, own.after)
            if entry is not None:
                entries[path] = entry
    return set(stops(ground, bases, *sides))


def stops(ground: Ground, base: dict[str, Entry], ours: dict[str, Entry], theirs: dict[str, Entry]) -> list[str]:
    """The paths at which a merge of three small trees stops."""
    before, left, right = (pygit2.Oid(raw=trees.build(entries, ground.memory.put)) for entries in (base, ours, theirs))
    index = ground.repo.merge_trees(before, left, right)
    return [str(entry.path) for triple in index.conflicts or () for entry in triple if entry is not None]


def _edited(own: Own) -> bool:
    """Whether a path was there and still is."""
    return own.before is not None and own.after is not None


def _spot(ground: Ground, one: View, other: View, path: str, stopped: bool) -> Spot | None:
    """A place that is more than two edits of one file."""
    mine, theirs = one.changes.get(path), other.changes.get(path)
    if mine is None or theirs is None:
        return Spot(path, 0, 0, CONFLICT, "moved, or in the way of a folder") if stopped else None
    kind = CONFLICT if stopped else NEARBY
    if mine.after is None or theirs.after is None:
        why = "both removed or moved it" if mine.after is theirs.after else "one removed or moved it, one changed it"
        left, view = (theirs, other) if mine.after is None else (mine, one)
        ranges = _ranges(ground, left.before, ground.settled(view.side, left.after))
        return Spot(path, *shown(_over(ranges)), kind, why)
    return Spot(path, 0, 0, kind, "both added it")


def _ranges(ground: Ground, before: Entry | None, after: Entry | None) -> list[Range]:
    old, new = ground.blob(before), ground.blob(after)
    return changed(old, new) if old is not None and new is not None else []


def _over(ranges: list[Range]) -> Range | None:
    return Range(min(r.first for r in ranges), max(r.end for r in ranges)) if ranges else None


def _lines(ground: Ground, one: View, other: View, path: str) -> Spot | None:
    """Where two edits of one file meet, looked at once for any three contents."""
    before = one.changes[path].before
    left, right = (ground.settled(view.side, view.changes[path].after) for view in (one, other))
    key = before, left, right
    if key not in ground.edits:
        ground.edits[key] = _edits(ground, before, left, right)
    met = ground.edits[key]
    return None if met is None else Spot(path, *met)


def _edits(
    ground: Ground, before: Entry | None, left: Entry | None, right: Entry | None
) -> tuple[int, int, str, str] | None:
    """Whether two edits meet: on the same lines, near each other, or only as git's own diff sees it."""
    small = [{"f": entry} if entry is not None else {} for entry in (before, left, right)]
    mine, theirs = _ranges(ground, before, left), _ranges(ground, before, right)
    if stops(ground, small[0], small[1], small[2]):
        met = meeting(mine, theirs, 0) or meeting(mine, theirs, NEAR) or _over(mine + theirs)
        return *shown(met), CONFLICT, "both changed"
    if (near := meeting(mine, theirs, NEAR)) is not None:
        return *shown(near), NEARBY, "lines near each other"
    if not interleaved(mine, theirs):
        return None
    # Over lines that repeat, git lines changes up otherwise than libgit2: where they interleave it is asked itself.
    texts = [ground.read(entry.id) for entry in (before, left, right) if entry is not None]
    if len(texts) == 3 and git_stops(texts[0], texts[1], texts[2]):
        return *shown(_over(mine + theirs)), NEARBY, "git would line the changes up otherwise"
    return None


def _moved_folders(one: View, other: View) -> list[Spot]:
    """What one side put into a folder that the other emptied: git would move it along, or ask."""
    found = []
    for gone, grew in ((one, other), (other, one)):
        for path, own in grew.changes.items():
            if own.before is None and own.after is not None and not gone.emptied.isdisjoint(above([path])):
                if path in gone.changes:
                    continue
                found.append(Spot(path, 0, 0, NEARBY, "put into a folder the other one emptied"))
    return found


def whole(ground: Ground, one: Side, other: Side) -> tuple[Spot, ...]:
    """Two branches with an unusual history, merged whole: what `git merge` would make of them."""
    try:
        index = ground.repo.merge_commits(commit(ground, one), commit(ground, other))
        base = ground.repo.merge_base(one.head, other.head)
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise GasTownError(f"{one.name} and {other.name} cannot be merged: {error}.", "Try: git fsck") from error
    stopped = {str(e.path) for triple in index.conflicts or () for e in triple if e is not None}
    if base is None:
        return ()
    mine, theirs = (_from(ground, side, str(base)) for side in (one, other))
    disputed = {p for p in mine.changes.keys() & theirs.changes.keys() if not _agree(ground, mine, theirs, p)}
    found = []
    for path in sorted(stopped | disputed):
        plain = path in disputed and _edited(mine.changes[path]) and _edited(theirs.changes[path])
        spot = _lines(ground, mine, theirs, path) if plain else _spot(ground, mine, theirs, path, path in stopped)
        if path in stopped and (spot is None or spot.kind != CONFLICT):
            first, last = (spot.first, spot.last) if spot is not None else (0, 0)
            spot = Spot(path, first, last, CONFLICT, "both changed")
        found += [spot] if spot is not None else []
    return tuple(sorted(found))


def _from(ground: Ground, side: Side, base: str) -> View:
    tree = ground.repo[commit(ground, side)].peel(pygit2.Commit).tree_id.raw
    found = trees.differences(ground.read, ground.tree(base), tree)
    changes = {path: Own(*change) for path, change in found.items()}
    return View(side, changes, frozenset(above(changes)), frozenset(), frozenset())


def commit(ground: Ground, side: Side) -> pygit2.Oid:
    """A branch with what is unsaved in its worktree as one commit in memory."""
    unsaved: list[tuple[str, After]] = [(path, own.after) for path, own in side.changes.items()]
    settled = [(path, ground.settled(side, after)) for path, after in unsaved]
    tree = trees.overlaid(ground.read, ground.tree(side.fork), settled, ground.memory.put)
    text = f"tree {tree.hex()}\nparent {side.head}\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nradar\n"
    return pygit2.Oid(raw=ground.memory.put("commit", text.encode()))
