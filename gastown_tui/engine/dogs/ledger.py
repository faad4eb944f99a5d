"""Whether the ledger's branch is there, is ours, and reads back whole together with the journal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, OK, WARN, Finding
from gastown_tui.engine.ledger import mending
from gastown_tui.engine.ledger.partial import best_commit, view
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.recovery import REF, Commit, Store, tip
from gastown_tui.rig.survey import Survey, survey
from gastown_tui.text import count

_MENDS = "gt doctor --fix"


def check(place: Place, config: Config) -> Iterator[Finding]:
    """The journal's lines, the branch, its objects, and whether the town opens."""
    lines = survey(place.journal)
    found = list(_journal(place, lines))
    if place.held:
        yield from found
        yield Finding("ledger", OK, "the engine keeps it; gt down, then gt doctor looks at every object")
        return
    found += _branch(place, lines)
    yield from found
    shown = view(place)
    if shown.why and not any(f.state == BAD and f.mend for f in found):
        fix = "gt doctor --fix --accept-loss goes on from there; what is left out is set aside under .gastown/damaged"
        yield Finding("town", BAD, f"{shown.note} Missing: {'; '.join(shown.missing[:3]) or 'see above'}", fix)
    elif not shown.why:
        yield Finding("town", OK, f"reads back whole: {count(len(shown.town.beads), 'bead')}, record {shown.town.seq}")


def _journal(place: Place, lines: Survey) -> Iterator[Finding]:
    if not lines.faults:
        upto = f"up to record {max(lines.lines)}" if lines.lines else "and empty"
        yield Finding("journal", OK, f"every line checks, {upto}")
    for fault in lines.faults:
        where = f"{fault.path.name}: {fault.what}"
        mend = partial(mending.mend_journal, place)
        if fault.mended is not None:
            yield Finding("journal", BAD, f"{where}; what it was is known", f"{_MENDS} writes it anew.", mend)
            continue
        best = best_commit(place, lines)
        if best is not None and fault.last <= best.seq:
            yield Finding("journal", WARN, f"{where}; the ledger has it", f"{_MENDS} leaves it out.", mend)
        else:
            yield Finding("journal", BAD, f"{where}, and nothing else has it", "See `town` below.")


def _branch(place: Place, lines: Survey) -> Iterator[Finding]:
    store, head = Store(place.root), tip(place.root)
    commit = store.commit(head) if head else None
    best = best_commit(place, lines, store)
    mend = partial(mending.mend_branch, place)
    if commit is None:
        yield from _lost(head, best, lines, mend)
    elif best is not None and best.seq > commit.seq and not _covered(commit, lines):
        note = f"{REF} was moved back to record {commit.seq}; {best.oid[:12]} has it up to record {best.seq}"
        yield Finding("ledger", BAD, note, f"{_MENDS} sets it to {best.oid[:12]}.", mend)
    else:
        yield from _objects(place, store, commit)


def _covered(commit: Commit, lines: Survey) -> bool:
    """Whether the journal goes on where the branch ends."""
    return commit.seq + 1 in lines.lines or not lines.lines


def _lost(head: str | None, best: Commit | None, lines: Survey, mend: partial[str]) -> Iterator[Finding]:
    where = f"{REF} is gone" if head is None else f"{REF} is at {head[:12]}, which is no commit of a ledger"
    if best is not None:
        note = f"{where}; its last commit {best.oid[:12]} (record {best.seq}) is still in the repository"
        fix = f"{_MENDS} sets it back; what is there now is kept under refs/gt/moved."
        yield Finding("ledger", BAD, note, fix, mend)
    elif head is None and 1 in lines.lines:
        yield Finding("ledger", OK, "no commit yet; the journal has everything")
    else:
        yield Finding("ledger", BAD, f"{where}, and no commit of it is left here", "Fetch gt-ledger from a copy of it.")


def _objects(place: Place, store: Store, commit: Commit) -> Iterator[Finding]:
    lost = store.tree(commit.tree).lost
    if lost:
        named = ", ".join(path for path, _ in lost[:3]) + (" ..." if len(lost) > 3 else "")
        note = f"{count(len(lost), 'object')} of the ledger cannot be read: {named}"
        fix = f"{_MENDS} makes what is damaged again from the events."
        yield Finding("ledger", BAD, note, fix, partial(mending.mend_objects, place))
        return
    _, gap = store.history(commit.oid)
    if gap:
        note = f"its history cannot be read before commit {gap[:12]}; what the town is now is whole"
        yield Finding("ledger", WARN, note, "git fsck names what is damaged; a copy of the repository may have it.")
    else:
        yield Finding("ledger", OK, f"gt-ledger is at {commit.oid[:12]}, record {commit.seq}; every object reads back")
    try:
        Ledger(place.root).head()
    except GasTownError as error:
        yield Finding("ledger", BAD, error.title, error.hint)
