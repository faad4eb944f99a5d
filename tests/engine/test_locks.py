"""Lock files of git's are found wherever they stop somebody, and go only where nobody can hold them."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from gastown_tui.engine.dogs import locks as dog
from gastown_tui.rig import locks
from tests.engine.towns import founded, running, settings
from tests.support import rigs

NAMES = ("HEAD.lock", "index.lock", "packed-refs.lock", "refs/heads/main.lock", "refs/remotes/origin/main.lock")


def _left(common: Path, *names: str, ago: float) -> list[Path]:
    """Lock files that are so many seconds old."""
    paths = [common / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (time.time() - ago,) * 2)
    return paths


def test_only_what_is_older_than_the_machines_start_goes(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    rigs.git(root, "worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "other")
    common = root / ".git"
    assert locks.lying(common) == []
    old = _left(common, *NAMES, "worktrees/other/index.lock", ago=7200)
    new = _left(common, "config.lock", ago=1800)
    assert [lock.path for lock in locks.lying(common)] == sorted([*old, *new])
    assert locks.clear(common, None) == [] == locks.clear(common, time.time() - 7230)
    assert locks.clear(common, time.time() - 3600) == sorted(old)
    assert [lock.path for lock in locks.lying(common)] == new


def test_a_machine_says_when_it_started() -> None:
    found = locks.started()
    assert found is None or 0 < found < time.time()


def test_a_town_that_starts_after_a_power_cut_is_not_stopped_by_what_that_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor says which they are and whether anybody may hold them; the engine takes away what nobody can."""
    place = founded(tmp_path)
    common = place.root / ".git"
    (old,) = _left(common, "refs/heads/main.lock", ago=7200)
    (new,) = _left(common, "index.lock", ago=60)
    monkeypatch.setattr(locks, "started", lambda: time.time() - 3600)
    rows = {row.note.split()[0]: row for row in dog.check(place, settings()) if row.name == "git lock"}
    assert (rows["index.lock"].mend, str(new) in rows["index.lock"].fix) == (None, True)
    assert rows["refs/heads/main.lock"].mend is not None

    async def story() -> None:
        async with running(place) as town:
            await town.until(lambda t: not old.exists(), "the lock to go")
            assert new.exists()

    asyncio.run(story())
    (mendable,) = _left(common, "HEAD.lock", ago=7200)
    mend = next(row.mend for row in dog.check(place, settings()) if row.note.startswith("HEAD.lock"))
    assert mend is not None and mend() == "taken away: HEAD.lock" and not mendable.exists()
    new.unlink()
    assert rigs.is_sound(place.root)
