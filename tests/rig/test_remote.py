"""Pushing to real repositories on disk: from a known commit or not at all, read back, and refusals word for word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.rig.remote import Locked, PushRefused, Remote, RemoteMoved, Unreachable, environment
from tests.rig.conftest import Git


@pytest.fixture
def far(git: Git, tmp_path: Path) -> Git:
    """A bare repository that `git` knows as origin, at main's first commit."""
    git("clone", "--quiet", "--bare", str(git.path), str(tmp_path / "far.git"))
    git("remote", "add", "origin", str(tmp_path / "far.git"))
    return Git(tmp_path / "far.git", git.env)


def hook(far: Git, name: str, text: str) -> None:
    """Give the far repository a hook."""
    path = far.path / "hooks" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_push_moves_the_branch_from_what_was_expected_and_again_is_harmless(git: Git, far: Git) -> None:
    first, second = git.tip("main"), git.commit("second", {"a": "1\n"})

    async def story() -> None:
        remote = Remote(git.path, "origin")
        assert await remote.tip("main") == first and await remote.tip("gone") == ""
        await remote.push(second, "main", first)
        await remote.push(second, "main", first)
        assert await remote.tip("main") == second == far.tip("refs/heads/main")
        await remote.push(second, "gt/rg-1", "")
        assert not await remote.delete("gt/rg-1", first), "somebody else's branch stays"
        assert await remote.delete("gt/rg-1", second) and await remote.delete("gt/rg-1", second)

    asyncio.run(story())


def test_a_branch_that_moved_meanwhile_is_not_touched_and_is_fetched(git: Git, far: Git) -> None:
    first, ours = git.tip("main"), git.commit("ours", {"a": "1\n"})
    git("checkout", "--quiet", "--detach", first)
    theirs = git.commit("theirs", {"b": "1\n"})
    git("push", "--quiet", "origin", f"{theirs}:refs/heads/main")

    async def story() -> None:
        remote = Remote(git.path, "origin")
        with pytest.raises(RemoteMoved) as moved:
            await remote.push(ours, "main", first)
        assert moved.value.found == theirs == far.tip("refs/heads/main")
        assert await remote.fetch("main") == theirs == git.tip("refs/remotes/origin/main")
        with pytest.raises(RemoteMoved, match="expected nothing"):
            await remote.push(ours, "main", "")

    asyncio.run(story())


@pytest.mark.parametrize("name", ["pre-receive", "update"])
def test_a_protected_branch_says_no_in_its_own_words(git: Git, far: Git, name: str) -> None:
    hook(far, name, "echo 'GH006: Protected branch update failed.' >&2; exit 1")
    first, second = git.tip("main"), git.commit("second", {"a": "1\n"})
    with pytest.raises(PushRefused) as refused:
        asyncio.run(Remote(git.path, "origin").push(second, "main", first))
    assert refused.value.words.startswith("GH006: Protected branch update failed.")
    assert "declined" in refused.value.words and far.tip("refs/heads/main") == first


def test_a_remote_that_takes_a_push_and_moves_nothing_has_not_taken_it(git: Git, far: Git) -> None:
    hook(far, "post-receive", f"git update-ref refs/heads/main {git.tip('main')}")
    first, second = git.tip("main"), git.commit("second", {"a": "1\n"})
    with pytest.raises(PushRefused):
        asyncio.run(Remote(git.path, "origin").push(second, "main", first))


def test_a_remote_that_is_gone_is_unsure_and_not_empty(git: Git, far: Git) -> None:
    first, second = git.tip("main"), git.commit("second", {"a": "1\n"})
    far.path.rename(far.path.with_name("elsewhere"))

    async def story() -> None:
        remote = Remote(git.path, "origin")
        for asking in (remote.tip("main"), remote.fetch("main"), remote.push(second, "main", first)):
            with pytest.raises(Unreachable, match="origin"):
                await asking
        with pytest.raises(Unreachable, match="No such remote"):
            await Remote(git.path, "nowhere").tip("main")

    asyncio.run(story())


def test_a_lock_somebody_left_is_named_and_not_taken_for_silence(git: Git, far: Git) -> None:
    lock = git.path / ".git/refs/remotes/origin/main.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    remote = Remote(git.path, "origin")
    with pytest.raises(Locked, match=r"refs/remotes/origin/main\.lock is in the way") as locked:
        asyncio.run(remote.fetch("main"))
    assert "remove that file" in locked.value.hint
    lock.unlink()
    assert asyncio.run(remote.fetch("main")) == far.tip("refs/heads/main")


def test_the_persons_own_pre_push_hook_has_its_say(git: Git, far: Git) -> None:
    path = git.path / ".git/hooks/pre-push"
    path.write_text("#!/bin/sh\necho 'not on a Friday' >&2; exit 1\n")
    path.chmod(0o755)
    first, second = git.tip("main"), git.commit("second", {"a": "1\n"})
    with pytest.raises(PushRefused, match="not on a Friday"):
        asyncio.run(Remote(git.path, "origin").push(second, "main", first))
    assert far.tip("refs/heads/main") == first


def test_nobody_is_asked_for_a_password_and_the_persons_own_ssh_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    found = environment()
    assert (found["GIT_TERMINAL_PROMPT"], found["GIT_SSH_COMMAND"]) == ("0", "ssh -i key") and "GIT_DIR" not in found
