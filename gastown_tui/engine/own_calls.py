"""Recognises the one way prompts teach to hand JSON to `gt`, so that an agent's own permission rules do not stop it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_CALL = re.compile(r"gt (?:plan submit|verdict) - <<'(?P<end>[A-Z]+)'\n(?P<text>.*)\n(?P=end)\s*", re.S)


def is_own_call(tool: str, given: Mapping[str, Any]) -> bool:
    """Whether a tool call is exactly `gt plan submit -` or `gt verdict -` with a quoted heredoc, and nothing beside it.

    Claude Code 2.1.329 refuses such a command under `dontAsk` although `Bash(gt *)` is allowed, when the text in it
    has braces and quotes, as JSON has: seen in November 2026. In a quoted heredoc the shell expands nothing, so the
    command is no more than its first line.
    """
    command = given.get("command")
    if tool != "Bash" or not isinstance(command, str):
        return False
    match = _CALL.fullmatch(command.strip())
    return match is not None and match["end"] not in match["text"].split("\n")
