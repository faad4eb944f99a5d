"""What in a person's checkout keeps its branch from going forward: locks of git's, unfinished commands, and edits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.errors import GitFailed, InTheWay

if TYPE_CHECKING:
    from gastown_tui.rig.repository import Repository

_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD")
_OVERWRITTEN = "edits there would be overwritten"
_HALF = "a merge or cherry-pick is unfinished there"


def check(checkout: Path, common: Path) -> Path:
    """Look for what git would stumble over only after it has moved the files.

    Args:
        common: the repository's own folder (`.git`).

    Returns:
        The checkout's own folder of git's.

    Raises:
        InTheWay: a lock lies there, or no branch is checked out.
    """
    own = Path(git.run(["rev-parse", "--absolute-git-dir"], checkout).line)
    ref = git.run(["symbolic-ref", "--quiet", "HEAD"], checkout, check=False).line
    for lock in _locks(own, common, ref):
        raise locked(checkout, str(lock))
    if not ref:
        raise InTheWay(str(checkout), (), "a rebase, a bisection or a detached HEAD is under way there")
    return own


def _locks(own: Path, common: Path, ref: str) -> Iterator[Path]:
    """The locks a fast-forward has to take, where they lie already."""
    wanted = [own / "index.lock", own / "HEAD.lock", *([common / f"{ref}.lock"] if ref else [])]
    return (path for path in wanted if path.exists())


def locked(checkout: Path, lock: str) -> InTheWay:
    """The refusal that names a lock file."""
    return InTheWay(str(checkout), (), f"the lock file {lock} lies there", lock)


def why_not(checkout: Path, failed: GitFailed) -> InTheWay | None:
    """What a refused fast-forward met in a checkout, or None when it was something else."""
    if any(said in failed.err for said in ("would be overwritten", "would be removed", "would lose untracked")):
        paths = [line[1:] for line in failed.err.splitlines() if line.startswith("\t")]
        return InTheWay(str(checkout), paths, _OVERWRITTEN)
    if failed.lock:
        return locked(checkout, failed.lock)
    if any(word in failed.err for word in (*_UNFINISHED, "not concluded", "unmerged")):
        return InTheWay(str(checkout), (), _HALF)
    return None


def found(repo: Repository, checkout: Path, tip: str, commits: Iterable[str]) -> InTheWay | None:
    """What keeps some commits, as they lie on the tip that is checked out, from a checkout; None when nothing does.

    Raises:
        GasTownError: something cannot be read; nothing is known.
    """
    try:
        own = check(checkout, repo.common_dir)
    except InTheWay as error:
        return error
    if any((own / name).exists() for name in _UNFINISHED):
        return InTheWay(str(checkout), (), _HALF)
    touched = {path for commit in commits for path in repo.changed_paths(tip, commit)}
    edits = sorted(set(_edited(repo, checkout, tip, touched))) if touched else []
    return InTheWay(str(checkout), edits, _OVERWRITTEN) if edits else None


def _edited(repo: Repository, checkout: Path, tip: str, touched: set[str]) -> Iterator[str]:
    """Those of the paths that are edited, or where something of the person's own stands."""
    words = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no"]
    rows = git.run(words, checkout).text.split("\0")
    # What is only deleted from the folder is put back without a question.
    dirty = {row[3:] for row in rows if row and not row.startswith(" D")}
    try:
        tree = pygit2.Repository(str(repo.common_dir))[tip].peel(pygit2.Tree)
        for path in touched:
            if path in dirty or (path in tree and (checkout / path).is_dir() and _others(checkout, path)):
                yield path
            elif path not in tree and (stands := _standing(tree, checkout, path)):
                yield stands
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise GasTownError(f"{checkout} cannot be looked at: {error}.", "Nothing was changed. Try: git fsck") from error


def _standing(tree: pygit2.Tree, checkout: Path, path: str) -> str:
    """What nobody tracks and is where a new file is to be: something there, or a file in place of its folder."""
    full = checkout / path
    if os.path.lexists(full):
        return path if full.is_symlink() or not full.is_dir() or _others(checkout, path) else ""
    for parent in Path(path).parents[:-1]:
        if os.path.lexists(checkout / parent):
            return "" if (checkout / parent).is_dir() or str(parent) in tree else str(parent)
    return ""


def _others(checkout: Path, folder: str) -> bool:
    """Whether a folder holds files that git does not track, ignored ones too."""
    words = ["--literal-pathspecs", "ls-files", "-z", "--others", "--", folder]
    return bool(git.run(words, checkout).text)
