"""A loaded engine that is killed at random instants, and what must hold of its town afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gastown_tui.engine.engine import Engine
from gastown_tui.engine.ledger.reading import read_town, records
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import CloseBead, CreateBead, Order, UpdateBead
from gastown_tui.world import DiskFiles
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import PATIENCE, until

CALLERS = 4
"""Orders that are under way at once."""


class Flaky(DiskFiles):
    """A disk that refuses one write or sync in a hundred."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def _maybe(self, number: int) -> None:
        if self._chance.random() < 0.01:
            raise OSError(number, os.strerror(number))

    def append(self, fd: int, data: bytes) -> None:
        self._maybe(errno.ENOSPC)
        super().append(fd, data)

    def sync(self, fd: int) -> None:
        self._maybe(errno.EIO)
        super().sync(fd)


# the process that is killed


async def _load(place: Place, acks: int, chance: random.Random, flaky: bool) -> None:
    """Create, change and close beads without end; what was answered is said on `acks` after it was."""
    engine = Engine.open(place, files=Flaky(chance) if flaky else DiskFiles())

    async def ask(order: Order, what: list[Any]) -> Any:
        while True:
            try:
                answer = await engine.ask(order)
            except GasTownError:
                os.write(acks, json.dumps(["no", *what]).encode() + b"\n")
                return None
            os.write(acks, json.dumps(["yes", *what, answer["bead"]]).encode() + b"\n")
            return answer["bead"]

    async def caller(number: int) -> None:
        for turn in range(10**9):
            mark = f"{os.getpid()}-{number}-{turn}"
            if (bead := await ask(CreateBead(f"Bead {mark}"), ["create", mark])) is None:
                continue
            for change in range(chance.randint(0, 3)):
                notes = f"{mark}-{change}"
                await ask(UpdateBead(bead, {"notes": notes}), ["update", notes])
            await ask(CloseBead(bead, mark), ["close", mark])

    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        for number in range(CALLERS):
            group.create_task(caller(number))


def serve() -> None:
    """For each line on stdin fork a loaded engine, say its number, and say when it is gone."""
    logging.disable()
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            acks = os.open(wanted["acks"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with contextlib.suppress(BaseException):
                chance = random.Random(wanted["seed"])
                asyncio.run(_load(Place(Path(wanted["root"])), acks, chance, wanted["flaky"]))
            os._exit(1)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


# the one that kills


@dataclass
class Count:
    """What was counted: kills, of them those while orders were answered, answers, and what was wrong."""

    kills: int = 0
    busy: int = 0
    answered: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Expected:
    """What a town owes those it answered."""

    titles: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def hear(self, line: list[str]) -> None:
        """Take one answer."""
        if line[0] == "no":
            self.refused.add(f"{line[1]} {line[2]}")
        elif line[1] == "create":
            self.titles[line[3]] = f"Bead {line[2]}"
        elif line[1] == "update":
            self.notes[line[3]] = line[2]
        else:
            self.closed.add(line[3])

    def broken(self, place: Place) -> list[str]:
        """What the town on the disk owes and does not have, or has and refused."""
        town = read_town(place)
        wrong = [f"{id} is lost" for id in self.titles if id not in town.beads]
        for id, bead in town.beads.items():
            told = str(bead.cold("notes", ""))
            before = self.notes.get(id, "")
            if id in self.titles and bead.title != self.titles[id]:
                wrong.append(f"{id} is {bead.title}")
            if _step(told) < _step(before):
                wrong.append(f"{id} has notes {told!r}, acknowledged was {before!r}")
            if id in self.closed and bead.status != "closed":
                wrong.append(f"{id} was closed and is {bead.status}")
            has = {f"create {bead.title.removeprefix('Bead ')}", f"update {told}", f"close {bead.close_reason}"}
            wrong += [f"{id} has what was refused: {what}" for what in has & self.refused]
        return wrong


def _step(notes: str) -> int:
    return int(notes.rpartition("-")[2]) if notes else -1


class Killer:
    """Starts loaded engines and kills them; a context that ends its server."""

    def __init__(self, home: Path, *, flaky: bool = True) -> None:
        self._flaky = flaky
        self._server = subprocess.Popen(
            [sys.executable, "-c", "from tests.support.killing import serve; serve()"], env=clean(home),
            cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Killer:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(PATIENCE)
        self._server.stdout.close()

    def kill(self, place: Place, expected: Expected, count: Count, chance: random.Random, longest: float) -> None:
        """Let an engine work, kill it at an instant of [0, longest], and count what is wrong with its town.

        Every other engine is given that long from its first answer on: on a slow machine it is at work then, too.
        """
        assert self._server.stdin is not None and self._server.stdout is not None
        acks = place.root.parent / "acks"
        acks.unlink(missing_ok=True)
        wanted = {"root": str(place.root), "acks": str(acks), "seed": chance.random(), "flaky": self._flaky}
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        pid = int(self._server.stdout.readline())
        if count.kills % 2:
            until(lambda: acks.exists() and acks.stat().st_size, "its first answer")
        time.sleep(chance.uniform(0.0, longest))
        os.kill(pid, signal.SIGKILL)
        status = int(self._server.stdout.readline())
        said = acks.read_text().splitlines() if acks.exists() else []
        for line in said:
            expected.hear(json.loads(line))
        count.kills += 1
        count.busy += bool(said)
        count.answered += sum(1 for line in said if line.startswith('["yes"'))
        count.refused += sum(1 for line in said if line.startswith('["no"'))
        if os.WTERMSIG(status) != signal.SIGKILL:
            count.wrong.append(f"the engine ended by itself: {status}")
        count.wrong += expected.broken(place)
        if not rigs.is_sound(place.root):
            count.wrong.append("git fsck is not clean")


def whole(place: Place) -> list[str]:
    """Whether the town's history has every number once, from the first to the last."""
    numbers = [record.seq for record in records(place)]
    last = read_town(place).seq
    return [] if numbers == list(range(1, last + 1)) else [f"the history has {len(numbers)} records of {last}"]
