"""Small charts out of characters: sparklines and progress rules."""

from __future__ import annotations

from collections.abc import Sequence

from gastown_tui.cockpit.draw.lines import Line, Span

_BARS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float], top: float) -> Span:
    """A sparkline, oldest value left; `top` is the value of a full bar, the same for all that are compared."""
    if top <= 0:
        return Span(_BARS[0] * len(values), "spark")
    steps = (min(len(_BARS) - 1, max(0, round(value / top * (len(_BARS) - 1)))) for value in values)
    return Span("".join(_BARS[step] for step in steps), "spark")


def progress(share: float, cells: int, role: str = "text") -> Line:
    """`━━━───`: how much of something is done; `share` from 0 to 1."""
    done = max(0, min(cells, round(share * cells)))
    return (Span("━" * done, role), Span("─" * (cells - done), "line"))
