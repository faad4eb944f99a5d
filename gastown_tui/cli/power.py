"""`gt up`, `gt down` and `gt stop`: the engine in the background, started, ended in order, or frozen."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from gastown_tui.cli import common
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import CannotWrite, GasTownError, NoEngine

START_WITHIN = 60.0
"""Seconds an engine may take to answer: a large ledger is read, what a crash left is tidied."""

STOP_WITHIN = 60.0
_LOOK = 0.05
_PROBE_BYTES = 64 * 1024


@click.command()
@common.as_json
def up(as_json: bool) -> None:
    """Start the engine in the background; returns when it answers. Frozen agents go on.

    \b
    Example:
      gt up
    """
    place = common.place()
    status, started = start(place)
    thawed = False
    if status.get("holds", {}).get("agents"):
        common.client().order("thaw")
        thawed = True
    document = {"pid": status["engine"]["pid"], "started": started, "thawed": thawed}
    said = "The engine runs" if started else "The engine runs already"
    if thawed:
        said += "; frozen agents go on"
    common.show(document, f"{said} (pid {document['pid']}). Talk to the Mayor: gt mayor tell TEXT", as_json)


@click.command()
@common.as_json
def down(as_json: bool) -> None:
    """End every session this town's engine started, keep unsaved work, and stop the engine.

    Nothing is lost: the next gt up goes on where this left.

    \b
    Example:
      gt down
    """
    place = common.place()
    try:
        ended = stop_engine(place)
    except NoEngine:
        common.show({"stopped": False, "ended": []}, "No engine runs here.", as_json)
        return
    words = f"Ended: {', '.join(ended)}. " if ended else ""
    common.show({"stopped": True, "ended": ended}, f"{words}The engine is gone; gt up goes on.", as_json)


@click.command()
@click.option("--now", is_flag=True, help="Freeze every agent this instant; the engine stays.")
@common.as_json
@click.pass_context
def stop(context: click.Context, now: bool, as_json: bool) -> None:
    """With --now: freeze all agents at once, where they stand; gt up lets them go on. Without: as gt down.

    \b
    Example:
      gt stop --now
    """
    if not now:
        context.invoke(down, as_json=as_json)
        return
    answer = common.order("freeze")
    names = ", ".join(answer.get("frozen", [])) or "nobody was working"
    common.show(answer, f"Frozen: {names}. Nothing is spent now. Go on with gt up, or end them with gt down.", as_json)


def start(place: Place) -> tuple[dict[str, Any], bool]:
    """Have an engine that answers: the one that runs, or a new one in the background.

    Returns:
        Its status, and whether it was started now.

    Raises:
        GasTownError: it did not come up; the hint has the end of its log.
    """
    if (status := answering(place)) is not None:
        return status, False
    _writable(place)
    before = place.log.stat().st_size if place.log.exists() else 0
    # -P: a module of the repository's own with one of our names must not be imported in its place.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gastown_tui.door.host", str(place.root)], cwd=place.root, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + START_WITHIN
    said = time.monotonic() + 2.0
    while time.monotonic() < until:
        if (status := answering(place)) is not None:
            return status, True
        if process.poll() is not None:
            raise _refusal(place.log, before)
        if time.monotonic() > said and sys.stderr.isatty():
            common.hint("Still starting: the ledger is read and what a crash left is tidied ...")
            said = until
        time.sleep(_LOOK)
    raise GasTownError(f"The engine does not answer after {START_WITHIN:.0f} s.", _last_words(place.log, before))


def answering(place: Place) -> dict[str, Any] | None:
    """The status of the engine that answers, or None."""
    from gastown_tui.door import address
    from gastown_tui.door.client import Client

    try:
        status = Client.of(place).status()
    except NoEngine:
        return None
    # The door is open a moment before the engine has told the town of itself: until then the town names the last one.
    told, found = status.get("engine"), address.read(place)
    return status if told and found is not None and told["pid"] == found.pid else None


def stop_engine(place: Place) -> list[str]:
    """Order the engine to stop and wait until it is gone; returns the names of the agents it ended.

    Raises:
        NoEngine: none runs. GasTownError: it is still there after a minute.
    """
    from gastown_tui.door.client import Client

    ended = Client.of(place).order("stop").get("ending", [])
    until = time.monotonic() + STOP_WITHIN
    while place.held:
        if time.monotonic() > until:
            raise GasTownError("The engine is still ending its sessions.", f"Look at its log: {place.log}")
        time.sleep(_LOOK)
    return [str(name) for name in ended]


def _writable(place: Place) -> None:
    """Raise CannotWrite when an engine could not even say so: its log stands on the same disk."""
    from gastown_tui.rig.errors import reason
    from gastown_tui.world import DiskFiles

    probe = place.log.with_name(".probe")
    try:
        place.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        DiskFiles().replace(probe, bytes(_PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        hint = "Nothing was changed. Mend that, then: gt up    Meanwhile gt status, gt bead list and gt log read it."
        raise CannotWrite(f"The engine was not started: {place.gastown}: {reason(error)}.", hint) from error


def _refusal(log: Path, before: int) -> GasTownError:
    """Why an engine ended before it answered: in its own words, else with the end of its log."""
    from gastown_tui.door import wire

    lines = _lines(log, before)
    try:
        return wire.error_from(json.loads(lines[-1]), "")
    except (IndexError, ValueError):
        return GasTownError("The engine did not start.", _last_words(log, before))


def _lines(log: Path, before: int) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(before)
            return file.read()[-8192:].decode(errors="replace").strip().splitlines()
    except OSError:
        return []


def _last_words(log: Path, before: int) -> str:
    """The end of what an engine that failed wrote."""
    return "\n".join([f"Its log ({log}) ends with:", *(f"  {line}" for line in _lines(log, before)[-8:])])
