"""An import is whole or not there: on a disk that refuses, after a kill in the middle, beside a polecat at work."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gastown_tui.engine.importing import import_here
from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.engine.opening import opened
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from gastown_tui.model.errors import CannotWrite, Refused
from gastown_tui.model.formats import beads_jsonl
from gastown_tui.model.formats.draft import Draft
from gastown_tui.model.importing import outcome
from gastown_tui.model.orders import ImportBeads
from gastown_tui.rig.journal import Journal
from gastown_tui.world import DiskFiles, Files, RandomIds, SystemClock
from tests.engine.towns import founded, note, rehearse, running
from tests.rig.faults import FaultyDisk

LINES = [json.dumps({"id": f"x-{n}", "title": f"Bead {n}"}).encode() for n in range(3)]
ORDER = ImportBeads("a file", "beads", beads_jsonl.read(b"\n".join(LINES)).drafts)
IDS = {"x-0", "x-1", "x-2"}


def _import(place: Place, files: Files, order: ImportBeads = ORDER) -> dict[str, object]:
    return asyncio.run(import_here(place, order, clock=SystemClock(), ids=RandomIds(), files=files))


def test_a_disk_that_refuses_keeps_all_of_it_or_none(tmp_path: Path) -> None:
    """Every write and sync of an import fails once: it is refused and nothing is there, or it is there."""
    refused = 0
    for at in range(40):
        place = founded(tmp_path / str(at))
        disk = FaultyDisk(at)
        try:
            _import(place, disk)
        except CannotWrite:
            refused += 1
            assert not read_town(place).beads
        else:
            assert set(read_town(place).beads) == IDS
        if len(disk.calls) <= at:
            break
        _import(place, DiskFiles())
        assert set(read_town(place).beads) == IDS
    assert refused >= 2 and at >= 4, (refused, at)


def test_a_kill_in_the_middle_leaves_all_beads_or_none(tmp_path: Path) -> None:
    """The journal cut here and there inside an import with history: a bead is never there without the others."""
    place = founded(tmp_path)
    drafts = [*ORDER.drafts[:2], Draft(LINES[2].decode(), 3, history=(e.Entry(1.0, "ada", "created"),))]
    town = read_town(place)
    found = outcome(town, drafts, 1.0)
    journal = Journal(place.journal, DiskFiles())
    (segment,) = (path for _, path in journal.segments())
    before = segment.stat().st_size
    events = list(found.events("a file", "beads"))
    journal.append([(town.seq + n, e.encode(e.Record(town.seq + n, 1.0, "o", x))) for n, x in enumerate(events, 1)])
    journal.close()
    whole, seen = segment.read_bytes(), set()
    for cut in (*range(before, len(whole), 7), len(whole) - 1, len(whole)):
        segment.write_bytes(whole[:cut])
        beads = set(read_town(place).beads)
        assert beads in (set(), IDS)
        seen.add(len(beads))
    assert seen == {0, 3} and len(events) == 2


def test_two_may_not_have_the_town_at_once(tmp_path: Path) -> None:
    """An import without an engine takes the lock; while somebody has it, it is refused."""
    place = founded(tmp_path)
    held = opened(place, SystemClock(), RandomIds(), DiskFiles())
    try:
        with pytest.raises(Refused):
            _import(place, DiskFiles())
    finally:
        held.close()
    assert _import(place, DiskFiles())["created"] == sorted(IDS)


def test_a_bead_that_a_polecat_has_is_left_alone(tmp_path: Path) -> None:
    """The rest of the file comes in; the polecat's bead lands as it would have."""

    async def story() -> None:
        async with running(founded(tmp_path)) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: t.beads[bead].work.stage != "idle", "it to be slung")
            lines = [json.dumps({"id": bead, "title": "Other"}), json.dumps({"id": "x-9", "title": "New"})]
            drafts = beads_jsonl.read("\n".join(lines).encode()).drafts
            answer = await town.engine.ask(ImportBeads("a file", "beads", drafts))
            assert answer["created"] == ["x-9"] and answer["kept"] and answer["kept"][0].startswith(bead)
            await town.landed(bead)
            assert town.bead(bead).title != "Other"

    asyncio.run(story())
