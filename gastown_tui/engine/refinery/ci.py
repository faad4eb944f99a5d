"""The remote's own checks as a gate: the candidate is pushed to a branch of its own, and its check runs are awaited."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from gastown_tui.engine import needs
from gastown_tui.engine.base import Base
from gastown_tui.engine.refinery import asking
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import GateRun, TestRun
from gastown_tui.rig.github import GhFailed, GitHub, NoGh, Seen
from gastown_tui.rig.remote import Remote, Unreachable
from gastown_tui.text import one_line

NAME = "ci"
"""What this gate is called beside the ones of config.toml."""

POLL = 10.0
"""Seconds between two looks at the checks."""

BEGIN_WITHIN = 300.0
"""Seconds in which a first check must have begun; later nobody is waiting for us there."""


class Told(NamedTuple):
    """What the remote's checks said: all green, or the reason in words; counts, and the first red one's address."""

    ok: bool
    why: str
    passed: int
    failures: int
    first: str = ""
    where: str = ""
    timed_out: bool = False


_OF_THE_QUEUE = frozenset({"train", "confirm"})


async def after(base: Base, run: TestRun, over: GateRun) -> GateRun:
    """The verdict with the remote's checks in it, where config.toml asks for them and the gates here were green.

    Raises:
        GasTownError: there is no verdict.
    """
    if base.config.ci != "push" or not over.ok or run.kind not in _OF_THE_QUEUE:
        return over
    began = base.clock.monotonic()
    found = await told(base, run.commit, run.number)
    took = base.clock.monotonic() - began
    said = f"{found.passed} of {found.passed + found.failures} checks green"
    bead = run.beads[0] if len(run.beads) == 1 else ""
    await base.feed.add(base.clock.now(), "refinery", "RUN", f"{NAME}: {said}", ok=found.ok, bead=bead)
    over = replace(over, seconds=round(over.seconds + took, 3), at=base.clock.now(), passed=over.passed + found.passed)
    if found.ok:
        return over
    return replace(
        over, ok=False, failed=found.why, gate=NAME, failures=found.failures, first=found.first, where=found.where
    )


def named(base: Base) -> str:
    """What the remote's checks add to the name of the gates: without them verdicts of before count as they did."""
    return f" {NAME}={base.config.remote}" if base.config.ci else ""


async def told(base: Base, commit: str, number: int) -> Told:
    """Push a candidate to `gt/staging/...` and wait for its checks, at most `ci_timeout` seconds.

    Meanwhile `notes["run N"]` says how far they are. A remote or a service that does not answer is waited for: it is
    neither green nor red.

    Args:
        number: of the run.

    Raises:
        GasTownError: no check began, so there is no verdict. PushRefused: the branch was not taken.
    """
    remote, branch = Remote(base.place.root, base.config.remote), f"gt/staging/{commit[:12]}"
    began = base.clock.monotonic()
    sent, checks = False, list[Seen]()
    try:
        while (waited := base.clock.monotonic() - began) < base.config.ci_timeout:
            try:
                if not sent:
                    await remote.push(commit, branch, await remote.tip(branch))
                    sent = True
                checks = await GitHub(base.place.root).checks(commit)
            except NoGh as error:
                asking.without_gh(base, error)
                base.notes[f"run {number}"] = f"{NAME}: waits for gh"
            except (Unreachable, GhFailed) as error:
                base.notes[f"run {number}"] = f"{NAME}: {one_line(error.title)[:80]}"
            else:
                needs.settle(base, "gh", "gh", "it works")
                base.notes[f"run {number}"] = f"{NAME}: {_progress(checks)}"
                if checks and not any(c.state == "pending" for c in checks):
                    return _verdict(checks)
                if not checks and waited > BEGIN_WITHIN:
                    hint = 'Let its workflows run on pushes to gt/staging/**, or set ci = "" in config.toml.'
                    raise GasTownError(f"No check of {base.config.remote} began on {branch}.", hint)
            await base.clock.sleep(POLL)
        open_ = ", ".join(c.name for c in checks if c.state == "pending") or "nothing began"
        why = f"The checks of {base.config.remote} ran out of time after {base.config.ci_timeout:.0f} s: {open_}"
        return _verdict(checks)._replace(ok=False, why=why, timed_out=True)
    finally:
        if sent:
            await _clear(remote, branch, commit)


async def _clear(remote: Remote, branch: str, commit: str) -> None:
    try:
        await remote.delete(branch, commit)
    except Unreachable:
        return


def _progress(checks: list[Seen]) -> str:
    done = sum(1 for c in checks if c.state != "pending")
    return f"{done} of {len(checks)} checks done" if checks else "waits for the first check to begin"


def _verdict(checks: list[Seen]) -> Told:
    reds = [c for c in checks if c.state == "red"]
    lines = [f"- {one_line(c.name)}: {one_line(c.said) or 'red'} {one_line(c.link)}".rstrip() for c in reds]
    why = f"{len(reds)} of {len(checks)} checks of the remote are red:\n" + "\n".join(lines) if reds else ""
    first = reds[0] if reds else Seen("", "")
    passed = sum(1 for c in checks if c.state == "green")
    return Told(not reds, why, passed, len(reds), one_line(first.name), one_line(first.link))
