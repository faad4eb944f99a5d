"""SIGKILLs the demo's engine at random instants, starts it again, and checks that everything landed exactly once."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support import rigs
from tests.support.environment import clean

_TRAILER = re.compile(r"^Bead: (\S+)@\d+$", re.M)
_LIMIT = 180.0


@dataclass(frozen=True)
class Outcome:
    """One run: when it was killed, whether an agent was alive then, and what became of it."""

    killed_at: float
    agents: int
    verified: bool
    twice: int
    sound: bool
    restarts: int
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing lost, nothing landed twice, the repository sound."""
        return self.verified and not self.twice and self.sound


def demo(folder: Path, home: Path) -> subprocess.Popen[bytes]:
    """The demo, in a folder it keeps and goes on in."""
    command = [sys.executable, "-m", "gastown_tui", "demo", "--headless", "--json", "--keep", str(folder)]
    return subprocess.Popen(command, env=clean(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The summary of a demo that runs to its end."""
    out, err = process.communicate(timeout=_LIMIT)
    lines = out.decode().strip().splitlines()
    if not lines:
        raise SystemExit(f"the demo said nothing; exit {process.returncode}: {err.decode()[-2000:]}")
    summary: dict[str, Any] = json.loads(lines[-1])
    return summary


def twice(root: Path) -> int:
    """How many beads have more than one merge commit on the target."""
    bodies = rigs.git(root, "log", "--merges", "--format=%B%x00", "main")
    return sum(1 for count in Counter(_TRAILER.findall(bodies)).values() if count > 1)


def at_work(engine: int) -> int:
    """How many processes an engine has beside it now; one may end while it is counted."""
    found = 0
    for child in psutil.Process(engine).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            found += child.status() != psutil.STATUS_ZOMBIE
    return found


def killed(instant: float, work: Path) -> Outcome:
    """Kill one demo after `instant` seconds and let the next one finish it."""
    folder, home, began = work / "town", work / "home", time.monotonic()
    process = demo(folder, home)
    time.sleep(instant)
    agents = at_work(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    summary = finish(demo(folder, home))
    root = Path(summary["dir"])
    verified = bool(summary["verified"]) and summary["planned"] == summary["landed"]
    seconds = time.monotonic() - began
    return Outcome(instant, agents, verified, twice(root), rigs.is_sound(root), int(summary["restarts"]), seconds)


def main() -> int:
    """Run the benchmark and print its figures, JSON last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--quick", action="store_true", help="one kill, under 40 s on an idle machine")
    options = parser.parse_args()
    runs = 1 if options.quick else options.runs
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)
    work = Path(tempfile.mkdtemp(prefix="kill-demo-"))
    say(f"seed {seed}")
    length = float(finish(demo(work / "whole" / "town", work / "whole" / "home"))["seconds"])
    say(f"a run without a kill takes {length:.1f} s; instants are uniform over it")
    outcomes: list[Outcome] = []
    tried = 0
    while len(outcomes) < runs and tried < 5 * runs:
        tried += 1
        outcome = killed(chance.uniform(0.0, length), work / f"run{tried}")
        counted = outcome.agents > 0
        say(f"{tried:3} {'' if counted else 'not counted: nobody was at work '}{outcome}")
        if counted:
            outcomes.append(outcome)
        shutil.rmtree(work / f"run{tried}", ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)
    good = sum(outcome.good for outcome in outcomes)
    figures = {
        "runs": len(outcomes), "seed": seed, "length_s": length, "good": good,
        "landed_twice": sum(o.twice for o in outcomes), "unsound": sum(not o.sound for o in outcomes),
        "median_s": statistics.median(o.seconds for o in outcomes) if outcomes else None,
    }  # fmt: skip
    targets = {"every_kill_survived": {"want": runs, "got": good, "met": good == runs == len(outcomes)}}
    say(json.dumps({"benchmark": "kill_demo", "figures": figures, "targets": targets}))
    return 0 if good == runs else 1


def say(text: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
