"""The ledger's packs become few in the background; nothing is lost by it, whoever else packs, reads or is killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pygit2
import pytest

from gastown_tui.rig.errors import Damaged, GitFailed
from gastown_tui.rig.ledger import Ledger, bead_path
from gastown_tui.rig.objects import packing, packs
from gastown_tui.world import DiskFiles
from tests.rig.conftest import Git
from tests.rig.faults import FaultyDisk
from tests.support.waiting import until_async

WHEN = 1_700_000_000.0


def fill(ledger: Ledger, groups: int, first: int = 1) -> dict[str, bytes]:
    """So many groups of three changes each; returns what the ledger then holds of them."""
    held: dict[str, bytes] = {}
    for seq in range(first, first + groups):
        group: dict[str, bytes] = {bead_path(f"td-{seq * n % 97}"): b"%d of %d\n" % (n, seq) * 40 for n in (1, 7, 11)}
        held |= group
        ledger.commit(group, seq, f"group {seq}", WHEN + seq)
    return held


def folder(git: Git) -> Path:
    """Where packs are."""
    return git.path / ".git/objects/pack"


def objects(git: Git) -> set[str]:
    """Every object of the repository, reachable or not."""
    return set(git.out("cat-file", "--batch-check=%(objectname)", "--batch-all-objects").split("\n"))


def merge_all(git: Git) -> Path | None:
    """One pack of all that are ours, and the old ones kept."""
    return packing.merge(git.path / ".git/objects", [pack.stem for pack in packs.own(folder(git))], DiskFiles())


def test_many_packs_become_one_and_every_object_stays(git: Git) -> None:
    ledger = Ledger(git.path)
    held = fill(ledger, 40)
    reader = Ledger(git.path)
    assert reader.read() == held
    before, told = objects(git), list(ledger.messages())
    assert len(packs.own(folder(git))) == 40
    assert asyncio.run(ledger.pack()) == 40
    ledger.retire()
    assert len(packs.own(folder(git))) == 1 and len(list(folder(git).iterdir())) == 3
    assert objects(git) == before
    assert reader.read() == ledger.read() == Ledger(git.path).read() == held, "also who had the old packs open"
    assert list(reader.messages()) == told
    held |= fill(ledger, 3, first=41)
    assert reader.read() == held and asyncio.run(ledger.pack()) == 0
    assert not (git.path / ".git" / packing.WORKSHOP).exists()
    git.fsck()


def test_size_classes_keep_packs_few_and_write_each_object_seldom() -> None:
    written, found = 0, list[packs.OwnPack]()
    for number in range(5_000):
        found.append(packs.OwnPack(Path(f"pack-{number}"), 9))
        while due := packs.due(found):
            size = sum(pack.objects for pack in due)
            written += size
            found = [*(pack for pack in found if pack not in due), packs.OwnPack(Path(f"pack-{number}-m"), size)]
        assert len(found) <= 5 * packs.FAN
    assert written / (5_000 * 9) < 5


def test_a_persons_packs_and_marks_are_not_ours(git: Git) -> None:
    git("gc", "--quiet")
    (theirs,) = folder(git).glob("*.pack")
    kept = theirs.with_suffix(".keep")
    kept.write_text("mine\n")
    ledger = Ledger(git.path)
    fill(ledger, 20)
    assert asyncio.run(ledger.pack()) == 20
    ledger.retire()
    assert theirs.exists() and kept.read_text() == "mine\n"
    packs.release(folder(git))
    assert kept.exists() and packs.own(folder(git)) == []
    git("gc", "--quiet", "--prune=now")
    assert theirs.exists() and len(Ledger(git.path).read()) > 0
    git.fsck()


def test_a_persons_gc_leaves_our_packs_alone_and_is_not_set_off_by_them(git: Git) -> None:
    ledger = Ledger(git.path)
    held = fill(ledger, 60)
    assert "Auto packing" not in git("-c", "gc.autoDetach=false", "gc", "--auto").stderr
    git("gc", "--quiet", "--prune=now")
    assert len(packs.own(folder(git))) == 60
    held |= fill(ledger, 2, first=61)
    assert ledger.read() == held
    git.fsck()


def test_what_only_our_pack_has_is_kept_for_the_person_who_uses_it(git: Git) -> None:
    """Git does not write what is there already: a file equal to a record of ours stands in our pack alone."""
    ledger = Ledger(git.path)
    ledger.commit({"note.json": b"shared words\n"}, 1, "x", WHEN)
    ledger.commit({"note.json": None}, 2, "x", WHEN)
    git.commit("a person's file", {"note.txt": "shared words\n"})
    fill(ledger, 20, first=3)
    git("update-ref", "-d", "refs/heads/gt-ledger")
    assert asyncio.run(ledger.pack()) == 22
    ledger.retire()
    assert git.out("show", "HEAD:note.txt") == "shared words"
    packs.release(folder(git))
    git("gc", "--quiet", "--prune=now")
    assert git.out("show", "HEAD:note.txt") == "shared words"
    git.fsck()


@pytest.mark.parametrize("crash", ["in the workshop", "marked", "pack placed", "all placed", "half removed"])
def test_a_crash_at_any_step_loses_nothing_and_is_cleared_up(git: Git, crash: str) -> None:
    ledger = Ledger(git.path)
    held = fill(ledger, 18)
    before, old = objects(git), [pack.stem for pack in packs.own(folder(git))]
    made = merge_all(git)
    assert made is not None
    if crash == "in the workshop":
        packs.remove([made])
        (git.path / ".git" / packing.WORKSHOP).mkdir()
        (git.path / ".git" / packing.WORKSHOP / "tmp_pack_x").write_bytes(b"half")
    elif crash == "marked":
        made.with_suffix(".pack").unlink()
        made.with_suffix(".idx").unlink()
    elif crash == "pack placed":
        made.with_suffix(".idx").unlink()
    elif crash == "half removed":
        packs.remove(old[:5])
        old[5].with_suffix(".idx").unlink()
    again = Ledger(git.path)
    again.clear_stale_lock()
    assert again.read() == held and objects(git) == before
    assert all(stem.with_suffix(".idx").exists() for stem in packs.marked(folder(git)))
    asyncio.run(again.pack(everything=True))
    again.retire()
    assert len(packs.own(folder(git))) == 1 and objects(git) == before
    assert again.read() == Ledger(git.path).read() == held
    git.fsck()


def test_a_pack_that_would_lose_an_object_is_refused(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Ledger(git.path), 4)
    one, *_ = [pack.stem for pack in packs.own(folder(git))]
    with pytest.raises(Damaged, match="would lose"):
        packing._complete([one], [])
    damaged = one.with_suffix(".pack")
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.unlink()
    damaged.write_bytes(data)
    before = sorted(path.name for path in folder(git).iterdir())
    with pytest.raises(GitFailed):
        merge_all(git)
    assert sorted(path.name for path in folder(git).iterdir()) == before
    assert not (git.path / ".git" / packing.WORKSHOP).exists()


def test_a_disk_that_refuses_leaves_every_old_pack(git: Git) -> None:
    ledger = Ledger(git.path)
    held = fill(ledger, 5)
    stems = [pack.stem for pack in packs.own(folder(git))]
    with pytest.raises(OSError, match="No space"):
        packing.merge(git.path / ".git/objects", stems, FaultyDisk(0))
    assert {pack.stem for pack in packs.own(folder(git))} == set(stems) and ledger.read() == held


def test_packing_beside_a_writer_readers_and_a_persons_gc(git: Git) -> None:
    """Everything at once, in turns that chance makes: no reader ever misses anything."""
    ledger, stop = Ledger(git.path), threading.Event()
    held = fill(ledger, 30)
    old = pygit2.Repository(str(git.path))

    def loop(work: Callable[[], object]) -> int:
        turns = 0
        while not stop.is_set():
            work()
            turns += 1
        return turns

    def read() -> None:
        assert len(Ledger(git.path).read()) >= len(held) - 1

    works = (read, lambda: git("gc", "--quiet", "--prune=now"), lambda: [c.tree for c in old.walk(ledger.head()[0])])
    with ThreadPoolExecutor() as pool:
        doing = [pool.submit(loop, work) for work in works]
        try:
            for first in range(31, 91, 20):
                held |= fill(ledger, 20, first=first)
                assert asyncio.run(ledger.pack(everything=True))
                ledger.retire()
        finally:
            stop.set()
        assert all(done.result() for done in doing)
    assert ledger.read() == held and len(list(ledger.messages())) == 90
    git.fsck()


def test_a_packer_killed_at_any_instant_changes_nothing(git: Git) -> None:
    ledger, chance = Ledger(git.path), random.Random(5)
    held = fill(ledger, 40)
    stems = [pack.stem.name for pack in packs.own(folder(git))]
    module = "gastown_tui.rig.objects.packing"
    command = [sys.executable, "-m", module, str(git.path / ".git/objects"), "run", *stems]
    env = {"PATH": os.environ["PATH"], "HOME": git.env["HOME"]}
    for _ in range(6):
        process = subprocess.Popen(command, env=env, cwd=Path(__file__).parents[2], start_new_session=True)
        time.sleep(chance.uniform(0.05, 0.4))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert Ledger(git.path).read() == held
    Ledger(git.path).clear_stale_lock()
    assert not (git.path / ".git" / packing.WORKSHOP).exists()
    assert set(stems) <= {pack.stem.name for pack in packs.own(folder(git))}
    git.fsck()


def test_a_packing_that_is_cancelled_is_ended_first(git: Git) -> None:
    ledger, chance = Ledger(git.path), random.Random(7)
    held = fill(ledger, 20)

    workshop = git.path / ".git" / packing.WORKSHOP

    async def story() -> None:
        task = asyncio.create_task(ledger.pack())
        await until_async(lambda: list(workshop.glob("*/pack")), "the packer at work")
        await asyncio.sleep(chance.uniform(0, 0.01))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    for _ in range(6):
        asyncio.run(story())
        assert not workshop.exists()
    assert len(packs.own(folder(git))) == 20 and ledger.read() == held
    git.fsck()


def test_a_run_that_still_writes_does_not_disturb_the_next(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine was killed and its packer's git goes on: each run has a folder of its own."""
    ledger = Ledger(git.path)
    held = fill(ledger, 20)
    stems = [pack.stem for pack in packs.own(folder(git))]
    real, nested = packing._complete, list[Path | None]()

    def complete(old: Iterable[Path], new: Iterable[Path]) -> None:
        if not nested:
            nested.append(None)
            nested.append(packing.merge(git.path / ".git/objects", stems[:10], DiskFiles()))
        real(old, new)

    monkeypatch.setattr(packing, "_complete", complete)
    made = packing.merge(git.path / ".git/objects", stems, DiskFiles())
    assert made is not None and nested[1] is not None and made != nested[1]
    packs.remove(stems)
    assert Ledger(git.path).read() == held
    git.fsck()
