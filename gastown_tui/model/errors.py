"""Errors a person reads: what happened, what was kept, and what to do next."""

from __future__ import annotations

OK, REFUSED, USAGE, NO_TOWN, NO_ENGINE, STALE, CANNOT_WRITE = range(7)
"""Exit codes of `gt`, as interfaces.md fixes them."""


class GasTownError(Exception):
    """Something refused or failed; `hint` says what to do next, `code` is the exit code."""

    code = REFUSED

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.title} {self.hint}".strip()


class Refused(GasTownError):
    """The order is understood and not allowed."""


class Illegal(GasTownError):
    """An event that the lifecycle does not allow in this state: nothing was changed."""


class Usage(GasTownError):
    """The call's words are off."""

    code = USAGE


class NoTown(GasTownError):
    """There is no `.gastown` in this folder or above it."""

    code = NO_TOWN


class NoEngine(GasTownError):
    """No engine answers for this town."""

    code = NO_ENGINE


class StaleLease(GasTownError):
    """The caller's lease is older than the bead's, or the bead is somebody else's."""

    code = STALE


class CannotWrite(GasTownError):
    """The disk refused; what was acknowledged before is kept."""

    code = CANNOT_WRITE


BY_CODE: dict[int, type[GasTownError]] = {
    REFUSED: Refused, USAGE: Usage, NO_TOWN: NoTown, NO_ENGINE: NoEngine, STALE: StaleLease, CANNOT_WRITE: CannotWrite,
}
"""The class that carries an exit code: how an error crosses the door."""
