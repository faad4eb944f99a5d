"""Where to cut a stretch of a train, so that the next verdicts tell most."""

from __future__ import annotations

import itertools
from collections.abc import Sequence


def cuts(low: int, high: int, have: Sequence[int], want: int) -> list[int]:
    """Up to `want` more lengths strictly between `low` and `high`, beside those in `have`, most telling first.

    A prefix of `low` changes is green and one of `high` is red (or is the longest to be tried): the bad change is as
    likely in one place as in another, so the cuts make the longest stretch between two of them as short as can be.
    """
    chosen: list[int] = []
    marks = sorted({low, high, *(n for n in have if low < n < high)})
    gaps = [(a, b, 0) for a, b in itertools.pairwise(marks)]
    for _ in range(want):
        at = max(range(len(gaps)), key=lambda i: _gain(*gaps[i]), default=None)
        if at is None or _gain(*gaps[at]) <= 0:
            break
        a, b, n = gaps[at]
        gaps[at] = (a, b, n + 1)
    for a, b, n in gaps:
        chosen += [a + (b - a) * j // (n + 1) for j in range(1, n + 1)]
    return chosen


def _gain(low: int, high: int, cut: int) -> float:
    """How much one more cut shortens the stretch in which the bad change will be found, on average."""
    if cut >= high - low - 1:
        return 0.0
    return (high - low) ** 2 * (1 / (cut + 1) - 1 / (cut + 2))
