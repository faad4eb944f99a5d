"""`gt answer`: settles what needs the overseer."""

from __future__ import annotations

import click

from gastown_tui.cli import common


@click.command()
@click.argument("need")
@click.argument("choice", default="")
@click.argument("words", nargs=-1)
@common.as_json
def answer(need: str, choice: str, words: tuple[str, ...], as_json: bool) -> None:
    """Settle NEED (an id from gt status): with one of its choices, by name or number, or with words.

    \b
    Example:
      gt answer n12 retry
      gt answer n12 1
      gt answer n14 "Use the existing table"
    """
    text = " ".join(words)
    found = common.town().needs.get(need)
    if found is not None and not found.choices:
        text, choice = f"{choice} {text}".strip(), ""
    reply = common.order("answer", need=need, choice=choice, text=text)
    said = reply.get("choice") or "your words were passed on"
    common.show(reply, f"{need} is settled: {said}.", as_json)
