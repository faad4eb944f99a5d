"""What one order changed, part by part: differences, two of them as one, and their way through the ledger."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from gastown_tui.model import bead as beads
from gastown_tui.model.bead import Bead, Work
from gastown_tui.model.errors import GasTownError, Illegal
from gastown_tui.model.events import Need, Restored
from gastown_tui.model.undoing import entries
from gastown_tui.model.undoing.entries import Change, Entry, Fields
from tests.model.stories import Story

FIELD = st.sampled_from(["title", "priority", "description", "gt", "work:stage", "notes", "labels"])
VALUES = st.dictionaries(FIELD, st.integers(0, 4), max_size=5)


def _bead(values: dict[str, int]) -> Bead:
    """A bead whose fields, hot and cold, are made from small numbers."""
    title, labels = f"T{values.get('title', 0)}", (("x",) * values.get("labels", 0))
    cold = {name: [value, {"b": 1e3, "a": None}] for name, value in values.items() if name in ("notes", "gt")}
    if "description" in values:
        cold["description"] = ["text"] * values["description"]
    work = Work(stage="dropped" if values.get("work:stage", 0) > 2 else "idle", approved=bool(values.get("priority")))
    return Bead("td-1", title, priority=values.get("priority", 2), labels=labels, work=work).changed(**cold)


def _undone(change: Change, now: Bead) -> Any:
    gone = tuple((change.after or {}).keys() - (change.before or {}).keys())
    return entries.applied(now, change.before or {}, gone)


@given(first=VALUES, second=VALUES, third=VALUES)
def test_a_difference_taken_back_and_two_as_one(first: Any, second: Any, third: Any) -> None:
    """One by one or together, what was changed is as it was, to the byte."""
    one, two, three = _bead(first), _bead(second), _bead(third)
    a, b = entries.difference(one, two), entries.difference(two, three)
    assert (a is None) == (one == two)
    if a is not None:
        assert _undone(a, two) == one
    if a is not None and b is not None:
        both = entries.merged(a, b)
        assert (both is None) == (one == three)
        if both is not None:
            straight = entries.difference(one, three)
            assert straight is not None and _undone(both, three) == one
            assert (both.before, both.after) == (straight.before, straight.after)


@given(first=VALUES, second=VALUES)
def test_what_came_or_went_meanwhile(first: Any, second: Any) -> None:
    """Made and changed is made; changed and gone is gone as it was before; made and gone is nothing."""
    one, two = _bead(first), _bead(second)
    made, gone = entries.difference(None, one), entries.difference(two, None)
    changed = entries.difference(one, two)
    assert made is not None and gone is not None and made.before is None and gone.after is None
    assert entries.merged(made, gone) is None
    if changed is not None:
        assert (entries.merged(made, changed) or made).before is None
        both = entries.merged(changed, gone)
        assert both is not None and entries.made("beads", "td-1", both.before or {}) == one


def test_an_entry_goes_through_the_ledger_and_comes_back() -> None:
    """Indented there, one line here: what is compared is the same text."""
    need = Need("n1", "bead", "What?", 1.0, choices=("a", "b"))
    odd = Bead("td-1", "T").with_raw({"x": msgspec.Raw(b'{"n":[1e400,{"k":"a  b"}]}')})
    parts = {
        ("needs", "n1"): Change(entries.whole(need), None),
        ("beads", "td-1"): entries.difference(odd, odd.with_raw({}, ("x",))) or Change(),
    }
    entry = Entry(7, 1.5, "answer", "answer a", parts=Map(parts))
    stored = msgspec.json.format(msgspec.json.encode(entries.kept(entry), order="sorted"), indent=1)
    again = entries.unkept(msgspec.json.decode(stored, type=entries.Kept))
    assert again == entry
    change = again.parts["beads", "td-1"]
    assert _undone(change, odd.with_raw({}, ("x",))) == odd
    assert entries.made("needs", "n1", again.parts["needs", "n1"].before or {}) == need


@pytest.mark.parametrize(
    "event",
    [
        Restored(),
        Restored("td-9", removed=True),
        Restored("td-9", fields={"title": msgspec.Raw(b'"x"')}),
        Restored("td-9", fields={"record": msgspec.Raw(b'{"id":')}),
        Restored("td-1", fields={"colour": msgspec.Raw(b"1")}),
        Restored("td-1", fields={"priority": msgspec.Raw(b'"high"')}),
        Restored("td-1", fields={"work:epoch": msgspec.Raw(b"4")}),
        Restored("td-1", fields={"work:landed": msgspec.Raw(b'"abc"')}),
        Restored("td-1", fields={"status": msgspec.Raw(b'"closed"')}),
        Restored("td-1", fields={"work:held": msgspec.Raw(b'"nobody asks"')}),
        Restored(plan="p9", removed=True),
    ],
    ids=lambda event: f"{event.bead}{event.plan}-{'-'.join(event.fields)}",
)
def test_nothing_is_put_back_that_does_not_fit(event: Restored) -> None:
    """A record that names nothing, what is not there, no field, or what would give a bead away."""
    story = Story()
    story.create("td-1")
    before = story.town
    with pytest.raises(Illegal) as refusal:
        story.tell(event)
    assert refusal.value.title and story.town is before


def test_a_record_that_is_no_bead_is_named() -> None:
    """What came out of the ledger damaged is an error a person can read."""
    fields: Fields = {entries.WHOLE: msgspec.Raw(b'{"id": 4}')}
    with pytest.raises(GasTownError, match="not a bead"):
        entries.made("beads", "td-1", fields)
    assert beads.make("td-1", "T", "").raw() == {}
