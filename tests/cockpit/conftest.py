"""Makes pictures the same everywhere: one time zone, colours on, and goldens under snapshots/."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import pytest_textual_snapshot

ROOT = Path(__file__).parents[2]


class Goldens(pytest_textual_snapshot.SVGImageExtension):  # type: ignore[misc]
    """Pictures in snapshots/, in folders that mirror tests/."""

    @classmethod
    def dirname(cls, *, test_location: object) -> str:
        where = Path(str(getattr(test_location, "filepath", ""))).with_suffix("")
        return str(ROOT / "snapshots" / where.relative_to(ROOT / "tests"))


pytest_textual_snapshot.SVGImageExtension = Goldens


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's settings shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLORTERM", "truecolor")
    time.tzset()
