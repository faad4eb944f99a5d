"""Times as records write them: RFC 3339 and its cousins into unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(text: str) -> float | None:
    """Unix seconds of a time in a record (UTC when it names no zone); None when it is none.

    The year 1 is how Go, and so Beads, writes that there is no time.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return None if at.year == 1 else at.timestamp()
    except (ValueError, OverflowError):
        return None
