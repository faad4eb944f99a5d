"""Tells a change that breaks its set-up or services from a slot, or a machine, on which they do not work at all."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Collection
from dataclasses import replace

import msgspec

from gastown_tui.engine.base import Base
from gastown_tui.engine.gating import kept, ready
from gastown_tui.engine.gating.running import changed, run_gates
from gastown_tui.engine.gating.tested import Tested
from gastown_tui.model.merge import TestRun

_OF_CHANGES = frozenset({"train", "confirm"})


async def fairly(
    base: Base, run: TestRun, slot: str, *, only: Collection[str] = (), keep_going: bool = False, mends: bool = False
) -> Tested:
    """Run the gates (as `run_gates`); where they could not be run, once more in a slot made anew.

    If they cannot be run then either, and not on the bare tip, what comes back is `excused`: no change is to blame.
    With `mends` the run is of what is to make the tip better, and the tip is no excuse.

    Raises:
        GasTownError: the slot cannot be made ready; nothing is known of the commit.
    """
    paths = await changed(base, run)
    tested = await run_gates(base, run, slot, paths, only=only, keep_going=keep_going)
    if not tested.unready:
        return tested
    await _say(base, run, f"{tested.unready} did not work: once more in a new slot")
    await ready.forget(base, slot)
    tested = await run_gates(base, run, slot, paths, only=only, keep_going=keep_going)
    if not tested.unready or mends or run.kind not in _OF_CHANGES:
        return tested
    return replace(tested, excused=not await _works(base, run, slot, tested.unready))


async def _works(base: Base, run: TestRun, slot: str, name: str) -> bool:
    """Whether the set-up, or a gate's services, come up on the commit a run stands on."""
    base.notes[f"run {run.number}"] = f"{name} does not work: it is tried on {base.config.target} alone"
    # A number that no run has: what the change's own set-up printed stays where it is looked for.
    bare = msgspec.structs.replace(run, number=-run.number, commit=run.base, cars=())
    try:
        return not (await run_gates(base, bare, slot, only=(name,))).unready
    finally:
        base.notes.pop(f"run {run.number}", None)
        await asyncio.to_thread(shutil.rmtree, kept.folder(base.place) / str(bare.number), True)


async def _say(base: Base, run: TestRun, words: str) -> None:
    bead = run.beads[0] if len(run.beads) == 1 else ""
    await base.feed.add(base.clock.now(), "refinery", "RUN", words, ok=False, bead=bead)
