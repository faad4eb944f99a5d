"""`gt` with no command: opens the cockpit; where there is no town it explains and offers one."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator

from gastown_tui.cli import common
from gastown_tui.cli import status as town_status
from gastown_tui.cli.glance import lines
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NO_TOWN, OK, GasTownError, NoTown

_ROOM = "gastown_tui.cockpit.run"


def open_cockpit() -> int:
    """Open the cockpit on the town one stands in; without a terminal say how it stands and what to do next.

    Returns:
        The exit code.
    """
    try:
        place = common.place()
    except NoTown:
        return _no_town()
    if not on_a_terminal():
        found = town_status.document_of(place)
        common.show(found, [*lines(found), "", *_next(bool(found["engine"]))], False)
        return OK
    missing = list(_missing(place))
    for line in missing:
        common.hint(line)
    if missing and not common.confirm("Open the cockpit all the same?", False):
        return OK
    opened: int = importlib.import_module(_ROOM).open_town(place)
    return opened


def on_a_terminal() -> bool:
    """Whether somebody sits in front of us."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _no_town() -> int:
    common.show(None, list(_welcome()), False)
    if not on_a_terminal():
        return NO_TOWN
    from gastown_tui.cli import init, offering

    try:
        repo = init.repository()
    except GasTownError as error:
        common.hint(f"\nHere there can be none yet: {error.title}\n{error.hint}")
        return NO_TOWN
    common.hint("")
    if not common.confirm(f"Make a town in {repo.root} now?", False):
        return NO_TOWN
    wanted = init.Wanted(target="", gates=(), run=True, runtime="claude", yes=False, json=False)
    document = asyncio.run(init.make(repo, Place(repo.root), wanted))
    said = [*offering.offer(Place(repo.root), document["board"], True)]
    common.show(document, [*init.closing(document)[:-1], *said, "Next: gt opens the cockpit"], False)
    return OK


def _welcome() -> Iterator[str]:
    """What somebody reads who has never been here."""
    yield "Gas Town: you tell the Mayor what to build; coding agents build it in parallel, each in a git worktree of"
    yield "its own; every change is checked, reviewed, tested on the combined tree, and landed on your branch."
    yield ""
    yield "There is no town here yet."
    yield "  gt init    makes one in this git repository (in .gastown; no tracked file is changed)"
    yield "  gt demo    shows a whole run on a small project of its own, without a model and without cost"
    yield "  gt --help  lists every command"


def _next(running: bool) -> Iterator[str]:
    if not running:
        yield "Next: gt up"
        return
    yield 'Next: gt mayor tell "what you want"   then gt plan show, gt plan approve, gt feed -f'


def _missing(place: Place) -> Iterator[str]:
    """Which agents are not on this machine, and how to get them."""
    from gastown_tui import config
    from gastown_tui.agents import runtime
    from gastown_tui.model.agent import ROLES

    roles = config.load(place.config).roles
    for name in dict.fromkeys(getattr(roles, role).runtime for role in ROLES):
        try:
            runtime.load(name).program(python=sys.executable)
        except GasTownError as error:
            yield f"{error.title} {error.hint.removeprefix('Nothing was started. ')}"
