"""`gt mayor` and `gt attach`: say what you want, and sit down at an agent's terminal."""

from __future__ import annotations

import sys

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Usage


@click.group()
def mayor() -> None:
    """Tell the Mayor what you want; attach to its terminal.

    \b
    Example:
      gt mayor tell "Add rate limiting to the API"
    """


@mayor.command("tell")
@click.argument("words", nargs=-1, required=True)
@common.as_json
def tell(words: tuple[str, ...], as_json: bool) -> None:
    """Say something to the Mayor, which reads the code, answers, and files a plan for you to decide on.

    \b
    Example:
      gt mayor tell "Add rate limiting to the API"
      gt mayor tell - < goal.md
    """
    answer = common.order("tell_mayor", text=common.text_of(words, "message"))
    common.show(answer, "The Mayor is told. Its plan will wait for you in: gt plan show", as_json)


@mayor.command("attach")
def mayor_attach() -> None:
    """Sit down at the Mayor's terminal; ctrl+] leaves it running.

    \b
    Example:
      gt mayor attach
    """
    _attach("mayor")


@click.command()
@click.argument("agent")
def attach(agent: str) -> None:
    """Sit down at AGENT's terminal; ctrl+] leaves it running.

    \b
    Example:
      gt attach obsidian
    """
    _attach(agent)


def _attach(agent: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage("Attaching needs a terminal.", f"To read its screen: gt peek {agent}")
    from gastown_tui.cli.passthrough import Passthrough

    link = common.client()
    town = link.town()
    Passthrough(link, town.agents.get(agent), agent, common.place().root).run()
