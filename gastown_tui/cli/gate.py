"""`gt gate` and `gt bisect`: the gates, their runs and logs, flaky tests, and which landing broke a gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click

from gastown_tui.cli import common
from gastown_tui.cli.gate_following import Follower
from gastown_tui.engine.gating import kept
from gastown_tui.engine.gating.tested import counts, headline
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import REFUSED, Refused
from gastown_tui.text import clean, count

_CODES = re.compile(r"\x1b\[[0-9;:?]{0,40}[A-Za-z]")


@click.group()
def gate() -> None:
    """The commands that have to be green before anything lands.

    \b
    Example:
      gt gate list
      gt gate run unit
      gt gate log
    """


@gate.command("list")
@common.as_json
def list_(as_json: bool) -> None:
    """The gates, in the order they run, and how each ended last.

    \b
    Example:
      gt gate list
    """
    from gastown_tui import config

    place = common.place()
    settings = config.load(place.config)
    last: dict[str, tuple[kept.KeptRun, kept.KeptGate]] = {}
    # A search looks at old commits: what it found there is not how the gate stands.
    for run in (run for run in kept.runs(place) if run.kind != "bisect"):
        for one in run.gates:
            last.setdefault(one.name, (run, one))
    gates = sorted(settings.gates, key=lambda gate: gate.phase)
    document = [
        {
            "name": g.name, "run": g.run, "phase": g.phase, "timeout": g.timeout, "paths": list(g.paths),
            "cores": g.cores, "exclusive": g.exclusive, "services": bool(g.services.up),
            "last": _last(*last[g.name]) if g.name in last else None,
        }
        for g in gates
    ]  # fmt: skip
    rows = [
        [g.name, str(g.phase), _ended(last[g.name][1]) if g.name in last else "never run",
         common.age(last[g.name][0].began) if g.name in last else "", _limits(g), g.run]
        for g in gates
    ]  # fmt: skip
    heads = ("GATE", "PHASE", "LAST", "AGO", "ONLY", "COMMAND")
    none = "No gates: this rig is UNGATED. Name some in .gastown/config.toml."
    common.show(document, common.table(rows, heads) if rows else none, as_json)


def _last(run: kept.KeptRun, one: kept.KeptGate) -> dict[str, Any]:
    return {"run": run.number, "at": run.began, **_gate(one)}


def _gate(one: kept.KeptGate) -> dict[str, Any]:
    return {
        "gate": one.name, "ok": one.ok, "seconds": one.seconds, "passed": one.passed, "failures": one.failures,
        "skipped": one.skipped, "first": one.first, "where": one.where, "why": list(one.why),
    }  # fmt: skip


def _ended(one: kept.KeptGate) -> str:
    return f"green {counts(one)}".strip() if one.ok else f"red {one.first or counts(one)}".strip()


def _limits(gate: Any) -> str:
    parts = [", ".join(gate.paths), f"alone: {gate.exclusive}" if gate.exclusive else ""]
    return "; ".join(part for part in parts if part)


@gate.command()
@click.argument("name", default="")
@click.argument("bead", default="")
@click.option("--all", "all_", is_flag=True, help="Every gate, whatever its paths; the first argument is the bead.")
@common.as_json
def run(name: str, bead: str, all_: bool, as_json: bool) -> int:
    """Run a gate on the target as it stands, or on it with BEAD merged onto it; what it prints is shown.

    It runs in a worktree of its own and takes no test slot from the queue. A run of all the gates is a verdict: green
    on a tip that was red lets the queue go on.

    \b
    Example:
      gt gate run unit
      gt gate run unit gt-5e2
      gt gate run --all
    """
    if all_ and bead:
        raise click.UsageError("With --all one bead is named, or none.")
    client = common.client()
    args = {"all": True, "bead": name} if all_ else {"name": name, "bead": bead}
    begun = client.order("run_gate", args)
    if not as_json:
        what = f" with {bead or (name if all_ else '')}" if bead or (all_ and name) else ""
        common.hint(f"run {begun['run']}: {', '.join(begun['gates'])} on {begun['commit'][:9]}{what}")
    over = Follower(common.place(), begun["run"]).follow(None if as_json else _say)
    common.show(_run(over), [] if as_json else list(_summary(over)), as_json)
    return 0 if over.ok else REFUSED


def _say(gate: str, text: str, several: bool) -> None:
    """What a gate printed, as a person may read it."""
    for line in _CODES.sub("", text).split("\n"):
        click.echo(common.clip_line(f"{gate} | {line}") if several else clean(line))


def _run(run: kept.KeptRun, cut: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "run": run.number, "kind": run.kind, "ok": run.ok, "commit": run.commit, "tree": run.tree, "base": run.base,
        "beads": list(run.beads), "began": run.began, "seconds": run.seconds, "left": list(run.left),
        "gates": [_gate(one) for one in run.gates], "cut": list(cut),
    }  # fmt: skip


def _summary(run: kept.KeptRun) -> Iterator[str]:
    yield ""
    for one in run.gates:
        yield f"{one.name}: green, {counts(one) or 'ended with 0'}, {one.seconds:.1f} s" if one.ok else headline(one)
        yield from () if one.ok else (f"  {line}" for line in one.why)
    yield f"{'green' if run.ok else 'red'} after {run.seconds:.1f} s. The whole of it: gt gate log {run.number}"


@gate.command()
@click.argument("number", type=click.IntRange(1), required=False, metavar="[RUN]")
@click.option("--gate", "only", default="", help="Only this gate's.")
@common.as_json
def log(number: int | None, only: str, as_json: bool) -> None:
    """What runs printed: a list of those that are kept, or all that one RUN said, what was red last.

    \b
    Example:
      gt gate log
      gt gate log 12
    """
    place = common.place()
    if number is None:
        live = _live(place)
        runs = [(r, () if r.number in live else kept.cut(place, r)) for r in kept.runs(place)]
        rows = [
            [str(r.number), r.kind, "running" if r.number in live else _state(r, cut), _first(r, cut),
             common.age(r.began), _about(r)]
            for r, cut in runs
        ]  # fmt: skip
        heads = ("RUN", "KIND", "IS", "WHAT", "AGO", "OF")
        none = "No run is kept yet. Begin one with: gt gate run NAME"
        common.show([_run(r, cut) for r, cut in runs], common.table(rows, heads) if rows else none, as_json)
        return
    found = next((run for run in kept.runs(place) if run.number == number), None)
    if found is None:
        raise Refused(f"Run {number} is not kept.", "List those that are with: gt gate log")
    texts = dict(_texts(place, found, only))
    cut = () if number in _live(place) else kept.cut(place, found)
    if as_json:
        common.show({**_run(found, cut), "logs": texts}, "", True)
        return
    for name, text in texts.items():
        click.echo(f"==> {name}" + (" (cut off)" if name in cut else ""))
        click.echo(clean(_CODES.sub("", text)).rstrip("\n"))


def _live(place: Place) -> frozenset[int]:
    """The numbers of the runs that go on."""
    return frozenset(common.town().testing) if place.held else frozenset()


def _texts(place: Place, run: kept.KeptRun, only: str) -> Iterator[tuple[str, str]]:
    """Each gate's log; green ones first, so that what is red stands where the eye is."""
    folder = kept.folder(place) / str(run.number)
    order = {kept.file_name(one.name): (not one.ok, n, one.name) for n, one in enumerate(run.gates)}
    files = [path for path in folder.glob("*.log") if not only or path.name == kept.file_name(only)]
    if not files:
        raise Refused(f"Run {run.number} has no log{f' of {only}' if only else ''}.", "gt gate log lists runs.")
    for path in sorted(files, key=lambda path: order.get(path.name, (True, 0, path.stem))):
        name = order[path.name][2] if path.name in order else path.stem
        yield name, path.read_text(encoding="utf-8", errors="replace")


