"""Opens the SQLite file and makes sure that every store finds its tables."""

import sqlite3

from app import todos

STORES = (
    todos,
)


def connect(path: str) -> sqlite3.Connection:
    """A connection for one request; SQLite waits up to ten seconds for other writers."""
    db = sqlite3.connect(path, timeout=10)
    db.row_factory = sqlite3.Row
    for store in STORES:
        store.prepare(db)
    return db
