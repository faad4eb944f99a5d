"""What can go wrong between us and git, each with what was kept and what to do."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence

from gastown_tui.model.errors import CannotWrite, GasTownError

_LOCK = re.compile(r"Unable to create '(.+\.lock)': File exists")


class GitFailed(GasTownError):
    """A git command failed: what it would have told us is unsure, never "nothing"; `lock` is a lock file in its way."""

    def __init__(self, command: Sequence[str], code: int, err: str, why: str = "") -> None:
        said = " / ".join(line.strip() for line in err.strip().splitlines()[-4:]) or "it said nothing"
        title = why or f"git failed ({code}): git {' '.join(command)[:200]}."
        hint = f"git said: {said}. Nothing was changed by us; try the command by hand."
        found = _LOCK.search(err)
        self.lock = found[1] if found is not None else ""
        if self.lock:
            title, hint = f"A lock of git's is in the way: {self.lock}.", f"Nothing was changed by us. {LEFT}"
        super().__init__(title, hint)
        self.command = tuple(command)
        self.exit = code
        self.err = err


LEFT = "A git command runs there, or was cut off and left it: if none runs, remove the file, and it goes on by itself."
"""What to do about a lock file of git's."""


class NotARepository(GasTownError):
    """There is no git repository there, or git does not trust it."""


class NoSuchRef(GasTownError):
    """A branch or commit that was named does not exist."""


class Moved(GasTownError):
    """A ref is not where it was expected: somebody else moved it; we changed nothing."""

    def __init__(self, ref: str, expected: str | None, found: str | None) -> None:
        super().__init__(
            f"{ref} is at {(found or 'nothing')[:12]}, expected {(expected or 'nothing')[:12]}: another moved it.",
            "Nothing was changed. Look at its log (git log), then let the town go on.",
        )
        self.ref, self.expected, self.found = ref, expected, found


class InTheWay(GasTownError):
    """A person's edits or unfinished git command in a checkout keep a landing from it.

    `paths` names the edits, `lock` a lock file of git's; of what is neither `why` says all.
    """

    def __init__(self, checkout: str, paths: Sequence[str], why: str, lock: str = "") -> None:
        named = ", ".join(paths[:5]) + (" ..." if len(paths) > 5 else "")
        todo = "Commit, stash or move these edits" if paths else "Finish it, or call it off"
        super().__init__(
            f"{checkout} cannot take the landing: {why}{': ' + named if named else ''}.",
            f"Nothing was touched. {LEFT if lock else f'{todo}; the landing then goes on by itself.'}",
        )
        self.checkout = checkout
        self.paths = tuple(paths)
        self.why = why
        self.lock = lock


class Unsaved(GasTownError):
    """A worktree holds work that is nowhere else, so it stays."""


class Damaged(GasTownError):
    """Something durable does not read back as it was written: never passed over, and the town opens read-only."""


def cannot_write(what: str, error: Exception) -> CannotWrite:
    """The refusal that follows a failed write."""
    return CannotWrite(f"{what} cannot be written: {reason(error)}.", f"{KEPT} {_REMEDIES.get(_number(error), MEND)}")


def reason(error: Exception) -> str:
    """Why a write failed, as a person says it: "No space left on device", without the number."""
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return told.rstrip(".")


def why(error: Exception) -> str:
    """The reason alone of an error that stands for a failed write: what is around it is said elsewhere."""
    if isinstance(error, GasTownError):
        cause = error.__cause__
        return reason(cause) if isinstance(error, CannotWrite) and isinstance(cause, Exception) else error.title[:-1]
    return reason(error)


def _number(error: Exception) -> int:
    return (error.errno or 0) if isinstance(error, OSError) else 0


KEPT = "What was acknowledged before is kept; this was not done."
MEND = "Free some space or mend the disk; the town then goes on by itself."
_REMEDIES = {
    errno.ENOSPC: "Free some space; the town then goes on by itself.",
    errno.EDQUOT: "Free some of your quota; the town then goes on by itself.",
    errno.EROFS: "Mount the disk for writing again; the town then goes on by itself.",
    errno.EACCES: "Let your user write there again; the town then goes on by itself.",
    errno.EIO: "Look at the disk (dmesg says more); the town goes on by itself when it answers.",
}
