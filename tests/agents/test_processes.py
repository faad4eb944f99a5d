"""Processes are known by pid and start, and whole trees are found, frozen and ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.agents.processes import Pair
from tests.agents.terminals import CLOCK
from tests.support.waiting import until

_ENV = {"PATH": os.environ["PATH"], "GT_TEST_MARK": "one/two"}


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes of a test: ended and reaped whatever happens."""
    children: list[subprocess.Popen[bytes]] = []
    yield children
    for child in children:
        for pair in reversed(processes.tree(child.pid)):
            processes.send(pair, signal.SIGKILL)
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _start(started: list[subprocess.Popen[bytes]], *argv: str, **env: str) -> Pair:
    child = subprocess.Popen(argv, env={**_ENV, **env}, stdout=subprocess.PIPE, start_new_session=True)
    started.append(child)
    return child.pid, processes.start_ticks(child.pid)


def _line(child: subprocess.Popen[bytes]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().decode().strip()


def test_alive_needs_the_same_start(started: list[subprocess.Popen[bytes]]) -> None:
    pid, ticks = _start(started, "sleep", "60")
    assert ticks > 0
    assert processes.is_alive(pid, ticks)
    assert not processes.is_alive(pid, ticks + 1)
    assert not processes.is_alive(0, 0)
    assert not processes.send((pid, ticks + 1), signal.SIGKILL)
    assert processes.is_alive(pid, ticks)


def test_a_zombie_is_dead_and_reaped_only_by_its_pair(started: list[subprocess.Popen[bytes]]) -> None:
    pid, ticks = _start(started, "true")
    until(lambda: not processes.is_alive(pid, ticks), "the zombie counts as dead")
    assert processes.start_ticks(pid) == ticks, "nobody has reaped it yet"
    processes.reap([(pid, ticks + 1)])
    assert processes.start_ticks(pid) == ticks
    processes.reap([(pid, ticks)])
    assert processes.start_ticks(pid) == 0


def test_names_with_brackets_and_blanks_do_not_shift_the_fields(
    started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    pid, ticks = _start(started, str(program), "60")
    assert processes.is_alive(pid, ticks)
    assert processes.tree(pid, ticks) == [(pid, ticks)]


def test_tree_has_descendants_and_is_empty_for_another_start(started: list[subprocess.Popen[bytes]]) -> None:
    pid, ticks = _start(started, "/bin/sh", "-c", "sleep 60 & (sleep 61 & wait) & echo up; wait")
    assert _line(started[0]) == "up"
    until(lambda: len(processes.tree(pid, ticks)) == 4, "shell, subshell and two sleeps")
    assert processes.tree(pid)[0] == (pid, ticks)
    assert processes.tree(pid, ticks + 1) == []


def test_tree_finds_who_lost_the_parent_but_kept_the_session(started: list[subprocess.Popen[bytes]]) -> None:
    pid, ticks = _start(started, "/bin/sh", "-c", "(sleep 60 & echo $!)")
    orphan = int(_line(started[0]))
    until(lambda: not processes.is_alive(pid, ticks), "the shell ended")
    pair = (orphan, processes.start_ticks(orphan))
    assert pair in processes.tree(pid, ticks)
    assert asyncio.run(processes.end([pair], CLOCK, grace=90.0)) == []


def test_environment_finds_who_left_the_session(started: list[subprocess.Popen[bytes]]) -> None:
    pid, ticks = _start(started, "sleep", "60")
    until(lambda: (pid, ticks) in processes.with_environment("GT_TEST_MARK", "one/"), "its environment to be seen")
    assert processes.with_environment("GT_TEST_MARK", "two") == []
    assert processes.with_environment("TEST_MARK", "one") == [], "a key is not found by its end"


def test_end_is_kind_first(started: list[subprocess.Popen[bytes]]) -> None:
    script = "trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done"
    pair = _start(started, "/bin/sh", "-c", script)
    assert _line(started[0]) == "up"
    assert asyncio.run(processes.end([pair], CLOCK, grace=90.0)) == []
    assert started[0].wait() == 7


def test_end_kills_who_does_not_listen_and_who_is_frozen(started: list[subprocess.Popen[bytes]]) -> None:
    deaf = _start(started, "/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.02; done")
    frozen = _start(started, "sleep", "60")
    assert _line(started[0]) == "up"
    processes.freeze([frozen])
    until(lambda: _state(frozen[0]) == "T", "it stands still")
    assert asyncio.run(processes.end([deaf, frozen], CLOCK, grace=0.2)) == []
    assert started[0].wait() == -signal.SIGKILL
    assert started[1].wait() == -signal.SIGTERM, "a frozen one is thawed to hear the SIGTERM"


def test_freeze_and_thaw(started: list[subprocess.Popen[bytes]]) -> None:
    pair = _start(started, "sleep", "60")
    processes.freeze([pair])
    until(lambda: _state(pair[0]) == "T", "frozen")
    assert processes.is_alive(*pair)
    processes.thaw([pair])
    until(lambda: _state(pair[0]) == "S", "thawed")


_SWEEP = """
import os, subprocess, sys, time
from gastown_tui.agents import processes
assert processes.become_subreaper()
def zombies():
    own = os.getpid()
    return [row for row in processes._all().values() if row.parent == own and row.state == "Z"]
def until(n):
    end = time.monotonic() + 90
    while len(zombies()) != n:
        assert time.monotonic() < end, zombies()
        time.sleep(0.01)
mine = subprocess.Popen(["true"], start_new_session=True)
until(1)
parent = subprocess.run(["sh", "-c", "(sh -c 'sleep 0.05; exit 0') >/dev/null & :"], start_new_session=True)
until(2)
orphans = processes.Orphans()
assert orphans.sweep(100.0) == 1, "the orphan, whose session is neither ours nor its own"
assert [row.pid for row in zombies()] == [mine.pid]
assert orphans.sweep(105.0) == 0
assert mine.wait() == 0, "what is waited for was left alone"
left = subprocess.Popen(["true"], start_new_session=True)
until(1)
assert orphans.sweep(200.0) == 0
assert orphans.sweep(211.0) == 1, "left lying for ten seconds: nobody waits for it"
left.returncode = 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a chosen process")
def test_orphans_are_reaped_and_children_somebody_waits_for_are_not() -> None:
    env = {"PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", _SWEEP], env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def _state(pid: int) -> str:
    row = processes._look(pid)
    return row.state if row else ""
