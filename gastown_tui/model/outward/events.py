"""What happens to a bead's branch outside the queue: a formatter rewrites it, and its pull request is answered."""

from __future__ import annotations

from gastown_tui.model.bead import Review
from gastown_tui.model.event import Event
from gastown_tui.model.merge import PullRequest


class Rewritten(Event, frozen=True, tag="rewritten"):
    """A command of the rig's rewrote files of the branch; `commit` on top of what was handed in has them."""

    bead: str
    epoch: int
    commit: str
    command: str
    paths: tuple[str, ...] = ()


class RequestOpened(Event, frozen=True, tag="request_opened"):
    """A tested bead is offered as a pull request, or its request has a newer commit; a person merges it."""

    bead: str
    epoch: int
    request: PullRequest


class RequestReturned(Event, frozen=True, tag="request_returned"):
    """Changes were requested, or a check is red: back to the polecat. What was said up to `seen` is dealt with."""

    bead: str
    epoch: int
    review: Review
    seen: str = ""


class RequestMerged(Event, frozen=True, tag="request_merged"):
    """A person merged the pull request; `commit` is what the target has of it."""

    bead: str
    epoch: int
    commit: str
    by: str = ""


class RequestClosed(Event, frozen=True, tag="request_closed"):
    """The pull request was closed and nothing merged: by a person there, or because its bead was closed here.

    With `left` it is open still, and the overseer wants it left so: it is no longer followed.
    """

    bead: str
    epoch: int
    by: str = ""
    left: bool = False