def _state(run: kept.KeptRun, cut: tuple[str, ...] = ()) -> str:
    if run.ok is None:
        return "cut off" if cut else "no verdict"
    return "green" if run.ok else "red"


def _first(run: kept.KeptRun, cut: tuple[str, ...] = ()) -> str:
    if run.ok is None and cut:
        return f"{', '.join(cut)} came to no end"
    red = next((one for one in run.gates if not one.ok), None)
    if red is not None:
        return f"{red.name}: {red.first or counts(red) or 'red'}"
    return f"{sum(one.passed for one in run.gates)} passed" if any(one.passed for one in run.gates) else ""


def _about(run: kept.KeptRun) -> str:
    return f"{', '.join(run.beads)} on {run.base[:9]}" if run.beads else run.commit[:9]


@gate.command()
@common.as_json
def flaky(as_json: bool) -> None:
    """Tests that were red and then green on the same tree, the most frequent first.

    \b
    Example:
      gt gate flaky
    """
    town = common.town()
    flakes = sorted(town.flaky.values(), key=lambda f: (-f.times, -f.at, f.gate, f.test))
    document = [
        {"gate": f.gate, "test": f.test, "times": f.times, "since": f.since, "last": f.at, "run": f.number}
        for f in flakes
    ]
    rows = [[str(f.times), common.age(f.at), f.gate, f.test or "(name not known)", f"run {f.number}"] for f in flakes]
    heads = ("TIMES", "LAST", "GATE", "TEST", "GREEN IN")
    none = "No test was red and then green on the same tree so far."
    common.show(document, common.table(rows, heads) if rows else none, as_json)


