"""The codec of beads: what came in goes out again, value for value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.model import bead as beads
from gastown_tui.model.bead import Bead, Work
from gastown_tui.model.errors import GasTownError
from tests.support.strategies import JSON, TEXT, of

SAMPLE = (Path(__file__).parents[1] / "fixtures" / "beads" / "sample.jsonl").read_text(encoding="utf-8").splitlines()
COLD = st.dictionaries(TEXT.filter(lambda name: name not in beads.Bead.__struct_fields__), JSON, max_size=5)


@pytest.mark.parametrize("line", SAMPLE, ids=[json.loads(line)["id"] for line in SAMPLE])
def test_real_records_come_back_whole(line: str) -> None:
    """Keys, values, numbers, nulls and edges of records that other programs wrote."""
    found = beads.decode(line.encode())
    assert json.loads(beads.encode(found)) == json.loads(line)
    assert beads.record(found) == json.loads(line)
    assert beads.decode(beads.encode(found)) == found


def test_the_town_keeps_its_own_under_metadata_and_takes_it_out_again() -> None:
    """Whatever others keep in `metadata`, an object or not, survives beside it."""
    for theirs in ({"a": [1, {"b": None}]}, {}, "text", '{"in": "a string"}', None, 7, [1]):
        record = {"id": "td-1", "title": "T", "metadata": theirs}
        slung = beads.decode(json.dumps(record).encode()).working(epoch=3, files=("a.py",))
        text = beads.encode(slung)
        assert json.loads(text)["metadata"]["gt"] == {"epoch": 3, "files": ["a.py"]}
        back = beads.decode(text)
        assert back == slung
        freed = beads.record(back.changed(work=Work()))
        assert freed["metadata"] == theirs


def test_numbers_are_kept_as_they_were_written() -> None:
    """Numbers no machine number holds pass through the ledger untouched."""
    record = b'{"id":"a","title":"t","x":123456789012345678901234567890,"y":1e400,"z":[0.10,1E5]}'
    text = beads.encode(beads.decode(record))
    for number in (b"123456789012345678901234567890", b"1e400", b"0.10", b"1E5"):
        assert number in text
    assert beads.decode(text) == beads.decode(record)


@given(cold=COLD, hot=of(Bead), title=TEXT)
def test_any_bead_comes_back_equal(cold: dict[str, Any], hot: Bead, title: str) -> None:
    """Hostile ids, any work, any unknown field: what the ledger has gives back an equal bead."""
    edges = tuple(msgspec.structs.replace(edge, written="") for edge in hot.dependencies)
    said = {"status": hot.status or "open", "issue_type": hot.issue_type or "task"}
    bead = hot.changed(**{**cold, **said, "extra": b"{}", "title": title, "dependencies": edges}).changed(**cold)
    text = beads.encode(bead)
    again = beads.decode(text)
    assert again == bead and beads.encode(again) == text
    assert {name: again.cold(name) for name in cold} == cold


@pytest.mark.parametrize(
    "record",
    [
        b"", b"[]", b"{}", b'{"id":"a"}', b'{"id":"a","title":null}', b'{"id":1,"title":"t"}',
        b'{"id":"a","title":"\xff"}',
        b'{"id":"a","title":"\\ud800"}', b'{"id":"a","title":"t","priority":"high"}', b'{"id":"a","title":"t"',
        b'{"id":"a","title":"t","metadata":{"gt":"x"}}', b'{"id":"a","title":"t","dependencies":[1]}',
    ],
)  # fmt: skip
def test_what_is_no_bead_is_refused_in_words(record: bytes) -> None:
    """Never a traceback, never half a bead."""
    with pytest.raises(GasTownError, match="This is not a bead"):
        beads.decode(record)


def test_make_and_change_put_every_field_of_the_table_in_its_place() -> None:
    """Hot or cold, a field reads back under its own name; None takes a cold one away."""
    values: dict[str, Any] = {
        field.name: {"words": ("a",), "priority": 1, "minutes": 30, "edges": (beads.Dependency("x", "y"),)}.get(
            field.kind, f"some {field.name}"
        )
        for field in beads.FIELDS
    }
    made = beads.make("td-1", "T", "2026-01-01T00:00:00Z").changed(**values)
    for field in beads.FIELDS:
        assert (getattr(made, field.name) if field.hot else made.cold(field.name)) == values[field.name]
    assert made.changed(design=None).cold("design") is None
    assert beads.record(made)["labels"] == ["a"]


def test_fitting_says_which_field_does_not_fit() -> None:
    """Only editable fields and edges, each of its own kind; None empties."""
    fit = beads.fitting({"labels": ["a"], "assignee": None, "design": None, "estimated_minutes": 5, "dependencies": []})
    assert fit == {"labels": ("a",), "assignee": "", "design": None, "estimated_minutes": 5, "dependencies": ()}
    for changes in ({"id": "x"}, {"priority": 9}, {"priority": None}, {"title": None}, {"estimated_minutes": -1}):
        with pytest.raises(ValueError, match=next(iter(changes))):
            beads.fitting(changes)


def test_only_some_edges_block() -> None:
    """A related bead holds nothing up."""
    edges = tuple(
        beads.Dependency("a", f"n-{kind}", kind) for kind in ("blocks", "waits-for", "related", "parent-child")
    )
    assert beads.make("a", "A", "", dependencies=edges).needs == ("n-blocks", "n-waits-for")
