"""Looking back: what the index of events answers is what the ledger says, whatever became of the index."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from gastown_tui.engine.history import History, replay
from gastown_tui.engine.history.eventindex import Wanted
from gastown_tui.engine.history.imported import CameIn
from gastown_tui.engine.ledger import reading
from gastown_tui.engine.ledger.archive import message
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.about import about
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.model.town import Town, scalars
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.ledger import Ledger
from gastown_tui.rig.past import Past
from tests.engine.towns import founded, note, rehearse, running
from tests.engine.written import Written
from tests.model.stories import Story
from tests.model.telling import Telling
from tests.support import rigs


class Remembered(Telling):
    """Any story, written down as it goes; at its end every moment of it is looked at again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="history-"))
        self.written = Written(self.folder)
        self.noted = 0

    def _note_new(self) -> None:
        new = self.story.records[self.noted :]
        self.written.note(new)
        self.noted += len(new)

    @rule(trim=st.booleans())
    def archive(self, trim: bool) -> None:
        """The ledger follows."""
        self._note_new()
        self.written.commit(self.town, trim=trim)

    @rule()
    def look(self) -> None:
        """Somebody looks back meanwhile, and so leaves an index of what there is."""
        self._note_new()
        looking = History(self.written.place)
        assert [record.seq for record in looking.records()] == [r.seq for r in self.story.records]
        looking.close()

    def teardown(self) -> None:
        """The state at each number is what folding up to there gives, of the town and of each bead."""
        self._note_new()
        look = History(self.written.place)
        for town in self.towns:
            assert replay.town_at(look, town.seq) == town
            for bead in town.beads.values():
                found = replay.bead_at(look, bead.id, town.seq)
                assert found.beads[bead.id] == bead and found.column(bead) == town.column(bead)
                assert found.blockers(bead) == town.blockers(bead) and found.seq == town.seq
        for id in self.created:
            told = [entry.seq for entry in look.of(id)]
            assert set(told) >= {r.seq for r in self.story.records if id in about(r.event)} and told == sorted(told)
        look.close()
        self.written.close()
        shutil.rmtree(self.folder)


def test_the_town_at_any_number_is_what_folding_up_to_there_gives() -> None:
    """Of any story, archived in any groups; also of a bead alone, read without the rest of the town."""
    run_state_machine_as_test(Remembered, settings=settings(max_examples=8, stateful_step_count=20, deadline=None))


def test_a_real_town_is_seen_again_at_each_of_its_moments(tmp_path: Path) -> None:
    """Agents, gates and a sending back; looked at while the engine runs, and after it left."""
    place = founded(tmp_path, sheriff=("test ! -e BAD",))

    async def story() -> str:
        async with running(place) as town:
            mend = "run rm BAD\nwrite good <<END\nx\nEND\ncommit Mend\ndone Mended"
            bead = await town.do(rehearse(note("BAD"), mend))
            other = await town.do(rehearse(note("b.txt")))
            await town.landed(bead, other)
            look = History(place)
            assert look.of(bead)[-1].at <= look.span().ended
            look.close()
            return bead

    bead = asyncio.run(story())
    look, town = History(place), Town()
    for record in reading.records(place):
        town = town.after(record)
        assert replay.town_at(look, record.seq) == town
        for one in town.beads.values():
            assert replay.bead_at(look, one.id, record.seq).beads[one.id] == one
    kinds = [entry.kind for entry in look.of(bead)]
    assert kinds[0] == "bead_created" and kinds.count("landed") == 1 and kinds.count("submitted") == 2
    assert "agent_ended" in kinds, "the end of its polecat is part of a bead's story"
    assert look.span().last == town.seq and look.prefix() == "rg"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Written, Story]]:
    """A town of some hundred events, most of them in the ledger."""
    written, story = Written(tmp_path_factory.mktemp("told")), Story()
    for number in range(12):
        story.create(f"td-{number}")
        story.land(f"td-{number}")
        _write(written, story)
        if number < 11:
            written.commit(story.town)
    yield written, story
    written.close()


def _write(written: Written, story: Story) -> None:
    done = written.journal.last
    written.note(story.records[done:])