@click.command()
@click.argument("name", metavar="GATE")
@common.as_json
def bisect(name: str, as_json: bool) -> int:
    """Find which landed bead broke a gate, by halves; what runs of before know is not run again.

    Stop it at any time: asked again, it goes on from what it knows by then.

    \b
    Example:
      gt bisect unit
    """
    client, place = common.client(), common.place()
    seen: set[str] = set()
    while (step := client.order("bisect", {"gate": name}))["state"] == "testing":
        if step["commit"] in seen and step["left"]:
            raise Refused(f"{name} came to no verdict on {step['commit'][:9]}.", f"See gt gate log {step['run']}")
        seen.add(step["commit"])
        if not as_json:
            about = f" {step['subject']}" if step["subject"] else ""
            left = f", about {count(step['left'], 'run')} to go" if step["left"] else ""
            common.hint(common.clip_line(f"run {step['run']}: {name} on {step['commit'][:9]}{about}{left}"))
        over = Follower(place, step["run"]).follow(None)
        if not as_json:
            common.hint(f"  {_state(over)}{', ' + _first(over) if _first(over) else ''}")
    common.show(step, list(_answer(name, step)), as_json)
    return 0 if step["state"] in ("found", "green") else REFUSED


def _answer(name: str, step: dict[str, Any]) -> Iterator[str]:
    if step["state"] == "green":
        yield f"{name} is green at {step['commit'][:9]}: nothing broke it."
    elif step["state"] == "nowhere":
        yield f"{name} is red as far back as there is history: no commit is known where it was green."
    else:
        who = f"{step['agent']}, " if step["agent"] else ""
        if step["bead"]:
            yield f"{step['bead']} broke {name}: {step['title'] or step['subject']} ({who}{step['commit'][:9]})"
        else:
            yield f"{step['commit'][:9]} broke {name}: {step['subject']} ({step['author']}; no bead)"
        if step["first"]:
            at = f" ({step['where']})" if step["where"] and step["where"] != step["first"] else ""
            yield f"first: {step['first']}{at}, run {step['run']}"
        if step["good"]:
            yield f"green before it: {step['good'][:9]}"
        if step["bead"]:
            yield f"Take it back with: gt undo {step['bead']}"
