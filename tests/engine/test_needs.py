"""What only the overseer can settle: one question does not let go what another holds."""

from __future__ import annotations

from gastown_tui.engine import needs
from gastown_tui.model import events as e
from gastown_tui.model.town import Town


def _asked(*kinds: str) -> Town:
    town = Town()
    for number, kind in enumerate(kinds, 1):
        need = e.Need(f"n-{number}", kind, "Something moved", 1.0, about=kind)
        town = town.after(e.Record(number, 1.0, "deacon", e.Escalated(need)))
    return town


def test_landing_goes_on_only_when_neither_the_target_nor_the_ledger_is_asked_about() -> None:
    """A target that was moved by hand still waits for a yes when the ledger's branch is back."""
    assert needs.landing_resumed(_asked("tip", "ledger"), "ledger") == []
    assert needs.landing_resumed(_asked("tip", "ledger"), "tip") == []
    for kind in ("tip", "ledger"):
        assert needs.landing_resumed(_asked(kind, "budget"), kind) == [e.Resumed("landing")]