def _seqs(look: History, wanted: Wanted, latest: int | None = None) -> list[int]:
    return [record.seq for record in look.records(wanted, latest)]


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_what_is_wanted_is_found(told: tuple[Written, Story], data: st.DataObject) -> None:
    """By any mixture of bead, author, kinds and times, whole or only the last; as a plain look at each event would."""
    written, story = told
    look = History(written.place)
    when = st.none() | st.sampled_from([r.at for r in story.records]) | st.sampled_from([0.0, 9e9])
    wanted = Wanted(
        data.draw(st.sampled_from(["", "td-3", "obsidian", "td-11", "nobody"])),
        data.draw(st.sampled_from(["", "test", "nobody"])),
        tuple(data.draw(st.sets(st.sampled_from(["landed", "slung", "gated", "held"]), max_size=2))),
        data.draw(when),
        data.draw(when),
    )
    expected = [
        r.seq for r in story.records
        if (not wanted.about or wanted.about in about(r.event))
        and (not wanted.who or wanted.who == r.who)
        and (not wanted.kinds or r.event.__struct_config__.tag in wanted.kinds)
        and (wanted.since is None or r.at >= wanted.since)
        and (wanted.until is None or r.at <= wanted.until)
    ]  # fmt: skip
    assert _seqs(look, wanted) == expected
    latest = data.draw(st.integers(1, 80))
    assert _seqs(look, wanted, latest) == expected[-latest:]
    look.close()


@given(st.lists(st.floats(0, 600), min_size=1, max_size=40), st.data())
@settings(deadline=None, max_examples=12)
def test_times_under_a_clock_that_jumps(ats: list[float], data: st.DataObject) -> None:
    """The moment of a time is the last event that bears one not after it; counts add up, in the ledger and above it."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("gastown_tui.engine.history.eventindex.CHUNK", 4)
        written, story = Written(Path(folder)), Story()
        for number, at in enumerate(ats):
            story.tell(e.Held(f"h{number}", "why"), at)
        cut = data.draw(st.integers(0, len(ats)))
        written.note(story.records[: cut + 1])
        town = Town().after_all(story.records[: cut + 1])
        written.commit(town)
        written.note(story.records[cut + 1 :])
        look, stamps = History(written.place), [(r.seq, r.at) for r in story.records]
        for at in (*ats, 0.0, 300.5, 1e10):
            assert look.seq_at(at) == max((seq for seq, stamp in stamps if stamp <= at), default=0)
        since, size = data.draw(st.floats(-10, 500)), data.draw(st.floats(1, 600))
        buckets = data.draw(st.integers(1, 9))
        inside = [stamp for _, stamp in stamps if since <= stamp < since + size]
        counts = look.counts(since, since + size, buckets)
        assert len(counts) == buckets and sum(counts) == len(inside)
        if buckets == 1:
            assert counts == [len(inside)]
        assert all(look.at(seq) == at for seq, at in stamps)
        written.close()


def test_what_came_in_stands_where_its_own_times_put_it(tmp_path: Path) -> None:
    """An imported history is told in order; the import is not read whole for one of its beads."""
    written, story = Written(tmp_path), Story()
    old = beads.make("td-old", "From elsewhere", "")
    story.tell(e.BeadsImported("board", "beads", (old, beads.make("td-b", "Another", ""))), 5000.0)
    steps = (e.Entry(900.0, "ada", "closed", "", "done"), e.Entry(100.0, "ada", "created"), e.Entry(6000.0, "bob", "x"))
    story.tell(e.HistoryImported("td-old", steps), 5001.0)
    story.tell(e.BeadChanged("td-old", {"title": "Ours"}), 7000.0)
    _write(written, story)
    for looked in range(2):
        look = History(written.place)
        found = look.of("td-old")
        assert [(x.at, x.who) for x in found] == [
            (100.0, "ada"), (900.0, "ada"), (5000.0, "test"), (6000.0, "bob"), (7000.0, "test"),
        ]  # fmt: skip
        assert found[2].event == CameIn("td-old", "board", "beads", 2)
        narrowed = look.entries(Wanted("td-old", who="ada", until=500.0))
        assert [x.at for x in narrowed] == [100.0]
        assert [x.at for x in look.entries(Wanted("td-old"), 2)] == [6000.0, 7000.0]
        assert [x.kind for x in look.of("td-b")] == ["beads_imported"]
        if not looked:
            written.commit(story.town)
    written.close()


def test_moments(told: tuple[Written, Story]) -> None:
    """A time, a number and a commit of the ledger mean a moment; what is before the town, or none, is refused."""
    written, story = told
    look, now = History(written.place), story.records[-1].at
    head, seq = written.ledger.head()
    assert head is not None
    assert replay.moment(look, f"@{story.records[40].at}", now).seq == 41
    assert replay.moment(look, "seq:7", now)[:2] == (7, story.records[6].at)
    assert replay.moment(look, head[:10], now).seq == seq < story.town.seq
    assert replay.moment(look, "tomorrow", now).said.endswith(f"(seq {story.town.seq}, the latest)")
    main = rigs.git(written.place.root, "rev-parse", "main")
    for text, kind in (("seq:0", Refused), ("seq:99999", Refused), ("1971-01-01", Refused), ("soon", Usage),
                       (main, Refused), ("0123abcd", Refused)):  # fmt: skip
        with pytest.raises(kind) as caught:
            replay.moment(look, text, now)
        assert caught.value.hint
    with pytest.raises(Refused, match="was not there") as caught:
        replay.moment(look, "1971-01-01", now)
    assert "It began at" in caught.value.hint
    look.close()


def test_the_past_reads_what_the_ledger_wrote(told: tuple[Written, Story]) -> None:
    """Every commit with its number; the line between two of them; files of an earlier one."""
    written, _ = told
    past, messages = Past(written.place.root), list(Ledger(written.place.root).messages())
    assert past.line(past.tip(), lambda _: False) == (None, [oid for oid, _, _ in messages])
    known = messages[4][0]
    assert past.line(past.tip(), known.__eq__) == (known, [oid for oid, _, _ in messages[5:]])
    for oid, seq, text in messages:
        commit = past.commit(oid)
        assert commit.seq == seq and commit.text.decode().startswith(text)
    assert "town.json" in past.read(past.commit(known).tree)


def test_what_a_bead_waits_for_is_read_as_it_was(tmp_path: Path) -> None:
    """Also when that changed after the nearest commit."""
    written, story = Written(tmp_path), Story()
    for id in ("td-0", "td-1"):
        story.create(id)
    _write(written, story)
    written.commit(story.town)
    story.tell(e.BeadChanged("td-0", {"dependencies": [{"issue_id": "td-0", "depends_on_id": "td-1"}]}))
    _write(written, story)
    look = History(written.place)
    before, after = (replay.bead_at(look, "td-0", story.town.seq - back) for back in (1, 0))
    assert before.column(before.beads["td-0"]) == "ready" and after.column(after.beads["td-0"]) == "backlog"
    assert after.blockers(after.beads["td-0"]) == ["td-1"]
    written.close()


def test_what_stops_a_bead_through_others_is_seen_in_the_past(tmp_path: Path) -> None:
    """A grandparent that waits, and a sibling's spawner whose children are not done: neither is named by the bead."""
    written, story = Written(tmp_path), Story()
    edges = {
        "td-child": ("td-parent", "parent-child"), "td-parent": ("td-grand", "parent-child"),
        "td-grand": ("td-other", "blocks"), "td-waits": ("td-spawner", "waits-for"),
        "td-spawned": ("td-spawner", "parent-child"),
    }  # fmt: skip
    for id in ("td-other", "td-spawner", *reversed(edges)):
        story.create(id)
    story.tell(e.BeadMoved("td-spawner", "close"))
    _write(written, story)
    written.commit(story.town)
    for id, (target, kind) in edges.items():
        edge = {"issue_id": id, "depends_on_id": target, "type": kind}
        story.tell(e.BeadChanged(id, {"dependencies": [edge]}))
        _write(written, story)
    behind, ahead = story.town.seq, History(written.place)
    written.commit(story.town)
    for look in (ahead, History(written.place)):
        for id in ("td-child", "td-waits"):
            found = replay.bead_at(look, id, behind)
            assert found.column(found.beads[id]) == "backlog" == story.town.column(story.town.beads[id])
            assert found.blockers(found.beads[id]) == story.town.blockers(story.town.beads[id])
        look.close()
    written.close()


