"""`gt` with no command: opens the cockpit, or says where one stands and what to do next."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator

from gastown_tui.cli import common
from gastown_tui.cli import status as town_status
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NO_TOWN, OK, NoTown

_ROOM = "gastown_tui.cockpit.run"


def open_cockpit() -> int:
    """Open the cockpit on the town one stands in; without one, or without a terminal, say what there is.

    Returns:
        The exit code.
    """
    try:
        place = common.place()
    except NoTown:
        common.show(None, list(_welcome()), False)
        return NO_TOWN
    if sys.stdin.isatty() and sys.stdout.isatty() and importlib.util.find_spec(_ROOM) is not None:
        opened: int = importlib.import_module(_ROOM).open_town(place)
        return opened
    found = town_status.document_of(place)
    common.show(found, [*town_status.lines(found), "", *_next(place, bool(found["engine"]))], False)
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


def _next(place: Place, running: bool) -> Iterator[str]:
    if not running:
        yield "Next: gt up"
        return
    yield 'Next: gt mayor tell "what you want"   then gt plan show, gt plan approve, gt feed -f'
