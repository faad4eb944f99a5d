"""Our git calls: an environment of their own, failures that say what git said, and no process left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from gastown_tui.rig import git as ours
from gastown_tui.rig.errors import GitFailed
from gastown_tui.rig.spawning import spawn
from tests.rig.conftest import Git
from tests.support.waiting import PATIENCE, until, until_async


def test_no_git_variable_of_the_process_reaches_git(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "somebody else")
    assert ours.run(["config", "user.name"], git.path).line == "Pat Person"


def test_failure_says_the_command_and_what_git_said(git: Git) -> None:
    with pytest.raises(GitFailed) as caught:
        ours.run(["rev-parse", "--verify", "nothing-there"], git.path)
    assert "rev-parse --verify nothing-there" in caught.value.title
    assert "Needed a single revision" in caught.value.hint


def test_bytes_that_are_no_text_survive(git: Git) -> None:
    blob = ours.run(["hash-object", "-w", "--stdin"], git.path, input=b"\xff\xfe\0x\n").line
    told = ours.run(["cat-file", "blob", blob], git.path)
    assert told.out == b"\xff\xfe\0x\n"
    assert told.text.encode("utf-8", "surrogateescape") == told.out


def test_a_command_that_takes_too_long_is_ended_with_its_children(git: Git, tmp_path: Path) -> None:
    alias = f"!echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 600"
    for seconds in (2, 10, 60):
        with pytest.raises(GitFailed, match="124"):
            ours.run(["-c", f"alias.wait={alias}", "wait"], git.path, timeout=seconds)
        if (tmp_path / "pid").exists():  # on a slow machine it may be ended before it began
            break
    until(lambda: _gone(int((tmp_path / "pid").read_text())), "the command to be gone")


def test_cancelling_ends_the_whole_process_group(git: Git, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    alias = f"!sleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; wait"

    async def cancelled() -> bool:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            task = group.create_task(ours.arun(["-c", f"alias.wait={alias}", "wait"], git.path), name="waits")
            await until_async(pid.exists, "the child to write its pid")
            task.cancel()
        return task.cancelled()

    assert asyncio.run(cancelled())
    until(lambda: _gone(int(pid.read_text())), "the grandchild to be gone")


def test_cancelling_leaves_no_lock_in_anybodys_way(git: Git) -> None:
    """Killed at once, git would leave the branch locked, and whoever comes next would be refused for good."""
    hook = git.path / ".git/hooks/reference-transaction"
    hook.write_text('#!/bin/sh\n[ "$1" != prepared ] || sleep 600\n')
    hook.chmod(0o755)
    lock = git.path / ".git/refs/heads/new.lock"

    async def cancelled() -> None:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            task = group.create_task(ours.arun(["branch", "new"], git.path), name="waits")
            await until_async(lock.exists, "the branch to be locked")
            task.cancel()

    asyncio.run(cancelled())
    assert not lock.exists()
    hook.unlink()
    ours.run(["branch", "new"], git.path)


@pytest.mark.parametrize("turns", range(8))
def test_cancelling_while_it_is_being_started_hangs_nobody_and_leaves_nothing(tmp_path: Path, turns: int) -> None:
    """After so many turns of the loop: the program runs, and its pipes are joined one by one."""
    script = f": {tmp_path}; sleep 600 & wait"

    def left() -> list[psutil.Process]:
        found = psutil.process_iter(["cmdline"])
        return [process for process in found if str(tmp_path) in " ".join(process.info["cmdline"] or ())]

    async def cancelled() -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_waiting(script), name="waits")
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()

    async def story() -> None:
        async with asyncio.timeout(PATIENCE):
            await cancelled()

    asyncio.run(story())
    until(lambda: not left(), "nothing to be left")


async def _waiting(script: str) -> None:
    process = await spawn("/bin/sh", "-c", script, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        await process.communicate()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


def test_asynchronous_failure_is_the_same(git: Git) -> None:
    with pytest.raises(GitFailed, match="no-such-command"):
        asyncio.run(ours.arun(["no-such-command"], git.path))
    assert asyncio.run(ours.arun(["rev-parse", "--verify", "x"], git.path, check=False)).code == 128


def test_a_missing_git_says_so(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitFailed, match="installed"):
        ours.run(["version"], git.path)


def test_a_folder_that_went_away_is_not_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="away is gone"):
        ours.run(["version"], tmp_path / "away")
    with pytest.raises(GitFailed, match="away is gone"):
        asyncio.run(ours.arun(["version"], tmp_path / "away"))


def _gone(pid: int) -> bool:
    """Whether a process has ended; a zombie nobody reaps yet has."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
