"""How a command of `gt` speaks to the engine: plainly, one request at a time, on the same short way agents use."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gastown_tui.door import address, call, wire
from gastown_tui.engine.place import Place, find
from gastown_tui.model.errors import BY_CODE, GasTownError, NoEngine

if TYPE_CHECKING:
    from gastown_tui.model.events import Record
    from gastown_tui.model.town import Town


class Client:
    """Speaks to the engine of a town as the overseer, or as the agent whose token and lease are given."""

    def __init__(self, socket: str, headers: Mapping[str, str] | None = None, *, timeout: float = call.TIMEOUT) -> None:
        self.socket = socket
        self._headers = dict(headers or {})
        self._timeout = timeout

    @classmethod
    def of(
        cls, place: Place, headers: Mapping[str, str] | None = None, *, timeout: float = call.TIMEOUT
    ) -> Client:
        """The client of a town; raises NoEngine when no engine says that it runs."""
        found = address.read(place)
        if found is None:
            raise no_engine()
        return cls(found.socket, headers, timeout=timeout)

    @classmethod
    def here(cls, environ: Mapping[str, str], folder: Path) -> Client:
        """As the agent the environment names, else as the overseer of the town around `folder`.

        Raises:
            NoTown: there is none. NoEngine: it has no engine.
        """
        if mine := environ.get("GT_SOCKET", ""):
            names = {wire.TOKEN: "GT_TOKEN", wire.LEASE: "GT_LEASE"}
            return cls(mine, {header: environ[name] for header, name in names.items() if environ.get(name)})
        return cls.of(find(folder))

    def order(self, name: str, args: Mapping[str, Any] | None = None, id: str = "") -> dict[str, Any]:
        """Ask for something (a name of model/orders.py) and wait until it is durable; raises what the engine says."""
        body = {"order": name, "args": dict(args or {}), "id": id or os.urandom(16).hex()}
        reply = self._json("POST", "/v1/orders", json.dumps(body).encode())
        return dict(reply.get("answer") or {})

    def status(self) -> dict[str, Any]:
        """The document of `gt status --json`."""
        return dict(self._json("GET", "/v1/status")["status"])

    def notes(self) -> dict[str, str]:
        """Passing facts that are not events."""
        lines = list(self.lines("/v1/notes"))
        return dict(json.loads(lines[0])) if lines else {}

    def town(self) -> Town:
        """The whole town as it is now."""
        from gastown_tui.door import snapshot

        return snapshot.read(self.lines("/v1/town"))

    def events(self, after: int) -> Iterator[Record]:
        """Every record above a number, then each new one, until the engine leaves."""
        from gastown_tui.model.events import decode

        return (decode(line) for line in self.lines(f"/v1/events?after={after}", wait=3 * wire.KEEP_ALIVE))

    def feed(self, after: int = 0, *, follow: bool = False) -> Iterator[dict[str, Any]]:
        """The feed's lines above a number; with `follow` until the engine leaves."""
        target = f"/v1/feed?after={after}&follow={int(follow)}"
        wait = 3 * wire.KEEP_ALIVE if follow else self._timeout
        return (json.loads(line) for line in self.lines(target, wait=wait))

    def lines(self, target: str, *, wait: float | None = None) -> Iterator[bytes]:
        """The lines of a stream as they come, without blank ones; a line cut off by the end is left out."""
        sock = self._connect(self._timeout if wait is None else wait)
        try:
            status, left, _ = call.send(sock, "GET", target, b"", self._headers)
            if status >= 400:
                while more := sock.recv(65536):
                    left += more
                raise _refusal(left, status)
            while True:
                *whole, left = left.split(b"\n")
                yield from (line for line in whole if line.strip())
                if not (more := sock.recv(65536)):
                    return
                left += more
        except (ConnectionError, TimeoutError):
            return
        finally:
            sock.close()

    def _connect(self, wait: float) -> Any:
        try:
            return call.connect(self.socket, wait)
        except call.Failure as failure:
            raise BY_CODE[failure.code](failure.title, failure.hint) from None

    def _json(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        try:
            status, got = call.request(self.socket, method, target, body, self._headers, self._timeout)
        except call.Failure as failure:
            raise BY_CODE[failure.code](failure.title, failure.hint) from None
        except ConnectionError as error:
            raise NoEngine(
                f"The engine left before it answered ({error}).", "Whether it was done shows in: gt log, after gt up."
            ) from error
        except TimeoutError as error:
            raise GasTownError("The engine did not answer in time.", "See what it says: gt doctor") from error
        if status >= 400:
            raise _refusal(got, status)
        return dict(json.loads(got))


def no_engine() -> NoEngine:
    """No engine runs here."""
    failure = call.no_engine()
    return NoEngine(failure.title, failure.hint)


def _refusal(body: bytes, status: int) -> GasTownError:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    return wire.error_from(found, f"The engine answered {status} and nothing else.")
