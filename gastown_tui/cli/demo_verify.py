"""Proves that what the demo landed works: clones it, starts the application, and asks it as a stranger would."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

_READY, _ANSWER, _GIT = 60.0, 30.0, 120.0
"""Seconds for the application to listen, for one answer, and for git."""

_ADA = {"email": "ada@example.org", "password": "correct horse battery"}
_BOB = {"email": "bob@example.org", "password": "staple battery horse"}


class Check(NamedTuple):
    """One thing that was tried: its name, whether it was as it should be, and what was seen."""

    name: str
    ok: bool
    note: str


@dataclass(frozen=True)
class Verdict:
    """All checks; `ok` only when there was at least one and every one was as it should be."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether the landed application does what was asked."""
        return bool(self.checks) and all(check.ok for check in self.checks)


class _Answer(NamedTuple):
    status: int
    kind: str
    text: str

    @property
    def token(self) -> str:
        """The token of an answer, wherever its JSON object names one."""
        value = json.loads(self.text)
        return str(next((value[name] for name in ("token", "access_token", "jwt") if value.get(name)), ""))


def verify(repo: Path, commit: str, workdir: Path) -> Verdict:
    """Check one commit of a repository from a fresh clone.

    Args:
        repo: The repository; it is only read.
        commit: Any commit reachable from one of its branches.
        workdir: A folder for the clone and the database; made if need be.

    Returns: what was tried and seen. Nothing is left running.
    """
    clone = workdir / "clone"
    workdir.mkdir(parents=True, exist_ok=True)
    surroundings = environment(workdir)
    if trouble := cloned(repo, commit, clone, surroundings):
        return Verdict((Check("clone", False, trouble),))
    with running(clone, workdir / "verify.db", surroundings) as (port, trouble):
        if trouble:
            return Verdict((Check("start", False, trouble),))
        ask = _asker(port)
        checks = [_tried(name, try_it, ask) for name, try_it in _TRIES]
    checks.append(Check("Dockerfile", (clone / "Dockerfile").is_file(), "at the top of the repository"))
    return Verdict((Check("start", True, f"python -m app --port {port}"), *checks))


_Ask = Callable[..., _Answer]


def environment(home: Path) -> dict[str, str]:
    """What git and the application see of this machine: nothing of the person's."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip


def cloned(repo: Path, commit: str, clone: Path, environment: dict[str, str]) -> str:
    """Clone a repository and check one commit out; returns what went wrong, or ""."""
    for words in (["clone", "-q", "--no-checkout", str(repo), str(clone)],
                  ["-C", str(clone), "checkout", "-q", "--detach", commit]):  # fmt: skip
        git = subprocess.run(["git", *words], env=environment, capture_output=True, text=True, timeout=_GIT)
        if git.returncode:
            return git.stderr.strip()
    return ""


@contextmanager
def running(clone: Path, database: Path, environment: dict[str, str]) -> Iterator[tuple[int, str]]:
    """The application on a free port, and why it does not listen if it does not; ended in any case."""
    with tempfile.TemporaryFile() as said:
        for last in (False, False, True):
            with _application(clone, database, environment, said) as (process, port):
                listens = _listens(process, port)
                said.seek(0)
                trouble = said.read().decode(errors="replace")
                # A port somebody took in between is no fault of the application's.
                if listens or last or "in use" not in trouble:
                    yield port, "" if listens else f"It does not listen: {trouble[-500:].strip()}"
                    return


@contextmanager
def _application(
    clone: Path, database: Path, environment: dict[str, str], said: IO[bytes]
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The application's process, started on a port that was free an instant ago; ended with the block."""
    port = _free_port()
    command = [sys.executable, "-m", "app", "--port", str(port), "--db", str(database)]
    process = subprocess.Popen(command, cwd=clone, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    """A port nobody listens on now; another may have it before our application does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _asker(port: int) -> _Ask:
    """A function that sends one request, past any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(method: str, path: str, value: object = None, token: str = "") -> _Answer:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        request.data = None if value is None else json.dumps(value).encode()
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            answer = opener.open(request, timeout=_ANSWER)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return _Answer(int(answer.status), str(answer.headers.get("Content-Type", "")), answer.read().decode())

    return ask


def _tried(name: str, try_it: Callable[[_Ask], tuple[bool, str]], ask: _Ask) -> Check:
    try:
        ok, note = try_it(ask)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, http.client.HTTPException) as error:
        return Check(name, False, f"{type(error).__name__}: {error}")
    return Check(name, ok, note)


