"""The merge queue as a document for programs and as lines for people: what `gt mq list` and `gt mq show` print."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gastown_tui.cli import common
from gastown_tui.model.queue.pregate import NOTE
from gastown_tui.model.queue.sizing import batch
from gastown_tui.model.queue.standing import Spot, in_flight, of_tip, queue_line
from gastown_tui.text import brings, count

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.merge import GateRun
    from gastown_tui.model.town import Town

_TIMES = frozenset({"lands_in", "elapsed", "next_in", "all_in"})
_SHOWN = 12


def document(town: Town, notes: Mapping[str, str]) -> dict[str, Any]:
    """The whole queue; times are in seconds."""
    now = time.time()
    said = notes.get("slots", "")
    slots = int(said) if said.isdecimal() else max(1, len(town.testing))
    line = queue_line(town, now, slots=slots, batch=batch(town.rate))
    # The engine knows whether the verdict is of the gates as they are configured now.
    tip = None if notes.get("tip") == "not tested" else of_tip(town)
    runs = [
        {
            "run": run.number, "kind": run.kind, "beads": list(run.beads), "base": run.base, "commit": run.commit,
            "tree": run.tree, "slot": run.slot, "began": run.began, "elapsed": round(now - run.began, 1),
            "usually": round(line.seconds, 1), "progress": notes.get(f"run {run.number}", ""),
        }
        for run in in_flight(town)
    ]  # fmt: skip
    return {
        "target": town.target, "tip": town.tip,
        "verdict": None if tip is None else {"ok": tip.ok, "at": tip.at, "run": tip.number},
        "held": line.held, "slots": slots, "pregate": notes.get(NOTE, ""), "culprit_rate": round(town.rate, 4),
        "next_in": _rounded(line.next), "all_in": _rounded(line.all),
        "runs": runs, "queue": [_spot(town, spot) for spot in line.spots],
    }  # fmt: skip


def facts(document: dict[str, Any]) -> Any:
    """A document without what changes only because time passes."""
    if isinstance(document, dict):
        return {name: facts(value) for name, value in document.items() if name not in _TIMES}
    return [facts(value) for value in document] if isinstance(document, list) else document


def _spot(town: Town, spot: Spot) -> dict[str, Any]:
    entry, bead = spot.entry, town.beads.get(spot.bead)
    return {
        "place": spot.place, "bead": spot.bead, "title": bead.title if bead is not None else "",
        "priority": entry.priority, "lane": entry.lane or "main", "state": spot.state, "why": spot.why,
        "lands_in": _rounded(spot.lands), "runs": list(spot.runs), "commit": entry.commit, "epoch": entry.epoch,
        "entered": entry.entered, "first": entry.first or None, "tries": entry.tries, "hold": entry.hold,
        "beside": list(entry.beside), "into": spot.into or town.target, **_size(bead),
    }  # fmt: skip


def _size(bead: Bead | None) -> dict[str, int]:
    """What it brings: commits, and lines added and removed."""
    work = bead.work if bead is not None else None
    return {name: getattr(work, name, 0) for name in ("commits", "added", "removed")}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The queue for people."""
    yield _head(found)
    if held := found["held"]:
        # The name of a gate stays as it is written.
        yield held if " is red on " in held else held[:1].upper() + held[1:]
    if found["pregate"]:
        yield found["pregate"][:1].upper() + found["pregate"][1:]
    for run in found["runs"]:
        yield _flight(run)
    if not found["queue"]:
        yield "Nothing to land. Approved work joins by itself."
        return
    yield ""
    rows = [
        [
            str(m["place"]), m["bead"], f"P{m['priority']}", _lane(m, found["target"]), m["state"],
            _about(m["lands_in"]), _short(m["title"]), m["why"],
        ]
        for m in found["queue"]
    ]  # fmt: skip
    yield from common.table(rows, ["#", "BEAD", "", "LANE", "STATE", "LANDS", "TITLE", "WHY"])


def _lane(m: dict[str, Any], target: str) -> str:
    """`main`, `confirm`, `staging/c1`, `staging/c1 confirm`: the lane, and the branch where that is not the target."""
    other = m["lane"] if m["lane"] != "main" or m["into"] == target else ""
    return " ".join(part for part in (m["into"] if m["into"] != target else "", other) if part)


def _head(found: dict[str, Any]) -> str:
    verdict = found["verdict"]
    said = "not tested" if verdict is None else "green" if verdict["ok"] else "RED"
    since = "" if verdict is None else f" {common.age(verdict['at'])}"
    parts = [f"{found['target']} {found['tip'][:9]}", said + since, count(found["slots"], "slot")]
    if found["all_in"]:
        parts.append(f"next landing {_about(found['next_in'])}, all {_about(found['all_in'])}")
    return "   ".join(parts)


