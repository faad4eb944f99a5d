"""`gt status`: the town at a glance, with or without an engine."""

from __future__ import annotations

from typing import Any

import click

from gastown_tui.cli import common, looking
from gastown_tui.cli.glance import lines
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NoEngine

_MEND = "gt doctor says what can be mended; gt doctor --fix mends it"


@click.command()
@looking.at
@common.as_json
def status(at: str, as_json: bool) -> None:
    """The town at a glance: beads by column, agents, the queue, what needs you, what it cost.

    \b
    Example:
      gt status
      gt status --at "yesterday 18:00"
      gt status --json
    """
    document = looking.status_then(at) if at else document_of(common.place())
    common.show(document, list(lines(document)), as_json)


def document_of(place: Place) -> dict[str, Any]:
    """The document of `gt status --json` (interfaces.md); without an engine it is read from the ledger."""
    try:
        return common.client().status()
    except NoEngine:
        from gastown_tui import config
        from gastown_tui.engine.ledger.partial import view
        from gastown_tui.engine.status import status as without_engine

        found = view(place)
        notes = {"ledger": found.note, "missing": "; ".join(found.missing), "do": _MEND} if found.why else {}
        notes = {name: text for name, text in notes.items() if text}
        document = without_engine(found.town, config.load(place.config), notes, running=False)
        return {**document, "town": document["town"] or place.root.name}
