"""The JSON API of the todos."""

import sqlite3
from dataclasses import asdict

from app import todos
from app.web import HttpError, Request, Response, Route, json_response

MOST = 500
"""Characters a title may have."""


def list_todos(db: sqlite3.Connection, request: Request) -> Response:
    """GET /todos"""
    return json_response([asdict(todo) for todo in todos.every(db)])


def add_todo(db: sqlite3.Connection, request: Request) -> Response:
    """POST /todos {"title"}"""
    title = request.json().get("title")
    if not isinstance(title, str) or not title.strip() or len(title) > MOST:
        raise HttpError(400, f"A title must have 1 to {MOST} characters.")
    return json_response(asdict(todos.add(db, title.strip())), 201)


def change_todo(db: sqlite3.Connection, request: Request) -> Response:
    """PUT /todos/<id> {"done"}"""
    done = request.json().get("done")
    if not isinstance(done, bool):
        raise HttpError(400, "Say whether it is done: true or false.")
    todo = todos.mark(db, request.number("id"), done)
    if todo is None:
        raise HttpError(404, "There is no such todo.")
    return json_response(asdict(todo))


def remove_todo(db: sqlite3.Connection, request: Request) -> Response:
    """DELETE /todos/<id>"""
    if not todos.remove(db, request.number("id")):
        raise HttpError(404, "There is no such todo.")
    return Response(204)


ROUTES = (
    Route("GET", "/todos", list_todos),
    Route("POST", "/todos", add_todo),
    Route("PUT", "/todos/<id>", change_todo),
    Route("DELETE", "/todos/<id>", remove_todo),
)
