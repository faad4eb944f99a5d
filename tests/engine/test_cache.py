"""The cache only ever makes a start quicker: whatever is wrong with it, the town is the ledger's."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gastown_tui.engine.ledger import cache as caches
from gastown_tui.engine.ledger.archive import Archive
from gastown_tui.engine.ledger.cache import Cache
from gastown_tui.engine.ledger.records import at_head, load, old_path, path_of
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Lease, Review, Work
from gastown_tui.model.convoy import Draft, Plan
from gastown_tui.model.events import Record
from gastown_tui.model.town import Town, encode_part, parts, scalars
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.ledger import Ledger
from gastown_tui.world import DiskFiles
from tests.support import rigs


class Kept:
    """A ledger that follows a town of 620 beads, and its cache."""

    def __init__(self, folder: Path) -> None:
        self.root = rigs.make(folder / "rig")
        self.journal = Journal(folder / "journal", DiskFiles())
        self.ledger = Ledger(self.root)
        self.cache = Cache(folder / ".gastown" / "cache" / "town")
        self.cache.path.parent.parent.mkdir()
        self.archive = Archive(self.ledger, self.journal, self.cache)
        self.town = Town()
        self.tell(e.TownFounded("r", "main", "r", "0"), e.Said("overseer", "hello"))
        edges = {n: (beads.Dependency(f"r-{n}", f"r-{n // 2}"),) for n in range(1, 620, 3)}
        made = (beads.make(f"r-{n}", f"Do {n}", "", dependencies=edges.get(n, ()), work=Work(approved=n % 2 == 0,
                go=n % 4 == 0), notes=f"é {n}") for n in range(620))  # fmt: skip
        self.tell(*(e.BeadCreated(bead) for bead in made))

    def tell(self, *events: e.AnyEvent) -> None:
        """Fold events and bring them into the ledger as one group."""
        for event in events:
            record = Record(self.town.seq + 1, 1.7e9 + self.town.seq, "me", event)
            self.town = self.town.after(record)
            self.archive.take(record)
        asyncio.run(self.archive.flush(self.town))

    def keep(self) -> None:
        """Write the cache now."""
        assert asyncio.run(self.archive.keep())

    def read(self) -> Town:
        """The town as another process would read it, with the cache."""
        return at_head(Ledger(self.root), Cache(self.cache.path))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A town with its cache."""
    found = Kept(tmp_path)
    found.keep()
    yield found
    found.journal.close()


