"""`gt answer`: settles what needs the overseer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gastown_tui.cli import common
from gastown_tui.text import clean

if TYPE_CHECKING:
    from gastown_tui.model.events import Need


@click.command()
@click.argument("need")
@click.argument("choice", default="")
@click.argument("words", nargs=-1)
@common.as_json
def answer(need: str, choice: str, words: tuple[str, ...], as_json: bool) -> None:
    """Settle NEED (an id from gt status): with one of its choices, by name or number, or with words.

    Without any, the question is shown whole.

    \b
    Example:
      gt answer n12
      gt answer n12 retry
      gt answer n12 1
      gt answer n14 "Use the existing table"
    """
    text = " ".join(words)
    found = common.town().needs.get(need)
    if found is not None and not choice:
        document = {"id": found.id, "title": found.title, "question": found.question, "choices": list(found.choices)}
        common.show(document, list(_whole(found)), as_json)
        return
    if found is not None and not found.choices:
        text, choice = f"{choice} {text}".strip(), ""
    reply = common.order("answer", need=need, choice=choice, text=text)
    said = reply.get("choice") or "your words were passed on"
    common.show(reply, f"{need} is settled: {said}.", as_json)


def _whole(need: Need) -> Iterator[str]:
    yield f"{need.id}  {need.title}"
    yield from (f"  {line}" for line in clean(need.question).strip().splitlines())
    yield ""
    for number, choice in enumerate(need.choices, 1):
        yield f"  {number}  {choice}"
    yield f"Answer with: gt answer {need.id} {'CHOICE' if need.choices else 'TEXT'}"
