"""The demo as outside checks run it: its document, its figures recomputed from the ledger, and a kill in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.cli.demo_summary import summarise
from gastown_tui.engine.ledger.reading import records
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from tests.cli.towns import gt
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import until

INTEGERS = {"planned", "landed", "rejected", "conflicts", "gate_failures", "test_runs", "restarts"}
KEYS = INTEGERS | {"seconds", "cost_usd", "verified", "cost_by_role", "dir", "target_commit"}


def recomputed(root: Path) -> dict[str, Any]:
    """Every figure, once more, from the commit messages of the ledger branch, with nothing but git and json."""
    text = rigs.git(root, "log", "--first-parent", "--reverse", "--format=%B", "gt-ledger")
    happened = [json.loads(line)["event"] for line in text.splitlines() if line.startswith('{"seq":')]

    def of(kind: str) -> list[dict[str, Any]]:
        return [event for event in happened if event["event"] == kind]

    planned = {id for event in of("plan_approved") for id in event["ids"].values()}
    roles = {event["role"] for event in of("spent")}
    return {
        "planned": len(planned), "landed": len({event["bead"] for event in of("landed")} & planned),
        "rejected": sum(not event["review"]["ok"] for event in of("reviewed")), "conflicts": len(of("conflicted")),
        "gate_failures": sum(not event["review"]["ok"] for event in of("gated")), "test_runs": len(of("run_ended")),
        "restarts": len(of("engine_started")) - 1, "target_commit": of("train_landed")[-1]["commit"],
        "cost_by_role": {role: round(sum(x["usd"] for x in of("spent") if x["role"] == role), 6) for role in roles},
    }  # fmt: skip


def judged(root: Path, document: dict[str, Any]) -> None:
    """What must hold of any demo that ended."""
    assert set(document) == KEYS
    assert document["verified"] and document["planned"] == document["landed"] >= 8
    assert all(type(document[name]) is int for name in INTEGERS)
    again = recomputed(root)
    assert {name: document[name] for name in again} == again
    assert document["cost_usd"] == round(sum(again["cost_by_role"].values()), 6) > 0
    assert document["target_commit"] == rigs.git(root, "rev-parse", "main")
    assert rigs.is_sound(root) and rigs.git(root, "status", "--porcelain") == ""
    merges = rigs.git(root, "log", "--merges", "--format=%(trailers:key=Bead,valueonly)", "main")
    beads = [line.split("@")[0] for line in merges.splitlines() if line]
    assert len(beads) == len(set(beads)) == document["landed"]


@pytest.mark.timeout(1200)
def test_it_ends_verified_with_one_of_each_trouble_and_every_figure_in_the_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    said = gt(tmp_path, "demo", "--headless", "--json", "--keep", str(folder), seconds=900)
    assert said.code == 0, said.err
    document = said.json
    judged(folder, document)
    assert (document["rejected"], document["conflicts"], document["gate_failures"]) == (1, 1, 1)
    assert document["restarts"] == 0 and Path(document["dir"]) == folder
    figures = summarise(records(Place(folder)))
    assert figures.seconds == document["seconds"]
    again = gt(tmp_path, "demo", "--headless", "--json", "--keep", str(folder))
    assert again.code == 0 and again.json["restarts"] == 1, "a finished town stays finished"
    assert again.json["target_commit"] == document["target_commit"]


@pytest.mark.timeout(1200)
def test_a_killed_demo_is_finished_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    command = [sys.executable, "-P", "-m", "gastown_tui", "demo", "--headless", "--json", "--keep", str(folder)]
    first = subprocess.Popen(command, env=clean(tmp_path / "home"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    place = Place(folder)

    def landed() -> bool:
        with contextlib.suppress(FileNotFoundError):  # a segment the ledger has goes
            return place.journal.is_dir() and any(b'"landed"' in p.read_bytes() for p in place.journal.glob("*"))
        return False

    until(lambda: landed() or first.poll() is not None, "the first landing", 400)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    said = gt(tmp_path, "demo", "--headless", "--json", "--keep", str(folder), seconds=900)
    assert said.code == 0, said.err
    judged(folder, said.json)
    assert said.json["restarts"] == 1
    assert sum(isinstance(r.event, e.EngineStarted) for r in records(place)) == 2


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    said = gt(tmp_path, "demo", "--headless", "--json", "--keep", str(folder))
    assert said.code == 1 and said.out == "" and "not empty" in said.error["title"]
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
