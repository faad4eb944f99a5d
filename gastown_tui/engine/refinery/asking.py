"""What only the overseer can settle about the remote: each question says what was kept, and goes away by itself."""

from __future__ import annotations

from gastown_tui import config as settings
from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from gastown_tui.model.merge import PullRequest
from gastown_tui.model.town import Town
from gastown_tui.rig.errors import InTheWay
from gastown_tui.rig.github import NoGh
from gastown_tui.rig.remote import Locked, PushRefused, Unreachable
from gastown_tui.text import count

RETRY, REQUESTS, HERE = "retry", "use pull requests", "land here only"
KINDS = frozenset({"push", "remote", "ahead", "apart", "edits", "gh"})
"""The kinds of need of this room."""

REQUEST, LEAVE = "request", "leave it open"
"""The kind of need about a pull request that is open though its bead is closed, and its only answer."""

_LAND = {REQUESTS: "pr", HERE: "local"}


def refused(base: Base, name: str, error: PushRefused, bead: str) -> list[e.AnyEvent]:
    """The event that asks what to do about a refused push, in the remote's own words."""
    question = (
        f"{base.config.remote} said: {error.words}\nNothing was moved, here or there. Onto a protected branch pull "
        "requests are the usual way (they need gh, logged in)."
    )
    choices = (RETRY, HERE) if base.config.land == "pr" else (RETRY, REQUESTS, HERE)
    return needs.asked(base, "push", "target", f"The push to {name} was refused", question, choices, bead=bead)


def silent(base: Base, error: Unreachable) -> None:
    """Ask about a remote that does not answer."""
    name = base.config.remote
    hint = f"{error.hint}\n" if isinstance(error, Locked) else ""
    waits = "What is tested waits and nothing is lost; it goes on by itself when"
    question = f"{error.title}\n{hint}{waits} {'it is gone' if hint else f'{name} answers'}."
    needs.ask(base, "remote", name, f"{name} {error.said}", question, (RETRY, HERE))


def ahead(base: Base, name: str, found: str, steps: int) -> None:
    """Ask about commits of the person's own that a push would send, too."""
    target = base.config.target
    question = (
        f"{target} here has {count(steps, 'commit')} that {name} ({found[:9]}) does not have and no landing made.\n"
        f"A push would send them, too. Push them yourself (git push {base.config.remote} {target}); then it goes on by "
        "itself."
    )
    needs.ask(base, "ahead", "target", f"{target} is ahead of {name}", question, (RETRY, HERE))


def apart(base: Base, name: str, found: str, tip: str) -> None:
    """Ask about two histories of the target that only a person can bring together."""
    target = base.config.target
    question = (
        f"{target} is at {tip[:9]} here, {name} at {found[:9]}, and neither contains the other. Merge or rebase as you "
        "see fit, and push; then it goes on by itself."
    )
    needs.ask(base, "apart", "target", f"{target} and {name} have parted", question, (RETRY, HERE))


def edits(base: Base, name: str, found: str, error: InTheWay) -> None:
    """Ask for what is in the way, in the checkout, of what came from the remote."""
    what = "your edits" if error.paths else "a lock of git's" if error.lock else "your checkout"
    said = f"In your checkout git will not overwrite: {', '.join(error.paths)}" if error.paths else f"{error}"
    title, question = f"What came from {name} waits for {what}", f"{name} is at {found[:9]}. {said}"
    old = needs.raised(base.books.pending, "edits", "target")
    if old is not None and old.question != question:
        needs.settle(base, "edits", "target", "something else is in the way")
    needs.ask(base, "edits", "target", title, question, (RETRY,))


def without_gh(base: Base, error: NoGh) -> None:
    """Ask for gh."""
    question = f"{error.title} {error.hint}"
    needs.ask(base, "gh", "gh", "Pull requests and checks need gh, logged in", question, (RETRY, HERE))


def still_open(base: Base, bead: Bead, request: PullRequest, why: str) -> None:
    """Ask about the open pull request of a bead that was closed."""
    question = (
        f"{bead.id} was closed here without landing, and {request.url} is open. {why}\n"
        "Close it there and this goes away by itself; nothing of it is followed any more."
    )
    title = f"Pull request #{request.number} of {bead.id} is still open"
    needs.ask(base, REQUEST, bead.id, title, question, (LEAVE,), bead=bead.id)


def left_open(town: Town, need: e.Need) -> list[e.AnyEvent]:
    """What it changes that such a request is left open: the bead no longer has one."""
    bead = town.beads.get(need.about)
    if bead is None or bead.work.request is None or bead.work.stage != "dropped":
        return []
    return [e.RequestClosed(bead.id, bead.work.epoch, left=True)]


def effects(base: Base, town: Town, need: e.Need, choice: str) -> list[e.AnyEvent]:
    """What an answer changes: how this town lands from now on, and what waited may go on."""
    if choice in _LAND:
        less = {"ci": ""} if choice == HERE else {}
        base.config = settings.change(base.place.config, base.config, base.files, land=_LAND[choice], **less)
    if need.kind != "push":
        return []
    state = "queued" if base.config.gated else "allowed"
    waiting = (m for m in town.queue.values() if m.state == "waiting" and not needs.raised(town, "ungated", m.bead))
    return [e.MergeTurned(entry.bead, state) for entry in sorted(waiting, key=lambda m: m.bead)]
