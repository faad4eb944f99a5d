"""Keeps secrets out of what the town writes and shows: finds what looks like one and puts words in its place."""

from __future__ import annotations

from gastown_tui.redact.finding import Finding, Found, find, inside, may_hold, redact, replaced

__all__ = ["Finding", "Found", "find", "inside", "may_hold", "redact", "replaced"]
