"""`python -m gastown_tui.agents.rehearsal`: reads the command line by hand, because a quick start matters here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from gastown_tui.agents.rehearsal.script import Step
from gastown_tui.agents.rehearsal.terminal import Terminal
from gastown_tui.agents.rehearsal.worker import Call, Worker

_USAGE = """usage: python -m gastown_tui.agents.rehearsal --role mayor|polecat|witness --session ID --transcript PATH
       [--model NAME] [--resume] [--pace FACTOR] -- [PROMPT]
GT_PACE is the seconds between steps (0.02); FACTOR multiplies them.
"""
_OPTIONS = ("role", "session", "transcript", "model", "pace")
_ROLES = ("mayor", "polecat", "witness")


def main(words: list[str]) -> int:
    """Live as the worker the words describe; returns only on a mistake in them (2)."""
    call = _call(words)
    if call is None:
        sys.stderr.write(_USAGE)
        return 2
    terminal = Terminal()
    terminal.open()
    try:
        Worker(call, _role(call.role), terminal).live()
    finally:
        terminal.close()
    return 0


def _call(words: list[str]) -> Call | None:
    """The call in these words, or None when they make none."""
    options: dict[str, str] = {"model": "rehearsal", "pace": "1"}
    resume, prompt = False, ""
    rest = iter(words)
    for word in rest:
        if word == "--":
            prompt = " ".join(rest).encode("utf-8", "replace").decode()
        elif word == "--resume":
            resume = True
        elif word.removeprefix("--") in _OPTIONS and word.startswith("--"):
            options[word.removeprefix("--")] = next(rest, "")
        else:
            return None
    if not {"role", "session", "transcript"} <= options.keys() or options["role"] not in _ROLES:
        return None
    try:
        pace = float(options["pace"]) * float(os.environ.get("GT_PACE") or 0.02)
    except ValueError:
        return None
    return Call(options["role"], options["session"], options["transcript"], options["model"], resume, pace, prompt)


def _role(role: str) -> Callable[[list[str]], tuple[Step, ...]]:
    """How this role answers prompts; the others' code is not even read."""
    if role == "mayor":
        from gastown_tui.agents.rehearsal import mayor

        return mayor.steps
    if role == "witness":
        from gastown_tui.agents.rehearsal import witness

        return witness.steps
    from gastown_tui.agents.rehearsal import polecat

    return polecat.steps


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
