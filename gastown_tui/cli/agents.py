"""`gt done`, `verdict`, `nudge` and `escalate` in full, with their help; agents reach the same by door/call.py."""

from __future__ import annotations

import click

from gastown_tui.cli import common


@click.command()
@click.option("-m", "--message", "note", default="", help="One line on what was done, for the witness and the log.")
@common.as_json
def done(note: str, as_json: bool) -> None:
    """Say that your bead is finished and committed. The sheriff looks at it next.

    \b
    Example:
      gt done -m "Passwords are hashed with scrypt"
    """
    answer = common.order("done", note=note)
    commit = str(answer.get("commit", ""))[:9]
    common.show(answer, f"{answer.get('bead')} is handed in at {commit}; the sheriff looks at it next.", as_json)


@click.command()
@click.argument("file")
@common.as_json
def verdict(file: str, as_json: bool) -> None:
    """Judge the bead you were given, by a JSON object in FILE (- for stdin).

    \b
    {"bead", "epoch", "decision": "APPROVE" or "REJECT", "reason",
     "checks": [{"name", "verdict": "pass", "fail" or "unsure", "note"}]}
    \b
    Example:
      gt verdict - < verdict.json
    """
    answer = common.order("verdict", **common.read_object(file))
    common.show(answer, f"The verdict on {answer.get('bead')} is kept: {answer.get('decision')}.", as_json)


@click.command()
@click.argument("agent")
@click.argument("words", nargs=-1, required=True)
@common.as_json
def nudge(agent: str, words: tuple[str, ...], as_json: bool) -> None:
    """Say something to an agent, as its next prompt.

    \b
    Example:
      gt nudge obsidian "The schema is in db/schema.sql"
    """
    answer = common.order("nudge", agent=agent, text=common.text_of(words, "text"))
    common.show(answer, f"{agent} was told.", as_json)


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--bead", default="", help="The bead it is about (an agent's own by default).")
@common.as_json
def escalate(words: tuple[str, ...], bead: str, as_json: bool) -> None:
    """Ask the overseer something only they can settle.

    \b
    Example:
      gt escalate "The issue wants OAuth, the README forbids new dependencies. Which?"
    """
    answer = common.order("escalate", text=common.text_of(words, "question"), bead=bead)
    common.show(answer, "The overseer is asked; wait for the answer here.", as_json)
