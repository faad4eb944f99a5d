"""Pull requests and checks through the person's own `gh`: run as they would, its JSON read, no credential touched."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gastown_tui.model.errors import GasTownError
from gastown_tui.redact import redact
from gastown_tui.rig import git, remote
from gastown_tui.rig.spawning import ended, spawn

_SECONDS = 60.0
_VIEW = "number,url,state,headRefOid,mergeCommit,mergedBy,reviews,statusCheckRollup,comments"
"""Fields of `gh pr view --json` (its manual lists them)."""
_GREEN = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})
_RED = frozenset({"FAILURE", "ERROR", "TIMED_OUT", "ACTION_REQUIRED", "STARTUP_FAILURE"})
_COMMENT = re.compile(r"#issuecomment-(\d+)$")
CONTEXT = "gastown"
"""The name under which our own verdict stands among a commit's checks."""


class NoGh(GasTownError):
    """`gh` is not there, or nobody is logged in with it."""


class GhFailed(GasTownError):
    """`gh` did not do what was asked; what the service holds is unsure."""


class Seen(msgspec.Struct, frozen=True):
    """One check of a commit: green, red or pending; what it is called, where it can be read, and what it said."""

    name: str
    state: str
    link: str = ""
    said: str = ""


class Spoken(msgspec.Struct, frozen=True):
    """One review: who, how (APPROVED, CHANGES_REQUESTED ...), their words, and when as the service writes it."""

    author: str
    state: str
    body: str
    at: str


@dataclass(frozen=True)
class Pull:
    """A pull request as it stands: `state` is OPEN, MERGED or CLOSED; `merged` the commit the target has of it."""

    number: int
    url: str
    state: str
    head: str
    merged: str
    by: str
    reviews: tuple[Spoken, ...]
    checks: tuple[Seen, ...]
    comments: tuple[tuple[str, str], ...]
    """(number of the comment, its text)"""


class GitHub:
    """The repository's place on GitHub, or on a server that `gh` knows as one."""

    def __init__(self, root: Path) -> None:
        """Hold the repository; nothing is asked yet."""
        self.root = root

    async def find(self, branch: str, base: str) -> int:
        """The number of the open pull request of a branch, 0 when there is none. Raises NoGh, GhFailed."""
        words = ("pr", "list", "--head", branch, "--base", base, "--state", "open", "--json", "number")
        found = await self._json(*words)
        return int(found[0]["number"]) if found else 0

    async def create(self, branch: str, base: str, title: str, body: str) -> int:
        """Open a pull request; returns its number. Raises NoGh, GhFailed."""
        words = ("pr", "create", "--head", branch, "--base", base, "--title", title, "--body-file", "-")
        told = await self._run(*words, text=body)
        number = re.search(r"/(\d+)\s*$", told.strip())
        if number is None:
            raise GhFailed(f"gh opened a pull request and named none: {told.strip()[:200]}", _HINT)
        return int(number[1])

    async def view(self, number: int) -> Pull:
        """A pull request as it stands now. Raises NoGh, GhFailed."""
        found = await self._json("pr", "view", str(number), "--json", _VIEW)
        try:
            return _pull(found)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise GhFailed(f"gh speaks of pull request #{number} in words we do not know: {error!r}", _HINT) from error

    async def remarks(self, number: int, since: str) -> list[str]:
        """What was said at single lines after a time, as "path:line: text". Raises NoGh, GhFailed."""
        found = await self._json("api", f"repos/{{owner}}/{{repo}}/pulls/{number}/comments?per_page=100")
        rows = [row for row in found if str(row.get("created_at") or "") > since]
        return [f"{row.get('path')}:{row.get('line') or row.get('original_line')}: {row.get('body')}" for row in rows]

    async def comment(self, number: int, text: str, old: str = "") -> None:
        """Say something at a pull request, in place of our comment numbered `old`. Raises NoGh, GhFailed."""
        if old:
            words = ("--method", "PATCH", f"repos/{{owner}}/{{repo}}/issues/comments/{old}", "--field", "body=@-")
            await self._run("api", *words, text=text)
        else:
            await self._run("pr", "comment", str(number), "--body-file", "-", text=text)

    async def close(self, number: int) -> None:
        """Close a pull request without merging it; its branch is kept. Raises NoGh, GhFailed."""
        await self._run("pr", "close", str(number))

    async def verdict(self, commit: str, ok: bool, text: str) -> None:
        """Give a commit our status. Raises NoGh, GhFailed: a token may lack the right."""
        fields = {"state": "success" if ok else "failure", "context": CONTEXT, "description": text[:140]}
        words = [word for key, value in fields.items() for word in ("--raw-field", f"{key}={value}")]
        await self._run("api", "--method", "POST", f"repos/{{owner}}/{{repo}}/statuses/{commit}", *words)

    async def checks(self, commit: str) -> list[Seen]:
        """The checks of a commit so far, newest of each name: check runs, and statuses. Raises NoGh, GhFailed."""
        place = f"repos/{{owner}}/{{repo}}/commits/{commit}"
        runs = await self._json("api", f"{place}/check-runs?per_page=100&filter=latest")
        statuses = await self._json("api", f"{place}/status?per_page=100")
        try:
            return [*(_run(row) for row in runs["check_runs"]), *_statuses(statuses["statuses"])]
        except (KeyError, TypeError, AttributeError) as error:
            raise GhFailed(f"gh speaks of checks in words we do not know: {error!r}", _HINT) from error

    async def _json(self, *words: str) -> Any:
        told = await self._run(*words)
        try:
            return msgspec.json.decode(told)
        except msgspec.DecodeError as error:
            raise GhFailed(f"gh {words[0]} {words[1]} did not answer in JSON: {told.strip()[:120]}", _HINT) from error

    async def _run(self, *words: str, text: str = "") -> str:
        code, out, err = await _ran(words, self.root, text)
        if code == 0:
            return out
        said = redact(" / ".join(line.strip() for line in err.strip().splitlines()[-3:]) or "it said nothing")
        # 4 is gh's own code for "authentication required".
        if code == 4 or "gh auth login" in err:
            hint = "Log in yourself: gh auth login. Then it goes on by itself."
            raise NoGh(f"gh is not logged in: {said}"[:400], hint)
        raise GhFailed(f"gh {' '.join(words[:2])} failed: {said}"[:500], _HINT)