def test_a_ledger_that_does_not_fit_together_says_so(tmp_path: Path) -> None:
    """A commit without the files its events speak of: named, and no other moment is harmed."""
    written, story = Written(tmp_path), Story()
    story.create("td-0")
    _write(written, story)
    written.ledger.commit({"town.json": scalars(story.town)}, story.town.seq, message(story.records), 1.0)
    story.sling("td-0")
    _write(written, story)
    look = History(written.place)
    with pytest.raises(Damaged, match="does not lead from"):
        replay.town_at(look, story.town.seq)
    with pytest.raises(Damaged, match="does not lead from"):
        replay.bead_at(look, "td-0", story.town.seq)
    assert replay.town_at(look, 1).rig == "todo-app" and len(look.of("td-0")) == 2
    written.close()


def test_a_line_of_the_ledger_ends_where_git_ends_it(tmp_path: Path) -> None:
    """What people say may hold any sort of line break, and lines that look like the ledger's own."""
    written, story = Written(tmp_path), Story()
    for text in ("a\u2028b\u0085c\x1cd", 'x\n{"seq":9}\nSeq: 99', "\0"):
        story.tell(e.Said("overseer", text))
    _write(written, story)
    written.commit(story.town)
    assert list(reading.records(written.place)) == story.records == list(History(written.place).records())
    written.close()
