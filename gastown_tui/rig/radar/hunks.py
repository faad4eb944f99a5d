"""What two branches would collide over, in full: the hunks of a merge of both as they stand, nothing written."""

from __future__ import annotations

from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.conflicts import Conflicted, describe, paired
from gastown_tui.rig.radar.ground import Ground
from gastown_tui.rig.radar.pairs import NEARBY, commit, judge, touching, view
from gastown_tui.rig.radar.scope import Place
from gastown_tui.rig.radar.sides import Side

NEAR_BYTES = 4_000
"""Of a place that merges without a question, so much of each side's change is shown."""


def between(common_dir: Path, tip: str, one: Place, other: Place) -> list[Conflicted]:
    """The conflicts of a merge of both, with their hunks, and after them what is only near, with both sides' changes.

    Raises:
        GasTownError: a branch cannot be read, or the two have no common history.
    """
    ground = Ground(common_dir)
    sides = [ground.side(name, tip, worktree=p.worktree, head=p.head) for name, p in (("one", one), ("other", other))]
    try:
        index = ground.repo.merge_commits(commit(ground, sides[0]), commit(ground, sides[1]))
        stops = paired(list(index.conflicts or ()), {}, {})
        found = sorted((describe(ground.repo, triple) for triple in stops), key=lambda c: c.path)
        return found + _near(ground, sides, {c.path for c in found})
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise GasTownError(f"The two cannot be merged: {error}.", "Nothing was changed. Try: git fsck") from error


def _near(ground: Ground, sides: list[Side], known: set[str]) -> list[Conflicted]:
    base = ground.older(sides[0].fork, sides[1].fork)
    if not base:
        return []
    views = [view(ground, side, base) for side in sides]
    spots = judge(ground, views[0], views[1]) if touching(views[0], views[1]) else ()
    out = []
    for spot in spots:
        if spot.kind != NEARBY or spot.file in known:
            continue
        texts = []
        for seen in views:
            own = seen.changes.get(spot.file)
            before = ground.blob(own.before) if own is not None else None
            after = ground.blob(ground.settled(seen.side, own.after)) if own is not None else None
            if before is not None and after is not None:
                texts.append((before.diff(after).text or "")[:NEAR_BYTES])
        out.append(Conflicted(spot.file, f"near: {spot.why}", "\n".join(_patch(text) for text in texts if text)))
    return out


def _patch(text: str) -> str:
    """A patch from its first hunk on."""
    at = text.find("@@")
    return text[at:] if at >= 0 else text
