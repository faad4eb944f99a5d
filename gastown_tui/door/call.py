"""The short way in: agents' verbs and hooks over the town's socket, on almost nothing but `sys` and `_socket`."""

# Imported by the shim under `python -I -S`: 58 ms of http.client and 70 of click would be paid at every hook of every
# agent (facts/terminal.md, "Start-up"). Imported and not run, because only then Python keeps the compiled form; and
# `json` would load `re` and `enum`, half as much again as Python itself: its C parts do all that is needed here, and
# so does `posix` of `os`.

from __future__ import annotations

import _json
import _socket
import posix
import sys

TYPE_CHECKING = False  # `typing` would cost more than all the rest
if TYPE_CHECKING:
    from typing import Any

OK, REFUSED, USAGE, NO_TOWN, NO_ENGINE = range(5)
PATIENCE = 5.0
"""Seconds an agent's call tries again while its engine is restarting; the order's id makes the repeat harmless."""

TIMEOUT = 120.0
_PAUSE = 0.1


class Failure(Exception):
    """What went wrong, as (exit code, title, hint)."""

    def __init__(self, code: int, title: str, hint: str = "") -> None:
        super().__init__(title)
        self.code, self.title, self.hint = code, title, hint


def no_engine() -> Failure:
    """Nobody answers for this town."""
    return Failure(NO_ENGINE, "No engine runs for this town.", "Start it with: gt up")


def connect(path: str, timeout: float = TIMEOUT) -> _socket.socket:
    """A connection to the door; raises Failure (code 4) when nobody listens there."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise no_engine() from None
    return sock


def send(
    sock: _socket.socket, method: str, target: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes, int]:
    """Send one HTTP/1.0 request and read the head of its reply.

    HTTP/1.0 so that the body is neither chunked nor followed by another reply.

    Returns:
        The status, what came of the body already, and the body's length (-1 when it ends with the connection).

    Raises:
        ConnectionError: the connection ended first.
    """
    lines = [f"{method} {target} HTTP/1.0", f"Content-Length: {len(body)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value.isprintable()]
    sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    head = b""
    while b"\r\n\r\n" not in head:
        if not (more := sock.recv(65536)):
            raise ConnectionError("the engine left before it answered")
        head += more
    top, _, rest = head.partition(b"\r\n\r\n")
    first, *fields = top.decode("latin-1").split("\r\n")
    lengths = [int(f[15:]) for f in fields if f.lower().startswith("content-length:")]
    return int(first.split(" ")[1]), rest, lengths[0] if lengths else -1


def request(
    path: str, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> tuple[int, bytes]:  # fmt: skip
    """One whole request over the Unix socket at `path`: (status, body).

    Raises:
        Failure: nobody listens there. ConnectionError: the answer broke off. TimeoutError: none came.
    """
    sock = connect(path, timeout)
    try:
        status, got, length = send(sock, method, target, body, headers or {})
        while more := sock.recv(65536):
            got += more
    finally:
        sock.close()
    if 0 <= length != len(got):
        raise ConnectionError("the engine left in the middle of its answer")
    return status, got


def find() -> str:
    """The socket of the town around the working folder; raises Failure (3 no town, 4 no engine)."""
    folder = posix.getcwd()
    while True:
        town = f"{folder.rstrip('/')}/.gastown"
        if _there(f"{town}/config.toml"):
            return _told(f"{town}/engine.json")
        if folder in ("", "/"):
            raise Failure(NO_TOWN, "There is no town here or above.", "Make one in this repository with: gt init")
        folder = folder.rpartition("/")[0]


def _there(path: str) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def _set(name: str) -> str:
    """A variable of the environment, "" where there is none."""
    return posix.environ.get(name.encode(), b"").decode(errors="surrogateescape")


def _told(engine_json: str) -> str:
    try:
        with open(engine_json, "rb") as file:
            return str(_parsed(file.read())["socket"])
    except (OSError, ValueError, KeyError, TypeError):
        raise no_engine() from None


def whose() -> dict[str, str]:
    """The headers that say who calls: an agent by its token and lease; without them it is the overseer."""
    names = {"X-GT-Token": "GT_TOKEN", "X-GT-Lease": "GT_LEASE"}
    return {header: value for header, name in names.items() if (value := _set(name))}


def persist(path: str, target: str, body: bytes, patience: float) -> tuple[int, bytes]:
    """`request`, tried again for `patience` seconds while the engine is away; the order's id makes that harmless."""
    import time

    until = time.monotonic() + patience
    while True:
        try:
            return request(path, "POST", target, body, whose())
        except (Failure, ConnectionError) as error:
            if time.monotonic() >= until:
                raise error if isinstance(error, Failure) else no_engine() from error
        except TimeoutError as error:
            raise Failure(REFUSED, "The engine did not answer in time.", "Look at: gt status") from error
        time.sleep(_PAUSE)


