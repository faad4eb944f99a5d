"""`gt mq`: the merge queue: who stands where, why each waits and when it may land, and what to do about it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from gastown_tui.cli import common, queue_words
from gastown_tui.model.errors import Refused

_LOOK_EVERY = 1.0
_HOME = "\x1b[H\x1b[2J"


@click.group()
def mq() -> None:
    """The merge queue: approved work, tested together and landed.

    \b
    Example:
      gt mq list
      gt mq show td-5e2
    """


@mq.command("list")
@click.option("-w", "--watch", is_flag=True, help="Go on looking, every second, until ctrl+c.")
@common.as_json
def list_(watch: bool, as_json: bool) -> None:
    """Who stands where, why each waits and when it may land; the runs in flight; the verdict on the target.

    \b
    Example:
      gt mq list
      gt mq list -w
      gt mq list --json
    """
    document = queue_words.document(*_seen())
    common.show(document, list(queue_words.lines(document)), as_json)
    for later in _changes(document) if watch else ():
        if not as_json:
            click.echo(_HOME if sys.stdout.isatty() else "", nl=not sys.stdout.isatty())
        common.show(later, list(queue_words.lines(later)), as_json)


def _seen() -> tuple[Any, dict[str, str]]:
    """The town and, when an engine runs, its passing notes."""
    from gastown_tui.model.errors import NoEngine

    town = common.town()
    try:
        notes = common.client().status()["notes"]
    except NoEngine:
        return town, {}
    return town, {str(name): str(text) for name, text in notes.items()}


def _changes(last: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document again whenever it is another; on a terminal every second, because times pass."""
    while True:
        time.sleep(_LOOK_EVERY)
        document = queue_words.document(*_seen())
        if sys.stdout.isatty() or queue_words.facts(document) != queue_words.facts(last):
            yield document
        last = document


@mq.command()
@click.argument("bead")
@common.as_json
def show(bead: str, as_json: bool) -> None:
    """Everything about one entry: why it waits, its runs with their verdicts and logs, with whom it was red.

    \b
    Example:
      gt mq show td-5e2
    """
    town, notes = _seen()
    found = town.bead(bead)
    document = queue_words.entry_document(town, notes, found, common.place().gate_logs)
    if not document["queued"] and not document["runs"] and not document["returns"] and not document["landed"]:
        raise Refused(f"{found.id} was never in the merge queue.", "See what is with: gt mq list")
    common.show(document, list(queue_words.entry_lines(document)), as_json)
