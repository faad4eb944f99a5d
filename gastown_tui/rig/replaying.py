"""Carries a change from where it was made to another commit, in memory: one change, or a bead's commits in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.changes import moves, rows
from gastown_tui.rig.conflicts import describe, paired
from gastown_tui.rig.errors import cannot_write
from gastown_tui.rig.memory import opened
from gastown_tui.rig.merging import Conflict, Merged
from gastown_tui.rig.objects.pack import commit_bytes, object_id, person

UNTESTED = "Not-tested-alone"
"""The trailer that names a commit which was tested only together with those after it."""

_OURS = re.compile(r"^(bead|reverts|reapplies|not-tested-alone)\s*:.*\n?", re.IGNORECASE | re.MULTILINE)
_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\s*:\s+\S.*|\s+\S.*")


@dataclass(frozen=True)
class Replayed:
    """A bead's commits as they stand on the new base, oldest first, and the tree of the last.

    `left_out` are those that changed nothing there any more; `merges` says that the history has merge commits in it.
    """

    commits: tuple[str, ...]
    tree: str
    left_out: tuple[str, ...] = ()
    merges: bool = False


@dataclass(frozen=True)
class Stuck:
    """The first commit that does not fit, and with what; `merges` says that the history has merge commits in it."""

    commit: str
    subject: str
    conflict: Conflict
    merges: bool = False


def carry(repo_path: Path, onto: str, before: str, after: str) -> Merged | Conflict:
    """The tree of commit `onto` with the change that leads from commit `before` to `after`; nothing is touched.

    It is a three-way merge on `before`, renames followed. Taken the other way round it takes a change back.

    Raises:
        GasTownError: a commit is missing, or git is unsure: never taken for a conflict.
    """
    repo = opened(repo_path)
    try:
        ancestor, ours, theirs = (repo[oid].peel(pygit2.Tree) for oid in (before, onto, after))
        if ancestor.id == ours.id:
            return Merged(str(theirs.id))
        index = repo.merge_trees(ancestor, ours, theirs)
        if index.conflicts is None:
            return Merged(str(index.write_tree(repo)))
        moved = [moves(rows(repo_path, before, side)) for side in (onto, after)]
        found = [describe(repo, triple) for triple in paired(list(index.conflicts), *moved)]
    except OSError as error:
        raise cannot_write("The merged tree", error) from error
    except (pygit2.GitError, KeyError, ValueError) as error:
        title = f"The change from {before[:12]} to {after[:12]} cannot be carried to {onto[:12]}: {error}."
        raise GasTownError(title, "Nothing was merged or moved; it is unsure, not a conflict. Try: git fsck") from error
    return Conflict(tuple(sorted(found, key=lambda c: c.path)))


def replay(
    repo_path: Path,
    onto: str,
    commit: str,
    *,
    committer: tuple[str, str],
    when: float,
    trailers: str,
    ours: bool = False,
) -> Replayed | Stuck:
    """The commits of `commit` that `onto` does not have, one after the other on top of `onto`, as `git rebase` would.

    Authors, their dates and messages stay; merge commits are passed over, and what changes nothing is left out.

    Args:
        committer: the person's (name, email).
        when: unix seconds of the committing.
        trailers: lines ("Bead: td-1@2") that end the last commit's message, and before them which commits were tested
            only together with it; lines an agent wrote like them are dropped.
        ours: the messages are the town's own and stay as they are.

    Raises:
        GasTownError: something cannot be read. CannotWrite: the disk refused.
    """
    own, merges = _own(repo_path, onto, commit)
    repo = opened(repo_path)
    said = str.strip if ours else plain
    steps: list[tuple[pygit2.Commit, str]] = []
    left_out: list[str] = []
    head = onto
    for oid, parent in own:
        found = _commit(repo, oid)
        carried = carry(repo_path, head, parent, oid)
        if isinstance(carried, Conflict):
            return Stuck(oid, _subject(found), carried, merges)
        if carried.tree == str(_commit(repo, head).tree_id):
            left_out.append(oid)
            continue
        head = write(repo, found, carried.tree, head, _person(committer, when), said(found.message))
        steps.append((found, head))
    if steps:
        last, made = steps[-1]
        kept = _commit(repo, made)
        alone = [f"{UNTESTED}: {made[:12]}" for _, made in steps[:-1]]
        text = with_trailers(said(last.message), "\n".join([*alone, trailers]))
        head = write(repo, last, str(kept.tree_id), str(kept.parent_ids[0]), _person(committer, when), text)
        steps[-1] = (last, head)
    return Replayed(tuple(made for _, made in steps), str(_commit(repo, head).tree_id), tuple(left_out), merges)


def _own(repo_path: Path, onto: str, commit: str) -> tuple[list[tuple[str, str]], bool]:
    """The commits to replay, each with its parent, oldest first, and whether there are merge commits among them."""
    span = ["rev-list", "--reverse", "--topo-order", "--parents", commit, f"^{onto}"]
    lines = [line.split() for line in git.run(span, repo_path).text.splitlines()]
    return [(line[0], line[1]) for line in lines if len(line) == 2], any(len(line) > 2 for line in lines)


def plain(message: str) -> str:
    """A message without lines that look like the town's own trailers: an agent's word is never counted as a landing."""
    return _OURS.sub("", message).strip()


def with_trailers(message: str, trailers: str) -> str:
    """A message that ends in these trailers, in one paragraph with those it has (a sign-off, for one)."""
    text = message.strip()
    last = text.rsplit("\n\n", 1)[-1] if "\n\n" in text else ""
    joined = bool(last) and all(_TRAILER.fullmatch(line) for line in last.split("\n"))
    return f"{text}{chr(10) if joined else chr(10) * 2}{trailers.strip()}\n"


def write(repo: pygit2.Repository, like: pygit2.Commit, tree: str, parent: str, committer: str, message: str) -> str:
    """Write a commit with the author of another, durably; returns its id. Raises CannotWrite.

    Args:
        committer: `name <email> seconds zone`.
    """
    author = like.author
    zone = f"{'-' if author.offset < 0 else '+'}{abs(author.offset) // 60:02}{abs(author.offset) % 60:02}"
    stamp = f"{person(author.name, author.email)} {author.time} {zone}"
    raw = commit_bytes(tree, [parent], stamp, committer, message if message.endswith("\n") else f"{message}\n")
    try:
        written = str(repo.odb.write(pygit2.GIT_OBJECT_COMMIT, raw))
    except (OSError, pygit2.GitError, KeyError, ValueError) as error:
        raise cannot_write("A replayed commit", error) from error
    if written != object_id("commit", raw).hex():
        raise cannot_write("A replayed commit", OSError("it does not read back as written"))
    return written


def _commit(repo: pygit2.Repository, oid: str) -> pygit2.Commit:
    try:
        return repo[oid].peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise GasTownError(f"{oid[:12]} cannot be read: {error}.", "Nothing was moved. Try: git fsck") from error


def _person(committer: tuple[str, str], when: float) -> str:
    return f"{person(*committer)} {int(when)} +0000"


def _subject(commit: pygit2.Commit) -> str:
    return " ".join(commit.message.strip().split("\n")[0].split())[:200]
