"""One run of the gates in a test slot: from the commit that was built in memory to a verdict on its tree."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from gastown_tui.config import Gate
from gastown_tui.engine import commands
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.refinery import ci
from gastown_tui.engine.refinery.slots import Slots
from gastown_tui.model import events as e
from gastown_tui.model.merge import GateRun, TestRun


class Testing:
    """Runs the gates; what it learns is durable before anybody goes by it."""

    def __init__(self, base: Base, slots: Slots) -> None:
        self._base = base
        self._slots = slots

    def gates_id(self) -> str:
        """Names the gates as they are configured: verdicts are kept by tree and by this."""
        return hashlib.sha256(f"{self._base.config.gates!r}{ci.named(self._base)}".encode()).hexdigest()[:12]

    async def run(self, run: TestRun) -> None:
        """Run the gates on a run's commit, and record the verdict on its tree; begun again after a crash."""
        base = self._base
        began = base.clock.monotonic()
        try:
            folder = await self._slots.at(run.slot, run.commit)
            red, ran, log = await self._gates(run, folder)
        finally:
            base.notes.pop(f"run {run.number}", None)
        seconds = round(base.clock.monotonic() - began, 3)
        over = GateRun(
            run.tree, run.gates, ran is None, base.clock.now(), seconds, "" if ran is None else ran.why(),
            run.number, run.kind, run.base, run.beads, run.commit, "" if red is None else red.name, log=log,
        )  # fmt: skip
        await base.books.record("refinery", e.RunEnded(await ci.after(base, run, over)))

    async def _gates(self, run: TestRun, folder: Path) -> tuple[Gate | None, commands.Ran | None, str]:
        """The gate that was red, its run and its log; None where all are green."""
        base, env, log = self._base, command_environment(self._base), ""
        bead = run.beads[0] if len(run.beads) == 1 else ""
        for gate in base.config.gates:
            base.notes[f"run {run.number}"] = gate.name
            ran = await commands.run(gate.run, folder, env, gate.timeout, base.clock)
            log = await asyncio.to_thread(self._keep_log, run, gate.name, ran.output)
            await base.feed.add(base.clock.now(), "refinery", "RUN", gate.run, detail=ran.took, ok=ran.ok, bead=bead)
            if not ran.ok:
                return gate, ran, log
        return None, None, log

    def _keep_log(self, run: TestRun, gate: str, output: str) -> str:
        folder = self._base.place.gastown / "log" / "gates"
        folder.mkdir(parents=True, exist_ok=True)
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in f"run-{run.number}-{gate}")
        Path(folder / f"{safe}.log").write_text(output, encoding="utf-8")
        return f"{safe}.log"
