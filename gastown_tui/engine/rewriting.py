"""What formatters rewrite in a polecat's worktree is committed on its branch, once; nothing is sent round for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from gastown_tui.engine.base import Base
from gastown_tui.engine.sessions import Live
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.importing import adopted
from gastown_tui.model.queue import lanes
from gastown_tui.rig import rewriting
from gastown_tui.text import count, one_line

_TRAILER = "Rewritten-for"


class Found(NamedTuple):
    """What the commands left: whether the bead has a new commit to check, and words on what was put back."""

    again: bool
    note: str = ""


async def taken_up(base: Base, bead: Bead, worktree: Path) -> bool:
    """Whether the branch's tip is such a commit on what was handed in, made by an engine that died before it said so.

    It then is what the bead is checked at.
    """
    parent, whose = await asyncio.to_thread(rewriting.marked, worktree, _TRAILER)
    if (parent, whose) != (bead.work.commit, _name(bead)):
        return False
    head = await asyncio.to_thread(base.repo.head_of, worktree)
    paths = sorted(await asyncio.to_thread(rewriting.of_last_commit, worktree))
    return await _record(base, bead, head, "a formatter", paths)


async def of_commands(base: Base, bead: Bead, worktree: Path, commands: tuple[str, ...]) -> Found:
    """Deal with what commands rewrote: files of the branch are committed, all others put back.

    A second time in a row nothing is committed: a formatter that is never content would have us go round for ever.
    """
    paths = await asyncio.to_thread(rewriting.rewritten, worktree) if commands else []
    if not paths:
        return Found(False)
    tip = lanes.base(base.books.town, bead)
    fork = await asyncio.to_thread(base.repo.merge_base, tip, bead.work.commit)
    own = set(await asyncio.to_thread(base.repo.changed_paths, fork or tip, bead.work.commit))
    ours, others = [path for path in paths if path in own], [path for path in paths if path not in own]
    _, whose = await asyncio.to_thread(rewriting.marked, worktree, _TRAILER)
    if whose == _name(bead):
        await asyncio.to_thread(rewriting.put_back, worktree, paths)
        return Found(False, f"It rewrote {_listed(paths)} once more; that was put back.")
    if others:
        await asyncio.to_thread(rewriting.put_back, worktree, others)
    note = f"It rewrote {_listed(others)}, which the bead did not touch; that was put back." if others else ""
    if not ours:
        return Found(False, note)
    command = " && ".join(commands)
    why = f"The Sheriff ran it over this branch. {count(len(ours), 'file')} changed; they are checked as they are now."
    commit = await _commit(base, bead, worktree, f"Apply what `{one_line(command)[:60]}` rewrote", why, ours)
    return Found(await _record(base, bead, commit, command, ours), note)


async def of_hook(base: Base, bead: Bead, live: Live, changed: list[str]) -> bool:
    """Commit what a hook of the repository wrote after the agent's commit; says whether that was all there was.

    It is taken for a hook's when the agent was refused for such changes, committed, and has them again in files of
    that very commit.

    Args:
        changed: lines of `git status`, "XY name".
    """
    head = await asyncio.to_thread(base.repo.head_of, live.worktree)
    before, live.notes["unsaved"] = live.notes.get("unsaved", head), head
    mine = await asyncio.to_thread(rewriting.of_last_commit, live.worktree)
    paths = [line[3:] for line in changed]
    if before == head or any(line[:2].strip() != "M" for line in changed) or not set(paths) <= mine:
        return False
    why = "A hook of the repository rewrote them after each commit."
    commit = await _commit(base, bead, live.worktree, f"Apply what a hook rewrote in {_listed(paths)}", why, paths)
    said = f"what a hook rewrote in {_listed(paths)}"
    await base.feed.add(base.clock.now(), live.caller.name, "COMMIT", said, detail=commit[:9], bead=bead.id)
    return True


async def _commit(base: Base, bead: Bead, worktree: Path, subject: str, why: str, paths: list[str]) -> str:
    name, email = base.repo.ident()
    lease = bead.work.lease
    author = (name if adopted(bead) or lease is None else lease.polecat, email)
    trailers = f"{_TRAILER}: {_name(bead)}"
    if base.config.sign_off:
        trailers += f"\nSigned-off-by: {author[0]} <{author[1]}>"
    return await asyncio.to_thread(rewriting.commit, worktree, paths, f"{subject}\n\n{why}\n\n{trailers}\n", author)


async def _record(base: Base, bead: Bead, commit: str, command: str, paths: list[str]) -> bool:
    """Whether the bead still was at the sheriff with what was checked, and now is with the new commit."""
    now = base.books.pending.beads[bead.id].work
    if (now.stage, now.commit, now.epoch) != ("sheriff", bead.work.commit, bead.work.epoch):
        return False
    event = e.Rewritten(bead.id, bead.work.epoch, commit, one_line(command)[:200], tuple(paths[:50]))
    await base.books.record("sheriff", event)
    said = f"what {one_line(command)} rewrote in {_listed(paths)}"
    await base.feed.add(base.clock.now(), "sheriff", "COMMIT", said, detail=commit[:9], bead=bead.id)
    return True


def _name(bead: Bead) -> str:
    return f"{bead.id}@{bead.work.epoch}"


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return one_line(", ".join(paths[:3])) + more
