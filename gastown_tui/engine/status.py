"""`gt status` as one JSON document, from a town alone (interfaces.md)."""

from __future__ import annotations

from typing import Any

import msgspec

from gastown_tui.config import Config
from gastown_tui.model import collision
from gastown_tui.model.queue.standing import queue_line
from gastown_tui.model.town import Town


def status(town: Town, config: Config, notes: dict[str, str], running: bool) -> dict[str, Any]:
    """The document; without an engine `engine` is null."""
    agents = sorted(town.live_agents(), key=lambda a: (a.role, a.name)) if running else []
    queue = queue_line(town, town.at).spots
    return {
        "town": town.rig,
        "target": town.target,
        "tip": town.tip,
        "gated": config.gated,
        "seq": town.seq,
        "engine": {"pid": town.engine.pid, "since": town.engine.since} if running else None,
        "beads": town.counts(),
        "agents": [
            {
                "name": a.name, "role": a.role, "bead": a.bead, "epoch": a.epoch, "state": a.state, "since": a.since,
                "cost_usd": round(a.cost_usd, 4),
            }
            for a in agents
        ],
        "queue": [{"bead": m.bead, "state": m.state, "why": m.why, "into": m.into or town.target} for m in queue],
        "needs_you": [msgspec.to_builtins(n) for n in sorted(town.needs.values(), key=lambda n: n.at)],
        "plans": [
            {"plan": d.id, "title": d.plan.title, "revision": d.revision, "beads": len(d.plan.beads)}
            for d in sorted(town.drafts.values(), key=lambda d: d.at)
            if d.state == "draft"
        ],
        "conflicts": conflicts(town),
        "holds": dict(town.holds),
        "notes": notes,
        "cost_usd": round(town.cost_usd, 4),
        "budget_usd": config.budget_usd,
    }  # fmt: skip


def conflicts(town: Town) -> list[dict[str, Any]]:
    """Who is about to meet whom, the worst first: the `conflicts` of `gt status --json` and of `gt conflicts`."""
    return [
        {
            "one": found.one,
            "other": found.other or town.target,
            "agents": [town.beads[id].assignee if id in town.beads else "" for id in found.pair],
            "kind": found.kind,
            "since": found.since,
            "spots": [
                {"file": s.file, "first": s.first, "last": s.last, "kind": s.kind, "why": s.why} for s in found.spots
            ],
            "more": found.more,
            "first": _first(town, found),
        }
        for found in town.collisions
    ]


def _first(town: Town, found: collision.Collision) -> str | None:
    """Who of a pair was said to land first."""
    beads = [town.beads[id] for id in found.pair if id in town.beads]
    return next((id for bead in beads for id in collision.awaited(town, bead) if id in found.pair), None)
