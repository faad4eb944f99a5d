"""Whether a lock lies about that nobody holds any more."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from gastown_tui.agents import processes
from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, WARN, Finding
from gastown_tui.engine.place import Place
from gastown_tui.rig import locks
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.objects.pack import TEMPORARY
from gastown_tui.rig.repository import Repository

_WHEN = "%Y-%m-%d %H:%M"


def check(place: Place, config: Config) -> Iterator[Finding]:
    """The engine's lock and what it says of itself, and git's locks that stop everybody."""
    held = place.held
    said = _said(place)
    if held and said is None:
        yield Finding("engine", BAD, "an engine holds the town and does not say where it answers", f"See {place.log}")
    elif held:
        yield Finding("engine", OK, f"runs (pid {(said or {}).get('pid')})")
    elif said is not None and not processes.is_alive(said.get("pid", 0), said.get("start_ticks", 0)):
        yield Finding(
            "engine", WARN, "the last engine was killed; nothing is lost", "gt up goes on where it was.",
            partial(_forget, place),
        )  # fmt: skip
    else:
        yield Finding("engine", OK, "none runs")
    yield from _git_locks(place, held)


def _git_locks(place: Place, held: bool) -> Iterator[Finding]:
    common = Repository(place.root).common_dir
    left = [common / "refs" / "heads" / "gt-ledger.lock", *(common / "objects" / "pack").glob(f"{TEMPORARY}_*")]
    if not held and (names := [path.name for path in left if path.exists()]):
        note = f"left by an engine that was killed: {', '.join(names[:3])}"
        fix = "gt up takes it away; so does gt doctor --fix."
        yield Finding("ledger lock", WARN, note, fix, partial(_clear, place))
    found = [lock for lock in locks.lying(common) if lock.path not in left]
    free = locks.nobodys(found, locks.started())
    for lock in found:
        since = time.strftime(_WHEN, time.localtime(lock.since))
        named = f"{lock.path.relative_to(common)} is in git's way since {since}"
        if lock in free:
            fix = "It is older than this machine's start, so nobody holds it; gt up takes it away, and gt doctor --fix."
            yield Finding("git lock", WARN, named, fix, partial(_free, common))
        else:
            yield Finding("git lock", WARN, named, f"If no git command runs there, remove {lock.path}")
    if not found:
        yield Finding("locks", OK, "git is free")


def _clear(place: Place) -> str:
    Ledger(place.root).clear_stale_lock()
    return "the ledger's lock and half-written packs are taken away"


def _free(common: Path) -> str:
    gone = locks.clear(common, locks.started())
    return f"taken away: {', '.join(str(path.relative_to(common)) for path in gone) or 'nothing was left'}"


def _forget(place: Place) -> str:
    for path in (place.engine_json, place.socket):
        path.unlink(missing_ok=True)
    return "the address of the engine that was killed is taken away"


def _said(place: Place) -> dict[str, int] | None:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(place.engine_json.read_bytes())
        if isinstance(found, dict):
            return found
    return None
