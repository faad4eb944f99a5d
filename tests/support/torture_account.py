"""The account of a torture town: what its ledger and its repository say of every bead, landing and run."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from gastown_tui.engine.ledger.reading import read_town, records
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead
from tests.support import rigs
from tests.support.environment import clean
from tests.support.torture_play import BREAK, CONFLICT, CULPRIT, FLAKY, HOPELESS, STILL, Planted


@dataclass
class Account:
    """Figures for the JSON line, and what is wrong: the latter is empty after a good run."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def must(self, true: object, else_wrong: str) -> None:
        """Note what is wrong unless something is so."""
        if not true:
            self.wrong.append(else_wrong)


@dataclass
class Told:
    """What the ledger says of the run, in the order it happened."""

    queued: dict[str, float] = field(default_factory=dict)
    landed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    slung: dict[str, float] = field(default_factory=dict)
    returns: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    ended: float = 0.0

    def hear(self, record: e.Record) -> None:
        """Take the next record."""
        event, at = record.event, record.at
        self.counts[type(event).__name__] += 1
        if isinstance(event, e.PlanApproved):
            self.began = self.began or at
        elif isinstance(event, e.Slung):
            self.slung[event.bead] = at
        elif isinstance(event, e.Submitted):
            self.counts["handed_in"] += 1
        elif isinstance(event, e.Reviewed) and event.review.ok:
            self.queued.setdefault(event.bead, at)
        elif isinstance(event, e.Conflicted):
            self.returns[event.bead].append(("conflict", event.reason))
        elif isinstance(event, e.Gated | e.Checked | e.Reviewed) and not event.review.ok:
            gate = {"Gated": "red", "Checked": "sheriff", "Reviewed": "witness"}[type(event).__name__]
            self.returns[event.bead].append((gate, event.review.reason))
        elif isinstance(event, e.Landed):
            self.landed[event.bead].append(at)
            self.ended = at
        elif isinstance(event, e.AgentStarted):
            self.counts["resumed"] += event.resumed
        elif isinstance(event, e.AgentEnded):
            self.counts["died"] += not event.expected


def account(place: Place, planted: Sequence[Planted], ids: dict[str, str], work: Path) -> Account:
    """Look at everything a town left behind.

    Args:
        ids: each planted key's bead.
        work: an empty folder for a clone.
    """
    told, out = Told(), Account()
    for record in records(place):
        told.hear(record)
    town = read_town(place)
    asked = {need.bead: need for need in town.needs.values() if need.bead}
    done = {one.key: bool(told.landed.get(ids[one.key])) for one in planted}
    for one in planted:
        bead = town.beads[ids[one.key]]
        _fate(out, one, bead, len(told.landed.get(bead.id, ())), bead.id in asked)
        _planted(out, one, [gate for gate, _ in told.returns[bead.id]], done[one.key])
    out.must(not [n for n in town.needs.values() if not n.bead], f"the town waits: {_titles(town.needs.values())}")
    _figures(out, told, planted, ids, done)
    _conflicts(out, told, planted, ids)
    steps = _history(out, place.root, [one for one in planted if done[one.key]], ids, work)
    out.figures["steps"] = steps
    out.must(rigs.is_sound(place.root), "git fsck is not clean")
    out.must(rigs.git(place.root, "status", "--porcelain") == "", "the person's checkout is not clean")
    return out


def _titles(needs: Any) -> list[str]:
    return [need.title for need in needs if not need.bead]


def _fate(out: Account, one: Planted, bead: Bead, landings: int, asked: bool) -> None:
    """Landed once, or escalated for what is really wrong with it."""
    out.must(landings <= 1, f"{one.key} landed {landings} times")
    if landings:
        out.must(one.kind != HOPELESS, f"{one.key} is broken and landed")
        return
    why = bead.work.returns[-1].reason if bead.work.returns else ""
    out.must(bead.work.held and asked, f"{one.key} ({one.kind}) neither landed nor is escalated: {bead.work.stage}")
    if bead.work.held:
        out.must(one.kind == HOPELESS and one.test in why, f"{one.key} ({one.kind}) is escalated for: {why[-300:]}")


def _planted(out: Account, one: Planted, returns: list[str], landed: bool) -> None:
    """What was planted in it was found: it came back before it landed."""
    if one.kind in (CULPRIT, HOPELESS):
        out.must("red" in returns, f"{one.key} ({one.kind}) never came back red")
    if one.kind == "sheriff":
        out.must("sheriff" in returns or not landed, f"{one.key} was not stopped by the sheriff")


