"""What `gt init` says of beads that stand in the repository already: it offers to bring them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gastown_tui.cli import common, import_
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.text import count

_FOLDER = ".beads"
_FILE = "issues.jsonl"


def board(root: Path) -> dict[str, Any] | None:
    """The board of Beads in a repository, as `gt init --json` names it; None when there is none."""
    path = root / _FOLDER / _FILE
    try:
        with path.open("rb") as file:
            lines = sum(1 for line in file if line.strip())
    except OSError:
        return None
    return {"file": f"{_FOLDER}/{_FILE}", "beads": lines, "command": f"gt import {_FOLDER}"} if lines else None


def offer(place: Place, found: dict[str, Any] | None, ask: bool) -> Iterator[str]:
    """Ask a person whether the board shall come in, and bring it in; else say the command.

    A board that cannot be taken leaves the town as it was made: the reason is said.
    """
    if found is None:
        return
    there = f"There {'is' if found['beads'] == 1 else 'are'} {count(found['beads'], 'bead')} in {found['file']}."
    if not ask or not common.confirm(f"{there} Bring them into the town now?", False):
        yield f"{there} To bring them into the town: {found['command']}"
        return
    try:
        import_.bring(place, str(place.root / _FOLDER), as_json=False)
    except GasTownError as error:
        yield f"The beads in {found['file']} did not come in:"
        yield from (f"  {line}" for line in f"{error.title}\n{error.hint}".splitlines() if line)
        yield f"The town is made all the same. Try again with: {found['command']}"
