"""Mends a damaged ledger without loss where that is possible; what is taken out of use is set aside, never deleted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from gastown_tui.engine.ledger.archive import records_of
from gastown_tui.engine.ledger.partial import View, best_commit, view
from gastown_tui.engine.ledger.records import OWN, old_path, path_of
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import Refused
from gastown_tui.model.touching import touched
from gastown_tui.model.town import Town, encode_part, parts, scalars
from gastown_tui.rig import git
from gastown_tui.rig.ledger import AUTHOR
from gastown_tui.rig.objects.pack import Pack, commit_bytes, object_id
from gastown_tui.rig.objects.trees import EMPTY, Trees
from gastown_tui.rig.recovery import REF, Commit, Store, set_back, tip
from gastown_tui.rig.segments import segments
from gastown_tui.rig.survey import survey, whole
from gastown_tui.text import count
from gastown_tui.world import DiskFiles


def aside(place: Place, path: Path) -> Path:
    """Copy a file to where what is damaged is kept; returns the copy's path."""
    folder = place.gastown / "damaged" / time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(shutil.copy2(path, folder / path.name))


def mend_branch(place: Place) -> str:
    """Set the branch back to the newest commit of the ledger; raises Refused when there is none."""
    best = best_commit(place, survey(place.journal))
    if best is None:
        raise Refused("No commit of the ledger is left in this repository.", "Fetch gt-ledger from a copy of it.")
    kept = set_back(place.root, best)
    said = f"{REF} is at {best.oid[:12]} again (record {best.seq})"
    return f"{said}; what was there is kept as {kept}" if kept else said


def mend_journal(place: Place) -> str:
    """Write segments with a flipped bit anew, and leave out damaged lines the ledger has already.

    Raises:
        Refused: a line is damaged that nothing else has.
    """
    found = survey(place.journal)
    best = best_commit(place, found)
    upto = best.seq if best is not None else 0
    if lost := found.unread(upto):
        raise Refused(
            f"{lost[0].path.name}: {lost[0].what}, and the ledger ends at record {upto}.",
            "It cannot be mended without loss. gt doctor --fix --accept-loss goes on from what can be read.",
        )
    files, said, damaged = DiskFiles(), [], {fault.path for fault in found.faults}
    known = segments(place.journal)
    for (first, path), following in zip_longest(known, known[1:]):
        if path not in damaged:
            continue
        copy = aside(place, path)
        clear = all(fault.mended for fault in found.faults if fault.path == path)
        begin = first if clear else max(first, upto + 1)
        if block := whole(found.lines, begin, following[0] if following else None):
            files.replace(path.with_name(f"{begin}.jsonl"), block)
        if not block or begin != first:
            path.unlink()
        files.sync_folder(place.journal)
        what = "is written anew" if clear else "is left out as far as the ledger has it"
        said.append(f"{path.name} {what}; as it was: {copy}")
    return "; ".join(said)


def mend_objects(place: Place) -> str:
    """Make damaged objects of the ledger again from the events, which stand in its messages and in the journal.

    Raises:
        Refused: the events are not all there, or do not give what is missing.
    """
    store = Store(place.root)
    commit = store.commit(tip(place.root) or "")
    if commit is None:
        raise Refused("The ledger's last commit cannot be read.", "gt doctor --fix sets the branch back first.")
    wanted = [oid for _, oid in store.tree(commit.tree).lost]
    bad = _packs_of(place, wanted)
    wanted += [oid for pack in bad for oid, _, data in store.read(_names(pack)) if data is None]
    town, made = _again(place, store, commit, set(wanted))
    pack, objects = Pack(), _objects(place)
    for stem in bad:
        for _, kind, data in store.read(_names(stem)):
            if kind == "tag" or (data is not None and kind == "commit" and AUTHOR.encode() not in data):
                hint = "Fetch it again from a copy of the repository; git fsck names what is damaged."
                raise Refused(f"{stem.name} has commits of your own, too, and is damaged.", hint)
            if data is not None:
                pack.add(kind, data)
    for kind, data in made.values():
        pack.add(kind, data)
    pack.write(objects, DiskFiles())
    moved = [aside(place, file) for stem in bad for file in _files_of(stem)]
    for stem in bad:
        for file in _files_of(stem):
            file.unlink()
    for oid in wanted:
        loose = objects / oid[:2] / oid[2:]
        if loose.exists():
            aside(place, loose)
            loose.unlink()
    said = f"{count(len(made), 'object')} made again from {count(commit.seq, 'event')}"
    if Store(place.root).tree(commit.tree).lost:
        write_anew(place, town, commit, "The ledger written anew: records of the commit before are damaged")
        said = f"every record is written anew from {count(commit.seq, 'event')}"
    return said + (f"; as it was: {moved[0].parent}" if moved else "")


