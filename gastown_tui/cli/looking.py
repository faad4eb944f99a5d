"""What commands with `--at` share: which moment is meant, and the town as it was then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Refused

if TYPE_CHECKING:
    from gastown_tui.engine.history.replay import Moment
    from gastown_tui.model.town import Town

_F = TypeVar("_F", bound=Callable[..., Any])


def at(command: _F) -> _F:
    """The --at option; the command gets its text as `at`, empty when now is meant."""
    words = "As it was then: 2h ago, 14:30, yesterday (its end), 2026-11-20T09:00, seq:812, or a commit of gt-ledger."
    return click.option("--at", "at", default="", metavar="TIME", help=words)(command)


def town_then(text: str) -> tuple[Town, Moment]:
    """The whole town at a moment. Raises Usage for what is no moment, Refused for one before the town began."""
    from gastown_tui.engine.history import History, replay

    history = History(common.place())
    then = replay.moment(history, text, time.time())
    return replay.town_at(history, then.seq), then


def town(text: str) -> Town:
    """The town at a moment, which is named on stderr; now when the text is empty."""
    if not text:
        return common.town()
    found, then = town_then(text)
    common.hint(then.said)
    return found


def bead_then(id: str, text: str) -> tuple[Town, Moment]:
    """A town that knows one bead as it was at a moment. Raises Refused when it was not filed yet."""
    from gastown_tui.engine.history import History, replay

    history = History(common.place())
    then = replay.moment(history, text, time.time())
    if (name := history.named(id)) is None:
        raise Refused(f"There is no bead {id}.", "List them with: gt bead list")
    found = replay.bead_at(history, name, then.seq)
    if name in found.beads:
        return found, then
    first = next(history.entries(_filed(name)), None)
    if first is None:
        raise Refused(f"There is no bead {id}.", "List them with: gt bead list")
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(first.at))
    raise Refused(f"{name} was not there {then.said}.", f"It was filed at {when} (seq {first.seq}).")


def _filed(name: str) -> Any:
    from gastown_tui.engine.history.eventindex import Wanted

    return Wanted(about=name, kinds=("bead_created", "beads_imported"))


def as_of(then: Moment) -> dict[str, Any]:
    """A moment as part of a document."""
    return {"seq": then.seq, "at": then.at, "last": then.last, "said": then.said}


def status_then(text: str) -> dict[str, Any]:
    """The document of `gt status --json` as it was at a moment; settings are today's, no ledger keeps them."""
    from gastown_tui import config
    from gastown_tui.engine.status import status

    found, then = town_then(text)
    document = status(found, config.load(common.place().config), {}, running=found.engine.running)
    return {**document, "as_of": as_of(then)}
