"""What a pull request says of a bead: its text, everybody's verdict as one comment, and the line of its status."""

from __future__ import annotations

import re

from gastown_tui.model.bead import Bead, Review
from gastown_tui.model.merge import GateRun
from gastown_tui.redact import redact
from gastown_tui.text import clean, count, one_line

_TEXT = 6000
_NOTE = 200


def mark(bead: Bead) -> str:
    """What our comment is known by; nobody sees it."""
    return f"<!-- gastown {bead.id} -->"


def body(bead: Bead) -> str:
    """The text of a bead's pull request."""
    parts = [clean(bead.description).strip()[:_TEXT], clean(str(bead.cold("acceptance_criteria", ""))).strip()[:_TEXT]]
    said = [parts[0], f"**Acceptance**\n\n{parts[1]}" if parts[1] else "", f"Bead: {bead.id}@{bead.work.epoch}"]
    return redact("\n\n".join(filter(None, said))) + "\n"


def verdicts(bead: Bead, run: GateRun | None, target: str) -> str:
    """Sheriff's, Witness's and the gates' verdict on the bead's commit, as one comment in Markdown."""
    sheriff, witness = (_by(bead, name) for name in ("sheriff", "witness"))
    rows = [
        f"| Sheriff | {_word(sheriff)} | {_checks(sheriff)} |",
        f"| Witness | {_word(witness)} | {_checks(witness)} |",
        f"| Gates | {'green' if run is not None else 'none are configured'} | {_tested(run, target)} |",
    ]
    said = [c for c in (witness.checks if witness else ()) if c.note]
    notes = [f"- **{_cell(c.name)}** ({c.verdict}): {_cell(c.note)}" for c in said]
    head_of_notes = "<details><summary>What the Witness looked at</summary>"
    looked = ["", head_of_notes, "", *notes, "", "</details>"] if notes else []
    head = f"{mark(bead)}\n**Gas Town** on `{bead.work.commit[:12]}` (bead {bead.id}, epoch {bead.work.epoch})"
    return redact("\n".join([head, "", "| | verdict | |", "|---|---|---|", *rows, *looked])) + "\n"


def withdrawn(bead: Bead) -> str:
    """Why the request of a bead that was closed without landing is closed, as a comment."""
    why = f": {_cell(bead.close_reason)}" if bead.close_reason else ""
    kept = f"The branch is kept; `gt bead reopen {bead.id}` takes the work up again."
    return redact(f"**Gas Town**: bead {bead.id} was closed without landing{why}. So is this request. {kept}") + "\n"


def line(bead: Bead, run: GateRun | None) -> str:
    """The same in a few words, for the commit's status."""
    gates = "no gates" if run is None else f"gates green in run {run.number}"
    return f"Sheriff {_word(_by(bead, 'sheriff'))}, Witness {_word(_by(bead, 'witness'))}, {gates}"


def _by(bead: Bead, name: str) -> Review | None:
    return next((review for review in bead.work.reviews if review.by == name), None)


def _word(review: Review | None) -> str:
    return "did not look" if review is None else "passed" if review.ok else "refused"


def _checks(review: Review | None) -> str:
    if review is None or not review.checks:
        return ""
    return _cell(", ".join(c.name for c in review.checks))


def _tested(run: GateRun | None, target: str) -> str:
    if run is None:
        return ""
    others = f", {count(len(run.beads), 'bead')} together: {', '.join(run.beads)}" if len(run.beads) > 1 else ""
    passed = f", {count(run.passed, 'test')} passed" if run.passed else ""
    return _cell(f"on {target} at {run.base[:9]}{others}{passed}, {run.seconds:.0f} s")


def _cell(text: str) -> str:
    """One line for a table: no column of its own, no tag, and nobody is called by their name."""
    flat = one_line(text)[:_NOTE].replace("|", "\\|").replace("<", "&lt;")
    return re.sub(r"@(?=\w)", "@\u200b", flat)
