"""Makes the demo's town: a small real repository out of the play's seed, with every role rehearsed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from gastown_tui.agents.rehearsal import play
from gastown_tui.config import Config, EnvSettings, Gate, Roles, RoleSettings
from gastown_tui.engine.founding import found
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import Refused
from gastown_tui.rig import git
from gastown_tui.world import DiskFiles, SystemClock

PLAY = "todo"
_PERSON = (("user.name", "Ada Overseer"), ("user.email", "ada@example.org"), ("commit.gpgsign", "false"))


def settings(pace: float) -> Config:
    """The town's settings: six polecats, gates that run the application's own tests, a clean environment.

    Args:
        pace: seconds the rehearsal waits between two steps.
    """
    python = shlex.quote(sys.executable)
    role = RoleSettings(runtime="rehearsal")
    # The scripts say `python`: on many machines only python3 is on PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return Config(
        rig=PLAY, prefix="td", target="main", max_polecats=6, memory_reserve_mb=128,
        gates=(Gate("unittest", f"{python} -m unittest -q", 120.0),),
        sheriff=(f"PYTHONPYCACHEPREFIX=\"$TMPDIR/pycache\" {python} -m compileall -q app tests",),
        roles=Roles(role, role, role),
        env=EnvSettings(only=("PATH", "LANG", "TMPDIR"), set={
            "PATH": path, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "GT_PACE": f"{pace:g}",
        }),
    )  # fmt: skip


def make(folder: Path, pace: float) -> Place:
    """The demo's town in a folder: the one that is there, or a new one, which appears whole or not at all.

    Raises:
        Refused: something else is in that folder.
    """
    place = Place(folder)
    if place.there:
        return place
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty, and no demo's town.", "Nothing was touched. Name a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    play.seed(PLAY, making)
    _repository(making)
    found(Place(making), settings(pace), clock=SystemClock(), files=DiskFiles())
    os.replace(making, folder)
    return place


def _repository(folder: Path) -> None:
    git.run(["init", "--quiet", "-b", "main", "."], folder)
    for name, value in _PERSON:
        git.run(["config", name, value], folder)
    git.run(["add", "--all"], folder)
    # The person's own hooks (core.hooksPath of their account) have no business in a demo.
    git.run(["-c", "core.hooksPath=/dev/null", "commit", "--quiet", "-m", "A small to-do application"], folder)
