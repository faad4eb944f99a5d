"""`gt status`: the town at a glance, with or without an engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from gastown_tui.cli import common, looking
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NoEngine

_MEND = "gt doctor says what can be mended; gt doctor --fix mends it"


@click.command()
@looking.at
@common.as_json
def status(at: str, as_json: bool) -> None:
    """The town at a glance: beads by column, agents, the queue, what needs you, what it cost.

    \b
    Example:
      gt status
      gt status --at "yesterday 18:00"
      gt status --json
    """
    document = looking.status_then(at) if at else document_of(common.place())
    common.show(document, list(lines(document)), as_json)


def document_of(place: Place) -> dict[str, Any]:
    """The document of `gt status --json` (interfaces.md); without an engine it is read from the ledger."""
    try:
        return common.client().status()
    except NoEngine:
        from gastown_tui import config
        from gastown_tui.engine.ledger.partial import view
        from gastown_tui.engine.status import status as without_engine

        found = view(place)
        notes = {"ledger": found.note, "missing": "; ".join(found.missing), "do": _MEND} if found.why else {}
        notes = {name: text for name, text in notes.items() if text}
        document = without_engine(found.town, config.load(place.config), notes, running=False)
        return {**document, "town": document["town"] or place.root.name}


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The document as lines for people."""
    then: dict[str, Any] = found.get("as_of", {})
    if then:
        yield then["said"]
    gate = "" if found.get("gated", True) else "  UNGATED: nothing is tested before it lands"
    yield f"{found['town']}  on {found.get('target', '')}{gate}"
    engine = found["engine"]
    if engine:
        yield f"engine  pid {engine['pid']}, up {common.age(engine['since'], then.get('at'))}"
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
        yield f"{what:<8}{note}"


def _spent(found: dict[str, Any]) -> str:
    budget = found.get("budget_usd") or 0
    return common.dollars(found["cost_usd"]) + (f" of {common.dollars(budget)}" if budget else "")


def _needs(needs: list[dict[str, Any]], past: bool) -> Iterator[str]:
    if not needs:
        return
    yield ""
    yield f"{len(needs)} need{'ed' if past else 's' if len(needs) == 1 else ''} you:"
    for need in needs:
        yield f"  {need['id']}  {need['title']}"
        if past:
            continue
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
        rows = [
            [
                a["name"], a["role"], f"{a['bead']} e{a['epoch']}" if a["bead"] else "", a["state"],
                common.age(a["since"], now), common.dollars(a["cost_usd"]),
            ]
            for a in agents
        ]  # fmt: skip
        yield from common.table(rows)


def _queue(queue: list[dict[str, Any]]) -> Iterator[str]:
    if queue:
        yield ""
        yield "merge queue:"
        yield from (f"  {line}" for line in common.table([[q["bead"], q["state"], q["why"]] for q in queue]))
