"""What can be read of a town whose ledger is damaged: how far, what is missing, and where the pieces are."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec

from gastown_tui.engine.ledger.archive import records_of
from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.engine.ledger.records import OWN, key_of
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.events import Record
from gastown_tui.model.town import Part, Town, assembled, read_part
from gastown_tui.rig import git
from gastown_tui.rig.recovery import Commit, Store
from gastown_tui.rig.survey import Survey, survey
from gastown_tui.text import count

_LOOKS = 2
"""An engine may trim the journal while it is read: what is wrong once is looked at again."""


@dataclass(frozen=True)
class View:
    """A town as far as it can be read; `why` is empty when that is all of it."""

    town: Town
    why: str = ""
    missing: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """One line: read-only, up to when, and why."""
        if not self.why:
            return ""
        upto = f"record {self.town.seq}, {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(self.town.at))}"
        shown = f"shown as of {upto}" if self.town.seq else "nothing of it can be read"
        return f"ledger: damaged, read-only ({shown}): {self.why}"


def view(place: Place) -> View:
    """The town on the disk: all of it, or what is readable. Never raises for damage, and changes nothing."""
    why = ""
    for _ in range(_LOOKS):
        try:
            if (town := read_town(place)).rig:
                return View(town)
            why = "neither the journal nor the branch gt-ledger has a record of this town"
        except (GasTownError, msgspec.DecodeError) as error:
            why = getattr(error, "title", str(error))
    return readable(place, why)


def readable(place: Place, why: str) -> View:
    """What is left, from the newest ledger commit that can be read and the journal's lines above it."""
    lines = survey(place.journal)
    best = best_commit(place, lines)
    town, missing = Town(), list[str]()
    if best is not None:
        town, missing = at_commit(place, best)
    for seq, line in lines.after(town.seq):
        try:
            town = town.after(e.decode(line))
        except (GasTownError, msgspec.DecodeError, msgspec.ValidationError) as error:
            missing.append(f"record {seq} does not fit ({getattr(error, 'title', error)})")
            break
    last = max(lines.lines, default=0)
    if last > town.seq:
        missing.append(f"records {town.seq + 1} to {last} cannot be applied without what is missing")
    missing += [f"{fault.path.name}: {fault.what}" for fault in lines.unread(town.seq)]
    pieces = [f"journal: {place.journal}"]
    pieces += [f"ledger commit {best.oid[:12]}, up to record {best.seq}"] if best is not None else []
    return View(town, why, tuple(missing), tuple(pieces))


def best_commit(place: Place, lines: Survey, store: Store | None = None) -> Commit | None:
    """The newest commit of this town's ledger that the repository has, whether or not the branch leads to it."""
    for commit in (store or Store(place.root)).ledgers():
        if _fits(commit, lines) and not _foreign(place, commit):
            return commit
    return None


def _fits(commit: Commit, lines: Survey) -> bool:
    """Whether its records are those of the journal, where both have them: another town's ledger may lie here, too."""
    told = {record.seq: record for record in records_of(commit.text)}
    both = told.keys() & lines.lines.keys()
    return all(told[seq] == e.decode(lines.lines[seq]) for seq in sorted(both)[-3:])


def _foreign(place: Place, commit: Commit) -> bool:
    """Whether somebody else's branch, fetched from elsewhere, has it, and no branch of this repository."""
    named = git.run(["for-each-ref", "--contains", commit.oid, "--format=%(refname)"], place.root, check=False)
    refs = named.text.split()
    return bool(refs) and all(ref.startswith("refs/remotes/") for ref in refs)


def at_commit(place: Place, commit: Commit) -> tuple[Town, list[str]]:
    """The town as a commit's tree has it, and what of it cannot be read."""
    found = Store(place.root).tree(commit.tree)
    missing = [f"{path} (object {oid[:12]})" for path, oid in found.lost]
    own = found.files.pop(OWN, None)
    if own is None:
        return Town(), [*missing, f"{OWN} of commit {commit.oid[:12]}"]
    parts: list[Part] = []
    for path, data in sorted(found.files.items()):
        try:
            parts.append(read_part(*key_of(path), data))
        except (GasTownError, msgspec.DecodeError) as error:
            missing.append(f"{path} ({getattr(error, 'title', error)})")
    return assembled(own, parts), missing


def history(place: Place) -> tuple[list[Record], str]:
    """Every record that can be read, oldest first, and where the history breaks off, in words."""
    lines = survey(place.journal)
    store = Store(place.root)
    best = best_commit(place, lines, store)
    chain, gap = store.history(best.oid) if best is not None else ([], "")
    found = {record.seq: record for commit in chain for record in records_of(commit.text)}
    for seq, line in lines.lines.items():
        found.setdefault(seq, e.decode(line))
    hole = f"Its history cannot be read before commit {gap[:12]}." if gap else ""
    return [found[seq] for seq in sorted(found)], hole


def summary(found: View) -> list[str]:
    """The explanation in lines: what is readable, what is missing, where the pieces are, what to do."""
    rows = [found.note]
    if found.missing:
        rows.append(f"missing: {count(len(found.missing), 'piece')}")
        rows += [f"  {what}" for what in found.missing[:10]]
        if len(found.missing) > 10:
            rows.append(f"  and {len(found.missing) - 10} more")
    rows += [f"there:   {piece}" for piece in found.pieces]
    return [*rows, "do:      gt doctor    says what can be mended; gt doctor --fix mends it"]
