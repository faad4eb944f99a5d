"""A spool keeps a terminal's bytes, gives its end from a good place on, and never stops a session."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gastown_tui.agents import spool
from gastown_tui.agents.spool import Spool


def test_bytes_and_index_are_private_and_appended(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "s.raw"
    first = Spool(path)
    first.write(b"one\n", 100.0)
    first.write(b"two\n", 100.5)
    first.write(b"three\n", 101.5)
    first.close()
    again = Spool(path)
    again.write(b"four\n", 200.0)
    again.close()
    assert path.read_bytes() == b"one\ntwo\nthree\nfour\n"
    rows = [json.loads(line) for line in path.with_suffix(".idx").read_text().splitlines()]
    assert rows == [[0, 100.0], [8, 101.5], [14, 200.0]]
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("data", "last", "want"),
    [
        (b"short", 100, b"short"),
        (b"exact", 5, b"exact"),
        (b"aaaa\nbbbb\ncc", 6, b"cc"),
        (b"aaaa\nbb\x1b[?2026hcc\ndd", 15, b"\x1b[?2026hcc\ndd"),
        (b"aaaaaaaa", 4, b"aaaa"),
    ],
)
def test_tail_starts_at_a_frame_or_a_line(tmp_path: Path, data: bytes, last: int, want: bytes) -> None:
    path = tmp_path / "s.raw"
    path.write_bytes(data)
    assert spool.tail(path, last) == want
    assert spool.from_boundary(data, last) == want


def test_no_file_has_no_tail(tmp_path: Path) -> None:
    assert spool.tail(tmp_path / "none.raw") == b""


def test_a_full_disk_is_remembered_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.raw"
    one = Spool(path)
    one.write(b"kept\n", 1.0)
    real, full = os.write, True

    def write(fd: int, data: bytes) -> int:
        if full:
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    one.write(b"refused\n", 2.0)
    one.write(b"waits\n", 2.5)
    assert one.failed == "No space left on device: s.raw"
    assert path.read_bytes() == b"kept\n"
    assert one.tail() == b"kept\nrefused\nwaits\n"
    full = False
    one.write(b"again\n", 4.0)
    one.close()
    assert path.read_bytes() == b"kept\nrefused\nwaits\nagain\n"


def test_what_waits_for_the_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    one = Spool(tmp_path / "s.raw")
    monkeypatch.setattr(os, "write", refuse)
    for at in range(10):
        one.write(b"x" * 100_000, float(at))
    assert len(one.tail()) == spool.KEPT


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = Spool(tmp_path / "file" / "s.raw")
    one.write(b"seen all the same\n", 1.0)
    assert one.failed
    assert one.tail() == b"seen all the same\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    goal = tmp_path / "precious"
    goal.write_text("mine")
    (tmp_path / "s.raw").symlink_to(goal)
    one = Spool(tmp_path / "s.raw")
    one.write(b"not there\n", 1.0)
    assert goal.read_text() == "mine"
    assert one.failed
