"""`gt bead`: create, list, show, update, close and reopen beads."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from gastown_tui.cli import common, looking, querying
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.text import count

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.town import Town


@click.group()
def bead() -> None:
    """Create, list, show, update or close beads.

    \b
    Example:
      gt bead create "Rate-limit the login" -p 1
      gt bead list --column ready
      gt bead show td-5e2
    """


@bead.command("create")
@click.argument("title")
@click.option("-d", "--description", default="", help="The long text; - reads it from stdin.")
@click.option("-a", "--acceptance", default="", help="Acceptance criteria.")
@click.option("-p", "--priority", type=click.IntRange(0, 4), default=2, show_default=True)
@click.option("-t", "--type", "issue_type", default="task", show_default=True)
@click.option("-l", "--label", "labels", multiple=True, help="May be given several times.")
@click.option("--needs", multiple=True, help="A bead that must be closed first; may be given several times.")
@click.option("--file", "files", multiple=True, help="A file it will touch; may be given several times.")
@click.option("--discovered-from", default="", help="The bead at which this was found.")
@common.as_json
def create(title: str, description: str, acceptance: str, as_json: bool, **fields: Any) -> None:
    """File a bead. A polecat's waits in Backlog until you sling it.

    \b
    Example:
      gt bead create "Rate-limit the login" -p 1 --needs td-5e2
    """
    if description == "-":
        description = sys.stdin.read()
    answer = common.order("create_bead", title=title, description=description, acceptance_criteria=acceptance, **fields)
    common.show(answer, f"{answer['bead']} is filed.", as_json)


@bead.command("list", cls=querying.Listing)
@click.argument("query", nargs=-1)
@click.option("--column", help="backlog, ready, working, sheriff, witness, refinery or landed.")
@click.option("--status", "status_", help="open, in_progress, blocked, deferred, closed, pinned or hooked.")
@click.option("--label", help="Only with this label.")
@click.option("--all", "all_", is_flag=True, help="Closed beads, too; without it when the query asks for them.")
@looking.at
@common.as_json
def list_(
    query: tuple[str, ...], column: str | None, status_: str | None, label: str | None, all_: bool, at: str,
    as_json: bool,
) -> None:  # fmt: skip
    """List beads: all that are open, or those a QUERY asks for, by column, priority and age.

    \b
    Example:
      gt bead list
      gt bead list login
      gt bead list 'ready = true and priority < 2' --json
    """
    from gastown_tui.model.bead import record
    from gastown_tui.model.lifecycle import COLUMNS

    if column is not None and column not in COLUMNS:
        raise Usage(f"There is no column {column}.", f"There are: {', '.join(COLUMNS)}.")
    town = looking.town(at)
    found, meant, closed = querying.asked(town, query, column, status_, label, all_, town.at if at else time.time())
    rows = [[b.id, f"P{b.priority}", town.column(b) or b.status, b.assignee, b.title] for b in found]
    text = common.table(rows) or [querying.nothing(town, meant, closed)]
    common.show([{**record(b), "column": town.column(b) or ""} for b in found], text, as_json)
    if rows and closed and meant.where is not None and not as_json:
        common.hint(f"{count(closed, 'closed bead')} would fit, too: add --all.")


@bead.command("show")
@click.argument("id")
@looking.at
@common.as_json
def show(id: str, at: str, as_json: bool) -> None:
    """Everything about one bead: its text, what it waits for, what gates said of it.

    \b
    Example:
      gt bead show td-5e2
      gt bead show td-5e2 --at "2h ago"
    """
    from gastown_tui.model.bead import record

    town, then = looking.bead_then(id, at) if at else (common.town(), None)
    found = town.bead(id)
    document = {**record(found), "column": town.column(found)}
    if then is not None:
        document["as_of"] = looking.as_of(then)
    common.show(document, [*([then.said] if then else []), *_detail(town, found)], as_json)


def _detail(town: Town, found: Bead) -> Iterator[str]:
    from gastown_tui.model.bead import FIELDS, record

    values = record(found)
    work = found.work
    yield f"{found.id}  {found.title}"
    where = town.column(found) or found.close_reason or found.status
    yield f"  {where}, P{found.priority}, {found.issue_type}" + (f", {found.assignee}" if found.assignee else "")
    if work.held:
        yield f"  held: {work.held}"
    if not work.held and (waits := town.waits(found)):
        yield f"  {waits}"
    if work.convoy:
        yield f"  convoy {work.convoy}" + (f", on staging/{work.convoy} as {work.staged[:9]}" if work.staged else "")
    if work.landed:
        yield f"  landed as {work.landed[:9]}"
    if work.back is not None and work.back.undone:
        yield f"  taken back by {work.back.undone}; kept on {work.back.branch}; gt redo {found.id} lands it again"
    if work.cost_usd:
        yield f"  cost {common.dollars(work.cost_usd)}"
    shown = {"id", "title", "status", "priority", "issue_type", "assignee", "dependencies", "close_reason"}
    for field in FIELDS:
        value = values.get(field.name)
        if field.name in shown or not value:
            continue
        text = ", ".join(value) if isinstance(value, list) else str(value)
        yield from [f"{field.label}:", *(f"  {line}" for line in text.splitlines())]
    yield from _judged(found)


def _judged(found: Bead) -> Iterator[str]:
    for review in found.work.reviews:
        yield f"{review.by}: {'pass' if review.ok else 'back'} at {review.commit[:9]} {review.reason}".rstrip()
        for check in review.checks:
            yield f"  {check.verdict:<7}{check.name}" + (f": {check.note}" if check.note else "")
    for number, gone in enumerate(found.work.returns, 1):
        yield f"sent back {number} by the {gone.by}: {gone.reason}"


@bead.command("update")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("-s", "--set", "changes", multiple=True, metavar="FIELD=VALUE", help="May be given several times.")
@click.option("-p", "--priority", type=click.IntRange(0, 4))
@click.option("--title")
@click.option("--status", "status_", help="open, deferred, blocked or pinned.")
@click.option("-d", "--description", help="- reads it from stdin.")
@click.option("-l", "--label", "labels", multiple=True, help="The labels it shall have.")
@common.as_json
def update(ids: tuple[str, ...], changes: tuple[str, ...], as_json: bool, **named: Any) -> None:
    """Change fields of beads: of one, or of all that are named as one order (gt undo takes it back as one).

    \b
    Example:
      gt bead update td-5e2 td-9xk -p 0
      gt bead update td-5e2 --set notes="Ask Ada first" --set estimated_minutes=30
    """
    values = dict(_pair(change) for change in changes)
    if named.get("description") == "-":
        named["description"] = sys.stdin.read()
    for option, name in (("priority", "priority"), ("title", "title"), ("status_", "status"),
                         ("description", "description"), ("labels", "labels")):  # fmt: skip
        if named.get(option) not in (None, ()):
            values[name] = named[option]
    if not values:
        raise Usage("There is nothing to change.", "Say what, as with: gt bead update ID -p 1")
    answer = common.order("update_bead", beads=ids, changes=values)
    common.show(answer, f"{_which(answer)} changed.", as_json)


def _which(answer: dict[str, Any]) -> str:
    """`td-5e2 is`, `3 beads are`."""
    return f"{answer['bead']} is" if len(answer["beads"]) == 1 else f"{len(answer['beads'])} beads are"


def _pair(change: str) -> tuple[str, Any]:
    name, sign, value = change.partition("=")
    if not sign:
        raise Usage(f"{change!r} is not FIELD=VALUE.", "Nothing was changed.")
    from gastown_tui.model.bead import EDITABLE

    kind = EDITABLE[name].kind if name in EDITABLE else ""
    if kind == "words":
        return name, [word for word in value.split(",") if word]
    if kind in ("minutes", "priority"):
        try:
            return name, json.loads(value)
        except ValueError:
            raise Usage(f"{name} is a number, not {value!r}.", "Nothing was changed.") from None
    return name, value


@bead.command("close")
@click.argument("words", nargs=-1, required=True, metavar="ID... [REASON]")
@click.option("-r", "--reason", default="", help="Why; it may also stand last.")
@common.as_json
def close(words: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Close beads without landing them; a polecat that has one is ended, its work kept.

    \b
    Example:
      gt bead close td-5e2 "Not wanted any more"
      gt bead close td-5e2 td-9xk td-c07
    """
    *ids, last = words
    if ids and not reason and " " in last:
        words, reason = tuple(ids), last
    try:
        answer = common.order("close_bead", beads=words, reason=reason)
    except Refused as error:
        if not ids or reason or "-" in last or error.title != f"There is no bead {last}.":
            raise
        answer = common.order("close_bead", beads=ids, reason=last)
    requests = [f"Its pull request {r['url']} is closed, too." for r in answer.get("requests", [])]
    common.show(answer, [f"{_which(answer)} closed. gt undo takes that back.", *requests], as_json)


@bead.command("reopen")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@common.as_json
def reopen(ids: tuple[str, ...], as_json: bool) -> None:
    """Make closed beads open again.

    \b
    Example:
      gt bead reopen td-5e2
    """
    answer = common.order("reopen_bead", beads=ids)
    common.show(answer, f"{_which(answer)} open again.", as_json)
