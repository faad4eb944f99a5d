"""Opens a repository for work that happens in memory: merges, replays and the commits that come of them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git


def opened(repo_path: Path) -> pygit2.Repository:
    """A repository object of this thread's own, whose writes are synced. Raises GasTownError."""
    pygit2.settings.enable_fsync_gitdir(True)
    try:
        return pygit2.Repository(_common_dir(repo_path))
    except pygit2.GitError as error:
        raise GasTownError(f"{repo_path} cannot be opened: {error}.", "Nothing was merged. Try: git fsck") from error


@lru_cache(maxsize=64)
def _common_dir(repo_path: Path) -> str:
    """Where a repository keeps its objects: asked for once, a candidate of eight beads opens it fifty times."""
    told = git.run(["rev-parse", "--git-common-dir"], repo_path)
    return str((repo_path / told.line).resolve())