def accept_loss(place: Place) -> str:
    """Go on from what can be read: a new commit of it, the journal set aside whole. Nothing is deleted."""
    found = view(place)
    if not found.why:
        return "nothing is damaged"
    if not found.town.rig:
        raise Refused("Nothing of the town can be read.", "Restore .gastown and gt-ledger from a copy.")
    best = best_commit(place, survey(place.journal))
    folder = place.gastown / "damaged" / time.strftime("journal-%Y%m%d-%H%M%S")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_anew(place, found.town, best, f"Gone on from record {found.town.seq}: {_short(found)}")
    place.journal.rename(folder)
    return f"the town goes on from record {found.town.seq}; its journal as it was: {folder}"


def _short(found: View) -> str:
    return "; ".join(found.missing[:5]) or found.why


def write_anew(place: Place, town: Town, parent: Commit | None, why: str) -> str:
    """A commit with every record of the town, on the branch; returns its id. Raises OSError or GitFailed."""
    pack = Pack()
    changes: dict[str, bytes | None] = {path_of(*part): encode_part(town, *part) for part in parts(town)}
    root = Trees(EMPTY, lambda _: b"").update({**changes, OWN: scalars(town)}, pack).root
    stamp = f"{AUTHOR} {int(time.time())} +0000"
    parents = [parent.oid] if parent is not None else []
    oid = pack.add("commit", commit_bytes(root.hex(), parents, stamp, stamp, f"{why}\n\nSeq: {town.seq}\n")).hex()
    pack.write(_objects(place), DiskFiles())
    before = tip(place.root)
    git.run(["update-ref", "-m", "gt doctor", REF, oid, before or "0" * 40], place.root)
    return oid


def _again(place: Place, store: Store, head: Commit, wanted: set[str]) -> tuple[Town, dict[str, tuple[str, bytes]]]:
    """The town at `head` folded from its first event on, and those of the wanted objects that came by."""
    chain, gap = store.history(head.oid)
    journal = survey(place.journal).lines
    town, made = Town(), dict[str, tuple[str, bytes]]()
    trees = Trees(EMPTY, lambda oid: store.one(oid.hex()) or b"")
    for commit in chain:
        group = _group(commit, town.seq, journal)
        if not group and commit.seq > town.seq:
            hole = f"commit {gap[:12]} cannot be read" if gap else f"record {town.seq + 1} stands nowhere"
            raise Refused(f"The events are not all there: {hole}.", "gt doctor --fix --accept-loss goes on without.")
        town = town.after_all(group)
        changed = {part for record in group for part in touched(record, town.agents)}
        own: dict[str, bytes | None] = {old_path(*part): None for part in changed}
        own |= {path_of(*part): encode_part(town, *part) for part in changed}
        trees = trees.update({**own, OWN: scalars(town)}, _Sieve(wanted, made))
    return town, made


class _Sieve(Pack):
    """Keeps the objects that are wanted, and lets the rest go."""

    def __init__(self, wanted: set[str], made: dict[str, tuple[str, bytes]]) -> None:
        super().__init__()
        self._wanted, self._made = wanted, made

    def add(self, kind: str, data: bytes) -> bytes:
        """Look at one object; returns its id (20 bytes)."""
        oid = object_id(kind, data)
        if oid.hex() in self._wanted:
            self._made[oid.hex()] = (kind, data)
        return oid


def _group(commit: Commit, seq: int, journal: dict[int, bytes]) -> list[e.Record]:
    """A commit's records above a number: from its message, else from the journal; none when one is missing."""
    told = {record.seq: record for record in records_of(commit.text)}
    group = []
    for number in range(seq + 1, commit.seq + 1):
        if number not in told and number not in journal:
            return []
        group.append(told[number] if number in told else e.decode(journal[number]))
    return group


def _objects(place: Place) -> Path:
    told = git.run(["rev-parse", "--git-path", "objects"], place.root)
    return (place.root / told.line).resolve()


def _packs_of(place: Place, oids: list[str]) -> list[Path]:
    """The packs (without suffix) that have one of these objects."""
    wanted = set(oids)
    return [idx.with_suffix("") for idx in sorted(_objects(place).glob("pack/*.idx")) if wanted & set(_names(idx))]


def _names(stem: Path) -> list[str]:
    """The ids a pack's index has; none of an index that cannot be read."""
    told = git.run(["show-index"], stem.parent, input=stem.with_suffix(".idx").read_bytes(), check=False)
    return [line.split()[1] for line in told.text.splitlines() if len(line.split()) > 1]


def _files_of(stem: Path) -> Iterator[Path]:
    return stem.parent.glob(f"{stem.name}.*")


__all__ = ["accept_loss", "aside", "mend_branch", "mend_journal", "mend_objects", "write_anew"]