def _status(wanted: int | range, *request: Any, **more: Any) -> Callable[[_Ask], tuple[bool, str]]:
    """A request that must be answered with a status."""
    allowed = (wanted,) if isinstance(wanted, int) else wanted

    def try_it(ask: _Ask) -> tuple[bool, str]:
        answer = ask(*request, **more)
        return answer.status in allowed, f"{request[0]} {request[1]}: {answer.status}"

    return try_it


def _gives_token(wanted: int, path: str) -> Callable[[_Ask], tuple[bool, str]]:
    """Answers with a status and a JWT: three parts, the first two of them JSON with an algorithm and an end."""

    def try_it(ask: _Ask) -> tuple[bool, str]:
        answer = ask("POST", path, _ADA)
        head, claims, signature = answer.token.split(".")
        ok = bool(_part(head).get("alg") and _part(claims).get("exp") and signature)
        return ok and answer.status == wanted, f"POST {path}: {answer.status}, {_part(head)}"

    return try_it


def _part(text: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return value if isinstance(value, dict) else {}


def _forged(ask: _Ask) -> tuple[bool, str]:
    """A token with the right claims and a signature of somebody else's, one without any, and one with other claims."""
    head, claims, _ = ask("POST", "/login", _ADA).token.split(".")
    other = base64.urlsafe_b64encode(json.dumps({**_part(claims), "sub": "2"}).encode()).rstrip(b"=").decode()
    good = ask("POST", "/login", _ADA).token.split(".")[2]
    forged = (f"{head}.{claims}.{'A' * 43}", f"{head}.{claims}.", f"{head}.{other}.{good}")
    seen = [ask("GET", "/todos", token=token).status for token in forged]
    return seen == [401] * 3, f"GET /todos with forged tokens: {seen}"


def _own_todos(ask: _Ask) -> tuple[bool, str]:
    """What one user adds, that user sees and another does not."""
    ada, bob = ask("POST", "/login", _ADA).token, ask("POST", "/register", _BOB).token
    added = ask("POST", "/todos", {"title": "verify this"}, ada).status
    lists = [ask("GET", "/todos", token=token) for token in (ada, bob)]
    seen = ["verify this" in found.text for found in lists]
    statuses = [found.status for found in lists]
    return (added, statuses, seen) == (201, [200, 200], [True, False]), f"added {added}, lists {statuses}, seen {seen}"


def _form(path: str) -> Callable[[_Ask], tuple[bool, str]]:
    def try_it(ask: _Ask) -> tuple[bool, str]:
        answer = ask("GET", path)
        ok = answer.status == 200 and "text/html" in answer.kind and "<form" in answer.text
        return ok, f"GET {path}: {answer.status} {answer.kind}"

    return try_it


_REFUSED = range(400, 500)
_TRIES: tuple[tuple[str, Callable[[_Ask], tuple[bool, str]]], ...] = (
    ("register", _gives_token(201, "/register")),
    ("register twice", _status(_REFUSED, "POST", "/register", _ADA)),
    ("log in", _gives_token(200, "/login")),
    ("wrong password", _status(_REFUSED, "POST", "/login", {**_ADA, "password": "wrong horse battery"})),
    ("no token", _status(401, "GET", "/todos")),
    ("no token, adding", _status(401, "POST", "/todos", {"title": "milk"})),
    ("forged tokens", _forged),
    ("own todos only", _own_todos),
    ("login form", _form("/login")),
    ("register form", _form("/register")),
)


def main(words: list[str]) -> int:
    """`python -m gastown_tui.cli.demo_verify REPO COMMIT`: print the verdict as JSON; 0 when all is well."""
    if len(words) != 2:
        sys.stderr.write("usage: python -m gastown_tui.cli.demo_verify REPO COMMIT\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="gt-verify-") as folder:
        verdict = verify(Path(words[0]), words[1], Path(folder))
    told = {"ok": verdict.ok, "checks": [check._asdict() for check in verdict.checks]}
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
