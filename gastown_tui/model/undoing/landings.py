"""What happens when landings are taken back: the revert joins the queue, and what it took back is open again."""

from __future__ import annotations

from gastown_tui.model.event import Event


class UndoBegun(Event, frozen=True, tag="undo_begun"):
    """A bead that takes landings back goes straight into the queue, with the revert made in memory as its commit.

    Nobody worked on it and nobody reviews it: the overseer's order is the review.
    """

    bead: str
    epoch: int
    commit: str
    commits: int = 1


class LandingUndone(Event, frozen=True, tag="landing_undone"):
    """The bead's landing was taken back by `by`, which landed as `commit`: it is open, and waits to be let go again.

    Its work is kept on `branch`, whose commit `start` puts all of it back: whoever goes on begins there.
    """

    bead: str
    epoch: int
    by: str
    commit: str
    branch: str
    start: str


class LandingRedone(Event, frozen=True, tag="landing_redone"):
    """What had been taken back stands again, put back by `by`: the change from `onto` to `commit` is the bead's."""

    bead: str
    epoch: int
    by: str
    commit: str
    onto: str = ""
