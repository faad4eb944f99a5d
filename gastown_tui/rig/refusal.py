"""The one sentence every layer of the guard says."""

from __future__ import annotations

REFUSAL = "gastown: {what} is refused here; commit on your own branch, then run gt done."
"""Hooks, configuration and PreToolUse all say it, so that an agent meets one rule and not three."""


def refusal(what: str) -> str:
    """The sentence, with what is refused ("moving refs/heads/main", "pushing")."""
    return REFUSAL.format(what=what)
