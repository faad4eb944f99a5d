"""A damaged ledger: shown as far as it reads, refused by the engine, and mended without loss where that can be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gastown_tui import config
from gastown_tui.cli import main
from gastown_tui.engine.dogs import kennel
from gastown_tui.engine.engine import Engine
from gastown_tui.engine.ledger import mending
from gastown_tui.engine.ledger.partial import history, view
from gastown_tui.engine.ledger.reading import read_town
from gastown_tui.engine.opening import opened
from gastown_tui.engine.place import Place
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Work
from gastown_tui.model.errors import Refused
from gastown_tui.model.town import Town
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.survey import survey, whole
from gastown_tui.world import DiskFiles, RandomIds, SystemClock
from tests.engine.towns import founded
from tests.support import rigs

_COMMITS, _TAIL = 5, 3
_ENDS_NO_LINE = '\x85\u2028{"seq":1}\u2029'
"""Stands in JSON as it is; whoever takes it for the end of a line reads half a record, or one that is none."""


def town_of(folder: Path) -> tuple[Place, Town]:
    """A town with five commits of the ledger and three records that only the journal has."""
    place = founded(folder)

    async def story() -> Town:
        held = opened(place, SystemClock(), RandomIds(), DiskFiles())
        books, archive = held.base.books, held.base.archive
        books.listeners.append(archive.take)
        writer = asyncio.create_task(books.run())
        for number in range(_COMMITS * 4 + _TAIL):
            title = f"Bead {number}{_ENDS_NO_LINE}"
            bead = beads.make(f"rg-{number}", title, "2026-01-01T00:00:00Z", work=Work(approved=True))
            await books.record("me", e.BeadCreated(bead))
            if number % 4 == 3:
                await archive.flush(books.town)
        books.close()
        await writer
        held.close()
        return books.town

    return place, asyncio.run(story())


def trim(place: Place) -> None:
    """Leave only what the ledger does not have in the journal, as after the segment was full."""
    lines = survey(place.journal).lines
    held = _COMMITS * 4 + 1
    (place.journal / "1.jsonl").unlink()
    kept = b"".join(whole(lines, held + 1).splitlines(keepends=True))
    (place.journal / f"{held + 1}.jsonl").write_bytes(kept)


def branch_deleted(place: Place) -> None:
    trim(place)
    rigs.git(place.root, "branch", "-D", "gt-ledger")


def branch_moved(place: Place) -> None:
    rigs.git(place.root, "update-ref", "refs/heads/gt-ledger", "main")


def branch_moved_back(place: Place) -> None:
    trim(place)
    rigs.git(place.root, "update-ref", "refs/heads/gt-ledger", "gt-ledger~2")


def packs(place: Place) -> list[Path]:
    return sorted((place.root / ".git/objects/pack").glob("*.pack"))


def objects_damaged(place: Place) -> None:
    trim(place)
    for pack in packs(place)[::2]:
        os.chmod(pack, 0o600)
        data = bytearray(pack.read_bytes())
        data[40:44] = b"\0\0\0\0"
        pack.write_bytes(bytes(data))


def flipped_bit(place: Place) -> None:
    path = place.journal / "1.jsonl"
    data = bytearray(path.read_bytes())
    data[data.index(b"Bead 21") + 2] ^= 8
    path.write_bytes(bytes(data))


def line_the_ledger_has(place: Place) -> None:
    path = place.journal / "1.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Bead 7", b"Ruin 7"))


MENDABLE: list[Callable[[Place], None]] = [
    branch_deleted, branch_moved, branch_moved_back, objects_damaged, flipped_bit, line_the_ledger_has,
]  # fmt: skip


def mend(place: Place) -> list[str]:
    """Let the ledger's dogs mend until there is nothing left to mend; returns what they say they did."""
    said = []
    for _ in range(3):
        found = [f for f in kennel.run(place, config.load(place.config)) if f.name in ("ledger", "journal")]
        said += [finding.mend() for finding in found if finding.mend is not None]
    return said


@pytest.mark.parametrize("damage", MENDABLE, ids=lambda damage: damage.__name__)
def test_what_can_be_mended_is_mended_without_loss(tmp_path: Path, damage: Callable[[Place], None]) -> None:
    place, town = town_of(tmp_path)
    damage(place)
    before = {path: path.read_bytes() for path in place.journal.iterdir()}
    shown = view(place)
    assert shown.why and shown.note.startswith("ledger: damaged, read-only"), "it is seen, and nothing is raised"
    assert set(shown.town.beads) <= set(town.beads)
    with pytest.raises(Damaged, match=r"damaged|ledger") as caught:
        Engine.open(place)
    assert "gt doctor" in caught.value.hint
    assert {path: path.read_bytes() for path in place.journal.iterdir()} == before, "looking changes nothing"
    assert mend(place)
    assert read_town(place) == town and not view(place).why
    assert rigs.is_sound(place.root)
    held = opened(place, SystemClock(), RandomIds(), DiskFiles())
    assert held.base.books.town == town
    held.close()


def gt(capsys: pytest.CaptureFixture[str], place: Place, *words: str) -> tuple[int, str]:
    """A command of `gt` in this process: its exit code, and everything it said."""
    capsys.readouterr()
    code = main.run(["-C", str(place.root), *words])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_line_nobody_else_has_is_never_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, town = town_of(tmp_path)
    path = place.journal / "1.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Bead 21", b"Ruin 21"))
    shown = view(place)
    assert shown.town.seq == town.seq - 2 and "rg-22" not in shown.town.beads
    assert any("not readable" in what for what in shown.missing)
    with pytest.raises(Refused, match="ends at record 21"):
        mending.mend_journal(place)
    told, _ = history(place)
    assert [record.seq for record in told] == [*range(1, town.seq - 1), town.seq]
    for words in (("log",), ("bead", "list"), ("status",), ("log", "rg-20")):
        code, said = gt(capsys, place, *words)
        assert code == 0 and "gt doctor" in said and ("Bead 20" in said or words == ("status",))
    code, said = gt(capsys, place, "doctor", "--fix")
    assert code == 1 and "--accept-loss" in said
    code, said = gt(capsys, place, "doctor", "--fix", "--accept-loss")
    assert f"goes on from record {town.seq - 2}" in said
    kept = next((place.gastown / "damaged").glob("journal-*"))
    assert b"Ruin 21" in (kept / "1.jsonl").read_bytes(), "what is left out is set aside, not deleted"
    assert "damaged" not in gt(capsys, place, "status")[1] and read_town(place).seq == town.seq - 2


def test_a_town_whose_ledger_is_gone_is_not_begun_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, _ = town_of(tmp_path)
    rigs.git(place.root, "branch", "-D", "gt-ledger")
    for path in place.journal.iterdir():
        path.unlink()
    for pack in packs(place):
        for path in pack.parent.glob(f"{pack.stem}.*"):
            path.unlink()
    code, said = gt(capsys, place, "up")
    assert code == 1 and "damaged ledger" in said and "gt doctor" in said
    code, said = gt(capsys, place, "status")
    assert code == 0 and "nothing of it can be read" in said
    assert "no commit of it is left here" in gt(capsys, place, "doctor")[1]
