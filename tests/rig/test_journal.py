"""What the journal acknowledged comes back after any cut, fault or kill; what it refused does not."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import CannotWrite, GasTownError
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.journal import Journal, decode, encode
from gastown_tui.rig.survey import survey
from gastown_tui.rig.tail import tail
from gastown_tui.world import DiskFiles
from tests.rig.faults import FaultyDisk

DISK = DiskFiles()


def _lines(first: int, count: int) -> list[tuple[int, bytes]]:
    return [(seq, b'{"n":%d,"text":"%s"}' % (seq, b"x" * (seq % 7))) for seq in range(first, first + count)]


def _filled(folder: Path, count: int = 30, segment_bytes: int = 10**6) -> Journal:
    journal = Journal(folder, DISK, segment_bytes=segment_bytes)
    for first in range(1, count + 1, 3):
        journal.append(_lines(first, 3))
    return journal


def test_what_was_appended_is_replayed(tmp_path: Path) -> None:
    _filled(tmp_path / "journal").close()
    journal = Journal(tmp_path / "journal", DISK)
    assert journal.last == 30 and journal.cut == 0
    assert list(journal.replay(0)) == _lines(1, 30)
    assert list(journal.replay(27)) == _lines(28, 3)
    assert list(journal.replay(30)) == [] == list(journal.replay(99))


def test_the_line_is_as_documented(tmp_path: Path) -> None:
    journal = Journal(tmp_path, DISK)
    journal.append([(1, b'{"a":1}')])
    assert (tmp_path / "1.jsonl").read_bytes() == b'%08x 1 {"a":1}\n' % zlib.crc32(b'1 {"a":1}')


def test_a_group_is_one_write_and_one_sync(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    journal.append(_lines(1, 1))
    disk.calls.clear()
    journal.append(_lines(2, 500))
    assert disk.calls == ["append", "sync"]
    journal.append([])
    assert disk.calls == ["append", "sync"]


def test_cut_at_every_byte_keeps_every_whole_line_and_goes_on(tmp_path: Path) -> None:
    whole = b"".join(encode(*line) for line in _lines(1, 12))
    for cut in range(len(whole) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "1.jsonl").write_bytes(whole[:cut])
        journal = Journal(folder, DISK)
        kept = whole[:cut].count(b"\n")
        assert list(journal.replay(0)) == _lines(1, kept)
        assert journal.last == kept
        assert journal.cut == cut - sum(len(encode(*line)) for line in _lines(1, kept))
        journal.append(_lines(kept + 1, 2))
        journal.close()
        assert list(Journal(folder, DISK).replay(0)) == _lines(1, kept + 2)


def test_a_group_cut_anywhere_is_whole_or_not_there_for_everybody_who_reads(tmp_path: Path) -> None:
    """An order is one group: half of it must not come to be, though its first lines check."""
    first = _filled(tmp_path / "first", 6)
    before = (tmp_path / "first" / "1.jsonl").read_bytes()
    first.append(_lines(7, 4))
    whole = (tmp_path / "first" / "1.jsonl").read_bytes()
    for cut in range(len(before), len(whole) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "1.jsonl").write_bytes(whole[:cut])
        kept = _lines(1, 10 if cut == len(whole) else 6)
        assert list(Journal(folder, DISK, readonly=True).replay(0)) == kept == list(survey(folder).after(0))
        assert tail(folder, 0, DISK) == kept and tail(folder, 5, DISK) == kept[5:]
        journal = Journal(folder, DISK)
        assert journal.last == len(kept) and list(journal.replay(0)) == kept
        journal.append(_lines(len(kept) + 1, 3))
        journal.close()
        assert list(Journal(folder, DISK).replay(0)) == _lines(1, len(kept) + 3)


def test_a_tail_of_zeros_or_rubbish_is_cut(tmp_path: Path) -> None:
    for rubbish in (b"\0" * 4096, b"deadbeef 31 {}\n", b"\n", b"x", b"\xff\n\xff\n"):
        folder = tmp_path / rubbish[:4].hex()
        _filled(folder).close()
        with (folder / "1.jsonl").open("ab") as file:
            file.write(rubbish)
        journal = Journal(folder, DISK)
        assert (journal.cut, journal.last) == (len(rubbish), 30)
        journal.append(_lines(31, 1))
        assert list(journal.replay(0)) == _lines(1, 31)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), segment=st.sampled_from([10**6, 200]))
def test_a_flipped_bit_is_never_passed_over(tmp_path: Path, place: int, bit: int, segment: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    _filled(folder, segment_bytes=segment).close()
    path = random.Random(place).choice(sorted(folder.iterdir()))
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    in_last_line = path == max(folder.iterdir(), key=lambda p: int(p.stem)) and place >= bytes(data)[:-1].rfind(b"\n")
    try:
        found = list(Journal(folder, DISK).replay(0))
    except Damaged:
        return
    # Only the last group may go, and for its last line: nothing tells that from one torn while it was written.
    assert in_last_line or place == len(data) - 1
    assert found == _lines(1, len(found)) and len(found) >= 27


def test_a_bad_line_in_the_middle_is_damage_and_nothing_is_cut(tmp_path: Path) -> None:
    _filled(tmp_path).close()
    path = tmp_path / "1.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    broken = b"".join([*lines[:10], b"0" * 8 + lines[10][8:], *lines[11:]])
    path.write_bytes(broken)
    with pytest.raises(Damaged, match="after number 10"):
        Journal(tmp_path, DISK)
    assert path.read_bytes() == broken


def test_missing_lines_are_damage(tmp_path: Path) -> None:
    _filled(tmp_path, segment_bytes=100).close()
    journal = Journal(tmp_path, DISK)
    first, path = journal.segments()[2]
    path.unlink()
    with pytest.raises(Damaged, match=f"where {first} should be"):
        list(journal.replay(0))
    later = Journal(tmp_path / "later", DISK)
    later.append(_lines(5, 2))
    with pytest.raises(Damaged, match="where 2 should be"):
        list(later.replay(1))
    assert list(later.replay(4)) == _lines(5, 2)


def test_segments_begin_where_they_are_named_and_are_trimmed_whole(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk, segment_bytes=150)
    for seq in range(1, 31):
        journal.append(_lines(seq, 1))
    firsts = [first for first, _ in journal.segments()]
    assert firsts[0] == 1 and len(firsts) > 4 and disk.calls.count("sync_folder") == len(firsts)
    for upto in range(31):
        journal.trim(upto)
        left = [first for first, _ in journal.segments()]
        kept = [first for first, following in zip(firsts, [*firsts[1:], 10**9], strict=True) if following > upto + 1]
        assert left == kept
        assert list(journal.replay(upto)) == _lines(upto + 1, 30 - upto)
    journal.append(_lines(31, 1))
    assert [seq for seq, _ in Journal(tmp_path, DISK).replay(30)] == [31]


def test_numbers_may_jump_but_never_go_back(tmp_path: Path) -> None:
    journal = _filled(tmp_path)
    for wrong in ([(30, b"{}")], [(32, b"{}"), (31, b"{}")], [(31, b"{}"), (33, b"{}")], [(31, b"{\n}")]):
        with pytest.raises(ValueError, match="journal"):
            journal.append(wrong)
    journal.append(_lines(40, 2))
    journal.close()
    journal = Journal(tmp_path, DISK)
    assert journal.last == 41 and [seq for seq, _ in journal.replay(39)] == [40, 41]


@pytest.mark.parametrize("segment", [10**6, 60])
def test_a_refusing_disk_acknowledges_nothing_and_the_next_group_is_whole(tmp_path: Path, segment: int) -> None:
    refused = 0
    for at in range(40):
        folder = tmp_path / str(at)
        disk = FaultyDisk(at)
        try:
            journal = Journal(folder, disk, segment_bytes=segment)
        except CannotWrite:
            refused += 1
            continue
        promised: list[tuple[int, bytes]] = []
        for first in range(1, 19, 2):
            while promised == _lines(1, first - 1):
                try:
                    journal.append(_lines(first, 2))
                    promised += _lines(first, 2)
                except CannotWrite as error:
                    refused += 1
                    assert "kept" in error.hint
                    assert list(Journal(folder, DISK, readonly=True).replay(0)) == promised
        journal.close()
        assert list(Journal(folder, DISK).replay(0)) == promised == _lines(1, 18)
    assert refused > 10


def test_a_second_reader_cuts_and_makes_nothing(tmp_path: Path) -> None:
    writer = _filled(tmp_path / "journal")
    path = tmp_path / "journal" / "1.jsonl"
    torn = path.read_bytes() + encode(31, b"{}")[:7]
    path.write_bytes(torn)
    reader = Journal(tmp_path / "journal", DISK, readonly=True)
    assert list(reader.replay(0)) == _lines(1, 30)
    assert path.read_bytes() == torn
    with pytest.raises(ValueError, match="read only"):
        reader.append(_lines(31, 1))
    assert list(Journal(tmp_path / "none", DISK, readonly=True).replay(0)) == []
    assert not (tmp_path / "none").exists()
    writer.close()


def test_a_segment_trimmed_under_a_reader_is_no_damage(tmp_path: Path) -> None:
    writer = _filled(tmp_path, segment_bytes=60)
    reader = Journal(tmp_path, DISK, readonly=True).replay(0)
    assert next(reader) == _lines(1, 1)[0]
    writer.trim(20)
    with pytest.raises(GasTownError, match="Try again") as caught:
        list(reader)
    assert not isinstance(caught.value, Damaged)


@given(seq=st.integers(0, 10**12), data=st.binary().filter(lambda data: b"\n" not in data), noise=st.binary())
def test_lines_decode_to_what_they_were(seq: int, data: bytes, noise: bytes) -> None:
    assert decode(encode(seq, data).removesuffix(b"\n")) == (seq, data)
    assert decode(noise) is None or encode(*(decode(noise) or (0, b""))) == noise + b"\n"


_WRITER = """
import sys
import tempfile
import zlib
from pathlib import Path
from gastown_tui.rig.journal import Journal
from gastown_tui.world import DiskFiles
journal = Journal(Path(sys.argv[1]), DiskFiles(), segment_bytes=5000)
while True:
    first = journal.last + 1
    journal.append([(seq, b'{"n":%d}' % seq) for seq in range(first, first + 1 + first % 5)])
    sys.stdout.write(f"{journal.last}\\n")
    sys.stdout.flush()
