"""The journal's last lines, read from its end, are those a reader of every line would give."""

from __future__ import annotations

from pathlib import Path

import pytest

from gastown_tui.rig import tail as tails
from gastown_tui.rig.errors import Damaged
from gastown_tui.rig.journal import Journal
from gastown_tui.rig.tail import tail
from gastown_tui.world import DiskFiles

FILES = DiskFiles()


def _journal(folder: Path, count: int, segment: int) -> list[tuple[int, bytes]]:
    made = [(number, b'{"n":%d,"x":"%s"}' % (number, b"x" * (number * 7 % 50))) for number in range(1, count + 1)]
    journal = Journal(folder, FILES, segment_bytes=segment)
    for line in made:
        journal.append([line])
    journal.close()
    return made


@pytest.mark.parametrize("segment", [1, 200, 1_000_000])
@pytest.mark.parametrize("block", [7, 64, 65536])
def test_from_any_number(tmp_path: Path, segment: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the segments and the blocks it is read in, and with half a line at its end."""
    monkeypatch.setattr(tails, "_BLOCK", block)
    made = _journal(tmp_path / "j", 20, segment)
    last = max((tmp_path / "j").glob("*.jsonl"), key=lambda path: int(path.stem))
    for torn in (b"", b"0", b'00000000 21 {"n":21', b"\x00\x00"):
        whole = last.read_bytes()
        last.write_bytes(whole + torn)
        for after in range(22):
            assert tail(tmp_path / "j", after, FILES) == [line for line in made if line[0] > after]
        last.write_bytes(whole)


def test_what_is_damaged_or_missing_is_said(tmp_path: Path) -> None:
    """A bad line with good ones behind it, and numbers that are not there."""
    assert tail(tmp_path / "none", 0, FILES) == []
    made = _journal(tmp_path / "j", 9, 1_000_000)
    path = tmp_path / "j" / "1.jsonl"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:4], b"x" + lines[4][1:], *lines[5:]]))
    assert tail(tmp_path / "j", 6, FILES) == made[6:]
    with pytest.raises(Damaged):
        tail(tmp_path / "j", 2, FILES)
    journal = Journal(tmp_path / "gap", FILES)
    journal.append([(5, b"{}")])
    journal.close()
    with pytest.raises(Damaged):
        tail(tmp_path / "gap", 2, FILES)
