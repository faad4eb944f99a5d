"""`gt conflicts`: who is about to collide with whom, where, and what to do about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.text import clean, count

if TYPE_CHECKING:
    from gastown_tui.model.town import Town
    from gastown_tui.rig.radar.scope import Place

_KINDS = {"conflict": "conflict", "near": "lines near", "declared": "not begun"}


@click.command()
@click.argument("beads", nargs=-1, metavar="[A B]")
@click.option("--watch", is_flag=True, help="Go on as it changes, until ctrl+c or the engine leaves.")
@click.option("--serialise", is_flag=True, help="A lands first; B waits for it, and is told when to merge.")
@common.as_json
def conflicts(beads: tuple[str, ...], watch: bool, serialise: bool, as_json: bool) -> None:
    """Who is about to collide with whom, seen in their worktrees before anything is handed in.

    With two beads (or a bead and the target): what they collide over, with both sides' lines.

    \b
    Example:
      gt conflicts
      gt conflicts rg-5c7 rg-1d9
      gt conflicts --serialise rg-5c7 rg-1d9
    """
    if serialise:
        _serialise(beads, as_json)
    elif len(beads) == 2:
        _hunks(*beads, as_json)
    elif beads:
        raise Usage("Two beads are compared, or all with all.", "gt conflicts A B, or gt conflicts alone")
    elif watch:
        _watch(as_json)
    else:
        town = common.town()
        document = _document(town)
        common.show(document, list(_lines(town, document)), as_json)


def _document(town: Town) -> dict[str, Any]:
    from gastown_tui.engine.status import conflicts as found

    return {"conflicts": found(town)}


def _lines(town: Town, document: dict[str, Any]) -> Iterator[str]:
    found = document["conflicts"]
    if not found:
        working = sum(1 for column in ("working", "sheriff", "witness", "refinery") for _ in town.in_column(column))
        yield f"Nobody is about to collide ({count(working, 'bead')} at work or at the gates)."
        return
    rows = []
    for pair in found:
        place, more = (_place(spot) for spot in pair["spots"][:1]), len(pair["spots"]) + pair["more"] - 1
        where = "".join(place) + (f" +{more}" if more > 0 else "")
        rows.append([
            _who(pair["one"], pair["agents"][0]), _who(pair["other"], pair["agents"][1]), where,
            _KINDS.get(pair["kind"], pair["kind"]), common.age(pair["since"]), _what(town, pair),
        ])  # fmt: skip
    yield from common.table(rows, ("ONE", "OTHER", "WHERE", "KIND", "SINCE", ""))
    if pair := next((p for p in found if p["kind"] == "conflict" and not p["first"] and p["agents"][1]), None):
        yield ""
        yield f"See the lines:      gt conflicts {pair['one']} {pair['other']}"
        yield "Have one wait:      gt conflicts --serialise FIRST SECOND"


def _what(town: Town, pair: dict[str, Any]) -> str:
    if pair["first"]:
        second = pair["other"] if pair["first"] == pair["one"] else pair["one"]
        return f"{second} waits for {pair['first']}"
    if pair["other"] == town.target and pair["kind"] == "conflict":
        return f"it has to merge {town.target}"
    return str(pair["spots"][0]["why"]) if pair["spots"] and pair["kind"] == "near" else ""


def _who(bead: str, agent: str) -> str:
    return f"{bead} {agent}".strip()


def _place(spot: dict[str, Any]) -> str:
    lines = f":{spot['first']}" + (f"-{spot['last']}" if spot["last"] > spot["first"] else "")
    return f"{spot['file']}{lines if spot['first'] else ''}"


def _serialise(beads: tuple[str, ...], as_json: bool) -> None:
    if len(beads) not in (1, 2):
        raise Usage("Who goes first, and who waits?", "gt conflicts --serialise FIRST SECOND")
    names = dict(zip(("first", "second"), beads, strict=False))
    done = common.order("serialise", **names)
    common.show(done, f"{done['second']} waits until {done['first']} has landed. gt undo takes it back.", as_json)


def _watch(as_json: bool) -> None:
    """Print the table anew whenever it is another."""
    client = common.client()
    town = client.town()
    shown: Any = None
    try:
        for record in _records(client, town.seq):
            town = town.after(record) if record is not None else town
            if (document := _document(town)) == shown:
                continue
            shown = document
            if as_json:
                click.echo(json.dumps(document, ensure_ascii=False))
            else:
                if sys.stdout.isatty():
                    click.clear()
                for line in _lines(town, document):
                    click.echo(clean(line))
            sys.stdout.flush()
    except KeyboardInterrupt:
        return


def _records(client: Any, seq: int) -> Iterator[Any]:
    yield None
    yield from client.events(seq)


def _hunks(one: str, other: str, as_json: bool) -> None:
    from gastown_tui.rig.radar import hunks
    from gastown_tui.rig.repository import Repository

    town = common.town()
    repo = Repository(common.place().root)
    tip = repo.tip(f"refs/heads/{town.target}")
    sides = [_side(town, name, tip) for name in (one, other)]
    found = hunks.between(repo.common_dir, tip, sides[0][1], sides[1][1])
    document = {
        "one": sides[0][0], "other": sides[1][0],
        "files": [{"file": c.path, "kind": c.kind, "hunks": c.hunks} for c in found],
    }  # fmt: skip
    lines = [f"{sides[0][0]} and {sides[1][0]} do not collide."] if not found else []
    for file in found:
        lines += [f"{file.path}  ({file.kind})", *file.hunks.splitlines(), ""]
    common.show(document, lines, as_json)


def _side(town: Town, name: str, tip: str) -> tuple[str, Place]:
    """A bead's name and where its work is."""
    from gastown_tui.rig.radar.scope import Place

    if name == town.target:
        return name, Place(head=tip)
    bead = town.bead(name)
    lease, stage = bead.work.lease, bead.work.stage
    if stage == "working" and lease is not None and Path(lease.worktree).is_dir():
        return bead.id, Place(Path(lease.worktree))
    if stage in ("sheriff", "witness", "refinery") and bead.work.commit:
        return bead.id, Place(head=bead.work.commit)
    raise Refused(f"{bead.id} is {stage}: there is no work of it to compare.", "See who is at work with: gt status")
