"""`gt doctor`: lets every dog look, says what to do about each finding, and with --fix does what needs no person."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import GasTownError, NoEngine, Refused

if TYPE_CHECKING:
    from gastown_tui.engine.dogs.finding import Finding
    from gastown_tui.engine.place import Place


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended without loss; no engine may run meanwhile.")
@click.option("--accept-loss", is_flag=True, help="With --fix: go on from what can be read; the rest is set aside.")
@common.as_json
def doctor(fix: bool, accept_loss: bool, as_json: bool) -> None:
    """Look the town over: git, Python, agents, hooks, locks, the disk, the ledger. Exit code 1 when something is bad.

    \b
    Example:
      gt doctor
      gt doctor --fix
    """
    place = common.place()
    findings = _look(place)
    done: list[tuple[str, str, bool]] = []
    if accept_loss and not fix:
        raise Refused("--accept-loss goes with --fix.", "Nothing was changed.")
    if fix and (any(f.mend for f in findings) or (accept_loss and any(f.state == "bad" for f in findings))):
        done = _mend(place, findings, accept_loss)
        findings = _look(place)
    bad = sum(1 for finding in findings if finding.state == "bad")
    rows = common.table([[f.state, f.name, f.note] for f in findings])
    lines = [f"{'mended' if well else 'not mended'}  {name}: {said}" for name, said, well in done]
    lines += [""] if done else []
    for row, finding in zip(rows, findings, strict=True):
        lines.append(row)
        if finding.fix:
            lines.append(f"      {finding.fix}")
    mended = [{"name": name, "said": said, "mended": well} for name, said, well in done]
    common.show({"bad": bad, "mended": mended, "findings": [f.row() for f in findings]}, lines, as_json)
    if bad:
        raise Refused(f"{bad} thing{'s are' if bad > 1 else ' is'} bad.", "What to do stands under each.")


def _look(place: Place) -> list[Finding]:
    from gastown_tui import config
    from gastown_tui.engine.dogs import kennel
    from gastown_tui.engine.dogs.finding import OK, WARN, Finding

    findings = list(kennel.run(place, config.load(place.config)))
    try:
        answered = common.client().status()
        findings.append(Finding("door", OK, f"answers; the town stands at record {answered['seq']}"))
    except NoEngine:
        findings.append(Finding("door", WARN, "no engine answers", "gt up starts one."))
    return findings


def _mend(place: Place, findings: list[Finding], accept_loss: bool) -> list[tuple[str, str, bool]]:
    """Do what the findings offer, under the town's own lock: (name, what was done or why not, whether it was)."""
    from gastown_tui.engine.ledger import mending
    from gastown_tui.engine.opening import take

    done: list[tuple[str, str, bool]] = []
    lock = take(place.lock)
    try:
        done += [_one(finding.name, finding.mend) for finding in findings if finding.mend is not None]
        if accept_loss:
            done.append(_one("town", lambda: mending.accept_loss(place)))
    finally:
        os.close(lock)
    return done


def _one(name: str, mend: Callable[[], str]) -> tuple[str, str, bool]:
    try:
        return name, mend(), True
    except (GasTownError, OSError) as error:
        return name, str(error), False
