"""Landings that are taken back, or put back: what a bead of that kind has to do, and what it leaves behind."""

from __future__ import annotations

import msgspec

KIND = "revert"
"""The issue type of a bead that takes landings back."""

UNDONE = "undone/"
"""What the branches begin with on which work that was taken back is kept."""


class Turn(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One landing to take back, or with `again` to put back: a bead, its epoch, and the change it landed as.

    The change leads from commit `onto` ("": the first parent) to commit `landed`. `undone` is the bead that took it
    back, where it is put back.
    """

    bead: str
    epoch: int
    landed: str
    onto: str = ""
    again: bool = False
    undone: str = ""

    @property
    def trailer(self) -> str:
        """The line that names it in a commit's message."""
        return f"{'Reapplies' if self.again else 'Reverts'}: {self.bead}@{self.epoch}"


class Back(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A bead's part in it: `turns` of a bead that takes landings back, newest first; or, of one whose landing was,
    which bead took it back (`undone`), the branch that keeps its work, and the commit to go on from (`resume`).
    """

    turns: tuple[Turn, ...] = ()
    undone: str = ""
    branch: str = ""
    resume: str = ""


def landed(back: Back | None) -> Back | None:
    """What is left of it when the bead lands: a bead that took others back still says which."""
    return back if back is not None and back.turns else None
