"""One tick reads every terminal fairly, and every end is told exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.agents import reader as reader_module
from gastown_tui.agents.reader import Reader
from gastown_tui.agents.session import Session
from tests.agents.terminals import CLOCK, python, reading, shell
from tests.support.waiting import until_async


def test_ten_terminals_are_read_whole(tmp_path: Path) -> None:
    script = "import sys\nfor n in range(2000): print('line %d of a terminal that talks' % n)\nprint('LAST')"

    async def whole() -> None:
        async with reading() as (reader, ended):
            sessions = [Session.start(python(tmp_path, script, f"p{n}"), CLOCK) for n in range(10)]
            for session in sessions:
                reader.add(session)
            await until_async(lambda: len(ended) == 10, "all ten ended")
            assert set(ended) == set(sessions)
            for session in sessions:
                data = session.launch.spool.read_bytes()
                assert data.count(b"\n") == 2001
                assert data.endswith(b"LAST\r\n")
                assert session.exit_code == 0
                await session.end()

    asyncio.run(whole())


def test_a_loud_terminal_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, _):
            loud = Session.start(python(tmp_path, "while True: print('y' * 1000)", "loud"), CLOCK)
            quiet = Session.start(shell(tmp_path, "read _; echo answered; read _", "quiet"), CLOCK)
            reader.add(loud)
            reader.add(quiet)
            await until_async(lambda: loud.spool.path.stat().st_size > 200_000, "it is loud")
            quiet.write(b"x\r")
            await until_async(lambda: "answered" in quiet.tail_text(5), "the quiet one is heard")
            took = loud.read(4096)
            assert took <= 4096
            await loud.end(0.5)
            await quiet.end(0.5)

    asyncio.run(whole())


@pytest.mark.parametrize("handles", [True, False], ids=["handle", "polling"])
def test_a_death_is_told_once_with_its_last_words(
    tmp_path: Path, handles: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not handles:
        monkeypatch.delattr(os, "pidfd_open", raising=False)

    async def whole() -> None:
        async with reading() as (reader, ended):
            session = Session.start(shell(tmp_path, "echo last words; kill -9 $$"), CLOCK)
            reader.add(session)
            await until_async(lambda: ended, "the death is told")
            assert session.exit_code == -signal.SIGKILL
            assert "last words" in session.tail_text(3)
            await session.end()
            reader.remove(session)
            for _ in range(3):
                reader.tick()
            assert ended == [session]

    asyncio.run(whole())


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs process handles")
def test_a_death_is_seen_without_any_tick(tmp_path: Path) -> None:
    async def whole() -> None:
        ended: list[Session] = []
        reader = Reader(CLOCK, ended.append)
        session = Session.start(shell(tmp_path, "read _"), CLOCK)
        reader.add(session)
        os.kill(session.pid, signal.SIGKILL)
        await until_async(lambda: ended, "the handle tells")
        await session.end()

    asyncio.run(whole())


def test_an_end_by_us_is_told_too_and_a_removed_one_is_not(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, ended):
            one, two = (Session.start(shell(tmp_path, "read _", n), CLOCK) for n in ("one", "two"))
            reader.add(one)
            reader.add(two)
            reader.remove(two)
            await one.end()
            await two.end()
            await until_async(lambda: ended == [one], "only the first is told")
            reader.tick()
            assert ended == [one]

    asyncio.run(whole())


def test_a_child_that_outlives_the_program_and_prints_for_ever_is_no_trap(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, ended):
            session = Session.start(shell(tmp_path, "trap '' HUP; yes & exit 4"), CLOCK)
            reader.add(session)
            await until_async(lambda: ended, "the end of the program is told all the same")
            assert session.exit_code == 4
            await session.end(0.5)
            assert not any(processes.is_alive(*pair) for pair in session.pairs())

    asyncio.run(whole())


def test_a_program_that_lets_go_of_its_terminal_is_not_ended(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, ended):
            script = "trap '' HUP; exec </dev/null >/dev/null 2>&1; until test -e go; do sleep 0.02; done; exit 6"
            session = Session.start(shell(tmp_path, script), CLOCK)
            reader.add(session)
            reader.focus(session)
            await until_async(lambda: session.eof or ended, "the terminal is let go")
            assert session.alive
            (tmp_path / "go").touch()
            await until_async(lambda: ended, "and later it ends")
            assert session.exit_code == 6
            await session.end()

    asyncio.run(whole())


def test_the_focused_one_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "TICK", 3600.0)

    async def whole() -> None:
        async with reading() as (reader, _):
            focused = Session.start(shell(tmp_path, "while read x; do echo got $x; done", "a"), CLOCK)
            other = Session.start(shell(tmp_path, "while read x; do echo got $x; done", "b"), CLOCK)
            reader.add(focused)
            reader.add(other)
            reader.focus(other)
            reader.focus(focused)
            focused.write(b"one\r")
            other.write(b"one\r")
            await until_async(lambda: "got one" in focused.tail_text(5), "the focused one is heard without a tick")
            assert "got one" not in other.tail_text(5)
            reader.focus(None)
            await focused.end(0.5)
            # Its descriptor's number is free again: a new session gets it, and can be focused.
            third = Session.start(shell(tmp_path, "while read x; do echo got $x; done", "c"), CLOCK)
            reader.add(third)
            reader.focus(third)
            third.write(b"two\r")
            await until_async(lambda: "got two" in third.tail_text(5), "the third is heard")
            await third.end(0.5)
            await other.end(0.5)

    asyncio.run(whole())


def test_a_focused_one_may_be_ended(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, ended):
            for name in ("a", "b"):
                session = Session.start(shell(tmp_path, "read _", name), CLOCK)
                reader.add(session)
                reader.focus(session)
                await session.end(0.5)
            await until_async(lambda: len(ended) == 2, "both told")

    asyncio.run(whole())


def test_a_tick_over_idle_terminals_is_cheap(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, _):
            sessions = [Session.start(shell(tmp_path, "read _", f"p{n}"), CLOCK) for n in range(3)]
            for session in sessions:
                reader.add(session)
            began = time.process_time()
            for _ in range(100):
                reader.tick()
            # Not a benchmark: a tick that scanned /proc or started a process each time would be far above.
            assert time.process_time() - began < 2.0
            for session in sessions:
                await session.end(0.5)

    asyncio.run(whole())
