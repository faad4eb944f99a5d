"""`gt import`: brings beads in from Beads, SARIF, JSON lists, GitHub issues or Markdown; all of a file, or nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from gastown_tui.cli import common, sources
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NoEngine, Refused
from gastown_tui.model.formats.draft import Fault, Reading
from gastown_tui.model.formats.guess import READERS, TITLES
from gastown_tui.model.orders import ImportBeads
from gastown_tui.text import count

_SHOWN, _FEW = 20, 5
_MANY = 5_000
"""So many records take seconds: a person is told."""

_WITHIN = 600.0
"""Seconds the engine may take: a hundred thousand records are looked through for secrets, word by word."""


@click.command("import")
@click.argument("source", metavar="FILE|FOLDER|-")
@click.option("--format", "format_", type=click.Choice(list(READERS)), help="By default it is guessed, and said.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--skip-bad", is_flag=True, help="Leave out lines that cannot be read, and list them.")
@click.option("--redact", is_flag=True, help="Put words in the place of secrets, and list where.")
@common.as_json
def import_(source: str, format_: str | None, as_json: bool, **how: bool) -> None:
    """Bring beads in from outside: all of a file, or nothing of it. Importing it again changes nothing.

    Beads' own records are kept word for word, so that gt export gives them back. A folder is a board: issues.jsonl, or
    NAME.issues.jsonl beside NAME.dependencies, .labels, .comments and .events.jsonl.

    \b
    Example:
      gt import .beads/issues.jsonl
      gt import findings.sarif --dry-run
      gh issue list --json number,title,body,labels,assignees,state,createdAt,closedAt,url | gt import -
    """
    place = common.place()
    bring(place, source, format_ or "", as_json=as_json, **how)


def bring(
    place: Place, source: str, format: str = "", *, as_json: bool, dry_run: bool = False, skip_bad: bool = False,
    redact: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Read, import, and say what came of it; returns the document of `--json`.

    Raises:
        Refused: a line cannot be read or holds a secret; nothing was imported.
    """
    found = sources.read(source, common.folder())
    reading, guessed = sources.reading(found, format)
    if reading.faults and not skip_bad:
        raise _refusal(source, found.name, reading.faults)
    order = ImportBeads(found.name, reading.format, reading.drafts, redact)
    if not reading.drafts:
        raise Refused(f"There is nothing to import in {found.name}.", "\n".join(reading.skipped))
    if len(reading.drafts) > _MANY and sys.stderr.isatty():
        common.hint(f"Looking {len(reading.drafts)} records through ...")
    done = _would(order) if dry_run else _do(place, order)
    document = {
        "source": found.name, "format": reading.format, "guessed": guessed, "dry_run": dry_run, **done,
        "skipped": list(reading.skipped), "notes": list(reading.notes),
        "bad": [fault._asdict() for fault in reading.faults],
    }  # fmt: skip
    common.show(document, _lines(document, found.name, reading), as_json)
    return document


def _do(place: Place, order: ImportBeads) -> dict[str, Any]:
    """By the engine, or by this process while no engine runs."""
    from gastown_tui.door.client import Client

    try:
        client = Client.of(place, timeout=_WITHIN)
        return client.order("import_beads", msgspec.to_builtins(order))
    except NoEngine:
        if place.held:
            raise
    from gastown_tui.engine.importing import import_here
    from gastown_tui.world import DiskFiles, RandomIds, SystemClock

    return asyncio.run(import_here(place, order, clock=SystemClock(), ids=RandomIds(), files=DiskFiles()))


def _would(order: ImportBeads) -> dict[str, Any]:
    from gastown_tui.engine.desk.imports import answer, taken
    from gastown_tui.model.importing import outcome
    from gastown_tui.world import SystemClock

    drafts, secrets = taken(order)
    return answer(outcome(common.town(), drafts, SystemClock().now()), secrets)


def _refusal(source: str, name: str, faults: tuple[Fault, ...]) -> Refused:
    shown = [_place(name, fault) for fault in faults[:_SHOWN]]
    more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
    them = "it" if len(faults) == 1 else "them"
    hint = f"Nothing was imported. Mend {them}, or leave {them} out: gt import {source} --skip-bad"
    return Refused("\n".join([*shown, *more]), hint)


def _place(name: str, fault: Fault) -> str:
    file = f"{name}.{fault.file}" if fault.file else name
    return f"{file}:{fault.line}:{fault.column}: {fault.what}"


def _lines(document: dict[str, Any], name: str, reading: Reading) -> Iterator[str]:
    """What came of it, for people."""
    how = " (--format would read it otherwise)" if document["guessed"] else ""
    yield f"{name}: {count(len(reading.drafts), 'bead')}, read as {TITLES[reading.format]}{how}"
    created, updated = len(document["created"]), len(document["updated"])
    parts = [f"{created} new", f"{updated} changed", f"{document['unchanged']} as they were"]
    parts += [f"{len(document['kept'])} left alone"] if document["kept"] else []
    parts += [f"{document['history']} steps of their history"] if document["history"] else []
    yield f"{'Would import' if document['dry_run'] else 'Imported'}: {', '.join(parts)}."
    for title, rows, most in (
        ("Left alone", document["kept"], _FEW), ("Skipped", document["skipped"], _FEW),
        ("Note", document["notes"], _FEW), ("Redacted", document["redacted"], _SHOWN),
        ("Left out", [_place(name, Fault(**bad)) for bad in document["bad"]], _SHOWN),
    ):  # fmt: skip
        yield from (f"  {title}: {row}" for row in rows[:most])
        if len(rows) > most:
            yield f"  {title}: {len(rows) - most} more; --json lists them all"