def order(name: str, args: dict[str, object]) -> dict[str, object]:
    """Ask the engine as whoever calls; returns its answer, raises Failure."""
    mine = _set("GT_SOCKET")
    body = _json_of({"order": name, "args": args, "id": posix.urandom(16).hex()}).encode()
    status, got = persist(mine or find(), "/v1/orders", body, PATIENCE if mine else 0.0)
    try:
        reply = _parsed(got)
        if status < 400:
            return _left_out(dict(reply["answer"] or {}))
        error = reply["error"]
        raise Failure(int(error["code"]), str(error["title"]), str(error["hint"]))
    except (ValueError, KeyError, TypeError):
        raise Failure(REFUSED, f"The engine answered {status} and nothing else.", "Look at: gt log") from None


def left_out(found: list[dict[str, str]]) -> str:
    """What an order held and the town did not take, in words: `found` is the answer's `left_out`."""
    if not found:
        return ""
    named = ", ".join(f"{one['kind']} ({one['where']})" for one in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"Left out, because the town keeps no secrets: {named}{more}. Agents get theirs by the environment."


def _left_out(answer: dict[str, object]) -> dict[str, object]:
    found = answer.get("left_out")
    if isinstance(found, list) and found:
        sys.stderr.write(_plain(left_out(found)) + "\n")
    return answer


def hook(event: str, payload: bytes) -> bytes:
    """Pass a hook's JSON to the engine and return its reply; empty when there is no engine or it has nothing to say.

    An agent never fails because of its town: whatever goes wrong, it goes on.
    """
    if not event.isalnum():
        return b""
    try:
        path = _set("GT_SOCKET") or find()
        status, got = request(path, "POST", f"/v1/hooks/{event}", payload or b"{}", whose(), 600.0)
    except (Failure, OSError, ValueError):
        return b""
    return got if status < 300 and got.strip() != b"{}" else b""


def done(words: list[str], options: dict[str, str]) -> str:
    """`gt done [-m NOTE]`."""
    answer = order("done", {"note": options.get("m", "")})
    options["answer"] = _json_of(answer)
    return f"{answer.get('bead')} is handed in at {str(answer.get('commit', ''))[:9]}; the sheriff looks at it next."


def plan(words: list[str], options: dict[str, str]) -> str:
    """`gt plan submit FILE|-`."""
    answer = order("submit_plan", {"plan": _file(words[1]), "revises": options.get("revises", "")})
    options["answer"] = _json_of(answer)
    beads = answer.get("beads")
    many = len(beads) if isinstance(beads, dict) else 0
    filed = f"Plan {answer.get('plan')} is filed as a draft (revision {answer.get('revision')}, beads: {many})."
    return f"{filed} The overseer decides."


def verdict(words: list[str], options: dict[str, str]) -> str:
    """`gt verdict FILE|-`."""
    answer = order("verdict", _file(words[0]))
    options["answer"] = _json_of(answer)
    return f"The verdict on {answer.get('bead')} is kept: {answer.get('decision')}."


def nudge(words: list[str], options: dict[str, str]) -> str:
    """`gt nudge AGENT TEXT`."""
    options["answer"] = _json_of(order("nudge", {"agent": words[0], "text": words[1]}))
    return f"{words[0]} was told."


def escalate(words: list[str], options: dict[str, str]) -> str:
    """`gt escalate TEXT`."""
    options["answer"] = _json_of(order("escalate", {"text": words[0], "bead": options.get("bead", "")}))
    return "The overseer is asked; wait for the answer here."


def mayor(words: list[str], options: dict[str, str]) -> str:
    """`gt mayor tell TEXT`."""
    options["answer"] = _json_of(order("tell_mayor", {"text": words[1]}))
    return "The Mayor is told."


VERBS = {"done": done, "plan": plan, "verdict": verdict, "nudge": nudge, "escalate": escalate, "mayor": mayor}
_WORDS = {"done": 0, "plan": 2, "verdict": 1, "nudge": 2, "escalate": 1, "mayor": 2}
_OPTIONS = {"done": {"-m": "m", "--message": "m"}, "plan": {"--revises": "revises"}, "escalate": {"--bead": "bead"}}
_SECOND = {"plan": "submit", "mayor": "tell"}


def parse(argv: list[str]) -> tuple[list[str], dict[str, str], bool] | None:
    """(words, options, json) of one of our verbs; None for anything else, which the whole command line explains."""
    verb, words, options, as_json = argv[0], [], {}, False
    left = iter(argv[1:])
    for word in left:
        if word == "--json":
            as_json = True
        elif word in _OPTIONS.get(verb, {}):
            value = next(left, None)
            if value is None:
                return None
            options[_OPTIONS[verb][word]] = value
        elif word.startswith("-") and word != "-":
            return None
        else:
            words.append(word)
    if verb in _SECOND and words[:1] != [_SECOND[verb]]:
        return None
    return (words, options, as_json) if len(words) == _WORDS[verb] else None


def main(argv: list[str]) -> int | None:
    """Run one verb and return its exit code; None when it is not one of ours, or is asked for help."""
    if argv[:1] == ["hook"] and len(argv) == 2 and not argv[1].startswith("-"):
        silent = sys.stdin is None or sys.stdin.isatty()
        sys.stdout.buffer.write(hook(argv[1], b"" if silent else sys.stdin.buffer.read()))
        return OK
    if not argv or argv[0] not in VERBS or (parsed := parse(argv)) is None:
        return None
    words, options, as_json = parsed
    try:
        said = VERBS[argv[0]](words, options)
    except Failure as failure:
        return complain(failure.code, failure.title, failure.hint, as_json)
    sys.stdout.write((options["answer"] if as_json else said) + "\n")
    return OK


def complain(code: int, title: str, hint: str, as_json: bool) -> int:
    """Say what went wrong on stderr, as words or as one JSON object; returns the exit code."""
    text = f"{title} {hint}".strip()
    if as_json:
        text = _json_of({"error": {"code": code, "title": title, "hint": hint}})
    sys.stderr.write(_plain(text) + "\n")
    return code


def _plain(text: str) -> str:
    """Errors may quote agents: nothing a terminal would obey (as gastown_tui.text.clean, which costs an import)."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\ufffd" for c in text)


class _Rules:
    """What json.JSONDecoder hands to its scanner."""

    strict, memo = True, dict[str, str]()
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def _parsed(data: bytes) -> Any:
    """The value of a JSON text; raises ValueError saying where it breaks."""
    text = data.decode().strip(" \t\n\r")
    try:
        value, end = _json.make_scanner(_Rules)(text, 0)  # type: ignore[arg-type]
        if end == len(text):
            return value
    except (StopIteration, ValueError, SystemError):  # the last one where json's own error was never loaded
        pass
    import json  # knows how to say what is wrong

    return json.loads(data)


def _json_of(value: object) -> str:
    """A value as json.dumps writes it."""
    try:
        encoder = _json.make_encoder({}, str, _json.encode_basestring_ascii, None, ": ", ", ", False, False, True)
        return "".join(encoder(value, 0))
    except TypeError:  # a Python whose C parts want something else
        import json

        return json.dumps(value)


def _file(name: str) -> dict[str, object]:
    """The JSON object in a file, or on stdin for `-`; raises Failure saying where it breaks."""
    try:
        if name == "-":
            raw = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as file:
                raw = file.read()
        found = _parsed(raw)
    except OSError as error:
        raise Failure(USAGE, f"{name} cannot be read: {error.strerror}.", "Nothing was sent.") from None
    except ValueError as error:
        raise Failure(USAGE, f"This is not JSON: {error}.", "Nothing was sent; mend it and try again.") from None
    if not isinstance(found, dict):
        raise Failure(USAGE, "One JSON object is wanted.", "Nothing was sent; mend it and try again.")
    return found


def script() -> None:
    """What the shim runs: one of our verbs, or else the whole command line in this process's place."""
    code = main(sys.argv[1:])
    if code is None:
        posix.execv(sys.executable, [sys.executable, "-P", "-m", "gastown_tui", *sys.argv[1:]])
    sys.exit(code)