def _conflicts(out: Account, told: Told, planted: Sequence[Planted], ids: dict[str, str]) -> None:
    """Of each group that edits the same lines: who came back, and who was begun after the others had landed."""
    groups: dict[str, list[Planted]] = defaultdict(list)
    for one in planted:
        if one.kind in (CONFLICT, BREAK):
            groups[one.group].append(one)
    met = Counter[str]()
    for members in groups.values():
        kind = members[0].kind
        back = {gate for one in members for gate, _ in told.returns[ids[one.key]]}
        met[f"{kind}s_planted"] += 1
        met[f"{kind}s_caught"] += ("conflict" if kind == CONFLICT else "red") in back
        if kind == CONFLICT:
            _met(out, told, sorted((ids[one.key] for one in members), key=lambda id: told.landed.get(id, [0.0])[0]))
        if kind == BREAK and all(told.landed.get(ids[one.key]) for one in members):
            out.must("red" in back, f"pair {members[0].group} landed and neither side came back red")
    out.figures |= dict(sorted(met.items()))


def _met(out: Account, told: Told, ids: list[str]) -> None:
    """Two that edit the same lines land without having met only if the later one was begun, or mended, in between."""
    for first, second in pairwise(ids):
        if told.landed.get(first) and told.landed.get(second):
            apart = told.slung[second] >= told.landed[first][0] or told.returns[second]
            out.must(apart, f"{second} edits what {first} edited, began before that landed, and never came back")


def _figures(
    out: Account, told: Told, planted: Sequence[Planted], ids: dict[str, str], done: dict[str, bool]
) -> None:
    runs = told.counts["RunEnded"] or told.counts["Gated"]
    landed = [one for one in planted if done[one.key]]
    waits = sorted(told.landed[ids[one.key]][0] - told.queued[ids[one.key]] for one in landed)
    kinds = {one.key: one.kind for one in planted}
    flaked = innocent = 0
    for one in planted:
        for gate, why in told.returns[ids[one.key]]:
            own = one.test in why or (kinds[one.key] == CONFLICT and gate == "conflict")
            flaked += gate == "red" and not own and "test_flaky_" in why
            innocent += gate == "red" and not own and "test_flaky_" not in why
    out.figures |= {
        "beads": len(planted), "landed": len(landed), "escalated": len(planted) - len(landed),
        "culprits": sum(one.kind == CULPRIT for one in planted), "flaky": sum(one.kind == FLAKY for one in planted),
        "sent_back": dict(sorted(Counter(gate for all in told.returns.values() for gate, _ in all).items())),
        "innocent_sent_back": innocent, "flaked_sent_back": flaked,
        "runs": runs, "runs_per_landed": round(runs / max(1, len(landed)), 3),
        "runs_dropped": told.counts["RunDropped"], "trains": told.counts["TrainLanded"],
        "shunted": told.counts["Shunted"], "died": told.counts["died"], "resumed": told.counts["resumed"],
        "wall_s": round(told.ended - told.began, 1), "events": sum(told.counts.values()),
        "land_mean_s": round(statistics.fmean(waits), 2) if waits else None,
        "land_p95_s": round(waits[int(len(waits) * 0.95)], 2) if waits else None,
        "land_worst_s": round(waits[-1], 2) if waits else None,
    }  # fmt: skip


def _history(out: Account, root: Path, landed: Sequence[Planted], ids: dict[str, str], work: Path) -> int:
    """Run the gate on every commit the target ever pointed at; what has landed by then must stand in it."""
    rigs.git(work, "clone", "-q", "--no-hardlinks", str(root), "clone")
    clone = work / "clone"
    steps = rigs.git(clone, "rev-list", "--first-parent", "--reverse", "main").split()
    by_bead = {ids[one.key]: one for one in landed}
    standing: list[Planted] = []
    before = ""
    env = {**clean(work / "home"), STILL: "1"}
    for step in steps:
        since = [f"^{before}"] if before else []
        new = rigs.git(clone, "log", "--format=%(trailers:key=Bead,valueonly)", step, *since)
        here = [line.rpartition("@")[0] for line in new.split()]
        for id in here:
            out.must(by_bead.get(id) not in standing, f"{id} is in the target's history twice")
            standing += [by_bead[id]] if id in by_bead else []
        rigs.git(clone, "checkout", "-q", "--detach", step)
        ran = subprocess.run(
            [sys.executable, "-I", "-S", "check.py"], cwd=clone, env=env, capture_output=True, text=True, timeout=60
        )
        out.must(ran.returncode == 0, f"{step[:9]} is RED: {ran.stdout[-200:]}")
        texts: dict[str, str] = {}
        for one in standing:
            for name, words in one.marks:
                if name not in texts:
                    path = clone / name
                    texts[name] = path.read_text() if path.exists() else ""
                out.must(words in texts[name], f"{step[:9]} has lost {words!r} of {one.key} in {name}")
        before = step
    missing = [one.key for one in landed if one not in standing]
    out.must(not missing, f"recorded as landed and not in the target's history: {missing}")
    return len(steps) - 1
