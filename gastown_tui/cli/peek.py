"""`gt peek`: an agent's screen, as text."""

from __future__ import annotations

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Refused


@click.command()
@click.argument("agent")
@click.option("-n", "--lines", "count", type=click.IntRange(1, 1000), default=40, show_default=True)
@common.as_json
def peek(agent: str, count: int, as_json: bool) -> None:
    """An agent's screen as it is now, or as it was when its session ended.

    \b
    Example:
      gt peek obsidian
    """
    town = common.town()
    found = town.agents.get(agent)
    if found is None or not found.spool:
        names = ", ".join(sorted(town.agents)) or "nobody yet"
        raise Refused(f"There is no agent {agent}.", f"There is: {names}.")
    rows = screen(str(common.place().root / found.spool), count)
    document = {"agent": agent, "state": found.state, "bead": found.bead, "lines": rows}
    common.show(document, rows or ["(an empty screen)"], as_json)


def screen(spool: str, count: int, rows: int = 40, columns: int = 120) -> list[str]:
    """The last lines on the terminal whose bytes a spool holds, without empty ones at the end.

    Raises:
        Refused: the spool is gone.
    """
    from pathlib import Path

    from gastown_tui.agents.screen import Screen
    from gastown_tui.agents.spool import tail
    from gastown_tui.redact import cover

    try:
        data = tail(Path(spool))
    except OSError as error:
        raise Refused("Its screen was not kept.", f"{spool} cannot be read: {error.strerror}.") from error
    terminal = Screen(rows, columns)
    terminal.feed(data)
    lines = [line.rstrip() for line in cover.screen(terminal.text(), columns)]
    while lines and not lines[-1]:
        lines.pop()
    return lines[-count:]
