"""What a dog brings back: how one thing stands, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True)
class Finding:
    """One line of `gt doctor`: `state` is ok, warn or bad; `fix` is what to do, empty when nothing is.

    `mend` does it, with the town's lock held, and says what it did; None where only a person can.
    """

    name: str
    state: str
    note: str
    fix: str = ""
    mend: Callable[[], str] | None = field(default=None, compare=False, repr=False)

    def row(self) -> dict[str, object]:
        """The finding for `--json`."""
        shown = {"name": self.name, "state": self.state, "note": self.note, "fix": self.fix}
        return {**shown, "mendable": self.mend is not None}
