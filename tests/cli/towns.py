"""Runs `gt` as a person does, in a process with an environment of its own or in this one, on real towns."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gastown_tui.door.client import Client
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import NoEngine
from tests.support.environment import clean
from tests.support.waiting import PATIENCE, until


@dataclass(frozen=True)
class Said:
    """What a command of `gt` left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error object on stderr."""
        found: dict[str, Any] = json.loads(self.err.strip().splitlines()[-1])["error"]
        return found


Gt = Callable[..., Said]
"""`gt` in a town: takes its words, and returns what it left."""


def gt(folder: Path, *words: str, stdin: str = "", env: dict[str, str] | None = None, seconds: float = 240.0) -> Said:
    """Run `gt` in a folder, as a process of its own, with nothing inherited but PATH."""
    command = [sys.executable, "-P", "-m", "gastown_tui", *words]
    done = subprocess.run(
        command, cwd=folder, env=clean(folder.parent / "home", **(env or {})), input=stdin, capture_output=True,
        text=True, timeout=seconds,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def start(place: Place) -> subprocess.Popen[bytes]:
    """An engine of its own process, as `gt up` starts it; returns when it answers."""
    command = [sys.executable, "-P", "-m", "gastown_tui.door.host", str(place.root)]
    process = subprocess.Popen(command, cwd=place.root, env=clean(place.root.parent / "home"))
    until(lambda: answers(place), "an engine that answers")
    return process


def answers(place: Place) -> bool:
    """Whether an engine answers there."""
    try:
        return bool(Client.of(place).status()["engine"]["pid"])
    except NoEngine:
        return False


def stop(place: Place, process: subprocess.Popen[bytes]) -> None:
    """End an engine in order."""
    if process.poll() is None:
        Client.of(place).order("stop")
        process.wait(PATIENCE)


@contextlib.contextmanager
def served(place: Place) -> Iterator[None]:
    """An engine of its own process, until the block ends."""
    process = start(place)
    try:
        yield
    finally:
        stop(place, process)
