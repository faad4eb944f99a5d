"""`gt doctor`: lets every dog look, and says what to do about each finding."""

from __future__ import annotations

from dataclasses import asdict

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import NoEngine, Refused


@click.command()
@common.as_json
def doctor(as_json: bool) -> None:
    """Look the town over: git, Python, agents, hooks, locks, the engine. Exit code 1 when something is bad.

    \b
    Example:
      gt doctor
    """
    from gastown_tui import config
    from gastown_tui.engine.dogs import kennel
    from gastown_tui.engine.dogs.finding import BAD, OK, WARN, Finding

    place = common.place()
    findings = list(kennel.run(place, config.load(place.config)))
    try:
        answered = common.client().status()
        findings.append(Finding("door", OK, f"answers; the town stands at record {answered['seq']}"))
    except NoEngine:
        findings.append(Finding("door", WARN, "no engine answers", "gt up starts one."))
    bad = sum(1 for finding in findings if finding.state == BAD)
    rows = common.table([[f.state, f.name, f.note] for f in findings])
    lines = []
    for row, finding in zip(rows, findings, strict=True):
        lines.append(row)
        if finding.fix:
            lines.append(f"      {finding.fix}")
    common.show({"bad": bad, "findings": [asdict(f) for f in findings]}, lines, as_json)
    if bad:
        raise Refused(f"{bad} thing{'s are' if bad > 1 else ' is'} bad.", "What to do stands under each.")
