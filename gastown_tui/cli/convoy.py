"""`gt convoy`: beads that travel together towards one goal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Refused
from gastown_tui.model.queue import lanes

if TYPE_CHECKING:
    from gastown_tui.model.convoy import Convoy
    from gastown_tui.model.town import Town


@click.group()
def convoy() -> None:
    """Beads that travel together towards one goal.

    With staging = "convoy" in .gastown/config.toml they land on the branch
    staging/<convoy> first, and that lands as one when all are on it.

    \b
    Example:
      gt convoy list
      gt convoy show c1
    """


@convoy.command("list")
@common.as_json
def list_(as_json: bool) -> None:
    """Every convoy, with how far it is.

    \b
    Example:
      gt convoy list
    """
    town = common.town()
    found = [_document(town, c) for c in sorted(town.convoys.values(), key=lambda c: c.at)]
    rows = [[c["id"], f"{c['landed']} of {len(c['beads'])} landed", c["title"], _branch(c)] for c in found]
    common.show(found, common.table(rows) or ["No convoy yet. An approved plan makes one."], as_json)


@convoy.command("show")
@click.argument("id")
@common.as_json
def show(id: str, as_json: bool) -> None:
    """The beads of a convoy and where each stands.

    \b
    Example:
      gt convoy show c1
    """
    town = common.town()
    if id not in town.convoys:
        raise Refused(f"There is no convoy {id}.", "List them with: gt convoy list")
    document = _document(town, town.convoys[id])
    rows = [[b["bead"], "staged" if b["staged"] else b["column"] or "closed", b["title"]] for b in document["beads"]]
    far = f"{document['landed']} of {len(rows)} landed, {common.dollars(document['cost_usd'])}"
    on = [said] if (said := _branch(document)) else []
    common.show(document, [f"{id}  {document['title']}: {far}", *on, *common.table(rows)], as_json)


def _branch(document: dict[str, Any]) -> str:
    """What stands on the integration branch, and what it waits for; nothing where there is none."""
    branch, beads = document["branch"], document["beads"]
    if not branch:
        return ""
    if document["landed_as"]:
        return f"{branch} landed as {document['landed_as'][:9]}"
    on = f"{branch} has {sum(1 for b in beads if b['staged'])} of {len(beads)}"
    if document["asks"]:
        return f"{on}, and asks you: {document['asks']}"
    return f"{on}, waits for {', '.join(document['waits_for'])}" if document["waits_for"] else f"{on}, and lands next"


def _document(town: Town, convoy: Convoy) -> dict[str, Any]:
    beads = [town.beads[id] for id in convoy.beads if id in town.beads]
    return {
        "id": convoy.id, "title": convoy.title, "plan": convoy.plan, "at": convoy.at,
        "landed": sum(1 for b in beads if b.work.stage == "landed"),
        "cost_usd": round(sum(b.work.cost_usd for b in beads), 4),
        "branch": convoy.branch, "tip": convoy.tip, "landed_as": convoy.landed,
        "waits_for": sorted(b.id for b in lanes.missing(town, convoy)) if convoy.branch and not convoy.landed else [],
        "asks": lanes.asks(town, convoy) if convoy.branch and not convoy.landed else "",
        "beads": [
            {"bead": b.id, "title": b.title, "column": town.column(b), "staged": bool(b.work.staged)} for b in beads
        ],
    }  # fmt: skip
