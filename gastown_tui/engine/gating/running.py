"""Runs the gates on a commit in a test slot: phase by phase, side by side, each with its log and its counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from itertools import groupby
from pathlib import Path

from gastown_tui.config import Gate
from gastown_tui.engine.base import Base
from gastown_tui.engine.environment import command_environment
from gastown_tui.engine.gating import kept, process, ready, reports, services
from gastown_tui.engine.gating.output import Output
from gastown_tui.engine.gating.tested import SETUP, Tested, counts
from gastown_tui.model.globs import any_match
from gastown_tui.model.merge import TestRun
from gastown_tui.model.outcomes.outcome import Outcome
from gastown_tui.redact import redact

SPACE = " · "


_OF_CHANGES = frozenset({"train", "confirm"})
"""Kinds of run that are about what changed; of the others, whoever asked for a gate means it to run."""


async def changed(base: Base, run: TestRun) -> tuple[str, ...] | None:
    """The paths a run changes, to leave gates of other paths out by; None where every gate has to run."""
    if run.kind not in _OF_CHANGES or not any(gate.paths for gate in base.config.gates):
        return None
    return tuple(await asyncio.to_thread(base.repo.changed_paths, run.base, run.commit))


async def run_gates(
    base: Base,
    run: TestRun,
    slot: str,
    paths: Collection[str] | None = None,
    *,
    only: Collection[str] = (),
    keep_going: bool = False,
) -> Tested:
    """Make the slot the run's commit and run the gates there.

    Args:
        run: what is tested; its number names the folder its logs are kept in.
        slot: the name of a worktree nobody works in; it is made if it is not there.
        paths: the changed paths: gates of other paths are left out; None runs all.
        only: names of the only gates to run.
        keep_going: do not stop at the first red gate.

    Raises:
        GasTownError: the slot cannot be made ready; nothing is known of the commit.
    """
    one = _Run(base, run, slot, keep_going)
    gates = [gate for gate in base.config.gates if not only or gate.name in only]
    chosen = [gate for gate in gates if paths is None or not gate.paths or any_match(paths, gate.paths)]
    one.left = tuple(gate.name for gate in gates if gate not in chosen)
    return await one.all(chosen)


class _Run:
    def __init__(self, base: Base, run: TestRun, slot: str, keep_going: bool) -> None:
        self._base = base
        self._run = run
        self._name = slot
        self._slot = base.worktrees.folder / slot
        self._keep_going = keep_going
        self._began = base.clock.monotonic()
        self._env = self._environment()
        self._done: dict[str, kept.KeptGate] = {}
        self._said: dict[str, str] = {}
        self._live: dict[str, str] = {}
        self.left: tuple[str, ...] = ()

    def _environment(self) -> dict[str, str]:
        """The rig's own, and the slot's number: tests of two slots can keep apart by it."""
        env = {"PYTHONUNBUFFERED": "1", **command_environment(self._base)}
        port = self._base.ports.of(self._name, self._base.config.worktree.ports)
        return {**env, "GT_SLOT": str(self._run.slot), "GT_RUN": str(self._run.number), "GT_PORT": str(port)}

    async def all(self, gates: list[Gate]) -> Tested:
        """Set-up, then every phase, until one is red."""
        ok: bool | None = None
        try:
            self._keep(None)
            self._slot = await ready.have(self._base, self._name, self._run.commit)
            ok = await self._set_up() and await self._phases(gates)
        finally:
            self._base.notes.pop(f"run {self._run.number}", None)
            self._keep(ok)
            await asyncio.to_thread(kept.prune, self._base.place)
        red = next((gate for gate in self._done.values() if not gate.ok), None)
        said = self._said.get(red.name, "") if red is not None else ""
        return Tested(self._run, bool(ok), self._seconds, tuple(self._done.values()), self.left, said)

    @property
    def _seconds(self) -> float:
        return self._base.clock.monotonic() - self._began

    async def _set_up(self) -> bool:
        if not self._base.config.worktree.setup:
            return True
        began = self._base.clock.monotonic()
        self._tell(SETUP, "set-up")
        with Output(self._log(SETUP), self._slot) as output:
            env = {**self._env, process.MARK: services.mark(self._base, self._run.number, SETUP)}
            failed = await ready.set_up(self._base, self._slot, self._run.commit, env, self._taking(SETUP, output))
        self._tell(SETUP)
        if failed is None:
            return True
        command, ended = failed
        took = self._base.clock.monotonic() - began
        self._done[SETUP] = kept.KeptGate(SETUP, command, False, ended.code, round(took, 3), log=kept.file_name(SETUP))
        self._said[SETUP] = output.last()
        return False

    async def _phases(self, gates: list[Gate]) -> bool:
        order = sorted(gates, key=lambda gate: gate.phase)
        for _, phase in groupby(order, key=lambda gate: gate.phase):
            await self._phase(list(phase))
            if not self._keep_going and not self._green:
                break
        # As they stand in the settings, whichever was done first.
        self._done = {gate.name: self._done[gate.name] for gate in order if gate.name in self._done}
        return self._green

    @property
    def _green(self) -> bool:
        return all(gate.ok for gate in self._done.values())

    async def _phase(self, gates: list[Gate]) -> None:
        """The gates of one phase side by side; the first red one ends the others, for the verdict is known."""
        async with asyncio.TaskGroup() as group:
            left = {
                group.create_task(self._in_turn(gate), name=f"gate {gate.name} of run {self._run.number}")
                for gate in gates
            }
            while left:
                _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                if not self._keep_going and not self._green:
                    for task in left:
                        task.cancel()

    async def _in_turn(self, gate: Gate) -> None:
        turns = self._base.turns
        self._tell(gate.name, f"waits for {gate.exclusive or 'a core'}")
        try:
            async with turns.turn(gate.cores, gate.exclusive):
                self._tell(gate.name, "runs")
                await self._gate(gate)
        finally:
            self._tell(gate.name)

    async def _gate(self, gate: Gate) -> None:
        base, began = self._base, self._base.clock.monotonic()
        env = {**self._env, process.MARK: services.mark(base, self._run.number, gate.name)}
        why = ""
        ended = process.Ended(1, 0.0)
        await asyncio.to_thread(reports.clear, self._slot, gate.junit)
        with Output(self._log(gate.name), self._slot) as output:
            take = self._taking(gate.name, output)
            try:
                async with services.running(base, gate, output.path, self._slot, env, take):
                    ended = await process.run(gate.run, self._slot, env, gate.timeout, base.clock, take)
            except services.NotUp as error:
                why = error.title
            if ended.code is None:
                output.note(f"[ended after {gate.timeout:.0f} s: it ran out of time]")
        outcome = await asyncio.to_thread(reports.read, self._slot, gate.junit)
        outcome = outcome or output.reader.outcome(red=not ended.ok)
        await self._over(gate, ended, outcome, why, base.clock.monotonic() - began, output.last())

    async def _over(
        self, gate: Gate, ended: process.Ended, outcome: Outcome, why: str, seconds: float, said: str
    ) -> None:
        base, ok = self._base, ended.ok and not why
        lines = (why, *outcome.why) if why else outcome.why
        first, where = ("", "") if ok else (outcome.first, outcome.where)
        done = kept.KeptGate(
            gate.name, gate.run, ok, ended.code, round(seconds, 3), outcome.passed, outcome.failures, outcome.skipped,
            outcome.total, redact(first), redact(where), () if ok else tuple(redact(line) for line in lines),
            kept.file_name(gate.name),
        )  # fmt: skip
        self._done[gate.name], self._said[gate.name] = done, said
        if ok:
            base.turns.totals[gate.name] = outcome.passed + outcome.failures
        self._keep(None)
        bead = self._run.beads[0] if len(self._run.beads) == 1 else ""
        detail = ", ".join(part for part in (counts(done), f"{seconds:.1f} s") if part)
        await base.feed.add(base.clock.now(), "refinery", "RUN", gate.run, detail=detail, ok=ok, bead=bead)

    def _taking(self, name: str, output: Output) -> Callable[[bytes], Awaitable[None]]:
        """Keeps a piece of output, and says how far its gate is."""

        async def take(data: bytes) -> None:
            await asyncio.to_thread(output.feed, data)
            if words := output.reader.outcome().words(self._base.turns.totals.get(name, 0)):
                self._tell(name, words)

        return take

    def _tell(self, name: str, words: str = "") -> None:
        """Passing facts for whoever looks: `unit: 28 of 41 passed, none failed`."""
        if words:
            self._live[name] = words
        else:
            self._live.pop(name, None)
        text = SPACE.join(gate if gate == words else f"{gate}: {words}" for gate, words in self._live.items())
        self._base.notes[f"run {self._run.number}"] = text

    def _log(self, name: str) -> Path:
        return kept.folder(self._base.place) / str(self._run.number) / kept.file_name(name)

    def _keep(self, ok: bool | None) -> None:
        run, base = self._run, self._base
        began = run.began or base.clock.now() - self._seconds
        kept.write(
            base.place,
            kept.KeptRun(
                run.number, run.kind, run.base, run.beads, run.commit, run.tree, began, round(self._seconds, 3), ok,
                tuple(self._done.values()), self.left,
            ),
        )  # fmt: skip
