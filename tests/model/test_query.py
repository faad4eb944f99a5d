"""The query language: what is understood, what is refused and where, and which beads are meant."""

from __future__ import annotations

import re
import sys
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Bead, Dependency, Return, Work
from gastown_tui.model.dates import seconds
from gastown_tui.model.errors import USAGE
from gastown_tui.model.query import FIELDS, Query, QueryError, parse
from gastown_tui.model.query.fields import NAMES
from gastown_tui.model.query.fuzzy import fits
from gastown_tui.model.query.literals import Moment, moment, span
from gastown_tui.model.query.tree import All, Among, Compare, Either, Expand, Node, Not, Order, Value, Word
from gastown_tui.model.query.words import LONGEST
from gastown_tui.model.town import Town, stamp
from tests.model.stories import Story

NOW = 1_772_000_000.0
"""2026-02-25, a Wednesday, 06:13:20 UTC."""
DAY = 86400.0


@pytest.fixture(scope="module")
def town() -> Town:
    """An epic with two children, one of them blocked; a closed bead; one the overseer is asked about."""
    story = Story(Town(prefix="td"))

    def create(id: str, title: str, days: float, *edges: tuple[str, str], **fields: Any) -> None:
        made = tuple(Dependency(id, other, kind) for other, kind in edges)
        work = fields.pop("work", Work(approved=True))
        fresh = beads.make(id, title, stamp(NOW - days * DAY), dependencies=made, work=work, **fields)
        story.tell(e.BeadCreated(fresh), NOW - days * DAY)

    create("td-e", "Accounts", 30, issue_type="epic", priority=1)
    create("td-a", "Rate-limit the login", 9, ("td-e", "parent-child"), priority=0, labels=("auth", "API"))
    create("td-b", "Store tokens", 8, ("td-e", "parent-child"), ("td-a", "blocks"), description="For the Login page.",
           labels=("db",), work=Work(approved=True, files=("src/auth.py", "README.md"), cost_usd=2.5))  # fmt: skip
    create("td-c", "Old and done", 7, issue_type="bug", notes="see td-a")
    create("td-d", "Ask me", 2, assignee="Ada", due_at="2026-02-28T12:00:00Z", metadata={"team": "Core", "size": 3})
    story.tell(e.BeadMoved("td-c", "close", "not wanted"), NOW - DAY)
    story.tell(e.Escalated(e.Need("n1", "bead", "May I?", NOW, bead="td-d")), NOW - 100)
    return story.town


def ids(town: Town, text: str, now: float = NOW) -> list[str]:
    """The ids a query finds, short."""
    return [bead.id.removeprefix("td-") for bead in parse(text).select(town, now, UTC)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "d e a b c"),
        ("status = open and priority < 2 and label in (auth, db) and updated > -30d order by priority", "a"),
        ("STATUS = Open AND Priority <= p1", "e a"),
        ("type=epic or type = BUG", "e c"),
        ("type != epic and not status = closed", "d a b"),
        ("not (status = closed or type = epic)", "d a b"),
        ("label = api", "a"),
        ("label != auth", "d e b c"),
        ("label not in (auth, db)", "d e c"),
        ("label = nil", "d e c"),
        ("label in (nil, db)", "d e b c"),
        ("label ~ a", "a"),
        ("title ~ 'the log'", "a"),
        ("title !~ o", "d"),
        ("login", "a b"),
        ('"the login"', "a b"),
        ('"ratlog"', ""),
        ("ratlog", "a"),
        ("login tokens", "b"),
        ("td-a", "a"),
        ("id = td-a", "a"),
        ("file ~ auth.py", "b"),
        ("file = readme.md", "b"),
        ("cost > 2", "b"),
        ("cost = $2.50", "b"),
        ("needs = me", "d"),
        ("needs = td-a", "b"),
        ("needs != nil", "d b"),
        ("parent = td-e order by id", "a b"),
        ("blocked = true", "b"),
        ("ready = yes", "e a"),
        ("ready = false and blocked != true", "d c"),
        ("column = nil", "c"),
        ("column in (backlog, landed)", "d b"),
        ("held = true", "d"),
        ("assignee = ada", "d"),
        ("assignee = nil and status = open order by created desc", "b a e"),
        ("created > -1w and created < now", "d"),
        ("created = 2026-02-23", "d"),
        ("created in (2026-02-23, 2026-02-16)", "d a"),
        ("created >= 2026-02-23T06:13:20Z", "d"),
        ("created > 2026-02-23T07:13:20.5+01:00", ""),
        ("closed = yesterday", "c"),
        ("closed > today", ""),
        ("created < -1mo", ""),
        ("created <= -4w", "e"),
        ("age > 29d", "e"),
        ("due < 7d", "d"),
        ("due < tomorrow", ""),
        ("due = nil", "e a b c"),
        ("due != 2026-02-28", "e a b c"),
        ("notes ~ TD-A", "c"),
        ("reason ~ wanted", "c"),
        ("metadata.team = core", "d"),
        ("metadata.size = 3", "d"),
        ("metadata.other = nil order by id", "a b c d e"),
        ("type = epic expand down", "e a b"),
        ("id = td-b expand up", "e a b"),
        ("id = td-b expand up depth 1 order by id desc", "e b a"),
        ("id = td-a expand all", "e a b"),
        ("type = epic expand down depth *", "e a b"),
        ("id = td-d expand all depth *", "d"),
        ("order", ""),
        ("order by label", "a b d e c"),
        ("order by label desc", "b a d e c"),
        ("order by status desc, title", "c e d a b"),
        ("expand all", "d e a b c"),
    ],
)
def test_what_a_query_means(town: Town, text: str, found: str) -> None:
    """Each by a town small enough to be read at a glance: b and d in Backlog, a and e Ready, c closed."""
    wanted = found.split() if "order by" in text else sorted(found.split(), key="bdaec".index)
    assert ids(town, text) == wanted