_HINT = "Nothing was landed or sent back for it; it is asked again by itself."


def requested(pull: Pull, seen: str) -> list[Spoken]:
    """The reviews that ask for changes after `seen`, each reviewer's last word counting, oldest first."""
    last: dict[str, Spoken] = {}
    for review in sorted(pull.reviews, key=lambda r: r.at):
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            last[review.author] = review
    asked = (review for review in last.values() if review.state == "CHANGES_REQUESTED" and review.at > seen)
    return sorted(asked, key=lambda r: (r.at, r.author))


def _pull(found: Mapping[str, Any]) -> Pull:
    reviews = (
        Spoken(_login(r.get("author")), r["state"], r.get("body") or "", r.get("submittedAt") or "")
        for r in found["reviews"] or ()
    )
    rolled = found["statusCheckRollup"] or ()
    runs = [_run(row) for row in rolled if row.get("__typename") != "StatusContext"]
    statuses = _statuses(row for row in rolled if row.get("__typename") == "StatusContext")
    comments = (
        (number[1], c.get("body") or "")
        for c in found["comments"] or ()
        if (number := _COMMENT.search(c.get("url") or "")) is not None
    )
    return Pull(
        int(found["number"]), found["url"], found["state"], found["headRefOid"],
        (found["mergeCommit"] or {}).get("oid", ""), _login(found["mergedBy"]), tuple(reviews), (*runs, *statuses),
        tuple(comments),
    )  # fmt: skip


def _login(author: Mapping[str, Any] | None) -> str:
    return str((author or {}).get("login") or "")


def _run(row: Mapping[str, Any]) -> Seen:
    """A check run, as `gh pr view` and as the REST interface write it (one in capitals, the other not)."""
    done = str(row["status"]).upper() == "COMPLETED"
    ended = str(row.get("conclusion") or "").upper()
    link = row.get("detailsUrl") or row.get("html_url") or row.get("details_url") or ""
    said = (row.get("output") or {}).get("title") or ended.lower().replace("_", " ")
    return Seen(str(row["name"]), _state(ended) if done else "pending", str(link), str(said))


def _statuses(rows: Iterable[Mapping[str, Any]]) -> list[Seen]:
    """Commit statuses, ours left out."""
    found = []
    for row in rows:
        name = str(row["context"])
        if name != CONTEXT:
            link = row.get("targetUrl") or row.get("target_url") or ""
            found.append(Seen(name, _state(str(row["state"]).upper()), str(link), str(row.get("description") or "")))
    return found


def _state(word: str) -> str:
    """Green and red are what the service calls so; anything else, a run somebody cancelled too, is still open."""
    return "green" if word in _GREEN else "red" if word in _RED else "pending"


async def _ran(words: Iterable[str], root: Path, text: str) -> tuple[int, str, str]:
    """Run gh with nobody there to answer it: its exit code, and what it said."""
    quiet = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    env = {**git.environment(remote.environment()), **quiet}
    try:
        process = await spawn(
            "gh", *words, cwd=root, env=env, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        hint = "Install it (https://cli.github.com) and log in: gh auth login. Then it goes on by itself."
        raise NoGh(f"gh cannot be started: {error.strerror or error}.", hint) from error
    try:
        async with asyncio.timeout(_SECONDS):
            out, err = await process.communicate(text.encode())
    except TimeoutError as error:
        raise GhFailed(f"gh gave no answer within {_SECONDS:.0f} s.", _HINT) from error
    finally:
        if process.returncode is None:
            await asyncio.shield(ended(process))
    return process.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
