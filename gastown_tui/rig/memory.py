"""Opens a repository for work that happens in memory: merges, replays and the commits that come of them."""

from __future__ import annotations

from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git


def opened(repo_path: Path) -> pygit2.Repository:
    """A repository object of this thread's own, whose writes are synced. Raises GasTownError."""
    pygit2.settings.enable_fsync_gitdir(True)
    told = git.run(["rev-parse", "--git-common-dir"], repo_path)
    try:
        return pygit2.Repository(str((repo_path / told.line).resolve()))
    except pygit2.GitError as error:
        raise GasTownError(f"{repo_path} cannot be opened: {error}.", "Nothing was merged. Try: git fsck") from error
