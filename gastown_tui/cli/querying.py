"""Beads a person asks for: the words and options of `gt bead list` as one query, its help, and what to try next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from gastown_tui.text import count, one_line

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.query import Query
    from gastown_tui.model.town import Town

_ASKS_FOR_CLOSED = {"status", "column", "closed", "landed", "reason", "id"}
_LANGUAGE = """\
Query (in the shell's quotes; upper or lower case):
  login token       words in title, id or text; ratlog for Rate-limit the login
  FIELD = VALUE     also != < <= > >=, ~ contains, !~, in (a, b), not in (a, b)
  and or not ( )    'text as it stands'; nil is no value, as in assignee = nil
  times             -7d -24h -30min -3m (months) today 2026-01-31; idle > 10m
  at the end        expand up|down|all [depth N|*]  order by FIELD [desc], ...
  gt bead list 'status = open and label in (auth, db) and updated > -7d'
"""


class Listing(click.Command):
    """A command whose help ends with the query language, made from the table of fields when it is asked for."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The language on one screen."""
        formatter.write(f"\n{language()}\n")


def language() -> str:
    """The query language in words: how to say it, and every field there is."""
    from gastown_tui.model.query import FIELDS

    shown = [f"{field.name:<9} {field.help}" for field in FIELDS if not field.cold]
    half = (len(shown) + 1) // 2
    pairs = [f"  {left:<40}{right}".rstrip() for left, right in zip(shown, [*shown[half:], ""], strict=False)][:half]
    others = ", ".join(field.name for field in FIELDS if field.cold)
    also = click.wrap_text(f"{others}, metadata.KEY", 79, "  also: ", "        ")
    return "\n".join((_LANGUAGE + "Fields:", *pairs, also))


def asked(
    town: Town, words: tuple[str, ...], column: str | None, status: str | None, label: str | None, all_: bool,
    now: float,
) -> tuple[list[Bead], Query, int]:  # fmt: skip
    """The beads meant at unix second `now`, the query as it was understood, and how many more fit that are closed.

    Raises:
        QueryError: the words are no query.
    """
    from gastown_tui.model.query import parse
    from gastown_tui.model.query.tree import All, Compare, Value

    query = parse(" ".join(words))
    options = {"column": column, "status": status, "label": label}
    parts = [Compare(name, "=", Value(value, True)) for name, value in options.items() if value is not None]
    if parts:
        where = All((*parts, query.where) if query.where is not None else tuple(parts))
        query = msgspec.structs.replace(query, where=where)
    found = query.select(town, now)
    if all_ or msgspec.structs.replace(query, order=()).fields() & _ASKS_FOR_CLOSED:
        return found, query, 0
    live = [bead for bead in found if bead.status != "closed"]
    return live, query, len(found) - len(live)


def nothing(town: Town, query: Query, closed: int) -> str:
    """What to say, and to try, when no bead fits."""
    from gastown_tui.model.lifecycle import COLUMNS, STATUSES
    from gastown_tui.model.query import FIELDS
    from gastown_tui.model.query.tree import Word

    if closed:
        return f"No open bead fits; {count(closed, 'closed one')} would: add --all."
    if not town.beads:
        return "There is no bead yet. File one with: gt bead create TITLE"
    if query.where is None:
        return "No bead is open. gt bead list --all shows those that are closed."
    said = query.where.text.lower() if isinstance(query.where, Word) else ""
    meant = {f"{field.name} = true" for field in FIELDS if field.kind == "flag" and field.name == said}
    meant |= {f"{name} = {said}" for name, all_ in (("column", COLUMNS), ("status", STATUSES)) if said in all_}
    if meant:
        return f"No bead has {said} in its text. Did you mean: gt bead list '{min(meant)}'"
    return f"No bead fits {one_line(str(query.where))}. Ask for less, or see all with: gt bead list --all"
