"""What `gt` costs the processor: agents' calls, their hooks and `gt status`, above a bare Python of the same run."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from gastown_tui.agents import processes
from gastown_tui.door.client import Client
from gastown_tui.engine.opening import opened
from gastown_tui.engine.place import Place
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.benchmarks.report import at_most, finish, say
from tests.cli.towns import start, stop
from tests.engine.towns import founded, rehearse
from tests.support.environment import clean
from tests.support.waiting import until

BEADS = 10_000
ROUNDS, QUICK = 60, 15
_FULL_PYTHON, _BARE_PYTHON = ("-c", "pass"), ("-I", "-S", "-c", "pass")
_HOOK = json.dumps(
    {"session_id": "s", "cwd": "/tmp", "hook_event_name": "PreToolUse", "tool_name": "Bash",
     "tool_input": {"command": "git status"}}
).encode()  # fmt: skip


def fill(place: Place, count: int) -> None:
    """File beads without an engine, straight into the journal and the ledger."""
    held = opened(place, SystemClock(), RandomIds(), DiskFiles())
    try:
        books, town, lines = held.base.books, held.base.books.town, []
        for number in range(count):
            text = f"What is to be done about number {number}, and how one sees that it is. " * 4
            bead = beads.make(f"rg-{number:05}", f"Bead {number}", "2026-01-01T00:00:00Z", description=text,
                              work=Work(approved=False))  # fmt: skip
            record = e.Record(town.seq + 1, 1.0, "bench", e.BeadCreated(bead))
            town = town.after(record)
            lines.append((record.seq, e.encode(record)))
        held.journal.append(lines)
        assert books.town.seq < town.seq
    finally:
        held.close()


def cpu(command: Sequence[str], folder: Path, env: Mapping[str, str], stdin: bytes = b"") -> float:
    """Processor time (user and system, all its children that it waited for) of one command, in milliseconds."""
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said: list[bytes] = []
    assert process.stdin is not None and process.stderr is not None
    reader = threading.Thread(target=lambda stream: said.append(stream.read()), args=(process.stderr,))
    reader.start()
    process.stdin.write(stdin)
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {b''.join(said).decode()}")
    return (used.ru_utime + used.ru_stime) * 1000


class Command(NamedTuple):
    """What is run: its words, what it reads, and what its environment has beside the clean one."""

    words: Sequence[str]
    stdin: bytes = b""
    env: Mapping[str, str] = {}


def measure(commands: Mapping[str, Command], folder: Path, rounds: int) -> dict[str, float]:
    """Medians in milliseconds; the commands take turns, so that what else runs here is shared by all."""
    found: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            took = cpu(command.words, folder, clean(folder.parent / "home", **command.env), command.stdin)
            if number:  # the first one loads what the disk has
                found[name].append(took)
    return {name: statistics.median(times) for name, times in found.items()}


def _commands(place: Place, agent: str, its: Mapping[str, str]) -> dict[str, Command]:
    python, shim = sys.executable, str(place.hooks / "bin" / "gt")
    here = {"GT_SOCKET": str(place.socket)}
    long_way = (python, "-P", "-m", "gastown_tui")
    return {
        "python": Command((python, *_FULL_PYTHON)),
        "bare python": Command((python, *_BARE_PYTHON)),
        "gt nudge (Mayor's way)": Command((shim, "nudge", agent, "Go on"), env=here),
        "gt escalate (polecat)": Command((shim, "escalate", "May I?", "--json"), env=its),
        "gt hook (polecat)": Command((shim, "hook", "PreToolUse"), _HOOK, its),
        "gt nudge (person)": Command((*long_way, "nudge", agent, "Go on")),
        "gt status": Command((*long_way, "status")),
        "gt status --json": Command((*long_way, "status", "--json")),
    }


def _environment(pid: int) -> dict[str, str]:
    """What a session was given of the town's: its token and its lease, which it calls with."""
    pairs = (entry.partition("=") for entry in Path(f"/proc/{pid}/environ").read_text().split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("GT_")}


def _with_engine(place: Place, rounds: int) -> dict[str, float]:
    process = start(place)
    try:
        client = Client.of(place)
        bead = client.order("do", {"text": rehearse("stall")})["bead"]
        agent = until(lambda: _at_work(client, bead), "a polecat at work")
        say(f"an engine with {len(client.town().beads)} beads runs; {agent} is at work; {rounds} rounds")
        its = _environment(client.town().agents[agent].pid)
        return measure(_commands(place, agent, its), place.root, rounds)
    finally:
        stop(place, process)


def _at_work(client: Client, bead: str) -> str:
    town = client.town()
    name = town.beads[bead].assignee
    return name if name in town.agents and town.agents[name].live else ""


def main() -> int:
    """Print the medians and how they stand to the same run's bare Python."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = QUICK if parser.parse_args().quick else ROUNDS
    processes.become_subreaper()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gt-cli-")))
        place = founded(folder)
        fill(place, BEADS)
        found = _with_engine(place, rounds)
        alone = {"gt status, no engine": Command((sys.executable, "-P", "-m", "gastown_tui", "status"))}
        found |= measure(alone, place.root, max(3, rounds // 5))
    return _report(found)


def _report(found: dict[str, float]) -> int:
    floor, bare = found["python"], found["bare python"]
    for name, took in found.items():
        say(f"{name:<22} {took:7.1f} ms   {took - floor:+7.1f} over python   {took / bare:5.2f} x bare python")
    call = max(found["gt nudge (Mayor's way)"], found["gt escalate (polecat)"])
    status = max(found["gt status"], found["gt status --json"])
    figures: dict[str, Any] = {name: round(took, 2) for name, took in found.items()}
    return finish("gt_cli", figures, {
        "an agent's call over python -c pass, ms": at_most(20.0, call - floor),
        "a hook over python -I -S -c pass, times": at_most(1.4, found["gt hook (polecat)"] / bare),
        "gt status over python -c pass, ms": at_most(100.0, status - floor),
    })  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
