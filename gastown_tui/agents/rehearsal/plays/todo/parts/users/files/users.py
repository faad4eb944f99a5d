"""The store of users: an e-mail address and the hash of a password each."""

import sqlite3

from app import passwords

_NOBODYS = passwords.hashed("")
"""Checked when there is no such user, so that the time an answer takes does not tell who is registered."""


def prepare(db: sqlite3.Connection) -> None:
    """Create the table in a new database."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS users ("
        " id INTEGER PRIMARY KEY,"
        " email TEXT NOT NULL UNIQUE COLLATE NOCASE,"
        " password TEXT NOT NULL)"
    )


def create(db: sqlite3.Connection, email: str, password: str) -> int | None:
    """Register somebody; their number, or None when the address is taken."""
    try:
        with db:
            cursor = db.execute(
                "INSERT INTO users (email, password) VALUES (?, ?)", (email, passwords.hashed(password))
            )
    except sqlite3.IntegrityError:
        return None
    return cursor.lastrowid


def check(db: sqlite3.Connection, email: str, password: str) -> int | None:
    """The number of the user with this address and password, or None."""
    row = db.execute("SELECT id, password FROM users WHERE email = ?", (email,)).fetchone()
    right = passwords.matches(password, row["password"] if row else _NOBODYS)
    return row["id"] if row and right else None