def _flight(run: dict[str, Any]) -> str:
    usually = f" of {_about(run['usually'])}" if run["usually"] else ""
    names = " ".join(run["beads"]) or "the target alone"
    kind = "" if run["kind"] == "train" else f" ({run['kind']})"
    said = f"   {run['progress']}" if run["progress"] else ""
    return f"run {run['run']}{kind}   {_clock(run['elapsed'])}{usually}   {names}{said}"


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def _about(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if not seconds:
        return "now"
    return f"~{max(1, round(seconds))}s" if seconds < 100 else f"~{round(seconds / 60)}m"


def _short(title: str) -> str:
    return title if len(title) <= 36 else title[:35].rstrip() + "…"


def entry_document(town: Town, notes: Mapping[str, str], bead: Bead, logs: Path) -> dict[str, Any]:
    """Everything about one entry, or about one that was in the queue."""
    spot = next((s for s in queue_line(town, time.time()).spots if s.bead == bead.id), None)
    runs = [run for run in town.runs.values() if bead.id in run.beads]
    queued = document(town, notes)["queue"] if spot is not None else []
    return {
        "bead": bead.id, "title": bead.title, "stage": bead.work.stage, "polecat": bead.assignee, "target": town.target,
        "queued": next((m for m in queued if m["bead"] == bead.id), None),
        "landed": bead.work.landed, "landed_at": bead.work.landed_at or None,
        "in_flight": [run for run in document(town, notes)["runs"] if bead.id in run["beads"]],
        "runs": [_run(run, logs) for run in sorted(runs, key=lambda run: (run.number, run.at))],
        "returns": [msgspec.to_builtins(back) for back in bead.work.returns if back.by == "refinery"],
    }  # fmt: skip


def _run(run: GateRun, logs: Path) -> dict[str, Any]:
    return {
        "run": run.number, "kind": run.kind, "ok": run.ok, "at": run.at, "seconds": run.seconds,
        "beads": list(run.beads), "base": run.base, "commit": run.commit, "tree": run.tree, "gate": run.gate,
        "passed": run.passed, "failures": run.failures, "first": run.first, "where": run.where,
        "failed": run.failed, "log": str(logs / run.log) if run.log else "",
    }  # fmt: skip


def entry_lines(found: dict[str, Any]) -> Iterator[str]:
    """One entry for people."""
    yield f"{found['bead']}  {found['title']}"
    yield from _standing(found)
    for run in found["in_flight"]:
        yield f"in      {_flight(run)}"
    runs = found["runs"]
    if runs:
        yield ""
        yield f"{count(len(runs), 'run')}:"
    for run in runs[-_SHOWN:]:
        yield from _run_lines(found["bead"], run)
    for number, back in enumerate(found["returns"], 1):
        yield ""
        yield f"sent back {common.age(back['at'])} ago, time {number}:"
        yield from (f"  {text}" for text in str(back["reason"]).splitlines()[:_SHOWN])


def _standing(found: dict[str, Any]) -> Iterator[str]:
    m = found["queued"]
    if m is None:
        landed = f"landed as {found['landed'][:9]}, {common.age(found['landed_at'])} ago" if found["landed"] else ""
        yield f"now     {landed or 'not in the queue: ' + found['stage']}"
        return
    lands = f", may land in {_about(m['lands_in'])}" if m["lands_in"] else ""
    yield f"place   {m['place']} in the {_lane(m, found['target'])} lane, {m['state']}{lands}"
    yield f"why     {m['why']}"
    size = brings(m["commits"], m["added"], m["removed"])
    yield f"commit  {m['commit'][:9]} of {found['polecat'] or 'nobody'}, epoch {m['epoch']}{size and ', ' + size}"
    since = f"since {common.age(m['entered'])} ago"
    times = f", {count(m['tries'], 'time')} put to the end" if m["tries"] else ""
    first = ", put first by you" if m["first"] else ""
    yield f"queued  {since}{times}{first}"
    if m["beside"]:
        yield f"red     beside {', '.join(m['beside'])}"


def _run_lines(bead: str, run: dict[str, Any]) -> Iterator[str]:
    others = [id for id in run["beads"] if id != bead]
    company = f"with {' '.join(others)}" if others else "alone"
    counts = f", {run['failures']} of {run['failures'] + run['passed']} failed" if run["failures"] else ""
    counts = counts or (f", {run['passed']} passed" if run["passed"] else "")
    verdict = "green" if run["ok"] else f"red at {run['gate']}" if run["gate"] else "red"
    yield f"  run {run['run']}  {verdict}{counts}  {company}  {run['seconds']:.0f} s, {common.age(run['at'])} ago"
    if run["first"] or run["where"]:
        yield "      " + "  ".join(part for part in (run["first"], run["where"]) if part)
    if run["log"]:
        yield f"      {run['log']}"
