"""`gt ready`, `gt sling` and `gt do`: what could be worked on, and letting it go."""

from __future__ import annotations

from typing import Any

import click

from gastown_tui.cli import common
from gastown_tui.text import count

_MEETS = 8
"""Beads whose files somebody is changing that are told one by one."""


@click.command()
@common.as_json
def ready(as_json: bool) -> None:
    """Beads that wait for nothing, as Beads has them: by priority, the newest first.

    Ready is what is open, approved, not pinned, not ephemeral and not deferred, and neither blocked itself nor part of
    something that is blocked or deferred. gt bead show ID says what a bead waits for.

    \b
    Example:
      gt ready
      gt bead list 'ready = true and label = auth'
    """
    from gastown_tui.model.bead import record

    town = common.town()
    beads = sorted(town.in_column("ready"), key=lambda bead: bead.id)
    beads.sort(key=lambda bead: bead.created_at, reverse=True)
    beads.sort(key=lambda bead: bead.priority)
    rows = [[b.id, f"P{b.priority}", b.title] for b in beads]
    waiting = town.counts()["backlog"]
    more = f" {count(waiting, 'bead')} in Backlog: gt bead list --column backlog" if waiting else ""
    common.show([record(b) for b in beads], common.table(rows) or [f"Nothing is ready.{more}"], as_json)


@click.command()
@click.argument("bead", default="")
@click.option("--dry-run", is_flag=True, help="Only say what would start, and why the rest waits.")
@common.as_json
def sling(bead: str, dry_run: bool, as_json: bool) -> None:
    """Give BEAD, or every ready bead there is room for, to polecats. One that waits in Backlog is approved by this.

    \b
    Example:
      gt sling --dry-run
      gt sling td-5e2
    """
    answer = common.order("sling", bead=bead, dry_run=dry_run)
    common.show(answer, said(answer, dry_run), as_json)


def said(answer: dict[str, Any], dry_run: bool) -> str:
    """What sling answered, in words."""
    going = answer.get("would", []) if dry_run else answer.get("slung", [])
    words = ("Would start: " if dry_run else "Starting: ") + ", ".join(going) if going else "Nothing starts now."
    if answer.get("holding"):
        words += f"  Holding {answer['holding']}: {answer.get('why') or 'no room'}."
    meets = answer.get("meets", [])
    rows = [f"  {m['bead']}  {'starts though' if m['starts'] else 'waits:'} {m['why']}" for m in meets[:_MEETS]]
    more = [f"  and {len(meets) - _MEETS} more whose files are being changed"]
    return "\n".join([words, *rows, *(more if len(meets) > _MEETS else [])])


@click.command("do")
@click.argument("words", nargs=-1, required=True)
@click.option("--no-land", is_flag=True, help="Leave the finished branch for you instead of landing it.")
@common.as_json
def do(words: tuple[str, ...], no_land: bool, as_json: bool) -> None:
    """One bead, one polecat, no Mayor: it goes at once, and passes every gate as any other.

    \b
    Example:
      gt do "Fix the typo in the README's first line"
      gt do --no-land "Try replacing the parser"
    """
    answer = common.order("do", text=common.text_of(words, "text"), land=not no_land)
    common.show(answer, f"{answer['bead']} goes. Follow it with: gt feed -f", as_json)
