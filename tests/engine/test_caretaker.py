"""What is done for the ledger in quiet moments: packs become few, the copy is written, and a failure is left alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.engine.ledger.archive import Archive
from gastown_tui.engine.ledger.cache import NAME, Cache
from gastown_tui.engine.ledger.caretaker import Caretaker
from gastown_tui.engine.ledger.records import at_head
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town
from gastown_tui.rig.errors import GitFailed
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.objects import packing, packs
from gastown_tui.world import DiskFiles, SystemClock
from tests.support import rigs


class Hands(SystemClock):
    """A clock that goes when it is moved."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


def test_a_quiet_moment_makes_packs_few_and_a_failure_is_not_tried_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        root = rigs.make(tmp_path / "rig")
        journal, ledger = Journal(tmp_path / "journal", DiskFiles()), Ledger(root)
        cache, clock = Cache(tmp_path / NAME / "town"), Hands()
        archive = Archive(ledger, journal, cache)
        caretaker, town = Caretaker(archive, clock), Town()

        def own() -> int:
            return len(packs.own(root / ".git/objects/pack"))

        async def tell(*events: e.AnyEvent) -> None:
            nonlocal town
            for event in events:
                town = town.after(record := Record(town.seq + 1, 1.7e9 + town.seq, "me", event))
                archive.take(record)
            await archive.flush(town)

        await tell(e.TownFounded("r", "main", "r", "0"))
        await tell(*(e.BeadCreated(beads.make(f"r-{n}", "Do", "")) for n in range(600)))
        for number in range(packs.FAN):
            await tell(e.Said("overseer", f"{number}"))
        assert own() == packs.FAN + 2
        await caretaker.look(quiet=False)
        assert own() == packs.FAN + 2 and not cache.path.exists(), "a busy town is not disturbed"
        await caretaker.look(quiet=True)
        assert own() < packs.FAN and cache.read() is not None and at_head(Ledger(root), cache) == town
        for number in range(packs.FAN):
            await tell(e.Said("overseer", f"again {number}"))
        tried: list[int] = []

        async def refuse(objects: Path, stems: list[Path]) -> str:
            tried.append(len(stems))
            raise GitFailed(["packing"], 1, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(packing, "merged", refuse)
            await caretaker.look(quiet=True)
            await tell(*(e.Said("overseer", f"more {number}") for number in range(packs.FAN)))
            await caretaker.look(quiet=True)
            assert len(tried) == 1 and own() >= packs.FAN
        clock.at = 601.0
        await asyncio.gather(caretaker.look(quiet=True), caretaker.look(quiet=True))
        assert own() < packs.FAN and at_head(Ledger(root)) == town
        assert rigs.is_sound(root)
        journal.close()

    asyncio.run(story())
