"""`gt uninit`: takes a town away again and says what it kept."""

from __future__ import annotations

import asyncio

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Refused


@click.command()
@click.option("--ledger", is_flag=True, help="Take the ledger's branch, too: the history of every bead.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@common.as_json
def uninit(ledger: bool, yes: bool, as_json: bool) -> None:
    """Take .gastown away. Unsaved work of polecats is kept under refs/gt/wip, the ledger unless you say --ledger.

    \b
    Example:
      gt uninit
    """
    from gastown_tui.engine.founding import unfound
    from gastown_tui.world import DiskFiles

    place = common.place()
    if place.held:
        raise Refused("An engine runs in this town.", "End it first: gt down")
    if ledger and not common.confirm("The ledger (every bead and event) is deleted for good. Go on?", yes):
        raise Refused("Nothing was taken away.", "gt uninit keeps the ledger; --ledger --yes takes it without asking.")
    kept = asyncio.run(unfound(place, ledger=ledger, files=DiskFiles()))
    lines = ["The town is gone; your checkout is as it was.", *(f"Kept: {what}" for what in kept)]
    common.show({"root": str(place.root), "kept": kept}, lines, as_json)
