"""Makes a town in a repository and takes it away again; no tracked file changes and nothing is committed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from gastown_tui import config as settings
from gastown_tui.config import Config
from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.engine.opening import opened
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import GasTownError, Refused
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town
from gastown_tui.rig import guard
from gastown_tui.rig.homes import home
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.objects import packs
from gastown_tui.rig.repository import Repository
from gastown_tui.rig.worktree import Worktrees
from gastown_tui.text import count
from gastown_tui.world import Clock, Files, RandomIds, SystemClock

_EXCLUDED = "/.gastown/"


def found(place: Place, config: Config, *, clock: Clock, files: Files) -> Town:
    """Make `.gastown`, its settings, the guard's hooks, and the first record; a kept ledger is taken up again.

    Returns:
        The town of the ledger that was here, whose name and prefix go on; an empty one (no rig) where there was none.

    Raises:
        Refused: there is a town here already.
        NoSuchRef: the target branch does not exist.
    """
    if place.there:
        raise Refused("There is a town here already.", "See it with: gt status")
    repo = Repository(place.root, files)
    tip = repo.tip(f"refs/heads/{config.target}")
    made = umask_folder(place.gastown)
    for folder in (place.spool, place.sessions, place.log.parent):
        umask_folder(folder)
    repo.exclude([_EXCLUDED])
    guard.install(place.hooks, files)
    journal = Journal(place.journal, files)
    try:
        town = read_town(place)
        if not town.rig:
            event = e.TownFounded(config.rig, config.target, config.prefix, tip)
            journal.append([(town.seq + 1, e.encode(Record(town.seq + 1, clock.now(), "overseer", event)))])
    finally:
        journal.close()
    if town.rig:
        config = replace(config, rig=town.rig, prefix=town.prefix)
    settings.save(place.config, config, files)
    if made:
        files.sync_folder(place.root)
    return town


def umask_folder(path: Path) -> bool:
    """A folder only its owner may enter; says whether it was made now."""
    made = not path.is_dir()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(path, 0o700)
    return made


async def unfound(place: Place, *, ledger: bool, files: Files) -> list[str]:
    """Take the town away: worktrees, settings, exclude lines, and with `ledger` the ledger's branch too.

    Returns:
        What was kept, in words.

    Raises:
        Unsaved: a worktree holds work that is nowhere else; nothing more was taken away.
        Refused: an engine has the town.
    """
    town = _readable(place) if ledger else await _catch_up(place, files)
    config = settings.load(place.config)
    repo = Repository(place.root, files)
    worktrees = Worktrees(repo, home(place.root) / (config.rig or place.root.name))
    kept = []
    for worktree in await worktrees.list():
        saved = await worktrees.save_wip(worktree.path, f"refs/gt/wip/{worktree.path.name}", "kept by gt uninit")
        await worktrees.remove(worktree.path, unsaved=saved or "refuse")
        if saved:
            kept.append(f"unsaved work of {worktree.path.name}: refs/gt/wip/{worktree.path.name}")
    kept += _integration_branches(repo, town, config.target)
    await _take_away_ledger(repo, place, ledger, kept, files)
    repo.unexclude()
    shutil.rmtree(place.gastown)
    return kept


def _integration_branches(repo: Repository, town: Town, target: str) -> list[str]:
    """Take away the branches of convoys that have landed, and those nothing is on; say of the others what they have."""
    kept = []
    for convoy in sorted(town.convoys.values(), key=lambda c: c.id):
        found = repo.lookup(f"refs/heads/{convoy.branch}") if convoy.branch else None
        if found is None:
            continue
        tip = repo.lookup(f"refs/heads/{target}")
        free = found == convoy.tip and not repo.checkouts_of(convoy.branch)
        if free and tip is not None and repo.is_ancestor(found, tip):
            repo.delete_branch(convoy.branch, found)
            continue
        new = len(repo.log(tip, found)) if tip is not None else 0
        kept.append(f"branch {convoy.branch}: {count(new, 'commit')} that {target} does not have")
    return kept


async def _take_away_ledger(repo: Repository, place: Place, ledger: bool, kept: list[str], files: Files) -> None:
    """Delete or keep the branch; its packs become the person's, few enough not to set off a `git gc`."""
    found = Ledger(place.root, files=files)
    head, _ = found.head()
    if head is None:
        return
    if await found.pack(everything=not ledger):
        found.retire()
    packs.release(found.common_dir / "objects" / "pack")
    if ledger:
        repo.delete_branch("gt-ledger", repo.tip("refs/heads/gt-ledger"))
    else:
        kept.append("the ledger: branch gt-ledger (gt uninit --ledger takes it too)")


def _readable(place: Place) -> Town:
    """The town that goes with its ledger; an empty one where that cannot be read: then it goes all the same."""
    try:
        return read_town(place)
    except GasTownError:
        return Town()


async def _catch_up(place: Place, files: Files) -> Town:
    """Bring into the ledger what a killed engine left in the journal; a town where nothing happened leaves none."""
    held = opened(place, SystemClock(), RandomIds(), files)
    try:
        town = held.base.books.town
        if town.beads or town.chat or town.drafts:
            await held.base.archive.flush(town)
        return town
    finally:
        held.close()


__all__ = ["found", "unfound"]
