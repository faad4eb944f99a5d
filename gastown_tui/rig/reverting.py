"""Takes a landed change back, or puts one back that was taken, in memory: several one after the other as one chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.memory import opened
from gastown_tui.rig.merging import Conflict, landing_commit
from gastown_tui.rig.replaying import carry


@dataclass(frozen=True)
class Turn:
    """One landed change to take back, or with `again` to put back: what leads from commit `onto` to commit `landed`.

    `onto` may be "": then it is the first parent, as for a merge commit, alone or inside a train.
    """

    name: str
    landed: str
    message: str
    onto: str = ""
    again: bool = False


@dataclass(frozen=True)
class Turned:
    """The chain: a commit for each turn that changed something, and the names of those that changed nothing."""

    commits: tuple[tuple[str, str], ...]
    head: str
    tree: str
    nothing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unturned:
    """The first change that cannot be taken back as things are: its name, and with what it conflicts."""

    name: str
    conflict: Conflict


def first_parent(repo_path: Path, commit: str) -> str:
    """The commit a landing stands on. Raises GasTownError for a first commit, or one that is missing."""
    told = git.run(["rev-parse", "--verify", "--quiet", f"{commit}^1"], repo_path, check=False)
    if told.code:
        raise GasTownError(f"{commit[:12]} has no commit before it here.", "Nothing was changed. Try: git fsck")
    return told.line


def onto(repo_path: Path, landed: str, known: str = "") -> str:
    """The commit a landing stands on: the one that is known, else its first parent. Raises GasTownError."""
    return known or first_parent(repo_path, landed)


def blocked(repo_path: Path, tip: str, turns: Sequence[Turn]) -> Unturned | None:
    """The first of these changes that cannot be turned on top of `tip`; None when all can. Nothing is written down.

    Raises:
        GasTownError: a commit is missing or git is unsure.
    """
    head = tip
    for one in turns:
        before, after = _ends(repo_path, one)
        found = carry(repo_path, head, before, after)
        if isinstance(found, Conflict):
            return Unturned(one.name, found)
        head = found.tree
    return None


def turn(
    repo_path: Path, tip: str, turns: Sequence[Turn], *, who: tuple[str, str], when: float
) -> Turned | Unturned:
    """Commits on top of `tip`, one for each turn, in their order; no ref moves.

    Args:
        who: the person's (name, email), author and committer.
        when: unix seconds.

    Raises:
        GasTownError: a commit is missing or git is unsure. CannotWrite: the disk refused.
    """
    repo = opened(repo_path)
    head, tree = tip, _tree(repo, tip)
    commits: list[tuple[str, str]] = []
    nothing: list[str] = []
    for one in turns:
        before, after = _ends(repo_path, one)
        found = carry(repo_path, head, before, after)
        if isinstance(found, Conflict):
            return Unturned(one.name, found)
        if found.tree == tree:
            nothing.append(one.name)
            continue
        tree = found.tree
        head = landing_commit(
            repo_path, tree=tree, parents=[head], message=one.message, author=who, committer=who, when=when
        )
        commits.append((one.name, head))
    return Turned(tuple(commits), head, tree, tuple(nothing))


def _ends(repo_path: Path, one: Turn) -> tuple[str, str]:
    start = onto(repo_path, one.landed, one.onto)
    return (start, one.landed) if one.again else (one.landed, start)


def _tree(repo: pygit2.Repository, commit: str) -> str:
    try:
        return str(repo[commit].peel(pygit2.Tree).id)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise GasTownError(f"{commit[:12]} cannot be read: {error}.", "Nothing was changed. Try: git fsck") from error
