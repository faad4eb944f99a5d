"""The store of todos: plain functions on a connection."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Todo:
    """One thing to do."""

    id: int
    title: str
    done: bool = False


def prepare(db: sqlite3.Connection) -> None:
    """Create the table in a new database."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS todos ("
        " id INTEGER PRIMARY KEY,"
        " title TEXT NOT NULL,"
        " done INTEGER NOT NULL DEFAULT 0)"
    )


def add(db: sqlite3.Connection, title: str) -> Todo:
    """Add a todo."""
    with db:
        cursor = db.execute("INSERT INTO todos (title) VALUES (?)", (title,))
    return Todo(cursor.lastrowid, title)


def every(db: sqlite3.Connection) -> list[Todo]:
    """All todos, oldest first."""
    rows = db.execute("SELECT id, title, done FROM todos ORDER BY id")
    return [_todo(row) for row in rows]


def mark(db: sqlite3.Connection, number: int, done: bool) -> Todo | None:
    """Say whether a todo is done; None when there is no such todo."""
    with db:
        db.execute("UPDATE todos SET done = ? WHERE id = ?", (done, number))
    row = db.execute("SELECT id, title, done FROM todos WHERE id = ?", (number,)).fetchone()
    return _todo(row) if row else None


def remove(db: sqlite3.Connection, number: int) -> bool:
    """Remove a todo; False when there was none."""
    with db:
        return db.execute("DELETE FROM todos WHERE id = ?", (number,)).rowcount > 0


def _todo(row: sqlite3.Row) -> Todo:
    return Todo(row["id"], row["title"], bool(row["done"]))
