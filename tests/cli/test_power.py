"""The engine in the background: up, down, killed, frozen, and one that cannot start."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.agents import processes
from gastown_tui.cli.power import answering
from gastown_tui.door import address
from gastown_tui.door.address import Address
from gastown_tui.door.client import Client
from gastown_tui.engine.place import Place
from gastown_tui.world import DiskFiles
from tests.cli.towns import gt
from tests.engine.towns import founded, holding, note, rehearse
from tests.support import rigs
from tests.support.waiting import until


def status(place: Place) -> Any:
    return gt(place.root, "status", "--json").json


def working(place: Place, state: str = "working") -> Any:
    """The polecat in a state, once it is there."""

    def found() -> list[Any]:
        return [a for a in status(place)["agents"] if a["role"] == "polecat" and a["state"] == state]

    return until(found, f"a polecat that is {state}")[0]


def column(place: Place, bead: str) -> str:
    return str(gt(place.root, "bead", "show", bead, "--json").json["column"])


def pid_of(place: Place) -> int:
    return int(json.loads(place.engine_json.read_bytes())["pid"])


def test_an_engine_answers_once_the_town_knows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its door is open a moment before: the town then still names the engine before it."""
    place = founded(tmp_path)
    told: dict[str, Any] = {"engine": {"pid": 1, "since": 0.0}}
    monkeypatch.setattr(Client, "status", lambda self: told)
    assert answering(place) is None
    address.write(place, Address(2, 3, str(place.socket), 4, "0"), DiskFiles())
    assert answering(place) is None
    told["engine"]["pid"] = 2
    assert answering(place) == told


def test_up_and_down_and_up_again_goes_on_with_the_same_work(tmp_path: Path) -> None:
    place = founded(tmp_path)
    said = gt(place.root, "up", "--json")
    assert said.code == 0 and said.json["started"], said.err
    try:
        script = f"write half.txt <<END\nhalf\nEND\nonce held stall 600\n{note('whole.txt')}"
        bead = gt(place.root, "do", rehearse(script), "--json").json["bead"]
        working(place)
        until(lambda: holding(place), "unsaved work")
        half = list(place.gastown.rglob("half.txt"))
        engine = pid_of(place)
        ticks = processes.start_ticks(engine)
        ended = gt(place.root, "down", "--json")
        assert ended.code == 0 and len(ended.json["ended"]) == 1
        assert not place.held and not place.engine_json.exists() and not place.socket.exists()
        until(lambda: not processes.is_alive(engine, ticks), "the engine's process is gone")
        assert half[0].exists(), "the worktree with unsaved work stays"
        assert gt(place.root, "status").code == 0
        assert gt(place.root, "up").code == 0
        until(lambda: column(place, bead) == "landed", "the same bead lands")
        assert rigs.git(place.root, "show", "main:half.txt") == "half"
    finally:
        gt(place.root, "down")


def test_a_killed_engine_is_no_engine_and_up_takes_over(tmp_path: Path) -> None:
    place = founded(tmp_path)
    gt(place.root, "up")
    try:
        first = pid_of(place)
        os.kill(first, signal.SIGKILL)
        until(lambda: not place.held, "the lock went with its process")
        assert place.engine_json.exists(), "nobody was left to take it away"
        assert gt(place.root, "ready", "--json").code == 0, "what only shows goes on"
        assert gt(place.root, "sling").code == 4
        assert "killed" in gt(place.root, "doctor").out
        assert gt(place.root, "up", "--json").json["started"] and pid_of(place) != first
    finally:
        gt(place.root, "down")


def test_frozen_agents_stand_still_until_up(tmp_path: Path) -> None:
    place = founded(tmp_path)
    gt(place.root, "up")
    try:
        gt(place.root, "do", rehearse("stall 600"))
        name = working(place)["name"]
        frozen = gt(place.root, "stop", "--now", "--json")
        assert frozen.code == 0 and name in frozen.json["frozen"]
        working(place, "frozen")
        again = gt(place.root, "up", "--json").json
        assert again["thawed"] and not again["started"]
        working(place, "working")
    finally:
        assert gt(place.root, "stop", "--json").json["ended"], "stop without --now ends them"


def test_signals_end_it_in_order(tmp_path: Path) -> None:
    place = founded(tmp_path)
    gt(place.root, "up")
    os.kill(pid_of(place), signal.SIGHUP)
    assert status(place)["engine"], "a dropped line ends nothing"
    os.kill(pid_of(place), signal.SIGTERM)
    until(lambda: not place.held, "the engine left")
    assert not place.engine_json.exists()
    assert "the engine stopped" in gt(place.root, "log").out


def test_one_that_cannot_start_says_why_in_its_own_words(tmp_path: Path) -> None:
    place = founded(tmp_path)
    settings = place.config.read_text()
    try:
        place.config.write_text(f"mystery = 1\n{settings}")
        said = gt(place.root, "up", "--json")
        assert said.code == 1 and "mystery" in said.error["title"]
        place.config.write_text(settings)
        with place.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = gt(place.root, "up", "--json")
        assert said.code == 1 and "Another engine has this town" in said.error["title"]
    finally:
        gt(place.root, "down")


def test_a_module_of_the_rigs_own_is_not_imported_in_ours_stead(tmp_path: Path) -> None:
    trap = "raise SystemExit('the rig was imported')\n"
    place = founded(tmp_path, {"click.py": trap, "gastown_tui.py": trap, "json.py": trap, "asyncio.py": trap})
    assert gt(place.root, "up").code == 0
    try:
        bead = gt(place.root, "do", rehearse(f"run gt bead list\n{note('x.txt')}"), "--json").json["bead"]
        until(lambda: column(place, bead) == "landed", "it lands")
    finally:
        gt(place.root, "down")


def test_a_town_with_a_long_path_has_its_socket_elsewhere(tmp_path: Path) -> None:
    place = founded(tmp_path / ("d" * 140))
    said = gt(place.root, "up", "--json")
    assert said.code == 0, said.err
    try:
        socket = Path(json.loads(place.engine_json.read_bytes())["socket"])
        assert not place.socket.exists() and len(str(socket)) < 108 and socket.exists()
        bead = gt(place.root, "do", rehearse(note("x.txt")), "--json").json["bead"]
        until(lambda: column(place, bead) == "landed", "agents find it, too")
    finally:
        gt(place.root, "down")
    assert not socket.exists()
