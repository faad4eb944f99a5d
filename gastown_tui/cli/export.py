"""`gt export`: writes the beads as Beads JSONL, CSV or a Markdown report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import CannotWrite, Refused
from gastown_tui.text import clean, count

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.town import Town

FORMATS = ("beads", "csv", "markdown")
_SUFFIXES = {".csv": "csv", ".md": "markdown", ".markdown": "markdown"}


@click.command()
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="By default what the file's name says, or beads.")
@click.option("--with-town", is_flag=True, help="Beads JSONL with what the town knows, under metadata.gt.")
@click.option("--force", is_flag=True, help="Write over a file that is there, without asking.")
@common.as_json
def export(file: str, format_: str | None, with_town: bool, force: bool, as_json: bool) -> None:
    """Write every bead: as Beads JSONL (by id, imported records as they came), as CSV, or as a Markdown report.

    \b
    Example:
      gt export .beads/issues.jsonl --force
      gt export board.md
      gt export --format csv | column -s, -t
    """
    town = common.town()
    format = format_ or _SUFFIXES.get(Path(file).suffix.lower(), "beads")
    lines = _written(town, format, with_town)
    if file == "-":
        _print(lines)
        return
    path = common.folder() / file
    if path.exists() and not common.confirm(f"{file} is there already. Write over it?", force):
        raise Refused(f"{file} is there already.", "Nothing was written. To write over it: --force")
    _save(path, b"".join(lines), file)
    document = {"file": str(path), "format": format, "beads": len(town.beads)}
    common.show(document, f"{count(len(town.beads), 'bead')} written to {file} ({format}).", as_json)


def _written(town: Town, format: str, with_town: bool) -> Iterable[bytes]:
    from gastown_tui.model.formats import beads_jsonl, markdown, table

    if format == "csv":
        return table.write(town.beads.values())
    if format == "markdown":
        return markdown.write(_columns(town), f"{town.rig}: {count(len(town.beads), 'bead')}")
    return beads_jsonl.write(town.beads.values(), town=with_town)


def _columns(town: Town) -> dict[str, list[Bead]]:
    """The kanban's columns, left to right, and what was closed without landing."""
    from gastown_tui.model.lifecycle import COLUMNS

    found: dict[str, list[Bead]] = {name: [] for name in (*COLUMNS, "closed")}
    for bead in sorted(town.beads.values(), key=lambda b: (b.priority, b.created_at, b.id)):
        found[town.column(bead) or "closed"].append(bead)
    return found


def _print(lines: Iterable[bytes]) -> None:
    """To standard output; a person's terminal gets nothing it would obey."""
    if sys.stdout.isatty():
        for line in lines:
            click.echo(clean(line.decode()), nl=False)
        return
    for line in lines:
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _save(path: Path, data: bytes, name: str) -> None:
    from gastown_tui.world import DiskFiles

    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    try:
        DiskFiles().replace(path.resolve(), data, mode)
    except OSError as error:
        raise CannotWrite(f"{name} cannot be written: {error.strerror}.", "What was there is kept.") from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
