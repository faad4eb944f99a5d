"""The town at a glance, in lines; and `gt status` by the short way, for prompts and bars that ask all the time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gastown_tui.cli import rows
from gastown_tui.door.client import Client
from gastown_tui.model.errors import GasTownError
from gastown_tui.text import clean

_ASKED = 3
"""Lines of a question that are shown; gt answer shows all."""


def main(argv: list[str]) -> int | None:
    """Print what the engine says of the town; None where only the long way knows what to do.

    It is the same document and the same lines: without click it takes half the time.
    """
    if argv not in (["status"], ["status", "--json"]):
        return None
    try:
        found = Client.here(os.environ, Path.cwd()).status()
    except (GasTownError, OSError):
        return None
    said = [json.dumps(found, ensure_ascii=False)] if argv[1:] else [clean(line) for line in lines(found)]
    try:
        sys.stdout.write("\n".join(said) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has had enough; say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The document as lines for people."""
    then: dict[str, Any] = found.get("as_of", {})
    if then:
        yield then["said"]
    gate = "" if found.get("gated", True) else "  UNGATED: nothing is tested before it lands"
    yield f"{found['town']}  on {found.get('target', '')}{gate}"
    engine = found["engine"]
    if engine:
        yield f"engine  pid {engine['pid']}, up {rows.age(engine['since'], then.get('at'))}"
    else:
        yield "engine  not running" + ("" if then else "; start it with: gt up")
    notes = dict(found.get("notes", {}))
    notes.pop("slots", "")
    if "ledger" in notes:
        yield notes.pop("ledger")
    yield "beads   " + "  ".join(f"{name} {count}" for name, count in found["beads"].items())
    yield f"spent   {_spent(found)}"
    yield from _needs(found["needs_you"], bool(then))
    yield from _plans(found.get("plans", []), bool(then))
    yield from _agents(found["agents"], then.get("at"))
    yield from _queue(found["queue"])
    for what, why in found.get("holds", {}).items():
        yield f"held    {what}: {why}"
    for what, note in notes.items():
        yield f"{what:<7} {note}"


def _spent(found: dict[str, Any]) -> str:
    budget = found.get("budget_usd") or 0
    return rows.dollars(found["cost_usd"]) + (f" of {rows.dollars(budget)}" if budget else "")


def _needs(needs: list[dict[str, Any]], past: bool) -> Iterator[str]:
    if not needs:
        return
    yield ""
    yield f"{len(needs)} need{'ed' if past else 's' if len(needs) == 1 else ''} you:"
    for need in needs:
        yield f"  {need['id']}  {need['title']}"
        if past:
            continue
        lines = [line for line in need.get("question", "").splitlines() if line.strip()]
        yield from (f"      {rows.clip_line(line.strip())}" for line in lines[:_ASKED])
        if len(lines) > _ASKED:
            yield f"      ... gt answer {need['id']} shows all of it"
        choices = need.get("choices", ())
        numbered = "  ".join(f"{n} {choice}" for n, choice in enumerate(choices, 1))
        yield f"      gt answer {need['id']} " + (f"CHOICE   ({numbered})" if choices else "TEXT")


def _plans(plans: list[dict[str, Any]], past: bool) -> Iterator[str]:
    for plan in plans:
        yield ""
        waits = "waited" if past else "waits"
        yield f"plan {plan['plan']} {waits} for your yes: {plan['title']} ({plan['beads']} beads)"
        if not past:
            yield f"      gt plan show {plan['plan']}   gt plan approve {plan['plan']}"


def _agents(agents: list[dict[str, Any]], now: float | None) -> Iterator[str]:
    if agents:
        yield ""
        found = [
            [
                a["name"], a["role"], f"{a['bead']} e{a['epoch']}" if a["bead"] else "", a["state"],
                rows.age(a["since"], now), rows.dollars(a["cost_usd"]),
            ]
            for a in agents
        ]  # fmt: skip
        yield from rows.table(found)


def _queue(queue: list[dict[str, Any]]) -> Iterator[str]:
    if queue:
        yield ""
        yield "merge queue:"
        yield from (f"  {line}" for line in rows.table([[q["bead"], q["state"], q["why"]] for q in queue]))
