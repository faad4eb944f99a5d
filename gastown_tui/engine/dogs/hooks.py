"""Whether the guard's hooks and the agents' `gt` are in place."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, WARN, Finding
from gastown_tui.engine.place import Place
from gastown_tui.rig import guard

_AGAIN = "gt down, then gt up writes them anew."


def check(place: Place, config: Config) -> Iterator[Finding]:
    """Every hook there and executable; the gates that stand behind them."""
    wanted = ("reference-transaction", "pre-push", *guard.CHAINED)
    missing = [name for name in wanted if not os.access(place.hooks / name, os.X_OK)]
    if missing:
        yield Finding("hooks", BAD, f"missing: {', '.join(missing)}", _AGAIN)
    else:
        yield Finding("hooks", OK, f"the guard's {len(wanted)} are in place")
    if not (place.hooks / "bin" / "gt").exists():
        yield Finding("gt for agents", WARN, "not there yet", "gt up writes it.")
    if config.gated:
        yield Finding("gates", OK, ", ".join(gate.run for gate in config.gates))
    else:
        fix = 'Name a command in .gastown/config.toml: [[gates]] name = "tests", run = "..."'
        yield Finding("gates", WARN, "UNGATED: nothing is tested before it lands, and each landing asks", fix)
