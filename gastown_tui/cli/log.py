"""`gt log`: what happened, in words, out of the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import GasTownError, Refused

if TYPE_CHECKING:
    from gastown_tui.engine.place import Place
    from gastown_tui.model.events import Record

_SHOWN = 50
_TRIES = 3


@click.command()
@click.argument("about", default="", metavar="[BEAD]")
@click.option("-n", "--lines", "count", type=click.IntRange(1), default=_SHOWN, show_default=True)
@click.option("--all", "all_", is_flag=True, help="Everything from the beginning.")
@common.as_json
def log(about: str, count: int, all_: bool, as_json: bool) -> None:
    """What happened, oldest first; with BEAD (or an agent, a plan, a need) only what is about it.

    \b
    Example:
      gt log
      gt log td-5e2 --json
    """
    from gastown_tui.cli import words
    from gastown_tui.model.events import encode

    found = _records(common.place())
    if about:
        full = f"{_prefix(found)}-{about}"
        found = [r for r in found if words.about(r.event) & {about, full}]
        if not found:
            raise Refused(f"Nothing is written about {about}.", "gt log shows everything.")
    for record in found if all_ or about else found[-count:]:
        if as_json:
            click.echo(encode(record).decode())
        else:
            when = time.strftime("%m-%d %H:%M:%S", time.localtime(record.at))
            click.echo(common.clip_line(f"{when}  {words.sentence(record.event)}"))


def _prefix(records: list[Record]) -> str:
    return next((r.event.prefix for r in records if hasattr(r.event, "prefix")), "")


def _records(place: Place) -> list[Record]:
    """Every record, read without the engine's lock: it may trim the journal between our two looks, so look again."""
    from gastown_tui.engine.reading import records

    for attempt in range(_TRIES):
        try:
            found = list(records(place))
        except GasTownError:
            if attempt == _TRIES - 1:
                raise
            continue
        if _whole(iter(found)):
            return found
    raise GasTownError("The ledger moves too quickly to be read now.", "Try again in a moment.")


def _whole(records: Iterator[Record]) -> bool:
    return all(record.seq == number for number, record in enumerate(records, 1))
