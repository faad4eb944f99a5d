"""What the worker picks out of a prompt: target, gates, title, who sent the work back, and what the overseer said."""

from __future__ import annotations

import re
from typing import NamedTuple

_TARGET = re.compile(r"^[\s>*_-]*target(?:[ \t]+branch)?[*_]*[ \t]*[:=][*_]*[ \t]*`?([\w][\w./-]*)", re.M | re.I)
_GATES = re.compile(r"^[\s>*_]*gates?[*_]*[ \t]*:[*_]*[ \t]*(.*)((?:\n[ \t]*[^\s#?].*)*)", re.M | re.I)
_TITLE = (re.compile(r"^#+[ \t]*(?:your )?bead\b[^:\n]*:[ \t]*(.+)$", re.M | re.I),
          re.compile(r"^[\s*_-]*title[*_]*[ \t]*:[*_]*[ \t]*(.+)$", re.M | re.I), re.compile(r"^#+[ \t]+(.+)$", re.M))
_SENT_BACK = re.compile(
    r"^Sent back by the (sheriff|witness|refinery|pull request)\b[^\n(]*(?:\((\d+) of \d+\))?", re.M
)
_CARRY_ON = re.compile(r"\bcarry on\b", re.I)


class SentBack(NamedTuple):
    """A gate sent the work back: which one, for the how-manieth time, and the first line of its reason."""

    gate: str
    times: int
    reason: str


def target(prompts: list[str]) -> str:
    """The branch the work goes to, as the latest prompt that names it says (`target: NAME`); else main."""
    for prompt in reversed(prompts):
        if match := _TARGET.search(prompt):
            return match.group(1).rstrip(".")
    return "main"


def gates(prompts: list[str]) -> list[str]:
    """The commands after or under `gates:` of the latest prompt that has them, as words or as a list."""
    for prompt in reversed(prompts):
        if match := _GATES.search(prompt):
            rows = [match.group(1)] if match.group(1).strip() else match.group(2).split("\n")
            commands = [_command(row) for row in rows]
            return [command for command in commands if command and command.lower() != "none"]
    return []


def title(prompt: str) -> str:
    """The bead's title, or the first line of a prompt that has none."""
    for pattern in _TITLE:
        if match := pattern.search(prompt):
            return match.group(1).strip(" `*")
    return next((row.strip() for row in prompt.split("\n") if row.strip()), "Work")[:100]


def sent_back(prompt: str) -> SentBack | None:
    """Who sent the work back with this prompt, or None when nobody did."""
    match = _SENT_BACK.search(prompt)
    if match is None:
        return None
    rows = [row.strip() for row in prompt[match.end():].split("\n")[1:] if row.strip()]
    return SentBack(match.group(1), int(match.group(2) or 1), rows[0] if rows else "")


def carries_on(prompt: str) -> bool:
    """True when a prompt asks to go on with the turn that was interrupted."""
    return bool(_CARRY_ON.search(prompt))


def without_carrying_on(prompt: str) -> str:
    """The prompt's other paragraphs: what it says besides "carry on"."""
    return "\n\n".join(part for part in _paragraphs(prompt) if not carries_on(part))


def holds(prompt: str, other: str) -> bool:
    """Whether all paragraphs of `other` stand in a prompt, as they do when it is given again."""
    return "\n\n".join(_paragraphs(other)) in "\n\n".join(_paragraphs(prompt))


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


def _command(row: str) -> str:
    return re.sub(r"^[ \t]*[-*][ \t]+", "", row).strip().strip("`").strip()