def reads_blobs(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which objects of the ledger a cold start with the cache reads."""
    read: list[str] = []
    real = Ledger._raw

    def noted(self: Ledger, oid: bytes | str, kind: int) -> bytes:
        read.append(str(oid))
        return real(self, oid, kind)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "_raw", noted)
        assert kept.read() == kept.town
    return read


def test_a_cache_of_the_head_is_all_that_is_read(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(reads_blobs(kept, monkeypatch)) <= 2
    assert kept.cache.path.stat().st_mode & 0o777 == 0o600
    assert kept.cache.path.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in kept.cache.path.parent.iterdir()] == ["town"]


def test_an_older_cache_is_caught_up_by_what_changed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease(1, "obsidian", "polecat/x", "0", "/x", "s", 1.0)
    kept.tell(
        e.Slung("r-6", lease), e.AgentStarted("obsidian", "polecat", "s", "rehearsal", 1, 1, bead="r-6", epoch=1),
        e.BeadMoved("r-8", "close"), e.Submitted("r-6", 1, "c1", 1), e.Checked("r-6", 1, Review("sheriff", True, "c1")),
        e.Reviewed("r-6", 1, Review("witness", True, "c1")), e.Said("mayor", "yes"), e.Held("dispatch", "no"),
        e.Escalated(e.Need("n1", "bead", "?", 1.0, bead="r-9")),
        e.PlanSubmitted(Draft("p1", Plan("A plan", ()), 1, "mayor", 1.0)),
    )  # fmt: skip
    kept.tell(e.AgentEnded("obsidian", "done"), e.Answered("n1", "retry", bead="r-9"), e.Resumed("dispatch"))
    assert len(reads_blobs(kept, monkeypatch)) < 100
    kept.tell(e.Gated("r-6", 1, "0", "t1", "g", Review("refinery", False, "c1", "red"), 1.0))
    assert kept.read() == kept.town and not kept.town.queue
    assert load(Ledger(kept.root), Journal(kept.root / "none", DiskFiles()), Cache(kept.cache.path)) == kept.town


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def refuse(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": cut, "flipped": flip, "gone": Path.unlink, "empty": lambda path: path.write_bytes(b""), "a folder": refuse,
    "one line": lambda path: path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n"),
    "grown": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "not ours": lambda path: path.write_bytes(b'{"code":1}\n' + random.Random(1).randbytes(4000)),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_passed_over_and_made_anew(kept: Kept, damage: str) -> None:
    DAMAGE[damage](kept.cache.path)
    assert kept.cache.read() is None and kept.cache.seq == 0
    assert kept.read() == kept.town
    if damage != "a folder":
        kept.keep()
        assert kept.cache.read() is not None


def test_every_cut_of_a_cache_is_noticed(kept: Kept) -> None:
    data = kept.cache.path.read_bytes()
    for length in range(0, len(data), 997):
        kept.cache.path.write_bytes(data[:length])
        assert kept.cache.read() is None


def test_another_versions_cache_is_passed_over(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "__version__", "another")
    assert kept.cache.read() is None and kept.read() == kept.town


def test_a_cache_of_another_ledger_is_caught_up_or_passed_over(kept: Kept) -> None:
    """The branch was put back, or begun anew: the tree is what counts, not how it came about."""
    first = rigs.git(kept.root, "rev-list", "--max-parents=0", "gt-ledger")
    rigs.git(kept.root, "update-ref", "refs/heads/gt-ledger", first)
    assert kept.read() == Town().after_all(_first(2))
    rigs.git(kept.root, "update-ref", "-d", "refs/heads/gt-ledger")
    assert kept.read() == Town()
    (kept.root.parent / "other").mkdir()
    other = Kept(kept.root.parent / "other")
    other.tell(e.Said("overseer", "elsewhere"))
    assert at_head(Ledger(other.root), Cache(kept.cache.path)) == other.town
    other.journal.close()


def _first(count: int) -> list[Record]:
    told = (e.TownFounded("r", "main", "r", "0"), e.Said("overseer", "hello"))
    return [Record(n + 1, 1.7e9 + n, "me", event) for n, event in enumerate(told[:count])]


def test_a_cache_that_would_save_little_is_not_written(kept: Kept) -> None:
    before = kept.cache.path.stat().st_mtime_ns
    kept.tell(e.Said("overseer", "a little more"))
    assert not asyncio.run(kept.archive.keep()) and kept.cache.path.stat().st_mtime_ns == before
    kept.tell(*(e.BeadMoved(f"r-{n}", "close") for n in range(40)))
    assert asyncio.run(kept.archive.keep()) and kept.cache.seq == kept.town.seq
    assert gc.isenabled() and kept.read() == kept.town


def test_records_of_the_first_days_are_found_and_moved_to_where_they_stand_now(kept: Kept) -> None:
    town = kept.town
    old = {old_path(*part): encode_part(town, *part) for part in parts(town)}
    root = rigs.make(kept.root.parent / "old")
    ledger = Ledger(root)
    ledger.commit({**old, "town.json": scalars(town)}, town.seq, "flat", 1.7e9)
    assert old_path("chat", "2") in ledger.read() and at_head(Ledger(root)) == town
    archive = Archive(ledger, kept.journal)
    record = Record(town.seq + 1, 1.7e9, "me", e.AgentStarted("witness-r-6", "witness", "s", "r", 1, 1, bead="r-6"))
    archive.take(record)
    asyncio.run(archive.flush(town := town.after(record)))
    assert at_head(Ledger(root)) == town
    assert path_of("agents", "witness-r-6").count("/") == 4 and path_of("agents", "jasper") == "agents/jasper.json"


def test_a_strange_name_is_read_back_as_it_was(kept: Kept) -> None:
    """A percent sign before hexadecimal digits was once taken for one long escape."""
    bead = beads.make("r-x/20", "Odd", "", work=Work(approved=True))
    odd = "witness-r-x/20 ab"
    kept.tell(e.BeadCreated(bead), e.AgentStarted(odd, "witness", "s", "r", 1, 1, bead=bead.id))
    assert kept.read() == at_head(Ledger(kept.root)) == kept.town and odd in kept.read().agents
