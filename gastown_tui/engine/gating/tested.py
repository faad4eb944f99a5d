"""What a run of the gates came to, in the town's own values and in words for whoever has to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from gastown_tui.engine.gating.kept import KeptGate
from gastown_tui.model.bead import Check
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.redact import redact
from gastown_tui.text import clean, one_line

SETUP = "set-up"
"""The name set-up goes by where gates are named."""

NOT_UP = "its services did not come up"
"""How the reason begins of a gate that could not be run."""

_REASON = 6000


@dataclass(frozen=True)
class Tested:
    """A run that came to an end: green, or red with the first gate that was.

    `said` is the end of that gate's output; `left` names the gates none of whose paths were changed. The
    run is `excused` where it could not be tested, and the bare tip cannot either.
    """

    __test__: ClassVar[bool] = False

    run: TestRun
    ok: bool
    seconds: float
    gates: tuple[KeptGate, ...] = ()
    left: tuple[str, ...] = ()
    said: str = ""
    excused: bool = False

    @property
    def unready(self) -> str:
        """What of the red did not come to be tested, "" where a gate was run and is red."""
        red = self.red
        return red.name if red is not None and (red.name == SETUP or NOT_UP in "".join(red.why[:1])) else ""

    @property
    def red(self) -> KeptGate | None:
        """The first gate that was red."""
        return next((gate for gate in self.gates if not gate.ok), None)

    @property
    def failed(self) -> str:
        """Why it is red, with the end of the output; "" when it is green."""
        red = self.red
        if red is None:
            return ""
        return clean(redact("\n".join([headline(red), *red.why, "", self.said]).strip()))[:_REASON]

    def of_tip(self, at: float, tree: str) -> GateRun:
        """The same as a verdict on the bare tip, whose tree this is: there it does not work either."""
        run = self.run
        return replace(self.record(at), tree=tree, kind="all", beads=(), commit=run.base)

    def record(self, at: float) -> GateRun:
        """The verdict as the town keeps it; `at` in unix seconds."""
        run, red = self.run, self.red
        passed, failures = sum(g.passed for g in self.gates), sum(g.failures for g in self.gates)
        return GateRun(
            run.tree, run.gates, self.ok, at, round(self.seconds, 3), self.failed, run.number, run.kind, run.base,
            run.beads, run.commit, red.name if red else "", passed, failures, _word(red.first if red else ""),
            _word(red.where if red else ""), f"{run.number}/{red.log}" if red and red.log else "",
            self.left,
        )  # fmt: skip

    @property
    def checks(self) -> tuple[Check, ...]:
        """Each gate as a named check of a review."""
        return tuple(
            Check(gate.name, "pass" if gate.ok else "fail", counts(gate), round(gate.seconds, 2)) for gate in self.gates
        )


def unready(run: GateRun) -> bool:
    """Whether a red verdict is of set-up or services: then it may be green later on the same tree."""
    return not run.ok and (run.gate == SETUP or NOT_UP in run.failed)


def counts(gate: KeptGate) -> str:
    """`41 passed`, or `28 passed, 1 failed, 2 skipped`; "" when the runner was not understood."""
    parts = [(gate.passed, "passed"), (gate.failures, "failed"), (gate.skipped, "skipped")]
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def headline(gate: KeptGate) -> str:
    """What went wrong in one line: `unit: tests/test_cart.py::test_total (tests/test_cart.py:12), 1 of 41 failed`."""
    how = "ran out of time" if gate.code is None else f"ended with {gate.code}"
    where = f" ({gate.where})" if gate.where and gate.where != gate.first else ""
    ran = gate.passed + gate.failures
    of = f", {gate.failures} of {ran} failed" if gate.failures and gate.passed else ""
    named = f"{gate.first}{where}{of}" if gate.first else f"`{gate.command}` {how} after {gate.seconds:.1f} s"
    if gate.first and gate.code is None:
        named += ", and it ran out of time"
    return one_line(f"{gate.name}: {named}")


def _word(text: str) -> str:
    return one_line(redact(text))
