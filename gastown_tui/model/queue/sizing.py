"""How many changes to test together, and what the queue has learnt about how often one of them is bad."""

from __future__ import annotations

import math

_GREEN = 0.6
"""A batch is as long as leaves it this chance of being green: ln(0.6) / ln(1 - p̂) changes."""

LONGEST = 16
"""No step is longer."""

PREGATED = 0.03
"""What is left of the culprit rate once each change was green alone: conflicts between two of them."""

_PREGATE = {8: 0.18, 4: 0.3}
"""From so many slots on: the culprit rate from which a run of its own for each change pays. Measured with
tests.benchmarks.merge_queue; below that, narrowing with bets on the culprit is as quick and takes fewer runs."""

_GAP = 0.03


def batch(rate: float) -> int:
    """How many changes make one step of a train, 1 to 16, when each is bad with probability `rate`."""
    if rate <= 0:
        return LONGEST
    if rate >= 1:
        return 1
    return max(1, min(LONGEST, round(math.log(_GREEN) / math.log1p(-rate))))


def pregating(was: bool, rate: float, slots: int) -> bool:
    """Whether changes are worth a run of their own first: where there are slots for it and many changes are bad.

    Once begun it goes on until the rate is three hundredths lower, lest the queue change its mind with every landing.
    """
    least = next((least for many, least in _PREGATE.items() if slots >= many), None)
    return least is not None and rate >= least - (_GAP if was else 0.0)
