"""Requests, responses and routes, as small values that need no server to be tested."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class HttpError(Exception):
    """A request that cannot be served, with the status that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    """One request; `headers` has lower-case names, `params` what the route's pattern matched."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; HttpError 400 when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise HttpError(400, "The body must be a JSON object.")
        return value

    def number(self, name: str) -> int:
        """A whole number from the path; HttpError 404 when it is none."""
        text = self.params[name]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise HttpError(404, "There is nothing here.")
        return int(text)


@dataclass(frozen=True)
class Response:
    """One response."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"

    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)


Handler = Callable[[sqlite3.Connection, Request], Response]


class Route(NamedTuple):
    """What answers a method on a path; `<name>` in the pattern matches one part of the path."""

    method: str
    pattern: str
    handler: Handler


def json_response(value: object, status: int = 200) -> Response:
    """A value as JSON."""
    return Response(status, json.dumps(value).encode())


def html_response(page: str) -> Response:
    """A page."""
    return Response(200, page.encode(), "text/html; charset=utf-8")


def error(problem: HttpError) -> Response:
    """A problem as JSON."""
    return json_response({"error": str(problem)}, problem.status)


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Handler, dict[str, str]]:
    """The handler for a request and the parts its pattern named; HttpError 404 or 405 when there is none."""
    known = False
    for route in routes:
        params = _match(route.pattern, path)
        if params is not None and route.method == method:
            return route.handler, params
        known = known or params is not None
    if known:
        raise HttpError(405, f"{method} is not possible here.")
    raise HttpError(404, "There is nothing here.")


def _match(pattern: str, path: str) -> dict[str, str] | None:
    wanted, found = pattern.split("/"), path.split("/")
    if len(wanted) != len(found):
        return None
    params = {}
    for name, part in zip(wanted, found):
        if name.startswith("<") and part:
            params[name.strip("<>")] = part
        elif name != part:
            return None
    return params
