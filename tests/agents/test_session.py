"""A session is a real PTY: bytes both ways, pastes that cannot escape, and an end of the whole tree."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import pytest

from gastown_tui.agents import processes
from gastown_tui.agents.session import Launch, Session
from gastown_tui.model.errors import GasTownError, Refused
from tests.agents.terminals import CLOCK, launch, python, reading, shell
from tests.support.waiting import until, until_async

RAW = """
import os, sys, termios, tty
tty.setraw(0, termios.TCSANOW)
def take(n=None):
    data = b""
    while not data.endswith(b"!END") and (n is None or len(data) < n):
        data += os.read(0, 65536)
    return data
def say(text):
    os.write(1, text.encode() + b"\\r\\n")
say("ready")
"""


def _text(session: Session) -> str:
    session.flush()
    session.read()
    return session.tail_text(50)


def _see(session: Session, text: str) -> None:
    until(lambda: text in _text(session), f"the screen shows {text!r}")


def _end(session: Session, grace: float = 2.0) -> None:
    asyncio.run(session.end(grace))


def test_output_reaches_spool_listeners_and_screen(tmp_path: Path) -> None:
    session = Session.start(shell(tmp_path, "printf '\\033[31mred\\033[0m\\nplain\\n'; read _"), CLOCK)
    heard: list[bytes] = []
    stop = session.listen(heard.append)
    before = session.last_output
    _see(session, "plain")
    assert session.tail_text(2) == "red\nplain"
    assert session.tail_text(1) == "plain"
    assert b"".join(heard) == session.launch.spool.read_bytes()
    assert session.last_output >= before
    assert (session.alive, session.exit_code) == (True, None)
    stop()
    stop()
    session.write(b"go\r")
    until(lambda: session.read() or not session.alive, "the echo, or the end")
    assert b"go" not in b"".join(heard)
    _end(session)


def test_exit_code_and_signal(tmp_path: Path) -> None:
    session = Session.start(shell(tmp_path, "exit 3"), CLOCK)
    until(lambda: not session.alive, "it ends")
    assert session.exit_code == 3
    _end(session)
    session = Session.start(shell(tmp_path, "kill -9 $$"), CLOCK)
    until(lambda: not session.alive, "it ends")
    assert session.exit_code == -signal.SIGKILL
    _end(session)


def test_it_gets_exactly_its_environment_folder_and_size(tmp_path: Path) -> None:
    one = launch(tmp_path, "/bin/sh", "-c", "env | sort | tr '\\n' ' '; pwd; stty size; read _", ONLY="this")
    session = Session.start(Launch(**{**vars(one), "rows": 17, "columns": 200}), CLOCK)
    _see(session, "17 200")
    text = _text(session).replace("\n", "")
    assert "ONLY=this" in text
    assert f"GT_SESSION={one.spool}" in text
    assert "HOME=" not in text
    assert str(tmp_path) in text
    _end(session)


def test_resize_is_heard(tmp_path: Path) -> None:
    session = Session.start(shell(tmp_path, "trap 'stty size' WINCH; echo up; while :; do sleep 0.02; done"), CLOCK)
    _see(session, "up")
    session.resize(33, 99)
    _see(session, "33 99")
    _end(session)


def test_what_is_missing_is_said_and_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(GasTownError, match="not found or was not executable") as caught:
        Session.start(launch(tmp_path, "no-such-agent"), CLOCK)
    assert "gt doctor" in caught.value.hint
    with pytest.raises(GasTownError, match=r"No such file or directory.*gone"):
        Session.start(shell(tmp_path / "gone", "true"), CLOCK)
    text = tmp_path / "text"
    text.write_text("\x00\x01 no program")
    text.chmod(0o755)
    with pytest.raises(GasTownError, match="was not started"):
        Session.start(launch(tmp_path, str(text)), CLOCK)


@pytest.mark.parametrize("bad", [{"A": "a\0b"}, {"A=B": "c"}, {"": "c"}, {"A": "\ud800"}])
def test_what_exec_would_choke_on_is_refused_before_the_fork(tmp_path: Path, bad: dict[str, str]) -> None:
    me = os.getpid()
    with pytest.raises(GasTownError, match="was not started"):
        Session.start(launch(tmp_path, "/bin/sh", "-c", "true", **bad), CLOCK)
    with pytest.raises(GasTownError, match="was not started"):
        Session.start(launch(tmp_path, "/bin/sh", "-c", "a\0b"), CLOCK)
    assert os.getpid() == me, "no copy of this process runs on"


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux shows a process's signal masks")
def test_signals_we_ignore_or_hold_back_reach_the_program(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        session = Session.start(shell(tmp_path, "grep -E 'Sig(Ign|Blk)' /proc/self/status; read _"), CLOCK)
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    until(lambda: _text(session).split().count("0" * 16) == 2, "nothing is ignored and nothing blocked")
    _end(session)


def test_an_impossible_size_is_made_possible(tmp_path: Path) -> None:
    one = shell(tmp_path, "stty size; read _; stty size; read _")
    session = Session.start(Launch(**{**vars(one), "rows": 0, "columns": 100_000}), CLOCK)
    until(lambda: session.read() and b"1 9999" in session.spool.tail(), "a screen of one row")
    session.resize(-3, 70_000)
    session.resize(20, 80)
    session.write(b"\r")
    _see(session, "20 80")
    _end(session)


def test_a_prefix_goes_before_the_command(tmp_path: Path) -> None:
    one = shell(tmp_path, "echo $FROM_PREFIX; read _")
    session = Session.start(Launch(**{**vars(one), "prefix": ("/usr/bin/env", "FROM_PREFIX=contained")}), CLOCK)
    _see(session, "contained")
    _end(session)


def test_a_paste_of_100_kilobytes_arrives_whole(tmp_path: Path) -> None:
    script = RAW + "d = take()\nimport hashlib\nsay(str(len(d)) + ' ' + hashlib.sha256(d).hexdigest()[:16])\ntake()"
    session = Session.start(python(tmp_path, script), CLOCK)
    _see(session, "ready")
    text = "".join(f"line {n} of the prompt, äöü 日本\n" for n in range(2700))
    assert len(text.encode()) > 100_000
    want = b"\x1b[200~" + text.encode() + b"\x1b[201~\r!END"
    session.paste(text)
    session.write(b"!END")
    _see(session, f"{len(want)} {hashlib.sha256(want).hexdigest()[:16]}")
    _end(session)


def test_a_paste_cannot_leave_its_bracket(tmp_path: Path) -> None:
    session = Session.start(python(tmp_path, RAW + "d = take()\nsay(d.hex())\ntake()"), CLOCK)
    _see(session, "ready")
    session.paste("a\x1b[201~\rrm -rf\x03\x04\x9b1m\r\nb\tc\x7f\ud800")
    session.write(b"!END")
    want = b"\x1b[200~a[201~\nrm -rf1m\nb\tc?\x1b[201~\r!END".hex()
    until(lambda: want in _text(session).replace("\n", ""), "the cleaned paste")
    _end(session)


def test_a_program_that_does_not_read_blocks_nobody(tmp_path: Path) -> None:
    session = Session.start(python(tmp_path, RAW + "import time\ntime.sleep(600)"), CLOCK)
    _see(session, "ready")
    session.write(b"x" * 1_000_000)
    session.write(b"y" * 3_000_000)
    with pytest.raises(Refused, match="does not read"):
        session.write(b"z" * 500_000)
    assert session.unsent > 3_800_000
    _end(session)


def test_end_is_heard_by_the_program(tmp_path: Path) -> None:
    script = "trap 'echo bye; exit 143' TERM; echo up; while :; do sleep 0.02; done"
    session = Session.start(shell(tmp_path, script), CLOCK)
    _see(session, "up")
    _end(session, 90.0)
    assert session.exit_code == 143
    assert b"bye" in session.launch.spool.read_bytes()
    assert not session.alive
    assert session.read() == 0
    session.write(b"nobody hears this")
    session.resize(10, 10)


def test_a_program_that_prints_much_at_its_end_can_end(tmp_path: Path) -> None:
    script = """