"""


def test_acknowledged_lines_survive_kill_9(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path / "journal")], stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"]}, cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(chance.randint(1, 60))]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
        process.wait()
        promised = max(int(line) for line in said if line.endswith("\n"))
        found = [seq for seq, _ in Journal(tmp_path / "journal", DISK, readonly=True).replay(0)]
        assert found == list(range(1, len(found) + 1)) and len(found) >= promised


def test_after_a_failed_sync_the_tail_is_written_anew_and_the_old_file_is_not_believed(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    for first in range(1, 3000, 10):
        journal.append([(seq, b'{"n":%d,"text":"%s"}' % (seq, b"x" * 60)) for seq in range(first, first + 10)])
    acknowledged = list(journal.replay(0))
    old = tmp_path / "1.jsonl"
    disk.fail_next("sync")
    with pytest.raises(CannotWrite, match="Input/output error"):
        journal.append([(3001, b'{"refused":1}')])
    # What a disk may do that lost the cutting, too: the refused line stands there again after a crash.
    refused = old.read_bytes() + encode(3001, b'{"refused":1}')
    journal.append(_lines(3001, 2))
    old.write_bytes(refused)
    begun, renewed = (first for first, _ in journal.segments())
    assert begun == 1 < renewed < 3000, "only the last blocks are written again"
    journal.close()
    for readonly in (True, False):
        again = Journal(tmp_path, DISK, readonly=readonly)
        assert list(again.replay(0)) == [*acknowledged, *_lines(3001, 2)]
        again.close()


def test_a_failed_sync_of_the_first_group_leaves_nothing(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal(tmp_path, disk)
    disk.fail_next("sync")
    with pytest.raises(CannotWrite):
        journal.append(_lines(1, 3))
    assert list(Journal(tmp_path, DISK, readonly=True).replay(0)) == []
    journal.probe()
    journal.append(_lines(1, 1))
    assert list(Journal(tmp_path, DISK, readonly=True).replay(0)) == _lines(1, 1)


def test_a_journal_whose_folder_was_taken_away_refuses_once_and_goes_on(tmp_path: Path) -> None:
    journal = _filled(tmp_path / "journal")
    shutil.rmtree(tmp_path / "journal")
    with pytest.raises(CannotWrite, match="removed from the folder"):
        journal.append(_lines(31, 1))
    journal.append(_lines(31, 1))
    assert list(Journal(tmp_path / "journal", DISK, readonly=True).replay(0)) == _lines(1, 31)
