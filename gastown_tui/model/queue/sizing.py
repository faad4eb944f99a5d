"""How many changes to test together, and what the queue has learnt about how often one of them is bad."""

from __future__ import annotations

import math

_GREEN = 0.6
"""A batch is as long as leaves it this chance of being green: ln(0.6) / ln(1 - p̂) changes."""

LONGEST = 16
PREGATE_ON, PREGATE_OFF = 0.15, 0.12
PREGATE_SLOTS = 4
PREGATED = 0.03
"""What is left of the culprit rate once each change was green alone: conflicts between two of them."""


def batch(rate: float) -> int:
    """How many changes make one step of a train, 1 to 16, when each is bad with probability `rate`."""
    if rate <= 0:
        return LONGEST
    if rate >= 1:
        return 1
    return max(1, min(LONGEST, round(math.log(_GREEN) / math.log1p(-rate))))


def pregating(was: bool, rate: float) -> bool:
    """Whether changes are worth a run of their own first: from 15 % culprits on, until there are fewer than 12 %.

    The gap between the two keeps the queue from changing its mind with every landing.
    """
    return rate >= (PREGATE_OFF if was else PREGATE_ON)