import signal, sys, time
def bye(*_):
    print("x" * 300_000, "END", flush=True)
    sys.exit(5)
signal.signal(signal.SIGTERM, bye)
print("up", flush=True)
while True: time.sleep(0.05)
"""
    session = Session.start(python(tmp_path, script), CLOCK)
    _see(session, "up")
    _end(session, 90.0)
    assert session.exit_code == 5
    assert session.launch.spool.read_bytes().rstrip().endswith(b"END")


def test_end_takes_the_whole_tree_with_it(tmp_path: Path) -> None:
    script = (
        "trap '' TERM; sleep 601 & setsid sleep 602 & "
        "(setsid sh -c 'echo $$ > far; trap \"\" TERM; while :; do sleep 0.05; done' &) ; echo $! > near; echo up; "
        "while :; do sleep 0.05; done"
    )
    session = Session.start(shell(tmp_path, script), CLOCK)
    _see(session, "up")
    until(lambda: (tmp_path / "far").exists() and (tmp_path / "far").read_text().strip(), "the far one wrote its pid")
    far = int((tmp_path / "far").read_text())
    until(lambda: far in dict(session.pairs()), "the one that left by setsid is found")
    pairs = session.pairs()
    assert len(pairs) >= 4
    _end(session, 0.2)
    assert [pair for pair in pairs if processes.is_alive(*pair)] == []
    assert not any(processes.is_alive(*pair) for pair in session.pairs())
    assert session.exit_code == -signal.SIGKILL


def test_who_survives_the_program_is_ended_too(tmp_path: Path) -> None:
    script = "(setsid sh -c 'echo $$ > far; while :; do sleep 0.05; done' </dev/null >/dev/null 2>&1 &); sleep 0.05"
    session = Session.start(shell(tmp_path, script), CLOCK)
    until(lambda: not session.alive, "the program itself ends")
    until(lambda: (tmp_path / "far").exists() and (tmp_path / "far").read_text().strip(), "the far one wrote its pid")
    far = int((tmp_path / "far").read_text())
    pair = (far, processes.start_ticks(far))
    assert processes.is_alive(*pair)
    _end(session, 0.5)
    assert not processes.is_alive(*pair)
    assert session.exit_code == 0


def test_another_session_is_left_alone(tmp_path: Path) -> None:
    one = Session.start(shell(tmp_path, "sleep 600", name="one"), CLOCK)
    other = Session.start(shell(tmp_path, "sleep 600", name="other"), CLOCK)
    _end(one)
    assert other.alive
    assert processes.is_alive(other.pid, other.start_ticks)
    _end(other)


def test_frozen_trees_stand_still_and_go_on(tmp_path: Path) -> None:
    script = "(while :; do echo . >> ticks; sleep 0.01; done) & wait"
    session = Session.start(shell(tmp_path, script), CLOCK)
    ticks = tmp_path / "ticks"
    until(lambda: ticks.exists() and ticks.stat().st_size > 4, "it works")
    session.freeze()
    until(lambda: all(_state(pid) in "TZ" for pid, _ in session.pairs()), "everything stands still")
    size = ticks.stat().st_size
    assert [_state(pid) for pid, _ in session.pairs()].count("T") >= 2
    assert session.alive
    assert ticks.stat().st_size == size
    session.thaw()
    until(lambda: ticks.stat().st_size > size, "it goes on")
    session.freeze()
    _end(session, 90.0)
    assert session.exit_code == -signal.SIGTERM


def test_ending_twice_or_after_the_end_is_harmless(tmp_path: Path) -> None:
    session = Session.start(shell(tmp_path, "exit 0"), CLOCK)
    until(lambda: not session.alive, "it ends")
    _end(session)
    _end(session)
    session.close()
    assert session.exit_code == 0


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    def one() -> None:
        session = Session.start(shell(tmp_path, "echo x"), CLOCK)
        _see(session, "x")
        _end(session)

    one()
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        one()
    assert before == 0 or len(os.listdir("/proc/self/fd")) <= before


def test_all_this_works_while_a_reader_reads(tmp_path: Path) -> None:
    async def whole() -> None:
        async with reading() as (reader, ended):
            session = Session.start(python(tmp_path, RAW + "say('got ' + str(len(take())))\ntake()"), CLOCK)
            reader.add(session)
            await until_async(lambda: "ready" in session.tail_text(9), "it is ready")
            session.paste("y" * 60_000)
            session.write(b"!END")
            await until_async(lambda: "got 60017" in session.tail_text(9), "the paste was flushed by the tick")
            await session.end(2.0)
            await until_async(lambda: ended == [session], "its end was told")

    asyncio.run(whole())


def _state(pid: int) -> str:
    row = processes._look(pid)
    return row.state if row else ""
