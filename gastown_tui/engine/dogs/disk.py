"""Whether the town's disk takes writes, and how much room it has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, WARN, Finding
from gastown_tui.engine.place import Place
from gastown_tui.rig.errors import reason
from gastown_tui.world import DiskFiles

_PROBE = 64 * 1024
_LITTLE = 200 * 2**20
"""Bytes below which a day of agents may fill the disk."""


def check(place: Place, config: Config) -> Iterator[Finding]:
    """A file of 64 KiB written, synced and removed; the free space."""
    probe = place.gastown / ".probe"
    try:
        DiskFiles().replace(probe, bytes(_PROBE))
        probe.unlink()
    except OSError as error:
        yield Finding("disk", BAD, f"the town cannot be written: {reason(error)}", f"See {place.gastown} and its disk.")
        return
    free = shutil.disk_usage(place.gastown).free
    room = f"takes writes; {free / 2**30:.1f} GiB free"
    if free < _LITTLE:
        yield Finding("disk", WARN, room, "Free some space: when it is full the town holds.")
    else:
        yield Finding("disk", OK, room)
