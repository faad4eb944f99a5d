"""The store of todos: plain functions on a connection. Everybody sees and changes only their own."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Todo:
    """One thing to do."""

    id: int
    title: str
    done: bool = False


def prepare(db: sqlite3.Connection) -> None:
    """Create the table in a new database; in an old one give it the owner it lacks, which is nobody."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS todos ("
        " id INTEGER PRIMARY KEY,"
        " owner INTEGER NOT NULL DEFAULT 0,"
        " title TEXT NOT NULL,"
        " done INTEGER NOT NULL DEFAULT 0)"
    )
    if "owner" not in {row["name"] for row in db.execute("PRAGMA table_info(todos)")}:
        db.execute("ALTER TABLE todos ADD COLUMN owner INTEGER NOT NULL DEFAULT 0")


def add(db: sqlite3.Connection, owner: int, title: str) -> Todo:
    """Add a todo of a user's."""
    with db:
        cursor = db.execute("INSERT INTO todos (owner, title) VALUES (?, ?)", (owner, title))
    return Todo(cursor.lastrowid, title)


def every(db: sqlite3.Connection, owner: int) -> list[Todo]:
    """All todos of a user's, oldest first."""
    rows = db.execute("SELECT id, title, done FROM todos WHERE owner = ? ORDER BY id", (owner,))
    return [_todo(row) for row in rows]


def mark(db: sqlite3.Connection, owner: int, number: int, done: bool) -> Todo | None:
    """Say whether a todo is done; None when the user has no such todo."""
    mine = (number, owner)
    with db:
        db.execute("UPDATE todos SET done = ? WHERE id = ? AND owner = ?", (done, *mine))
    row = db.execute("SELECT id, title, done FROM todos WHERE id = ? AND owner = ?", mine).fetchone()
    return _todo(row) if row else None


def remove(db: sqlite3.Connection, owner: int, number: int) -> bool:
    """Remove a todo; False when the user has no such todo."""
    with db:
        return db.execute("DELETE FROM todos WHERE id = ? AND owner = ?", (number, owner)).rowcount > 0


def _todo(row: sqlite3.Row) -> Todo:
    return Todo(row["id"], row["title"], bool(row["done"]))
