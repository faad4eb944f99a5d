"""How a record was written where it came from: the order of its keys and what it left unsaid, in a few words."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from functools import lru_cache
from urllib.parse import quote, unquote

_BEADS = """
_type id title description design acceptance_criteria notes spec_id status priority issue_type assignee owner
estimated_minutes created_at created_by updated_at started_at closed_at close_reason closed_by_session due_at
defer_until external_ref source_system metadata compaction_level compacted_at compacted_at_commit original_size labels
dependencies comments sender ephemeral no_history wisp_type pinned is_template bonded_from await_type await_id timeout
waiters source_formula source_location mol_type work_type hook_bead role_bead agent_state last_activity role_type rig
event_kind actor target payload dependency_count dependent_count comment_count parent
"""
_PLACE = {name: place for place, name in enumerate(_BEADS.split())}
"""Where `bd export` writes a field (facts/interop.md, and the boards of Gas Town and Beads of early 2026)."""

DEFAULTS = {"status": "open", "priority": 2, "issue_type": "task"}
"""What a field the record left out stands for."""

_SORTED, _KEYS = "sorted", "keys"


def of(names: Collection[str]) -> str:
    """The form of a record with these keys in this order: "" when Beads would write it so, with nothing left out.

    Else words: `sorted`, or `keys` and each key; then `-name` for each field of DEFAULTS that was left out.
    """
    return _of(tuple(names))


@lru_cache(maxsize=4096)
def _of(names: tuple[str, ...]) -> str:
    given = list(names)
    words = []
    if given != _in_beads_order(given):
        words = [_SORTED] if given == sorted(given) else [_KEYS, *map(_quoted, given)]
    words += [f"-{name}" for name in DEFAULTS if name not in names]
    return sys.intern(" ".join(words))


def ordered(names: Iterable[str], form: str) -> list[str]:
    """Names in the order of a form; a name it does not know has a place that hangs on the name alone."""
    keys, _ = _read(form)
    if keys is None:
        return _in_beads_order(names)
    if not keys:
        return sorted(names)
    given = set(names)
    out = [name for name in keys if name in given]
    for name in _in_beads_order(given.difference(keys)):
        before = [place for place, other in enumerate(out) if _rank(other) < _rank(name)] if name in _PLACE else []
        out.insert(max(before) + 1 if before else len(out), name)
    return out


def unsaid(form: str) -> frozenset[str]:
    """Fields of DEFAULTS that the record left out."""
    return _read(form)[1]


@lru_cache(maxsize=4096)
def _read(form: str) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    """The keys in order (None: as Beads; empty: sorted), and what is unsaid."""
    words = form.split(" ") if form else []
    missing = frozenset(word[1:] for word in words if word.startswith("-")) & DEFAULTS.keys()
    words = [word for word in words if not word.startswith("-")]
    if words[:1] == [_KEYS]:
        return tuple(unquote(word) for word in words[1:]), missing
    return ((), missing) if words == [_SORTED] else (None, missing)


def _quoted(name: str) -> str:
    safe = quote(name, safe="")
    return f"%2D{safe[1:]}" if safe.startswith("-") else safe


def _rank(name: str) -> int:
    return _PLACE.get(name, len(_PLACE))


def _in_beads_order(names: Iterable[str]) -> list[str]:
    """As Beads writes them, what it does not know at the end by name."""
    return sorted(names, key=lambda name: (_rank(name), name))
