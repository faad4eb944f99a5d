"""Unsaved work as a commit under a ref of ours, without touching the worktree's index, files or branch."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.rig import git
from gastown_tui.rig.errors import NoSuchRef, cannot_write

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Gas Town"), ("EMAIL", "gastown@localhost"))
}
_TRIES = 5


@dataclass(frozen=True)
class Snapshot:
    """A worktree as it lies there: its HEAD and the tree of all its files (ignored ones left out)."""

    head: str
    tree: str
    clean: bool


async def snapshot(path: Path) -> Snapshot:
    """Write every file of a worktree into the object store and say what tree that is. Raises GitFailed, CannotWrite."""
    told = await git.arun(["rev-parse", "--absolute-git-dir", "HEAD", "HEAD^{tree}"], path)
    own, head, head_tree = told.line.split("\n")
    try:
        folder = tempfile.mkdtemp(prefix="gt-wip-", dir=own)
    except OSError as error:
        raise cannot_write(f"A copy of {path}'s index", error) from error
    index = Path(folder) / "index"
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        # The copy carries what git knows of unchanged files, so that only the others are read.
        if (Path(own) / "index").exists():
            shutil.copy2(Path(own) / "index", index)
        else:
            await git.arun(["read-tree", "HEAD"], path, env=env)
        # One sync for all of the files instead of one each (git >= 2.36).
        once = ["-c", "core.fsyncMethod=batch", "-c", "advice.addEmbeddedRepo=false"]
        await git.arun([*once, "add", "--all", "--", ":/"], path, env=env)
        tree = (await git.arun(["write-tree"], path, env=env)).line
    except OSError as error:
        raise cannot_write(f"A copy of {path}'s index", error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Snapshot(head, tree, tree == head_tree)


async def reachable(path: Path, commit: str) -> bool:
    """Whether any branch, tag or other ref holds a commit. Raises GitFailed."""
    words = ["for-each-ref", "--count=1", "--format=%(refname)", f"--contains={commit}"]
    return bool((await git.arun(words, path)).line)


async def save(path: Path, ref: str, message: str, parent: str | None, when: float | None) -> str | None:
    """Keep a worktree's unsaved work under a ref: see `Worktrees.save_wip`."""
    for attempt in range(_TRIES):
        found = await snapshot(path)
        if found.clean and await reachable(path, found.head):
            return None
        old = await _resolve(path, f"{ref}^{{commit}}")
        if old is not None and await _same(path, old, found):
            return old
        commit = found.head if found.clean and old is None else await _commit(path, found, message, parent, old, when)
        told = await git.arun(["update-ref", ref, commit, old or "0" * 40], path, check=attempt + 1 == _TRIES)
        if told.code == 0:
            break
    if await _resolve(path, ref) != commit:
        raise NoSuchRef(f"{ref} does not hold what was saved of {path}.", "The worktree is left as it is.")
    return commit


async def _commit(
    path: Path, found: Snapshot, message: str, parent: str | None, old: str | None, when: float | None
) -> str:
    # What was saved there before stays reachable, as a further parent.
    parents = list(dict.fromkeys(p for p in (parent or found.head, found.head, old) if p))
    words = ["commit-tree", found.tree, *(word for p in parents for word in ("-p", p))]
    env = dict(_IDENTITY)
    if when is not None:
        env |= {"GIT_AUTHOR_DATE": f"{int(when)} +0000", "GIT_COMMITTER_DATE": f"{int(when)} +0000"}
    return (await git.arun(words, path, env=env, input=message.encode("utf-8", "replace"))).line


async def _resolve(path: Path, name: str) -> str | None:
    told = await git.arun(["rev-parse", "--verify", "--quiet", name], path, check=False)
    return told.line if told.code == 0 else None


async def _same(path: Path, saved: str, found: Snapshot) -> bool:
    """Whether a saved commit already has exactly these files on this HEAD."""
    if await _resolve(path, f"{saved}^{{tree}}") != found.tree:
        return False
    line = await git.arun(["rev-list", "--parents", "--max-count=1", saved], path)
    return found.head in line.line.split(" ")


def unlock(git_dir: Path) -> list[str]:
    """Remove lock files a killed git left in one worktree's own folder; returns their names."""
    found = [git_dir / name for name in ("index.lock", "HEAD.lock", "ORIG_HEAD.lock", "config.worktree.lock")]
    gone = [lock for lock in found if lock.exists()]
    for lock in gone:
        os.unlink(lock)
    return [lock.name for lock in gone]
