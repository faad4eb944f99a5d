"""What every command shares: which town is meant, how it is reached, and how an answer is printed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gastown_tui.cli.rows import age, clip_line, columns, dollars, table
from gastown_tui.door import call
from gastown_tui.engine.place import Place, find
from gastown_tui.model.errors import NoEngine, NoTown, Usage
from gastown_tui.text import clean

if TYPE_CHECKING:
    from gastown_tui.door.client import Client
    from gastown_tui.model.town import Town

__all__ = [
    "age", "as_json", "client", "clip_line", "columns", "confirm", "dollars", "folder", "hint", "order", "picked",
    "place", "read_object", "show", "table", "text_of", "town",
]  # fmt: skip
_F = TypeVar("_F", bound=Callable[..., Any])


def folder() -> Path:
    """Where the person stands: -C DIR, else the working folder."""
    context = click.get_current_context(silent=True)
    chosen = context.find_root().obj if context is not None else None
    return chosen if isinstance(chosen, Path) else Path.cwd()


def place() -> Place:
    """The town meant; raises NoTown."""
    try:
        return find(folder())
    except NoTown:
        # An agent's worktree may lie outside the repository; its socket names the town all the same.
        if mine := os.environ.get("GT_SOCKET", ""):
            socket = Path(mine)
            if socket.parent.name == ".gastown":
                return Place(socket.parent.parent)
        raise


def client() -> Client:
    """Speaks to the engine as the overseer, or as the agent this environment belongs to; raises NoTown, NoEngine."""
    from gastown_tui.door.client import Client

    return Client.here(os.environ, folder())


def order(name: str, /, **args: Any) -> dict[str, Any]:
    """Ask the engine and wait until it is durable; says what was left out, raises what the engine says."""
    answer = client().order(name, args)
    if said := call.left_out(answer.get("left_out", [])):
        hint(said)
    return answer


def town() -> Town:
    """The town now: from its engine, or from its ledger while none runs.

    Of a damaged ledger it is what can be read; what is missing is said on stderr.
    """
    try:
        found = client().town()
    except NoEngine:
        from gastown_tui.engine.ledger.partial import summary, view

        there = view(place())
        if there.why:
            hint("\n".join(summary(there)))
        found = there.town
    return found.until(max(found.at, time.time()))


def as_json(command: _F) -> _F:
    """The --json option; the command gets it as `as_json`."""
    words = "Print one JSON document (streams: one per line)."
    return click.option("--json", "as_json", is_flag=True, help=words)(command)


def show(document: Any, text: str | Iterable[str], as_json: bool) -> None:
    """Print an answer: the document as JSON, or the text made safe for a terminal."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
    elif isinstance(text, str):
        click.echo(clean(text))
    else:
        for line in text:
            click.echo(clean(line))


def hint(text: str) -> None:
    """Something beside the answer, to stderr, so that what is piped stays clean."""
    click.echo(clean(text), err=True)


def read_object(name: str) -> dict[str, Any]:
    """The JSON object in a file, or on stdin for `-`; raises Usage saying where it breaks."""
    try:
        raw = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        found = json.loads(raw)
    except OSError as error:
        raise Usage(f"{name} cannot be read: {error.strerror}.", "Nothing was sent.") from error
    except ValueError as error:
        raise Usage(f"This is not JSON: {error}.", "Nothing was sent; mend it and try again.") from error
    if not isinstance(found, dict):
        raise Usage("One JSON object is wanted.", "Nothing was sent; mend it and try again.")
    return found


def confirm(question: str, yes: bool) -> bool:
    """Ask a person; without a terminal the answer is no, and with --yes it is yes."""
    if yes:
        return True
    return sys.stdin.isatty() and click.confirm(clean(question), default=False, err=True)


def text_of(words: Sequence[str], what: str) -> str:
    """Words of a command line as one text, `-` for stdin; raises Usage when there is none."""
    text = sys.stdin.read() if list(words) == ["-"] else " ".join(words)
    if not text.strip():
        raise Usage(f"There is no {what}.", "Give it as words, or - to read it from stdin.")
    return text


def picked(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Some fields of a document."""
    return {name: document[name] for name in names if name in document}