def test_idle_and_retries(town: Town) -> None:
    """A polecat that works is never idle; what was sent back is counted."""
    story = Story()
    story.create("td-a")
    story.create("td-b")
    for id, name in (("td-a", "obsidian"), ("td-b", "quartz")):
        story.sling(id, name)
        story.tell(e.AgentStarted(name, "polecat", "s", "rehearsal", 9, 9, bead=id, epoch=1), 1000.0)
    story.tell(e.AgentTurned("obsidian", "parked"), 2000.0)
    assert ids(story.town, "idle > 10m", 2601.0) == ["a"] and not ids(story.town, "idle > 10m", 2599.0)
    assert ids(story.town, "idle = nil") == ["b"]
    worked = story.bead("td-b").working(returns=(Return("witness", "why", 1.0, 1),) * 2)
    assert ids(story.town.put(worked), "retries > 1") == ["b"]


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("statsu = open", 0, "Did you mean status?"),
        ("priority < 2 and qqqq ~ x", 17, "There is no field qqqq"),
        ("status = opne", 9, "did you mean open?"),
        ("priority = 7", 11, "priority is 0 to 4, or P0 to P4, not 7"),
        ("priority ~ 2", 9, "priority takes no ~"),
        ("title < a", 6, "Expected one of: = != ~ !~ in"),
        ("ready = maybe", 8, "true or false"),
        ("ready in (true)", 9, "true or false"),
        ("updated > lately", 10, "updated is a date"),
        ("created = 2026-02-30", 10, "created is a date"),
        ("idle > 10", 7, "a length of time"),
        ("label in auth", 9, "label in (a, b)"),
        ("label in (auth", 14, "Expected , and another value, or )."),
        ("label in ()", 10, "no value"),
        ("title =", 6, "The query ends after this"),
        ("title = and x", 8, "and is no value"),
        ("title = order by id", 8, "order is no value"),
        ("(status = open", 0, "never closed"),
        ("status = open)", 13, ") is not expected here"),
        ("title ~ 'auth", 8, "never closed"),
        ("a ! b", 2, "Expected != or !~"),
        ("a and", 5, "The query ends here"),
        ("or a", 0, "or is not expected here"),
        ("'title' = x", 0, "never quoted"),
        ("due < nil", 6, "nil"),
        ("a order by", 10, "no field here"),
        ("a order by cost expand up", 16, "before order by"),
        ("a expand up depth 0", 18, "1 to 999"),
        ("a expand up depth much", 18, "much is no depth"),
        ("not " * 60, 200, "too deeply"),
        ("x" * (LONGEST + 1), LONGEST, "at most"),
    ],
)
def test_an_error_points_at_the_word(text: str, at: int, says: str) -> None:
    """It says where, what was expected, and draws a caret under the place; it is a usage error."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    assert (error.at, error.code) == (at, USAGE) and says in str(error)
    line, caret, *rest = error.hint.split("\n")
    assert rest and len(line) <= 130 and caret.strip("^ ") == "" and caret.strip()
    meant = line[caret.index("^") : caret.rindex("^") + 1]
    assert meant in ("", text[at : at + error.length], text[at : at + 60]) or len(text) > LONGEST


def test_a_caret_stands_under_wide_letters_and_never_shows_control_codes() -> None:
    """Two cells for a wide letter; what a terminal would obey is replaced."""
    with pytest.raises(QueryError) as caught:
        parse("題 \x1b[31m statsu = open")
    line, caret = caught.value.hint.split("\n")[:2]
    assert "\x1b" not in str(caught.value) and caret.index("^") == line.index("statsu") + 1


BARE = st.text(st.characters(exclude_characters="()!<>=~,\"'", exclude_categories=("Z", "C")), min_size=1, max_size=8)
WORDS = st.builds(Word, BARE.filter(lambda text: text.lower() not in ("and", "or", "not"))) | st.builds(
    Word, st.text(max_size=8), st.just(True)
)
EXAMPLES = {"number": "2.5", "priority": "P1", "time": "-7d", "span": "10m", "flag": "true", "text": "x", "words": "x"}


@st.composite
def comparisons(draw: st.DrawFn) -> Node:
    """A field with a value it takes."""
    field = draw(st.sampled_from(FIELDS))
    loose = field.kind in ("text", "words") and not field.choices
    plain = Value(field.choices[-1] if field.choices else EXAMPLES[field.kind])
    value = st.builds(Value, st.text(max_size=8), st.just(True)) if loose else st.just(plain)
    if field.kind != "flag" and draw(st.booleans()):
        return Among(field.name, tuple(draw(st.lists(value, min_size=1, max_size=3))), draw(st.booleans()))
    return Compare(field.name, draw(st.sampled_from(field.signs)), draw(value))


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    alls = parts.filter(lambda found: not any(isinstance(part, All) for part in found)).map(All)
    eithers = parts.filter(lambda found: not any(isinstance(part, Either) for part in found)).map(Either)
    return inner.map(Not) | alls | eithers


NODES: st.SearchStrategy[Node] = st.recursive(WORDS | comparisons(), _joined, max_leaves=6)
QUERIES = st.builds(
    Query,
    st.none() | NODES,
    st.none() | st.builds(Expand, st.sampled_from(["up", "down", "all"]), st.integers(0, 20)),
    st.lists(st.builds(Order, st.sampled_from([field.name for field in FIELDS]), st.booleans()), max_size=2).map(tuple),
)


@settings(max_examples=150)
@given(QUERIES)
@example(Query(All((Word("order"), Word("by")))))
@example(Query(Word("expand"), None, (Order("id"),)))
@example(Query(Compare("title", "=", Value("nil", True))))
def test_a_query_prints_as_what_it_means(query: Query) -> None:
    """And asking it of a town raises nothing, and finds no bead twice."""
    again = parse(str(query))
    assert again == query and str(again) == str(query)
    found = query.select(_SMALL, NOW)
    assert len({bead.id for bead in found}) == len(found) and query.fields() <= set(NAMES)
    if query.expand is None:
        test = query.matching(_SMALL, NOW)
        assert {bead.id for bead in found} == {bead.id for bead in _SMALL.beads.values() if test(bead)}


_SMALL = Town(prefix="td").with_()
for _number in range(4):
    _SMALL = _SMALL.put(
        beads.make(
            f"td-{_number}", f"Do x{_number} 10", stamp(NOW - _number), priority=_number,
            dependencies=(Dependency(f"td-{_number}", f"td-{(_number + 1) % 4}"),), work=Work(approved=True),
            description="x", due_at="2026-02-30", metadata=["odd"],
        )
    )  # fmt: skip


PIECES = st.sampled_from(
    ["(", ")", ",", "=", "!=", "~", "<", "'", '"', "\\", "not", "and", "or", "in", "order", "by", "expand", "down",
     "depth", "*", "status", "open", "priority", "nil", "-7d", "metadata.", "metadata.a", "\x00", "\u2028", "1", " "]
)  # fmt: skip


@settings(max_examples=200)
@given(st.text(max_size=60) | st.lists(PIECES | st.text(max_size=3), max_size=20).map(" ".join))
def test_hostile_text_is_a_query_or_a_query_error(text: str) -> None:
    """Nothing else is ever raised; what is understood prints as the same, and can be asked."""
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.at <= len(text) and error.hint and error.title
        return
    assert parse(str(query)) == query
    query.select(_SMALL, NOW)


LONG = {
    "open": "(" * LONGEST, "escapes": "'" + "\\" * (LONGEST - 2), "words": "a " * (LONGEST // 2), "not": "not" * 1300,
    "or": "a or " * (LONGEST // 5 - 1) + "b", "list": "label in (" + "a," * 1900 + "a)", "signs": "=" * LONGEST,
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_the_longest_texts_cost_little(name: str) -> None:
    """Counted in calls of the interpreter, not in seconds: in proportion to the text."""
    calls = 0

    def count(*_: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        parse(LONG[name])
    except QueryError:
        assert name in ("open", "escapes", "signs")
    finally:
        sys.setprofile(None)
    assert calls < 60 * LONGEST


@given(st.text("ab -", max_size=12), st.text("ab", min_size=1, max_size=6))
def test_fuzzy_words_are_beginnings_in_order(text: str, word: str) -> None:
    """The same as trying every way to cut the word."""

    def slow(left: str, parts: list[str]) -> bool:
        if not left:
            return True
        tries = ((n, part[: length + 1]) for n, part in enumerate(parts) for length in range(len(part)))
        return any(left.startswith(start) and slow(left[len(start) :], parts[n + 1 :]) for n, start in tries)

    assert fits(word, text) == (len(word) >= 3 and slow(word, re.findall(r"\w+", text)))


@settings(max_examples=80)
@given(st.from_regex(r"[+-]?[0-9]{1,6}(s|min|h|d|w|m|mo|y)", fullmatch=True), st.floats(0, 4e9))
def test_a_time_from_now_is_always_a_moment(text: str, now: float) -> None:
    """However far away."""
    found = moment(text, now, UTC)
    assert found is not None and (found.start <= now + 1 if text[0] == "-" else found.start >= now - 1)


def test_months_go_by_the_calendar_and_days_are_whole() -> None:
    """The 31st of March less a month is the last of February."""
    march = seconds("2026-03-31T12:00:00Z")
    assert march is not None
    february = seconds("2026-02-28T12:00:00Z") or 0.0
    assert moment("-1m", march, UTC) == moment("-1mo", march, UTC) == Moment(february, february)
    assert moment("today", march, UTC) == moment("2026-03-31", 0.0, UTC)
    assert seconds("0001-01-01T00:00:00Z") is None and seconds("soon") is None
    assert moment("2026-03-31t12:00:00.123456789+00:00", 0.0, None) is not None
    assert span("1h30m") == 5400 and span("2 days") == 2 * DAY and span("10") is None


def test_days_are_those_of_the_zone() -> None:
    """Also where one has 23 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    noon = seconds("2026-03-29T10:00:00Z") or 0.0
    day = moment("today", noon, berlin)
    assert day == Moment(seconds("2026-03-28T23:00:00Z") or 0.0, seconds("2026-03-29T22:00:00Z") or 0.0)
    assert day == moment("2026-03-29", 0.0, berlin) and day.end - day.start == 23 * 3600
    assert moment("2026-03-29T12:00", 0.0, berlin) == Moment(noon, noon)
    for far in ("0001-01-01", "9999-12-31", "0001-01-01T00:00", "9999-12-31T23:59"):
        assert moment(far, 0.0, None) is not None and moment(far, 0.0, berlin) is not None


def test_order_is_the_same_whatever_order_beads_came_in() -> None:
    """Two towns with the same beads, put in forwards and backwards."""
    many = [beads.make(f"td-{n}", "same", "", priority=n % 2, labels=("x",) * (n % 3 == 0)) for n in range(60)]
    one, other = Town(), Town()
    for bead in many:
        one = one.put(bead)
    for bead in reversed(many):
        other = other.put(bead)
    for text in ("", "order by label", "order by label desc, priority", "same", "id = td-3 expand all"):
        assert ids(one, text) == ids(other, text)


def test_only_the_cold_fields_named_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query of hot fields looks into no record."""
    from gastown_tui.model.query import fields

    looked = []
    real = fields._Cold.__call__

    def counting(self: Any, scope: Any, bead: Bead) -> Any:
        looked.append(bead.id)
        return real(self, scope, bead)

    monkeypatch.setattr(fields._Cold, "__call__", counting)
    hot = " or ".join(f"{field.name} = nil" for field in FIELDS if not field.cold and field.kind != "flag")
    parse(f"({hot}) order by created").select(_SMALL, NOW)
    assert not looked
    parse("notes = x").select(_SMALL, NOW)
    assert len(looked) == len(_SMALL.beads)
