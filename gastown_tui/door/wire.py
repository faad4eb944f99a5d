"""What crosses the door: names of headers, the version, and errors as JSON."""

from __future__ import annotations

from typing import Any

from gastown_tui import __version__
from gastown_tui.model.errors import (
    BY_CODE,
    CANNOT_WRITE,
    NO_ENGINE,
    NO_TOWN,
    REFUSED,
    STALE,
    USAGE,
    GasTownError,
)

VERSION = __version__
TOKEN, LEASE, VERSION_HEADER = "X-GT-Token", "X-GT-Lease", "X-GT-Version"
NDJSON = "application/x-ndjson"

HTTP_STATUS = {REFUSED: 409, USAGE: 400, NO_TOWN: 404, NO_ENGINE: 503, STALE: 403, CANNOT_WRITE: 507}
"""Exit code of an error → the HTTP status it crosses the door with."""

KEEP_ALIVE = 15.0
"""Seconds between blank lines on a stream that has nothing to say."""


def error_body(error: GasTownError) -> dict[str, Any]:
    """An error as it crosses the door, and as `--json` prints it to stderr."""
    return {"error": {"code": error.code, "title": error.title, "hint": error.hint}}


def error_from(body: object, otherwise: str) -> GasTownError:
    """The error in a reply's body, of the class its code names; one that says `otherwise` when there is none."""
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return GasTownError(otherwise, "The engine's log has the rest: .gastown/log/engine.log")
    kind = BY_CODE.get(found.get("code", REFUSED), GasTownError)
    return kind(str(found.get("title", otherwise)), str(found.get("hint", "")))
