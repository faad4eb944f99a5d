"""`gt undo` and `gt redo`: takes your last orders back, or landings, having said what that changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from gastown_tui.cli import common, undo_landing
from gastown_tui.model.errors import REFUSED, Usage
from gastown_tui.text import count as counted

_PAST = {"undo": "undid", "redo": "redid"}


def _options(command: Any) -> Any:
    for option in (
        click.option("--list", "list_", is_flag=True, help="Only show what can be undone and redone, and what cannot."),
        click.option("--skip", is_flag=True, help="Pass over what can no longer be taken back."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask. Without a terminal nobody is asked."),
        click.option("--dry-run", is_flag=True, help="Only say what it would change."),
        click.option("--polecat", is_flag=True, help="Of landings: have a polecat do it where it conflicts."),
        click.argument("what", nargs=-1, metavar="[N | BEAD...]"),
    ):
        command = option(command)
    return common.as_json(command)


@click.command()
@click.option("--to", default="", metavar="TIME|COMMIT", help="Take back everything that landed since.")
@_options
def undo(to: str, **asked: Any) -> int:
    """Take back your last order, or the last N; or take landed BEADs out of the code again.

    Orders (closing, changing, filing, planning, importing): what you did to many beads at once is undone at once.
    Nothing is rewritten: undoing is an order like others, and gt redo takes it back. What somebody acted on since is
    refused with the reason.

    Landings: a revert goes through the queue, tested on the tip like any other, and lands as a commit "Revert BEAD".
    The bead opens again, and its work is kept on a branch to go on from. Several go together, newest first; who built
    on them since is named before.

    \b
    Example:
      gt undo --dry-run
      gt undo 3
      gt undo td-5e2 --dry-run
      gt undo --to "2h ago"
    """
    return _asked("undo", to=to, **asked)


@click.command()
@_options
def redo(**asked: Any) -> int:
    """Do again what gt undo took back last, or the last N (a new order of yours ends that); or land BEADs again.

    \b
    Example:
      gt redo
      gt redo td-5e2
    """
    return _asked("redo", to="", **asked)


def _asked(verb: str, what: tuple[str, ...], to: str, polecat: bool, **options: Any) -> int:
    """A number, or nothing, means orders; anything else means landings."""
    if not to and len(what) < 2 and (not what or what[0].isdigit()):
        count = int(what[0]) if what else 1
        if count < 1:
            raise Usage(f"{count} orders cannot be taken back.", f"gt {verb} 2 takes back the last two.")
        if polecat:
            raise Usage("--polecat is for landings: name a bead.", f"gt {verb} BEAD --polecat")
        return _take_back(verb, count, **options)
    if any([options.pop("list_"), options.pop("skip")]):
        raise Usage("--list and --skip are for orders.", f"What becomes of a landing says: gt {verb} BEAD --dry-run")
    return undo_landing.take_back(what, to, verb == "redo", polecat=polecat, **options)


def _take_back(verb: str, count: int, dry_run: bool, yes: bool, skip: bool, list_: bool, as_json: bool) -> int:
    if list_:
        found = _listed()
        common.show(found, list(_rows(found)), as_json)
        return 0
    client = common.client()
    seen = 0
    if not (dry_run or yes or as_json) and sys.stdin.isatty():
        would = client.order(verb, {"count": count, "skip": skip, "dry_run": True})
        common.show(would, list(_said(would, f"{verb}:")), False)
        many = len(would["orders"])
        if not click.confirm(f"{verb.capitalize()} {'this' if many == 1 else counted(many, 'order')}?", default=True):
            common.hint("Nothing was changed.")
            return REFUSED
        seen = would["entry"]
    answer = client.order(verb, {"count": count, "skip": skip, "dry_run": dry_run, "entry": seen})
    if seen:
        done = [f"{_PAST[verb]}: {order['title']}" for order in answer["orders"]]
    else:
        done = list(_said(answer, f"would {verb}:" if dry_run else f"{_PAST[verb]}:"))
    if not dry_run:
        other = "redo" if verb == "undo" else "undo"
        back = len(answer["orders"])
        done.append(f"gt {other}{f' {back}' if back > 1 else ''} takes that back.")
    common.show(answer, done, as_json)
    return 0


def _said(answer: dict[str, Any], what: str) -> Iterator[str]:
    for order in answer["orders"]:
        yield f"{what} {order['title']} ({common.age(order['at'])} ago)"
        yield from (f"  {line}" for line in order["changes"])
        yield from (f"  Note: {line}." for line in order["notes"])


def _listed() -> dict[str, list[dict[str, Any]]]:
    """What could be undone and redone, newest first, each with why not as things are."""
    from gastown_tui.model.undoing import undo as model

    town = common.town()
    return {
        verb: [
            {"entry": entry.seq, "title": entry.title, "at": entry.at, "why_not": why}
            for entry, why in model.outlook(town, verb == "redo")
        ]
        for verb in _PAST
    }


def _rows(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    if not any(found.values()):
        yield "There is nothing to undo or redo."
    for verb, orders in found.items():
        if not orders:
            continue
        yield f"{verb}, newest first"
        rows = [
            [f"{number:>4}", f"{common.age(order['at']):>3}", order["title"], _why(verb, order["why_not"])]
            for number, order in enumerate(orders, 1)
        ]
        yield from (line.rstrip() for line in common.table(rows))


def _why(verb: str, why: str) -> str:
    return f"no {verb}: {why}" if why else ""
