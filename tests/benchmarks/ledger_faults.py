"""Puts every fault to the ledger many times: what survived, what a person saw, what was counted."""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gastown_tui.engine.ledger.partial import view
from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.engine.opening import opened
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.benchmarks.report import finish, say
from tests.engine.test_mending import MENDABLE, mend, town_of
from tests.support import ledger_faults as faults
from tests.support import rigs
from tests.support.ledger_faults import Outcome


def damaged(folder: Path) -> list[Outcome]:
    """Every damage the dogs can mend: what the engine says of it, and whether the town is whole after the mending."""
    found = []
    for damage in MENDABLE:
        place, town = town_of(folder / damage.__name__)
        damage(place)
        shown = view(place)
        try:
            opened(place, SystemClock(), RandomIds(), DiskFiles()).close()
            seen = "WRONG: the engine started"
        except GasTownError as error:
            seen = f"{error.title} {error.hint}"
        said = mend(place)
        whole = bool(shown.why) and read_town(place) == town and rigs.is_sound(place.root)
        found.append(Outcome(damage.__name__.replace("_", " "), 1, int(whole), seen, "; ".join(said)))
    return found


def main() -> int:
    """Run every fault and print the table, JSON last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="how many kills")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--quick", action="store_true", help="a dozen kills, every 13th byte: under 40 s")
    options = parser.parse_args()
    runs, step = (12, 13) if options.quick else (options.runs, 1)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    logging.disable()
    folder = Path(tempfile.mkdtemp(prefix="ledger-faults-"))
    say(f"seed {seed}")
    work: list[Callable[[], Outcome | list[Outcome]]] = [
        partial(faults.killed, folder / "kill", runs, seed), partial(faults.cut, folder / "cut", step),
        partial(faults.refused_at_every_call, folder / "once", 1),
        partial(faults.refused_at_every_call, folder / "thrice", 3), partial(faults.full_disk, folder / "full"),
        partial(faults.read_only, folder / "ro"), partial(faults.clock, folder / "clock", min(runs * 5, 500), seed),
        partial(faults.two_engines, folder / "two", 10), partial(faults.moved, folder / "moved", 6),
        partial(damaged, folder),
    ]  # fmt: skip
    outcomes: list[Outcome] = []
    for one in work:
        began = time.monotonic()
        made = one()
        for outcome in made if isinstance(made, list) else [made]:
            outcomes.append(outcome)
            mark = "ok  " if outcome.good else "LOST"
            say(f"{mark} {outcome.fault:<28} {outcome.survived:>5} of {outcome.runs:<5} {outcome.counted}")
            say(f"     {'':<28} seen: {outcome.seen}")
        say(f"     {'':<28} {time.monotonic() - began:.1f} s")
    shutil.rmtree(folder, ignore_errors=True)
    figures = {outcome.fault: asdict(outcome) for outcome in outcomes}
    targets = {
        o.fault: {"want": f"{o.runs} of {o.runs}", "got": f"{o.survived} of {o.runs}", "met": o.good} for o in outcomes
    }
    return finish("ledger_faults", {"seed": seed, "faults": figures}, targets)


if __name__ == "__main__":
    raise SystemExit(main())
