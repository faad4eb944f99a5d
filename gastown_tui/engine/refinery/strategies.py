"""How one bead lands: as a merge commit, as one commit, or with its own commits replayed; all of them in memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gastown_tui.engine.undoing import words
from gastown_tui.engine.undoing.settling import unattended
from gastown_tui.model.bead import Bead
from gastown_tui.model.importing import adopted
from gastown_tui.model.merge import Car
from gastown_tui.rig import merging, replaying
from gastown_tui.rig.conflicts import Conflicted
from gastown_tui.rig.replaying import Replayed

MERGE, SQUASH, REBASE = "merge", "squash", "rebase"
_BODY = 8000


class Made(NamedTuple):
    """The bead's last commit on the target and its tree, all commits it brings, oldest first; or what is in the way."""

    commit: str = ""
    tree: str = ""
    chain: tuple[str, ...] = ()
    conflicts: tuple[Conflicted, ...] = ()


def together(strategy: str) -> bool:
    """Whether several beads may land as one step of the target: only where a merge commit can hold them."""
    return strategy == MERGE


def made(
    root: Path, strategy: str, bead: Bead, car: Car, onto: str, tree: str, who: tuple[str, str]
) -> Made:
    """The commits of one bead on `onto`; the same every time, so a crash finds them again.

    Args:
        strategy: merge, squash or rebase (config.toml).
        tree: what merging the bead's commit gives; a replay may give another one.
        who: the person's (name, email).

    Raises:
        CannotWrite: the disk refused. GasTownError: something cannot be read.
    """
    turns = bead.work.back.turns if bead.work.back is not None else ()
    # Landings that are taken back keep a commit each, for one of them alone may be put back later.
    if strategy == REBASE or (strategy == SQUASH and len(turns) > 1):
        found = _replayed(root, bead, car, onto, tree, who)
        if found is not None:
            return found
    parents = [onto, car.commit] if strategy == MERGE else [onto]
    commit = merging.landing_commit(
        root, tree=tree, parents=parents, message=message(bead, car, strategy), author=author(bead, who),
        committer=who, when=bead.work.since,
    )  # fmt: skip
    return Made(commit, tree, (commit,))


def _replayed(root: Path, bead: Bead, car: Car, onto: str, tree: str, who: tuple[str, str]) -> Made | None:
    """The bead's own commits one after the other; None where they cannot be, but the bead as a whole can.

    That is so with merges in its history: what they settled is in no commit that could be replayed.
    """
    found = replaying.replay(
        root, onto, car.commit, committer=who, when=bead.work.since, trailers=_trailers(bead, car),
        ours=unattended(bead),
    )  # fmt: skip
    if not isinstance(found, Replayed):
        return None if found.merges else Made(conflicts=found.conflict.paths)
    if not found.commits or (found.merges and found.tree != tree):
        return None
    return Made(found.commits[-1], found.tree, found.commits)


def author(bead: Bead, who: tuple[str, str]) -> tuple[str, str]:
    """Who wrote it: the polecat with the person's address, or the person whose own work or order it was."""
    name, email = who
    return (name if adopted(bead) or unattended(bead) else bead.assignee or name), email


def message(bead: Bead, car: Car, strategy: str) -> str:
    """The landing commit's message; its last paragraph is the town's own trailers alone."""
    turns = bead.work.back.turns if bead.work.back is not None else ()
    if turns:
        return merging.landing_message(bead.title, bead.id, car.epoch, more=words.trailers(turns))
    if strategy == MERGE:
        return merging.landing_message(f"Merge {bead.id}: {bead.title}", bead.id, car.epoch)
    return merging.landing_message(bead.title, bead.id, car.epoch, bead.description[:_BODY])


def _trailers(bead: Bead, car: Car) -> str:
    turns = bead.work.back.turns if bead.work.back is not None else ()
    named = words.trailers(turns) if turns and not unattended(bead) else ""
    return f"Bead: {bead.id}@{car.epoch}\n{named}".strip()
