"""In what order the queue is taken: what the overseer put first, what has begun, and then priority and age."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gastown_tui.model.merge import MergeRequest

STEP = 86_400.0
"""Seconds of age worth one step of priority: who waits long enough is before all that comes, so none starves."""


_TRAIN = 64.0
"""More than a train has cars, so that places of one run are before those of the next."""


def ordered(entries: Iterable[MergeRequest]) -> list[MergeRequest]:
    """Entries in the order they are taken; the main lane before the others, last what waits on a staging branch.

    What was in a train since it came to its lane stays before newcomers, however urgent these are: what is known of a
    train is of no use to one that begins otherwise. What the overseer put first is before that, too.
    """
    return sorted(entries, key=_key)


def placed(entries: list[MergeRequest], number: int) -> list[MergeRequest]:
    """The entries of a train that begins as run `number`, each with its place; the places some have stay."""
    out: list[MergeRequest] = []
    later = 0.0
    for n, entry in reversed(list(enumerate(entries))):
        if not entry.place:
            entry = msgspec.structs.replace(entry, place=later - 1 / _TRAIN if later else number * _TRAIN + n)
        later = entry.place if entry.place < number * _TRAIN else 0.0
        out.append(entry)
    return out[::-1]


def _key(entry: MergeRequest) -> tuple[bool, int, int, float, str]:
    where, within = 1, entry.entered + STEP * entry.priority
    if entry.first and not entry.place:
        where, within = -1, -entry.first
    elif entry.place:
        where, within = 0, entry.place
    aside = 2 if entry.state == "staged" else int(entry.lane != "")
    return entry.state != "landing", aside, where, within, entry.bead
