"""Runs what `gt init` guessed once, on the clean tip in a worktree of its own, so that nobody trusts a guess unseen."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.engine.commands import Ran, run
from gastown_tui.rig import git
from gastown_tui.rig.repository import Repository
from gastown_tui.world import Clock

LIMIT = 600.0
"""Seconds one command may take here; the gate itself may take longer later."""

_NOTHING_RAN = ("Ran 0 tests in", "no tests ran", "NO TESTS RAN", "[no test files]")


@dataclass(frozen=True)
class Tried:
    """How one command did on the clean tip; `ok` is None when it was not run."""

    name: str
    run: str
    ok: bool | None = None
    seconds: float = 0.0
    why: str = ""


def environment() -> dict[str, str]:
    """What the person's own commands run in: theirs, without git's variables and the town's."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GT_"))}


@contextlib.contextmanager
def clean_tip(repo: Repository, commit: str) -> Iterator[Path]:
    """A worktree at a commit, in the temp folder and detached, that is gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="gt-init-"))
    tree = folder / repo.root.name
    # The person's hooks are not for a worktree nobody works in.
    git.run(["-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach", str(tree), commit], repo.root)
    try:
        yield tree
    finally:
        git.run(["worktree", "remove", "--force", "--force", str(tree)], repo.root, check=False)
        shutil.rmtree(folder, ignore_errors=True)
        git.run(["worktree", "prune"], repo.root, check=False)


async def try_out(
    tree: Path, commands: list[tuple[str, str]], clock: Clock, before: Callable[[str], None],
    after: Callable[[Tried], None],
) -> list[Tried]:  # fmt: skip
    """Run commands (name, command) one after another.

    Args:
        before: told each command as it starts. after: told how it did.
    """
    done = []
    for name, command in commands:
        before(command)
        ran = await run(command, tree, environment(), LIMIT, clock)
        tried = Tried(name, command, ran.ok and not idle(ran), round(ran.seconds, 1), _why(ran))
        after(tried)
        done.append(tried)
    return done


def idle(ran: Ran) -> bool:
    """Whether a test command ended well because it found no test: that proves nothing."""
    some = " passed" in ran.output or "\nok " in ran.output
    return not some and any(mark in ran.output for mark in _NOTHING_RAN)


def _why(ran: Ran) -> str:
    if idle(ran):
        return "it found no tests"
    return "" if ran.ok else ran.why(12)
