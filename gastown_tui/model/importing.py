"""What an import would do to a town: which drafts are new, which change a bead, which leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gastown_tui.model import bead as beads
from gastown_tui.model.bead import Bead, Dependency, Work
from gastown_tui.model.dates import seconds
from gastown_tui.model.errors import Refused
from gastown_tui.model.events import AnyEvent, BeadsImported, Entry, HistoryImported
from gastown_tui.model.folding_import import AT_REST
from gastown_tui.model.formats.draft import Draft
from gastown_tui.model.ids import bead_id, numbered
from gastown_tui.model.state import State
from gastown_tui.model.town import stamp

_FOLLOWS = ("title", "description", "priority", "issue_type", "labels", "assignee", "external_ref", "closed_at")
"""Fields of a made record that a later import sets again; what else the town knows of the bead is its own."""

BRANCH = "branch:"
"""What the origin of adopted work begins with: a branch's name follows."""


def adopted(bead: Bead) -> bool:
    """Whether the bead's work was begun by a person elsewhere, and is theirs."""
    return bead.work.origin.startswith(BRANCH)


@dataclass
class Outcome:
    """What would happen: beads as they shall be, ids that stay as they are, and why some are left alone."""

    created: list[Bead] = field(default_factory=list)
    updated: list[Bead] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    history: dict[str, tuple[Entry, ...]] = field(default_factory=dict)

    def events(self, source: str, format: str) -> Iterator[AnyEvent]:
        """The events that make it so; none when nothing changes."""
        if self.created or self.updated:
            yield BeadsImported(source, format, (*self.created, *self.updated))
        for id, entries in self.history.items():
            yield HistoryImported(id, entries)


def outcome(town: State, drafts: Sequence[Draft], now: float) -> Outcome:
    """What importing the drafts at unix second `now` would do.

    Raises:
        Refused: a draft needs a bead that is nowhere. msgspec.DecodeError: a record no reader let through.
    """
    ids = _ids(town, drafts)
    by_origin = {draft.origin: id for draft, id in zip(drafts, ids, strict=True) if draft.origin}
    out = Outcome()
    for draft, id in zip(drafts, ids, strict=True):
        old = town.beads.get(id)
        if entries := _news(old, draft):
            out.history[id] = entries
        if old is not None and old.work.imported == draft.digest:
            out.unchanged.append(id)
            continue
        bead = _bead(town, draft, id, by_origin, now)
        if old is None:
            out.created.append(bead)
            continue
        merged = _onto(old, bead, draft)
        if why := _why_not(old, merged, _dated(draft)):
            out.kept.append(f"{id} {why}")
        elif merged.working(imported="", imported_at=0.0) == old.working(imported="", imported_at=0.0):
            out.unchanged.append(id)
        else:
            out.updated.append(merged.changed(updated_at=stamp(now)) if draft.made else merged)
    return out


def _news(old: Bead | None, draft: Draft) -> tuple[Entry, ...]:
    """The part of a draft's history that was not imported before."""
    upto = old.work.history if old is not None else 0.0
    return tuple(entry for entry in draft.history if entry.at > upto)


def _ids(town: State, drafts: Sequence[Draft]) -> list[str]:
    """The id of each draft: its own, the one its origin has here, or a new one by Beads' rule."""
    known: dict[str, str] = {}
    if any(draft.origin for draft in drafts):
        known = {bead.work.origin: bead.id for bead in town.beads.values() if bead.work.origin}
    said = [_said(draft) for draft in drafts]
    taken = {**dict.fromkeys(town.beads), **dict.fromkeys(id for id in said if id)}
    out: list[str] = []
    for draft, id in zip(drafts, said, strict=True):
        found = id or known.get(draft.origin, "")
        if not found and draft.parent in known:
            found = numbered(f"{known[draft.parent]}.", taken, 1)
        found = found or bead_id(town.prefix, draft.origin, taken, len(taken) + 1)
        taken[found] = None
        if draft.origin:
            known[draft.origin] = found
        out.append(found)
    return out


class _Own(msgspec.Struct):
    id: str = ""
    updated_at: str | None = None


def _said(draft: Draft) -> str:
    return "" if draft.origin else msgspec.json.decode(draft.record, type=_Own).id


def _dated(draft: Draft) -> str:
    return msgspec.json.decode(draft.record, type=_Own).updated_at or ""


def _bead(town: State, draft: Draft, id: str, by_origin: Mapping[str, str], now: float) -> Bead:
    """A draft as a bead that is new here."""
    bead = beads.foreign(draft.record.encode(), id)
    form = "" if draft.made else bead.work.form
    work = Work(
        approved=True, form=form, origin=draft.origin, imported=draft.digest, imported_at=now, files=draft.files
    )  # fmt: skip
    edges = list(bead.dependencies)
    for need in draft.needs:
        target = by_origin.get(need) or (need if need in town.beads else "")
        if not target:
            raise Refused(f"Line {draft.line} needs {need}, which is nowhere.", "Nothing was imported.")
        edges.append(Dependency(id, target, "blocks"))
    if draft.parent in by_origin:
        edges.append(Dependency(id, by_origin[draft.parent], "parent-child"))
    dates = {"created_at": bead.created_at or stamp(now), "updated_at": bead.updated_at or stamp(now)}
    return bead.changed(dependencies=tuple(edges), work=work, **(dates if draft.made else {}))


def _onto(old: Bead, new: Bead, draft: Draft) -> Bead:
    """The bead that was there, with what the source says now; a record of Beads says all of it."""
    work = msgspec.structs.replace(
        old.work, form=old.work.form if draft.made else new.work.form, origin=new.work.origin or old.work.origin,
        imported=new.work.imported, imported_at=new.work.imported_at, files=draft.files or old.work.files,
    )  # fmt: skip
    if not draft.made:
        return new.changed(work=work)
    said = msgspec.json.decode(draft.record, type=dict[str, object])
    fields = {name: said[name] for name in _FOLLOWS if name in said}
    if "labels" in fields:
        fields["labels"] = new.labels
    edges = (*old.dependencies, *(edge for edge in new.dependencies if edge not in old.dependencies))
    status = "closed" if new.status == "closed" else old.status
    return old.changed(**fields, status=status, dependencies=edges, work=work)


def _why_not(old: Bead, new: Bead, dated: str) -> str:
    """Why a bead that is there is left alone; `dated` is when the source says that it was changed last."""
    if old.work.stage not in AT_REST:
        return f"is being worked on ({old.work.stage})"
    if old.work.landed and new.status != "closed":
        return "has landed here"
    here, there = (seconds(text) or 0.0 for text in (old.updated_at, dated))
    if there and here > there:
        return f"changed here on {old.updated_at}, after the file's {dated}"
    if not there and int(here) > int(old.work.imported_at):
        return f"changed here on {old.updated_at}, and the file does not say when it was"
    return ""
