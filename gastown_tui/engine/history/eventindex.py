"""Where each event stands in the ledger: a disposable SQLite file of pointers, never of texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gastown_tui.engine.history.imported import KINDS, CameIn, Entry
from gastown_tui.model import events as e
from gastown_tui.model.about import about
from gastown_tui.rig.past import Commit, Past

VERSION = 1
"""Of the tables below; a file of another version is built anew."""

CHUNK = 256
"""Events whose earliest and latest times are kept together: what makes a time findable without reading every row."""

_APPLICATION = 0x67744576  # "gtEv", SQLite's own mark of whose file it is
_GROUP = 20_000
_NO_END = 2**62
_TABLES = """
CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE commits(id INTEGER PRIMARY KEY, oid BLOB NOT NULL UNIQUE, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX commits_last ON commits(last);
CREATE TABLE event(seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind INTEGER NOT NULL, who INTEGER NOT NULL,
                   pos INTEGER NOT NULL);
CREATE TABLE concern(what INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(what, seq)) WITHOUT ROWID;
CREATE TABLE post(agent TEXT PRIMARY KEY, bead TEXT NOT NULL);
CREATE TABLE import(seq INTEGER PRIMARY KEY, source TEXT NOT NULL, format TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE chunk(id INTEGER PRIMARY KEY, low REAL NOT NULL, high REAL NOT NULL, n INTEGER NOT NULL);
"""


class Wanted(NamedTuple):
    """Which events are asked for; what is left empty does not narrow. Times are unix seconds, both ends included."""

    about: str = ""
    who: str = ""
    kinds: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None


class Where(NamedTuple):
    """Where an event stands: the commit, and the byte its line begins at in that commit's message."""

    seq: int
    oid: str
    pos: int


def lines(commit: Commit) -> Iterator[tuple[int, e.Record]]:
    """Each record of a commit's message, with the byte its line begins at. Raises msgspec.DecodeError."""
    at, text = 0, commit.text
    while (end := text.find(b"\n", at)) >= 0:
        if text.startswith(b'{"seq":', at):
            yield at, e.decode(text[at:end])
        at = end + 1


def concerned(record: e.Record, posts: dict[str, str]) -> set[str]:
    """Ids a record is found under; `posts`, the bead of each agent, is kept up to date on the way."""
    found, event = about(record.event), record.event
    if isinstance(event, e.AgentStarted):
        posts[event.agent] = event.bead
    elif isinstance(event, e.AgentTurned | e.AgentEnded) and (bead := posts.get(event.agent)):
        found.add(bead)
    return found


class Index:
    """One open file (or memory) of pointers. One thread at a time; raises sqlite3.Error when the file is no good.

    Others may add to the file meanwhile: what is asked for ends at the event numbered `upto`.
    """

    def __init__(self, path: Path | None, *, new: bool = False, readonly: bool = False) -> None:
        """Open the file, or with `new` make its tables; without a path it is held in memory.

        Raises:
            sqlite3.Error: it cannot be opened, is not ours, or of another version.
        """
        name = ":memory:" if path is None else f"{path.absolute().as_uri()}?mode={_mode(new, readonly)}"
        self._db = sqlite3.connect(name, timeout=30.0, isolation_level=None, uri=True, check_same_thread=False)
        self._words: dict[str, int] = {}
        self.upto = _NO_END
        try:
            self._begin(new, readonly)
        except sqlite3.Error:
            self._db.close()
            raise

    def _begin(self, new: bool, readonly: bool) -> None:
        if new:
            # A new file is nobody's until it is whole: what fails on the way is thrown away.
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA journal_mode = MEMORY")
            self._db.execute("PRAGMA cache_size = -65536")
            self._db.executescript(_TABLES)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        elif not readonly:
            self._db.execute("PRAGMA synchronous = NORMAL")
        marks = (self._one("PRAGMA application_id"), self._one("PRAGMA user_version"))
        if marks != (_APPLICATION, VERSION):
            raise sqlite3.DatabaseError("not an index of this version")

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def copy(self) -> Index:
        """The same in memory, to go on with where the file cannot be written."""
        made = Index(None, new=True)
        self._db.backup(made._db)
        return made

    def _one(self, sql: str, *values: object) -> int | float | bytes | None:
        row = self._db.execute(sql, values).fetchone()
        found: int | float | bytes | None = None if row is None else row[0]
        return found

    # growing

    def take(self, past: Past, commits: Iterable[str]) -> None:
        """Add commits, oldest first, each on top of the last; some thousands of events are one transaction."""
        posts = self.posts()
        waiting: list[Commit] = []
        events = 0
        for oid in commits:
            commit = past.commit(oid)
            waiting.append(commit)
            events += commit.text.count(b"\n")
            if events >= _GROUP:
                self._add(waiting, posts)
                waiting, events = [], 0
        self._add(waiting, posts)

    def _add(self, commits: list[Commit], posts: dict[str, str]) -> None:
        if not commits:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for commit in commits:
                self._add_one(commit, posts)
            self._db.executemany("INSERT OR REPLACE INTO post VALUES (?, ?)", posts.items())
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._words.clear()
                self._db.execute("ROLLBACK")

    def _add_one(self, commit: Commit, posts: dict[str, str]) -> None:
        events, concerns = [], []
        spans: dict[int, tuple[float, float, int]] = {}
        for pos, record in lines(commit):
            kind, who = self._word(str(record.event.__struct_config__.tag)), self._word(record.who)
            events.append((record.seq, record.at, kind, who, pos))
            concerns += [(self._word(id), record.seq) for id in concerned(record, posts)]
            if isinstance(event := record.event, e.BeadsImported):
                row = (record.seq, _safe(event.source), _safe(event.format), len(event.beads))
                self._db.execute("INSERT OR REPLACE INTO import VALUES (?, ?, ?, ?)", row)
            low, high, n = spans.get(record.seq // CHUNK, (record.at, record.at, 0))
            spans[record.seq // CHUNK] = (min(low, record.at), max(high, record.at), n + 1)
        first = events[0][0] if events else commit.seq
        self._db.execute("INSERT INTO commits(oid, first, last) VALUES (?, ?, ?)",
                         (bytes.fromhex(commit.oid), first, commit.seq))  # fmt: skip
        self._db.executemany("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?)", events)
        self._db.executemany("INSERT OR IGNORE INTO concern VALUES (?, ?)", concerns)
        self._db.executemany(
            "INSERT INTO chunk VALUES (?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE SET "
            "low = min(low, ?2), high = max(high, ?3), n = n + ?4",
            [(id, *span) for id, span in spans.items()],
        )

    def _word(self, text: str) -> int:
        """The number of a word, given now if it has none."""
        if (known := self._words.get(text)) is None:
            if len(self._words) > 200_000:
                self._words.clear()
            self._db.execute("INSERT OR IGNORE INTO word(text) VALUES (?)", (_safe(text),))
            known = self._words[text] = int(self._number(text) or 0)
        return known

    # asking

    def _number(self, text: str) -> int | float | bytes | None:
        return self._one("SELECT id FROM word WHERE text = ?", _safe(text))

    def head(self) -> str | None:
        """The commit this has everything up to; None when it is empty."""
        found = self._one("SELECT oid FROM commits ORDER BY id DESC LIMIT 1")
        return found.hex() if isinstance(found, bytes) else None

    def knows(self, oid: str) -> bool:
        """Whether a commit is in here."""
        return self._one("SELECT 1 FROM commits WHERE oid = ?", bytes.fromhex(oid)) is not None

    def posts(self) -> dict[str, str]:
        """The bead of each agent, as of the last event."""
        return dict(self._db.execute("SELECT agent, bead FROM post"))

    def seqs(self, wanted: Wanted, after: int, count: int, *, latest: bool = False) -> list[int]:
        """Numbers of the events wanted above `after`, in order: the first `count`, or with `latest` the last."""
        narrow = self._narrowed(wanted, after)
        if narrow is None:
            return []
        where, values = narrow
        table = "concern JOIN event USING (seq)" if wanted.about else "event"
        order = "DESC" if latest else "ASC"
        sql = f"SELECT seq FROM {table} WHERE {where} ORDER BY seq {order} LIMIT ?"
        found = [seq for (seq,) in self._db.execute(sql, (*values, count))]
        return found[::-1] if latest else found

    def _narrowed(self, wanted: Wanted, after: int) -> tuple[str, list[float]] | None:
        """The condition in SQL and its values; None when nothing can fit."""
        where, values = ["seq > ?", "seq <= ?"], [float(after), float(self.upto)]
        named = (("what", (wanted.about,)), ("who", (wanted.who,)), ("kind", wanted.kinds))
        for column, texts in named:
            if not any(texts):
                continue
            found = [id for text in texts if isinstance(id := self._number(text), int)]
            if not found:
                return None
            where.append(f"{column} IN ({', '.join('?' * len(found))})")
            values += found
        for bound, edge in ((wanted.since, "min"), (wanted.until, "max")):
            if bound is None:
                continue
            side, sign = ("high", ">=") if edge == "min" else ("low", "<=")
            chunk = self._one(f"SELECT {edge}(id) FROM chunk WHERE {side} {sign} ?", bound)
            if not isinstance(chunk, int):
                return None
            where += [f"seq {sign} ?", f"at {sign} ?"]
            values += [chunk * CHUNK + (0 if edge == "min" else CHUNK - 1), bound]
        return " AND ".join(where), values

    def where(self, seq: int) -> Where | None:
        """Where an event stands."""
        row = self._db.execute(
            "SELECT oid, pos FROM event, commits WHERE seq = ?1 AND commits.id = "
            "(SELECT id FROM commits WHERE last >= ?1 ORDER BY last LIMIT 1)",
            (seq,),
        ).fetchone()
        return None if row is None else Where(seq, row[0].hex(), row[1])

    def imported(self, seq: int, bead: str) -> Entry | None:
        """The line of an import in the history of one of its beads; None for any other event.

        It is answered from here, for the event itself is as long as all the beads that came in with it.
        """
        row = self._db.execute(
            "SELECT at, text, source, format, count FROM import JOIN event USING (seq) JOIN word ON word.id = who "
            "WHERE seq = ?",
            (seq,),
        ).fetchone()
        return None if row is None else Entry(seq, row[0], row[1], KINDS[0], CameIn(bead, *row[2:]))

    def commits(self, after: int, upto: int) -> list[str]:
        """The commits that hold the events numbered above `after` up to `upto`, oldest first."""
        sql = "SELECT oid FROM commits WHERE last > ? AND first <= ? ORDER BY id"
        return [oid.hex() for (oid,) in self._db.execute(sql, (after, min(upto, self.upto)))]

    def base(self, seq: int) -> str | None:
        """The last commit whose files have nothing newer than the event numbered `seq`."""
        found = self._one("SELECT oid FROM commits WHERE last <= ? ORDER BY id DESC LIMIT 1", seq)
        return found.hex() if isinstance(found, bytes) else None

    def last(self, oid: str) -> int | None:
        """The number a commit has everything up to; None when it is not of this ledger."""
        found = self._one("SELECT last FROM commits WHERE oid = ?", bytes.fromhex(oid))
        return found if isinstance(found, int) else None

    def ends(self) -> tuple[int, int]:
        """Numbers of the first event and the last; (0, 0) when there is none."""
        # Two questions: SQLite answers either end from the tree's edge, and both at once from every row.
        low, high = (self._one(f"SELECT {end}(seq) FROM event WHERE seq <= ?", self.upto) for end in ("min", "max"))
        return int(low or 0), int(high or 0)

    def at(self, seq: int) -> float | None:
        """When an event was."""
        found = self._one("SELECT at FROM event WHERE seq = ?", seq)
        return None if found is None or isinstance(found, bytes) else float(found)

    def seq_at(self, at: float) -> int:
        """The number of the last event that bears a time not after `at`; 0 when none does."""
        chunks = "SELECT id FROM chunk WHERE low <= ? AND id <= ? ORDER BY id DESC"
        for (chunk,) in self._db.execute(chunks, (at, self.upto // CHUNK)):
            sql = "SELECT max(seq) FROM event WHERE seq BETWEEN ? AND ? AND at <= ?"
            found = self._one(sql, chunk * CHUNK, min(self.upto, chunk * CHUNK + CHUNK - 1), at)
            if isinstance(found, int):
                return found
        return 0

    def counts(self, since: float, until: float, buckets: int) -> list[int]:
        """How many events fall into each of so many equal parts of [since, until); a chunk within one is not opened."""
        out, size = [0] * buckets, (until - since) / buckets
        sql = "SELECT id, low, high, n FROM chunk WHERE high >= ? AND low < ? AND id <= ?"
        rows = self._db.execute(sql, (since, until, self.upto // CHUNK))
        for id, low, high, n in rows.fetchall():
            one, other = int((low - since) // size), int((high - since) // size)
            last = min(self.upto, id * CHUNK + CHUNK - 1)
            if one == other and 0 <= one < buckets and last < self.upto:
                out[one] += n
                continue
            sql = (
                "SELECT CAST((at - ?1) / ?2 AS INTEGER), count(*) FROM event "
                "WHERE seq BETWEEN ?3 AND ?4 AND at >= ?1 AND at < ?5 GROUP BY 1"
            )
            for bucket, count in self._db.execute(sql, (since, size, id * CHUNK, last, until)):
                out[min(buckets - 1, bucket)] += count
        return out


def _safe(text: str) -> str:
    """SQLite holds no lone surrogate, and an id may come from anybody."""
    return text.encode("utf-8", "backslashreplace").decode()


def _mode(new: bool, readonly: bool) -> str:
    return "rwc" if new else "ro" if readonly else "rw"
