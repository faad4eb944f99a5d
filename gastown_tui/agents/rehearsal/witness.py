"""What the rehearsal Witness does: judges the diff in its prompt and answers by `gt verdict`."""

from __future__ import annotations

import json
import os
import re

from gastown_tui.agents.rehearsal import diffs
from gastown_tui.agents.rehearsal.judge import FAIL, Judgement, judge
from gastown_tui.agents.rehearsal.script import Step


def steps(prompts: list[str]) -> tuple[Step, ...]:
    """The steps for the last of the Witness's prompts: each asks for a verdict on the last diff it was shown."""
    shown = (diffs.fenced(prompt) for prompt in reversed(prompts))
    judgement = judge(next((diff for diff in shown if diff is not None), None))
    bead, epoch = _lease(prompts[0])
    verdict = {"bead": bead, "epoch": epoch, "checks": [check._asdict() for check in judgement.checks],
               "decision": judgement.decision, "reason": judgement.reason}
    return (Step("think", f"{len(judgement.checks)} checks on what the diff adds"),
            Step("gt", "verdict -", json.dumps(verdict, indent=1, ensure_ascii=False) + "\n"),
            Step("say", "", _words(judgement)))


def _lease(prompt: str) -> tuple[str, int]:
    """Bead and epoch of `GT_LEASE=bead:epoch:secret`, whose secret stays where it is; without one of the prompt."""
    bead, _, rest = os.environ.get("GT_LEASE", "").partition(":")
    epoch = rest.partition(":")[0]
    if bead and epoch.isdigit():
        return bead, int(epoch)
    named = re.search(r"^bead: *(\S+)", prompt, re.M)
    counted = re.search(r'"epoch": *(\d+)', prompt)
    return named.group(1) if named else "", int(counted.group(1)) if counted else 0


def _words(judgement: Judgement) -> str:
    rows = [f"- {check.name}: {check.verdict}" + (f" · {check.note}" if check.verdict == FAIL else "")
            for check in judgement.checks]
    return "\n".join([f"**{judgement.decision}** {judgement.reason}", "", *rows])
