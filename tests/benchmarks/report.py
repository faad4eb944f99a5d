"""What every benchmark prints: lines as it goes, and one line of JSON at the end."""

from __future__ import annotations

import json
import sys
from typing import Any


def say(text: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def at_least(want: float, got: float) -> dict[str, Any]:
    """A target that is met from `want` on."""
    return {"want": f">= {want:g}", "got": round(got, 3), "met": got >= want}


def at_most(want: float, got: float) -> dict[str, Any]:
    """A target that is met up to `want`."""
    return {"want": f"<= {want:g}", "got": round(got, 3), "met": got <= want}


def finish(benchmark: str, figures: dict[str, Any], targets: dict[str, dict[str, Any]]) -> int:
    """Print the targets and the JSON line; returns the exit code: 0 when every target is met."""
    for name, target in targets.items():
        say(f"{'met   ' if target['met'] else 'MISSED'} {name}: {target['got']} (wanted {target['want']})")
    say(json.dumps({"benchmark": benchmark, "figures": figures, "targets": targets}))
    return 0 if all(target["met"] for target in targets.values()) else 1
