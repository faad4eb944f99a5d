"""The index of events is only ever a way to find things: whatever becomes of it, the answers are the ledger's."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.engine.history import History, indexing
from gastown_tui.engine.history.eventindex import Index
from gastown_tui.engine.history.following import Follower
from gastown_tui.rig import tail
from gastown_tui.rig.past import Past
from tests.engine.written import Written
from tests.model.stories import Story
from tests.support import rigs


def _write(written: Written, story: Story) -> None:
    done = written.journal.last
    written.note(story.records[done:])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, Story]:
    """A town of some thirty events, most of them in the ledger."""
    written, story = Written(tmp_path_factory.mktemp("told")), Story()
    for number in range(5):
        story.create(f"td-{number}")
        story.land(f"td-{number}")
        _write(written, story)
        if number < 4:
            written.commit(story.town)
    return written, story


def _break(place: Any, how: str) -> None:
    path = place.cache / indexing.NAME
    if how == "gone":
        path.unlink()
    elif how == "garbage":
        path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    elif how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "a hole":
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    elif how == "empty":
        path.write_bytes(b"")
    else:
        db = sqlite3.connect(path)
        db.execute({"older": "PRAGMA user_version = 0", "off": "UPDATE event SET pos = pos + 1",
                    "moved": "UPDATE commits SET oid = randomblob(20) WHERE id > 2"}[how])  # fmt: skip
        db.commit()
        db.close()


@pytest.mark.parametrize("how", ["gone", "garbage", "cut", "a hole", "empty", "older", "off", "moved"])
def test_a_broken_index_is_built_anew_without_a_word(told: tuple[Written, Story], how: str) -> None:
    """It is only ever a way to find things: whatever became of it, the answers are the ledger's."""
    written, story = told
    History(written.place).close()
    _break(written.place, how)
    look = History(written.place)
    assert list(look.records()) == story.records and look.of("td-3")[-1].kind == "landed"
    look.close()
    again = History(written.place)
    assert list(again.records()) == story.records
    again.close()


def test_an_index_of_a_branch_that_was_moved_or_of_another_town(told: tuple[Written, Story], tmp_path: Path) -> None:
    """Moved back, or replaced by another history: it follows."""
    written, story = Written(tmp_path), Story()
    cuts = []
    for number in range(3):
        story.create(f"td-{number}")
        _write(written, story)
        written.commit(story.town, trim=False)
        cuts.append((written.ledger.head()[0], len(story.records)))
    shutil.rmtree(written.place.cache, ignore_errors=True)
    History(written.place).close()
    shutil.rmtree(written.place.journal)
    commit, count = cuts[1]
    assert commit is not None
    rigs.git(written.place.root, "update-ref", "refs/heads/gt-ledger", commit)
    assert list(History(written.place).records()) == story.records[:count]
    other = told[0]
    shutil.copy(other.place.cache / indexing.NAME, written.place.cache / indexing.NAME)
    assert list(History(written.place).records()) == story.records[:count]
    rigs.git(written.place.root, "update-ref", "-d", "refs/heads/gt-ledger")
    assert list(History(written.place).records()) == [] and History(written.place).span().last == 0


def test_where_nothing_can_be_written_it_is_held_in_memory(tmp_path: Path) -> None:
    """A folder that cannot be made; then a file that is behind and cannot be added to. Neither is changed."""
    written, story = Written(tmp_path), Story()
    story.create("td-1")
    _write(written, story)
    written.commit(story.town)
    written.place.cache.write_text("in the way")
    assert list(History(written.place).records()) == story.records
    written.place.cache.unlink()
    History(written.place).close()
    before = (written.place.cache / indexing.NAME).read_bytes()
    (written.place.cache / "history.lock").unlink()
    (written.place.cache / "history.lock").mkdir()
    story.create("td-2")
    _write(written, story)
    written.commit(story.town)
    look = History(written.place)
    assert list(look.records()) == story.records and look.of("td-2")
    assert (written.place.cache / indexing.NAME).read_bytes() == before
    written.close()


def test_many_look_while_the_ledger_grows(tmp_path: Path) -> None:
    """Readers that bring the index up to date at once, and one that throws it away: all see whole histories."""
    written, story = Written(tmp_path), Story()
    wrong: list[str] = []
    over = threading.Event()

    def look(throws: bool) -> None:
        while not over.is_set():
            looking = History(written.place)
            seen = [record.seq for record in looking.records()]
            if seen != list(range(1, len(seen) + 1)):
                wrong.append(f"{seen}")
            looking.close()
            if throws:
                indexing.discard(written.place.cache)

    story.create("td-0")
    _write(written, story)
    written.commit(story.town)
    lookers = [threading.Thread(target=look, args=(number == 2,)) for number in range(3)]
    for looker in lookers:
        looker.start()
    for number in range(1, 25):
        story.create(f"td-{number}")
        story.land(f"td-{number}")
        _write(written, story)
        written.commit(story.town)
    over.set()
    for looker in lookers:
        looker.join(60)
    assert not wrong and list(History(written.place).records()) == story.records
    written.close()


def test_an_engine_keeps_the_index_near_the_head(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Only now and then, never much at once; where it cannot, a line in the log is all there is."""
    written, story = Written(tmp_path), Story()
    follower, path = Follower(written.place), written.place.cache / indexing.NAME
    asyncio.run(follower.follow(3))
    assert not path.exists(), "there is no ledger yet"
    for number in range(8):
        story.create(f"td-{number}")
        _write(written, story)
        written.commit(story.town)
        asyncio.run(follower.follow(3))
    with contextlib.closing(Index(path, readonly=True)) as index:
        assert 0 <= story.town.seq - index.ends()[1] < 3
    path.unlink()
    assert not indexing.keep_up(written.place.cache, Past(written.place.root), 5) and not path.exists()
    shutil.rmtree(written.place.cache)
    written.place.cache.write_text("in the way")
    asyncio.run(Follower(written.place).follow(3))
    assert "could not be brought up to date" in caplog.text
    written.close()


def test_lines_that_move_into_the_ledger_between_two_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine archived and trimmed after the index was read and before the journal was: nothing is missed."""
    written, story = Written(tmp_path), Story()
    _write(written, story)
    written.commit(story.town)
    story.create("td-1")
    _write(written, story)
    real, moved = tail.tail, list[bool]()

    def late(*given: Any) -> Any:
        if not moved:
            moved.append(True)
            written.commit(story.town)
            for number in range(20):
                story.create(f"td-x{number}")
                _write(written, story)
            written.commit(story.town)
        return real(*given)

    monkeypatch.setattr(tail, "tail", late)
    assert list(History(written.place).records()) == story.records and len(moved) == 1
    written.close()
