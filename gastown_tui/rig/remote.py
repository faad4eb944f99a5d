"""A remote of the repository: what its branches stand at, and moving one there from a known commit or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gastown_tui.model.errors import GasTownError
from gastown_tui.redact import redact
from gastown_tui.rig import git
from gastown_tui.rig.errors import GitFailed
from gastown_tui.rig.repository import ZERO

_ASK, _SEND = 60.0, 900.0
"""Seconds a question may take, and a push with the person's own pre-push hook."""
_KEPT = (
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_PROXY_SSL_CAINFO",
    "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_SSL_NO_VERIFY", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_HTTP_PROXY_AUTHMETHOD",
)  # fmt: skip
"""What of git's variables says how the person reaches their remotes."""
_NO = re.compile(r"^remote:|\b403\b|denied|not allowed|forbidden", re.MULTILINE | re.IGNORECASE)
"""What stands beside git's own "fatal:" when it was no failure on the way."""
_LOCK = re.compile(r"^.*Unable to create '(.+\.lock)': File exists", re.MULTILINE)
_HEX = re.compile(r"^([0-9a-f]{40})\t(\S+)$", re.MULTILINE)


class Unreachable(GasTownError):
    """The remote does not answer, or not in a way we understand: what it holds is unsure."""

    said = "does not answer"


class Locked(Unreachable):
    """A lock file of git's lies here where the remote's branches are noted: somebody works there, or was cut off."""

    said = "cannot be noted here: a lock file is in the way"


class RemoteMoved(GasTownError):
    """The remote's branch is not where it was expected; nothing was moved there."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        super().__init__(
            f"{name} is at {found[:9] or 'nothing'}, expected {expected[:9] or 'nothing'}: somebody pushed meanwhile.",
            "Nothing was pushed. What is there is fetched, and the work tested again on top of it.",
        )
        self.found = found


class PushRefused(GasTownError):
    """Somebody said no: a protected branch or a hook there, no right to write, or the person's own pre-push hook."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"The push to {name} was refused: {words}"[:500], "Nothing was moved, here or there.")
        self.words = words


class Remote:
    """One remote by its name. Only git is run, as the person would: no credential is read, and nobody is asked."""

    def __init__(self, root: Path, name: str) -> None:
        """Hold the repository and the remote's name; nothing is asked yet."""
        self.root = root
        self.name = name

    async def tip(self, branch: str) -> str:
        """The commit a branch stands at there, "" when it has none of that name. Raises Unreachable."""
        where = (await self._git("remote", "get-url", "--push", self.name)).line or self.name
        told = await self._git("ls-remote", "--refs", where, f"refs/heads/{branch}")
        found: dict[str, str] = {ref: oid for oid, ref in _HEX.findall(told.text)}
        return found.get(f"refs/heads/{branch}", "")

    async def fetch(self, branch: str) -> str:
        """Bring a branch's commits here, into `refs/remotes/<name>/<branch>`; returns where it stands.

        Raises:
            Unreachable: it cannot be fetched.
        """
        goal = f"refs/remotes/{self.name}/{branch}"
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc")
        await self._git(*words, self.name, f"+refs/heads/{branch}:{goal}", limit=_SEND)
        return (await self._git("rev-parse", "--verify", goal)).line

    async def push(self, commit: str, branch: str, expected: str) -> None:
        """Move a branch there from `expected` ("": it must not exist) to `commit`, and read back that it happened.

        The person's own pre-push hook runs (one that sends large files must). Repeating is harmless.

        Raises:
            RemoteMoved: it stands elsewhere. PushRefused: the remote said no. Unreachable: nothing is known.
        """
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{expected or ZERO}"
        quiet = ("-c", "push.followTags=false", "-c", "push.recurseSubmodules=no")
        told = await self._run(
            *quiet, "push", "--porcelain", "--atomic", lease, self.name, f"{commit}:{ref}", limit=_SEND
        )  # fmt: skip
        # What the remote holds now is the only proof, of a success as of a failure.
        found = await self.tip(branch)
        if found == commit:
            return
        if found != expected:
            raise RemoteMoved(f"{self.name}/{branch}", expected, found)
        if "fatal:" in told.said and not _NO.search(told.said):
            raise Unreachable(f"{self.name} did not take a push: {_said(told)}"[:500], _HINT)
        raise PushRefused(f"{self.name}/{branch}", refusal(told))

    async def delete(self, branch: str, expected: str) -> bool:
        """Take a branch away there if it stands at `expected`; says whether it is gone. Raises Unreachable."""
        ref = f"refs/heads/{branch}"
        await self._run("push", "--porcelain", f"--force-with-lease={ref}:{expected}", self.name, f":{ref}")
        return not await self.tip(branch)

    async def _git(self, *words: str, limit: float = _ASK) -> git.Output:
        told = await self._run(*words, limit=limit)
        if locked := told.code and _LOCK.search(told.said):
            hint = "If no git command runs here, remove that file; then it goes on by itself."
            raise Locked(f"git cannot note what {self.name} has: {locked[1]} is in the way.", hint)
        if told.code:
            raise Unreachable(f"{self.name} cannot be asked: {_said(told)}"[:500], _HINT)
        return told

    async def _run(self, *words: str, limit: float = _ASK) -> git.Output:
        try:
            return await git.arun(words, self.root, env=environment(), check=False, limit=limit)
        except GitFailed as error:
            raise Unreachable(f"{self.name} cannot be asked: {error.err}"[:500], _HINT) from error


_HINT = "Nothing was moved. It is tried again by itself; try by hand: git ls-remote"


def environment() -> dict[str, str]:
    """How the person reaches their remotes, with every way of asking somebody for a password off."""
    kept = {key: value for key, value in os.environ.items() if key in _KEPT}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "SSH_ASKPASS_REQUIRE": "never", "GCM_INTERACTIVE": "never"}


def refusal(told: git.Output) -> str:
    """The remote's own words for a refused push, without what git says around them."""
    said = [line.removeprefix("remote:").strip() for line in told.said.splitlines() if line.startswith("remote:")]
    why = re.findall(r"\[remote rejected\] \((.+)\)", told.text)
    return redact(" ".join(dict.fromkeys([*filter(None, said), *why])) or _said(told))


def _said(told: git.Output) -> str:
    lines = [line.strip() for line in told.said.strip().splitlines() if line.strip()]
    return redact(" / ".join(lines[-3:]) or "it said nothing")
