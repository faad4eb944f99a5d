"""Makes a bead's worktree ready to work or test in: checked out, and set up as config.toml says, once."""

from __future__ import annotations

import shutil
from pathlib import Path

from gastown_tui.engine import commands
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import command_environment
from gastown_tui.model.bead import Lease
from gastown_tui.model.errors import GasTownError

_SETUP_SECONDS = 900.0


def mark(base: Base, worktree: Path) -> Path:
    """The file that says that a worktree was set up."""
    return base.place.sessions / f"{worktree.name}.ready"


async def prepared(base: Base, lease: Lease) -> Path:
    """The worktree of a lease, made if it is not there, with what config.toml copies, links and runs.

    Nobody else may be at work in it (see `Worktrees.add`).

    Raises:
        GasTownError: it cannot be made, or a set-up command failed; it is tried again.
    """
    worktree = await base.worktrees.add(Path(lease.worktree).name, lease.branch, lease.base)
    done = mark(base, worktree)
    if done.exists():
        return worktree
    bring(base, worktree)
    env = command_environment(base, lease.branch, lease.polecat)
    for command in base.config.worktree.setup:
        ran = await commands.run(command, worktree, env, _SETUP_SECONDS, base.clock)
        if not ran.ok:
            raise GasTownError(f"Set-up of {worktree.name} failed: {ran.why(8)}", "Mend it; it is tried again.")
    done.touch()
    return worktree


def bring(base: Base, worktree: Path) -> None:
    """Copy and link the files config.toml names into a worktree, where git does not have them."""
    settings = base.config.worktree
    for name in (*settings.copy, *settings.link):
        source, goal = base.place.root / name, worktree / name
        if not source.exists() or goal.exists():
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        if name in settings.link:
            goal.symlink_to(source)
        elif source.is_dir():
            shutil.copytree(source, goal, symlinks=True)
        else:
            shutil.copy2(source, goal)
