"""`gt mq`: the merge queue: who stands where, why each waits and when it may land, and what to do about it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from gastown_tui.cli import common, queue_words
from gastown_tui.model.errors import Refused, Usage

_LOOK_EVERY = 1.0
_HOME = "\x1b[H\x1b[2J"


_watching = click.option("-w", "--watch", is_flag=True, help="Go on looking, every second, until ctrl+c.")


@click.group(invoke_without_command=True)
@_watching
@common.as_json
@click.pass_context
def mq(context: click.Context, watch: bool, as_json: bool) -> None:
    """The merge queue: approved work, tested together and landed. Alone it is gt mq list.

    \b
    Example:
      gt mq
      gt mq -w
      gt mq show td-5e2
      gt mq hold td-5e2 "not before the release"
      gt mq pause
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, watch=watch, as_json=as_json)
    elif watch or as_json:
        verb, word = context.invoked_subcommand, "--json" if as_json else "--watch"
        raise Usage(f"{word} stands behind the verb.", f"For example: gt mq {verb} {word}")


@mq.command("list")
@_watching
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


@mq.command()
@click.argument("bead")
@common.as_json
def retry(bead: str, as_json: bool) -> None:
    """Test a red entry once more by itself; or try again to land what waits for your edits.

    \b
    Example:
      gt mq retry td-5e2
    """
    _order("retry", bead, "", as_json, "{bead} is tried again.")


@mq.command()
@click.argument("bead")
@click.argument("words", nargs=-1)
@common.as_json
def reject(bead: str, words: tuple[str, ...], as_json: bool) -> None:
    """Send an entry back to its polecat, saying why; gt undo does not call it back.

    \b
    Example:
      gt mq reject td-5e2 "The endpoint must not be public"
    """
    why = common.text_of(words, "reason for the polecat")
    _order("reject", bead, why, as_json, "{bead} goes back to its polecat.")


@mq.command()
@click.argument("bead")
@click.argument("words", nargs=-1)
@common.as_json
def hold(bead: str, words: tuple[str, ...], as_json: bool) -> None:
    """Keep an entry from being tested and landed; others pass it.

    \b
    Example:
      gt mq hold td-5e2 "not before the release"
    """
    _order("hold", bead, " ".join(words), as_json, "{bead} is held; gt mq release {bead} lets it go.")


@mq.command()
@click.argument("bead")
@common.as_json
def release(bead: str, as_json: bool) -> None:
    """Let a held entry go on.

    \b
    Example:
      gt mq release td-5e2
    """
    _order("release", bead, "", as_json, "{bead} may go on.")


@mq.command()
@click.argument("bead")
@common.as_json
def first(bead: str, as_json: bool) -> None:
    """Put an entry before all others; runs in flight go on.

    \b
    Example:
      gt mq first td-5e2
    """
    _order("first", bead, "", as_json, "{bead} goes first.")


@mq.command()
@click.argument("words", nargs=-1)
@common.as_json
def pause(words: tuple[str, ...], as_json: bool) -> None:
    """Let nothing land until gt mq resume.

    \b
    Example:
      gt mq pause "demo at three"
    """
    _order("pause", "", " ".join(words), as_json, "The queue is paused; gt mq resume lets it go on.")


@mq.command()
@common.as_json
def resume(as_json: bool) -> None:
    """Let the queue go on.

    \b
    Example:
      gt mq resume
    """
    _order("resume", "", "", as_json, "The queue goes on.")


def _order(action: str, bead: str, why: str, as_json: bool, said: str) -> None:
    whole = common.town().bead(bead).id if bead else ""
    answer = common.order("queue", action=action, bead=whole, why=why)
    common.show(answer, said.format(bead=whole), as_json)
