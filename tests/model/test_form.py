"""A record that somebody else wrote goes out again as it came: keys, order, numbers, what it left unsaid."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.door import snapshot
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model import form
from gastown_tui.model.bead import Bead
from gastown_tui.model.town import Town, encode_part, parts, restore, scalars
from tests.support import shared
from tests.support.strategies import JSON, TEXT


def _imported(*lines: bytes) -> Town:
    event = e.BeadsImported("a file", "beads", tuple(beads.foreign(line) for line in lines))
    return Town(prefix="td").after(e.Record(1, 1.0, "overseer", e.decode(_line(event)).event))


def _line(event: e.AnyEvent) -> bytes:
    return e.encode(e.Record(1, 1.0, "overseer", event))


def _seen(town: Town) -> Town:
    """The town as a second cockpit, or a command beside a running engine, gets it."""
    return snapshot.read(snapshot.lines(town))


def _restarted(town: Town) -> Town:
    """The town as the ledger gives it back."""
    found = [(kind, key, encode_part(town, kind, key) or b"") for kind, key in parts(town)]
    return restore(scalars(town), found)


@pytest.mark.parametrize("name", shared.BOARDS)
def test_every_real_board_comes_back_byte_for_byte(name: str) -> None:
    """Through the event, the journal's JSON, the ledger's records and a restart."""
    lines = shared.board(name)
    assert len(lines) > 200
    town = _seen(_restarted(_imported(*lines)))
    assert [beads.written(town.beads[json.loads(line)["id"]]) for line in lines] == lines


@pytest.mark.parametrize("name", ["agent-island", "beads-history", "gastown-history"])
def test_what_beads_writes_itself_needs_no_form(name: str) -> None:
    """Nothing is kept beside such a record, so the ledger stays as small as it was."""
    assert {beads.foreign(line).work.form for line in shared.board(name)} == {""}


STRANGE = [
    b'{"title":"Only a title","id":"x-1"}',
    b'{"id":"x-1","title":"T","priority":null,"labels":[],"closed_at":null,"status":""}',
    b'{"zeta":1e400,"id":"x-1","alpha":0.10,"title":"T","big":123456789012345678901234567890,"-status":1," a b%":2}',
    b'{"id":"x-1","title":"T","metadata":{"gt":{"stage":"landed","landed":"deadbeef"},"mine":1}}',
    b'{"id":"x-1","title":"T","metadata":{"gt:before":1}}',
    b'{"id":"x-1","title":"T","metadata":"{}"}',
    b'{"id":"x-1","title":"T","dependencies":[{"depends_on_id":"y","why":{"deep":[1.50]},"issue_id":"x-1"}]}',
    b'{"id":"x-1","title":"T","dependencies":[{"issue_id":"x-1","depends_on_id":"y","metadata":{"a":1},"type":null}]}',
    b'{"id":"x-1","title":"T","dependencies":[{"issue_id":"x-1","depends_on_id":"y","written":"}{","type":"blocks"}]}',
    b'{"id":"x-1","title":"T","comments":[{"text":"t","unknown":1e5,"id":1}],"_type":"issue","dependency_count":3}',
]


@pytest.mark.parametrize("line", STRANGE)
def test_strange_records_come_back_byte_for_byte(line: bytes) -> None:
    """What is left out stays out, what nobody knows stays in, and nobody's metadata makes a bead landed."""
    town = _seen(_restarted(_imported(line)))
    bead = town.beads["x-1"]
    assert beads.written(bead) == line
    assert bead.status == "open" and bead.work.stage == "idle" and not bead.work.landed
    assert beads.decode(beads.encode(bead)) == bead
    assert json.loads(beads.written(bead, town=True))["metadata"]["gt"]["since"] == 1.0
    assert beads.record(bead)["title"] == bead.title


def test_edges_of_others_block_as_ours_do() -> None:
    """Unknown keys, another order or a missing type change nothing of what an edge means."""
    edges = json.loads(STRANGE[6])["dependencies"]
    bead = beads.foreign(STRANGE[6])
    assert bead.needs == ("y",) and beads.record(bead)["dependencies"] == edges


def test_what_the_town_changes_changes_and_everything_else_stays() -> None:
    """A closed, retitled bead: two fields differ, new ones stand where Beads has them, the rest is where it was."""
    line = b'{"title":"T","zeta":1.50,"id":"x-1","alpha":null,"created_at":"2026-01-01T00:00:00Z"}'
    town = _imported(line)
    told: list[e.AnyEvent] = [e.BeadChanged("x-1", {"title": "U"}), e.BeadMoved("x-1", "close", "done")]
    for number, event in enumerate(told, 2):
        town = _restarted(town.after(e.Record(number, 1e9, "overseer", event)))
    when = '"2001-09-09T01:46:40Z"'
    assert beads.written(town.beads["x-1"]).decode() == (
        '{"title":"U","zeta":1.50,"id":"x-1","status":"closed","alpha":null,"created_at":"2026-01-01T00:00:00Z",'
        f'"updated_at":{when},"closed_at":{when},"close_reason":"done"}}'
    )


def test_the_ledger_has_one_field_a_line_and_sorted_keys() -> None:
    """What plain git shows of an imported bead."""
    text = beads.encode(beads.foreign(shared.board("gastown-backup")[0])).decode()
    keys = [line.split('"')[1] for line in text.splitlines() if line.startswith(' "')]
    assert len(keys) > 40 and keys == sorted(keys) and '"form": "sorted"' in text


def test_a_record_without_an_id_gets_one_in_front() -> None:
    """The town names it; what it said itself stays in its order."""
    bead = beads.foreign(b'{"title":"T","zeta":1}', "td-7")
    assert beads.written(bead) == b'{"id":"td-7","title":"T","zeta":1}'


NAMES = st.lists(TEXT | st.sampled_from(["priority", "status", "_type", "notes", "-status", ""]), unique=True)


@given(NAMES)
def test_any_order_is_kept_and_new_names_have_a_place(names: list[str]) -> None:
    """The order comes back whatever the keys are called, and where a new one goes does not hang on how it is asked."""
    found = form.of(names)
    assert form.ordered(reversed(names), found) == names
    grown = form.ordered([*names, "closed_at", "zz-new"], found)
    assert grown == form.ordered(["zz-new", "closed_at", *reversed(names)], found)
    assert [name for name in grown if name in names] == names


@given(st.dictionaries(TEXT.filter(lambda name: name not in Bead.__struct_fields__), JSON, max_size=6), st.randoms())
@settings(max_examples=40)
def test_any_record_of_others_comes_back(values: dict[str, Any], random: Any) -> None:
    """Any keys in any order, with any values."""
    pairs = [*{**values, "id": "x-1", "title": "T"}.items()]
    random.shuffle(pairs)
    line = json.dumps(dict(pairs), ensure_ascii=False, separators=(",", ":")).encode()
    back = beads.written(beads.decode(beads.encode(beads.foreign(line))))
    assert json.loads(back, object_pairs_hook=list) == json.loads(line, object_pairs_hook=list)
