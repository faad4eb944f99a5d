"""`gt feed`: what everybody is doing, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import NoEngine
from gastown_tui.text import clip

_SHOWN = 40
_LONGEST = 240


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on as it happens, until ctrl+c or the engine leaves.")
@click.option("-n", "--lines", "count", type=click.IntRange(0, 4000), default=_SHOWN, show_default=True)
@click.option("--agent", default="", help="Only this agent's.")
@common.as_json
def feed(follow: bool, count: int, agent: str, as_json: bool) -> None:
    """What everybody is doing: [obsidian] RUN python -m unittest ... PASS

    \b
    Example:
      gt feed -f
      gt feed --agent obsidian
    """
    past = [line for line in _past(common.place().feed) if agent in ("", line["agent"])]
    for line in past[-count:] if count else []:
        _print(line, as_json)
    if not follow:
        if not past and not as_json:
            common.hint("Nobody has done anything yet.")
        return
    after = max((line["seq"] for line in past), default=0)
    for line in common.client().feed(after, follow=True):
        if agent in ("", line["agent"]):
            _print(line, as_json)
    raise NoEngine("The engine left.", "gt up starts it again.")


def _past(path: Path) -> Iterator[dict[str, Any]]:
    """The lines the file holds; a torn one is passed over, as the engine does."""
    try:
        raw = path.read_bytes()[-512 * 1024 :]
    except FileNotFoundError:
        return
    for row in raw.splitlines():
        try:
            yield json.loads(row)
        except ValueError:
            continue


def _print(line: dict[str, Any], as_json: bool) -> None:
    click.echo(json.dumps(line, ensure_ascii=False) if as_json else said(line))


def said(line: dict[str, Any]) -> str:
    """One line as the articles print it; of a text of several lines the first."""
    text, _, more = str(line["text"]).strip().partition("\n")
    words = [f"[{line['agent']}]", line["verb"], text + (" ..." if more else ""), line.get("detail", "")]
    if line["verb"] == "RUN" and line.get("ok") is not None:
        words.append("... PASS" if line["ok"] else "... FAIL")
    return common.clip_line(clip(" ".join(word for word in words if word), _LONGEST))
