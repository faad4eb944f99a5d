"""Kills, refusing disks, jumping clocks, moved branches, a few of each: `tests.benchmarks.ledger_faults` has many."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import ledger_faults as faults


def test_a_loaded_engine_that_is_killed_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    outcome = faults.killed(tmp_path, 6, seed=3, longest=0.8)
    assert outcome.good, outcome
    assert " 0 answered" not in f" {outcome.counted}", "engines were at work when they were killed"


def test_a_cut_journal_has_every_whole_record_and_goes_on(tmp_path: Path) -> None:
    assert (outcome := faults.cut(tmp_path, 29)).good and outcome.runs > 50, outcome


def test_every_write_and_sync_may_fail(tmp_path: Path) -> None:
    outcome = faults.refused_at_every_call(tmp_path, 2)
    assert outcome.good and outcome.runs > 20, outcome


def test_jumps_of_the_clock_change_nothing(tmp_path: Path) -> None:
    assert (outcome := faults.clock(tmp_path, 40, seed=5)).good, outcome


def test_the_branch_may_be_moved_or_deleted_underneath(tmp_path: Path) -> None:
    assert (outcome := faults.moved(tmp_path, 3)).good, outcome
    assert "refs/heads/gt-ledger is gone; it was left at" in outcome.seen


@pytest.mark.host
def test_a_full_and_a_read_only_disk(tmp_path: Path) -> None:
    for outcome in (faults.full_disk(tmp_path / "full"), faults.read_only(tmp_path / "ro")):
        assert outcome.good and outcome.runs == 1, outcome
