"""The order that makes work begun elsewhere a bead: a copy of its branch, handed in as if by a polecat."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from gastown_tui.engine.base import Base
from gastown_tui.engine.debris import unsaved
from gastown_tui.engine.desk import Desk, handles
from gastown_tui.engine.desk.beads import new_bead
from gastown_tui.model import events as e
from gastown_tui.model import orders as o
from gastown_tui.model.bead import Work
from gastown_tui.model.errors import GasTownError, Refused
from gastown_tui.model.importing import BRANCH
from gastown_tui.model.orders import Caller
from gastown_tui.rig.repository import Checkout, Commit, Stat
from gastown_tui.text import count

_SHOWN = 10
_COMMITS = 30
_TITLE = 120


class Found(NamedTuple):
    """What is adopted: a name for it, its commit, its own commits (oldest first), the paths and lines they change."""

    name: str
    commit: str
    commits: list[Commit]
    paths: list[str]
    stat: Stat


@handles(o.Adopt)
async def adopt(desk: Desk, order: o.Adopt, caller: Caller) -> Any:
    base = desk.base
    found = await asyncio.to_thread(_look, base, order)
    town = base.books.pending
    origin = f"{BRANCH}{found.name}"
    if known := [b for b in town.beads.values() if b.work.origin == origin and b.status != "closed"]:
        raise Refused(f"{known[0].id} has {found.name} already.", f"See it with: gt bead show {known[0].id}")
    work = Work(approved=True, files=tuple(found.paths), origin=origin)
    title = order.title or _subject(found)
    bead = new_bead(desk, title, work, description=_description(found, order), created_by=caller.name)
    lease = desk.sling.lease(bead, found.commit)
    # The copy is made first: a death right after it leaves a branch too many, never a bead without its work. And it is
    # made without letting anybody else in between, who might give the same polecat another bead.
    base.repo.create_branch(lease.branch, found.commit)
    note, stat = f"adopted from {found.name}", found.stat
    events = (
        e.BeadCreated(bead), e.Slung(bead.id, lease),
        e.Submitted(bead.id, lease.epoch, found.commit, len(found.commits), note, stat.added, stat.removed),
    )
    try:
        await base.books.record(caller.name, *events)
    except GasTownError:
        base.repo.delete_branch(lease.branch, found.commit)
        raise
    return {
        "bead": bead.id, "title": bead.title, "from": found.name, "commit": found.commit,
        "commits": len(found.commits), "branch": lease.branch,
    }  # fmt: skip


def _look(base: Base, order: o.Adopt) -> Found:
    """What the order names, as git has it; raises Refused for what cannot go through the gates as it is."""
    checkouts = base.repo.checkouts()
    name, commit, where = _named(base, order, checkouts)
    target = base.config.target
    if name in (target, "gt-ledger") or name.startswith("polecat/"):
        whose = "the branch work lands on" if name == target else "the town's own"
        raise Refused(f"{name} is {whose}.", "Nothing was changed. Adopt a branch of yours.")
    for checkout in where:
        if changed := unsaved(base.repo.status(checkout.path)):
            shown = "\n".join(changed[:_SHOWN])
            hint = f"Nothing was changed. Commit or stash them there (cd {checkout.path}), then: gt adopt {order.what}"
            raise Refused(f"There are changes without a commit in {checkout.path}:\n{shown}", hint)
    tip = base.books.town.tip
    commits = base.repo.log(tip, commit)
    if not commits:
        raise Refused(f"{target} has everything of {name} already.", "Nothing was changed.")
    if base.repo.merge_base(tip, commit) is None:
        raise Refused(f"{name} and {target} have no common history.", "Nothing was changed.")
    return Found(name, commit, commits, base.repo.changed_paths(tip, commit), base.repo.diff_stat(tip, commit))


def _named(base: Base, order: o.Adopt, checkouts: list[Checkout]) -> tuple[str, str, list[Checkout]]:
    """A name, the commit, and where it is checked out: of a branch, a remote's branch, or a worktree."""
    for ref in (f"refs/heads/{order.what}", f"refs/remotes/{order.what}"):
        if (commit := base.repo.lookup(ref)) is not None:
            return order.what, commit, [c for c in checkouts if c.branch == ref and not c.gone]
    if not order.folder:
        raise Refused(f"There is no branch and no folder {order.what}.", "See what there is with: git branch --all")
    folder = Path(order.folder).resolve()
    found = next((c for c in checkouts if not c.gone and c.path.resolve() == folder), None)
    if found is None:
        hint = f"Nothing was changed. Of another clone, fetch the branch first: git fetch {order.what} BRANCH:BRANCH"
        raise Refused(f"{order.what} is no worktree of this repository.", hint)
    return found.branch.removeprefix("refs/heads/") or str(folder), base.repo.head_of(folder), [found]


def _subject(found: Found) -> str:
    """The one commit's own words, or the last one's."""
    subject = " ".join(found.commits[-1].subject.split()) or found.name
    return subject if len(subject) <= _TITLE else subject[: _TITLE - 1] + "…"


def _description(found: Found, order: o.Adopt) -> str:
    """What the Witness, and whoever mends it, reads."""
    lines = [order.description] if order.description else []
    lines.append(f"This work was begun on {found.name} and adopted at {found.commit[:9]}, {_many(found)}:")
    lines += [f"- {commit.id[:9]} {commit.subject} ({commit.author})" for commit in found.commits[-_COMMITS:]]
    return "\n".join(lines)


def _many(found: Found) -> str:
    return f"with {count(len(found.commits), 'commit')} in {count(len(found.paths), 'file')}"
