"""`gt log`: what happened, in words: who, what, when, why and what it cost, out of the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import NoEngine, Refused, Usage

if TYPE_CHECKING:
    from gastown_tui.cli.chronicle import Line
    from gastown_tui.engine.history import History
    from gastown_tui.engine.history.eventindex import Wanted
    from gastown_tui.engine.history.imported import Entry
    from gastown_tui.model.errors import GasTownError

_SHOWN = 50
_UNCUT = 1_000_000


@click.command()
@click.argument("about", default="", metavar="[BEAD]")
@click.option("--since", default="", metavar="TIME", help="From then on: 2h ago, 14:30, yesterday, 2026-11-20.")
@click.option("--until", default="", metavar="TIME", help="Up to then; a day counts whole.")
@click.option("--who", default="", help="Only what this one did: overseer, refinery, obsidian ...")
@click.option("--kind", "kinds", multiple=True, help="Only this kind, as landed; may be given several times.")
@click.option("-n", "--lines", "count", type=click.IntRange(1), help=f"The last so many (without BEAD: {_SHOWN}).")
@click.option("--all", "all_", is_flag=True, help="Everything from the beginning.")
@click.option("--full", is_flag=True, help="Long texts whole.")
@click.option("-f", "--follow", is_flag=True, help="Go on as it happens, until ctrl+c or the engine leaves.")
@common.as_json
def log(
    about: str, since: str, until: str, who: str, kinds: tuple[str, ...], count: int | None, all_: bool, full: bool,
    follow: bool, as_json: bool,
) -> None:  # fmt: skip
    """What happened, oldest first; with BEAD (or an agent, a plan, a need) its whole story.

    What an agent spent stands on its next line; `--kind spent` shows each sum.

    \b
    Example:
      gt log
      gt log td-5e2
      gt log --since "2h ago" --kind landed --kind conflicted
      gt log td-5e2 --json
    """
    from gastown_tui.engine.history.eventindex import Wanted
    from gastown_tui.rig.errors import Damaged

    wanted = Wanted(about, who, _kinds(kinds), _time(since, False), _time(until, True))
    most = count or (None if all_ or about or since or until else _SHOWN)
    try:
        _tell(wanted, most, full, follow, as_json)
    except Damaged as error:
        _readable(wanted, most, full, as_json, error)


def _tell(wanted: Wanted, most: int | None, full: bool, follow: bool, as_json: bool) -> None:
    from gastown_tui.cli import chronicle
    from gastown_tui.engine.history import History

    history = History(common.place())
    if wanted.about:
        wanted = wanted._replace(about=_named(history, wanted.about))
    now, shown, last = time.time(), 0, history.span().last
    for line in chronicle.lines(history, wanted, most, fold=not as_json):
        _print(line, now, wanted.about, full, as_json)
        shown += 1
    if follow:
        _follow(history, wanted, last, full, as_json)
    if not shown and not as_json:
        common.hint("Nothing fits.")


def _readable(wanted: Wanted, most: int | None, full: bool, as_json: bool, error: GasTownError) -> None:
    """What a damaged ledger still tells, plainly; what it cannot is said on stderr."""
    from gastown_tui.cli.chronicle import Line
    from gastown_tui.engine.history.imported import entry
    from gastown_tui.engine.ledger.partial import history

    found, hole = history(common.place())
    told = [Line(line) for line in map(entry, found) if _fits(wanted, line)]
    for line in told[-most:] if most else told:
        _print(line, time.time(), wanted.about, full, as_json)
    common.hint(f"{error.title} {hole}".strip())
    common.hint("This is what can be read of it. gt doctor says what can be mended.")


def _fits(wanted: Wanted, line: Entry) -> bool:
    from gastown_tui.model.about import about

    named = not wanted.about or any(f"-{name}".endswith(f"-{wanted.about}") for name in about(line.event))
    then = (wanted.since or 0.0) <= line.at <= (wanted.until or float("inf"))
    return named and then and wanted.who in ("", line.who) and (not wanted.kinds or line.kind in wanted.kinds)


def _time(text: str, end: bool) -> float | None:
    from gastown_tui.model import times

    return times.parse(text, time.time(), end=end) if text else None


def _kinds(given: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds as the ledger names them; raises Usage for one there is not."""
    from gastown_tui.model.about import KINDS

    found = tuple(kind.strip().lower().replace("-", "_").replace(" ", "_") for kind in given)
    for kind in found:
        if kind not in KINDS:
            from difflib import get_close_matches

            near = get_close_matches(kind, KINDS, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(KINDS))}."
            raise Usage(f"There is no kind of event called {kind}.", hint)
    return found


def _named(history: History, about: str) -> str:
    """The whole id of what is asked about; raises Refused when nothing is written of it."""
    if (name := history.named(about)) is not None:
        return name
    raise Refused(f"Nothing is written about {about}.", "gt log shows everything.")


def _follow(history: History, wanted: Wanted, after: int, full: bool, as_json: bool) -> None:
    from gastown_tui.cli import chronicle

    entries = history.matching(common.client().events(after), wanted)
    for line in map(chronicle.Line, entries if as_json or wanted.kinds else chronicle.once(entries)):
        _print(line, time.time(), wanted.about, full, as_json)
    raise NoEngine("The engine left.", "gt up starts it again.")


def _print(line: Line, now: float, about: str, full: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(line.document(), ensure_ascii=False))
        return
    click.echo(line.text(now, about, _UNCUT if full else common.columns()))
    for row in _paragraph(line) if full else ():
        click.echo(row)


def _paragraph(line: Line) -> Iterator[str]:
    """The long text of an event, where its line has not all of it."""
    from gastown_tui.cli import words
    from gastown_tui.text import clean, one_line

    first, *rest = clean(line.long).strip().split("\n")
    rows = rest if one_line(first) in words.sentence(line.entry.event) else [first, *rest]
    yield from (f"      {row}".rstrip() for row in rows)
