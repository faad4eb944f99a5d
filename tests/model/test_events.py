"""Events and orders cross the journal and the door as JSON and come back equal."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import orders
from gastown_tui.model.bead import Work
from gastown_tui.model.errors import Usage
from gastown_tui.model.folding import CASES
from tests.support.strategies import of

KINDS: tuple[type[e.Event], ...] = get_args(e.AnyEvent)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=15)
def test_every_event_comes_back(kind: type[e.AnyEvent], data: st.DataObject) -> None:
    """One line, whatever stands in it, and no newline in that line."""
    record = e.Record(7, 1.5, "test", data.draw(of(kind)))
    line = e.encode(record)
    assert b"\n" not in line and e.decode(line) == record


def test_what_a_bead_was_given_is_read_in_its_line() -> None:
    """Long text stands in the line as it is, numbers as they came; a line of the first versions is read, too."""
    bead = beads.make("td-1", "One", "", description="find me\nhere", work=Work(approved=True))
    bead = bead.with_raw({"size": msgspec.Raw(b"1.50")})
    for event in (e.BeadCreated(bead), e.BeadsImported("board", "beads", (bead, bead))):
        record = e.Record(3, 1.5, "me", event)
        line = e.encode(record)
        assert b'"description":"find me\\nhere","size":1.50' in line and b"\n" not in line
        first = msgspec.json.encode(record)
        assert b"find me" not in first and e.decode(first) == e.decode(line) == record


def test_words_that_look_like_an_event_are_words() -> None:
    """The name of an event within another one's text, or among its values, makes it no such event."""
    changes = {"notes": '"event":"bead_created"', "x": {"event": "bead_created"}}
    record = e.Record(3, 1.5, "me", e.BeadChanged("td-1", changes))
    assert e.decode(e.encode(record)) == record


def test_every_event_has_one_case_and_one_tag() -> None:
    """Nothing that can be written is unknown to the town."""
    every = {kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event)} - {e.Event}
    assert every == set(KINDS) == set(CASES)
    assert len({kind.__struct_config__.tag for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("row", orders.ORDERS.values(), ids=lambda row: row.name)
@given(data=st.data())
@settings(max_examples=15)
def test_every_order_crosses_the_door(row: orders.Row, data: st.DataObject) -> None:
    """An order is its name and a JSON object."""
    order = data.draw(of(row.order))
    args = msgspec.json.decode(msgspec.json.encode(order))
    assert orders.decode(orders.NAMES[type(order)], args) == order


def test_every_order_has_a_row_and_a_title() -> None:
    """An order without a row could not be asked for."""
    every = {kind for kind in vars(orders).values() if isinstance(kind, type) and issubclass(kind, orders.Order)}
    assert every - {orders.Order} == set(orders.NAMES)
    assert all(row.title and row.who and row.order.__doc__ for row in orders.ORDERS.values())


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("vanish", {}), ("tell_mayor", {}), ("tell_mayor", {"text": 1}), ("tell_mayor", []), ("tell_mayor", None),
        ("tell_mayor", {"text": "x", "more": 1}), ("tell_mayor", {"text": "\ud800"}),
        ("tell_mayor", {"text": object()}),
        ("resize", {"agent": "a", "rows": 2**70, "columns": "80"}), ("submit_plan", {"plan": {"title": "x"}}),
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused_in_words(name: str, args: object) -> None:
    """Unknown names, missing, strange and surplus arguments, and text that could never be written down."""
    with pytest.raises(Usage) as refusal:
        orders.decode(name, args)
    assert refusal.value.hint
