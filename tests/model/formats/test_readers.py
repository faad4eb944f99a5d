"""Files of others become drafts, and what is wrong with them has a line and a column."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import Refused
from gastown_tui.model.formats import backup, beads_jsonl, lists, markdown, sarif
from gastown_tui.model.formats.draft import Draft, Reading
from gastown_tui.model.formats.guess import READERS, guess
from tests.support import shared
from tests.support.strategies import JSON, TEXT


def _record(draft: Draft) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(draft.record)
    return found


def _titles(reading: Reading) -> list[str]:
    return [_record(draft)["title"] for draft in reading.drafts]


@pytest.mark.parametrize(
    ("line", "column", "what"),
    [
        (b'{"id":"a","title":"x","priority":"high"}', 34, "priority: a whole number or null is wanted, not text"),
        (b'{"id":"a","title":"x", "d": nul}', 33, "this is no JSON: invalid character"),
        (b'{"id":"a","title":"\xc3\xa4\xff"}', 21, "this is not UTF-8 text (byte 0xff)"),
        (b'{"id":"a"}', 1, "title is missing"),
        (b'{"title":"x","labels":["a",null]}', 23, "labels[1]: text is wanted, not null"),
        (b"[]", 1, "a record is one JSON object"),
        (b'{"title":" ","id":"a"}', 10, "title: it is empty"),
        (b'{"title":"t","id":"a b"}', 19, "id: an id is one word of at most 200 characters"),
        (b'{"title":"t","x":' + b"[" * 200 + b"]" * 200 + b"}", 117, "this is nested more than 100 levels deep"),
        (b'{"title":"t","x":"\\ud800"}', 27, "this is no JSON: it breaks off"),
        (b'{"title":"t","priority":7}', 25, "priority: it is 0 to 4, not 7"),
        (b'{"title":"t","description":7}', 28, "description: text is wanted"),
        (b'{"title":"t","dependencies":[{"issue_id":"x"}]}', 29, "dependencies: An edge has no `depends_on_id`"),
        (b'{"title":"t","dependencies":[1]}', 29, "dependencies[0]: an object is wanted, not a whole number"),
        (b'{"title":"t"', 13, "this is no JSON: it breaks off"),
        (b'{"id":"fine-1","title":"again"}', 7, "fine-1 was on line 1 already"),
    ],
)
def test_a_bad_line_says_where_and_what(line: bytes, column: int, what: str) -> None:
    """The good lines around it are drafts all the same."""
    reading = beads_jsonl.read(b'{"id":"fine-1","title":"t"}\n\n' + line + b'\r\n{"id":"fine-2","title":"t"}')
    assert [(f.line, f.column, f.what) for f in reading.faults] == [(3, column, what)]
    assert [draft.line for draft in reading.drafts] == [1, 4]


def test_tombstones_and_other_kinds_of_line_are_skipped_and_said() -> None:
    """Neither beads nor faults."""
    lines = [{"id": "a", "title": "t", "status": "tombstone"}, {"_type": "memory", "title": "m"}, {"title": "t"}]
    reading = beads_jsonl.read("\n".join(map(json.dumps, lines)).encode())
    assert reading.skipped == ("line 1: a is a tombstone", "line 2: it is no issue but a memory")
    assert _titles(reading) == ["t"] and not reading.faults


def test_records_without_ids_are_known_by_their_titles() -> None:
    """Two of one title are two, the same two next time."""
    data = b'{"title":"a"}\n{"title":"a"}\n{"title":"b"}'
    origins = [draft.origin for draft in beads_jsonl.read(data).drafts]
    assert len(set(origins)) == 3 and origins == [draft.origin for draft in beads_jsonl.read(b"\n" + data).drafts]


def test_the_gas_town_backup_is_joined_with_its_history() -> None:
    """Five files: edges, labels and comments in the records, 3,667 events beside them, in their order."""
    files = {part: shared.data("beads", f"gastown-backup.{part}.jsonl").read_bytes() for part in backup.PARTS}
    reading = backup.read(files)
    assert len(reading.drafts) == 677 and not reading.faults
    records = [_record(draft) for draft in reading.drafts]
    known = {record["id"] for record in records}
    for part in ("dependencies", "labels", "comments"):
        rows = [json.loads(line) for line in files[part].splitlines()]
        wanted = [row for row in rows if row["issue_id"] in known]
        found = [item for record in records for item in record.get(part, [])]
        assert len(found) == len(wanted) > 10
        if part != "labels":
            assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, wanted))
    assert all(list(record) == sorted(record) for record in records)
    events = [json.loads(line) for line in files["events"].splitlines()]
    entries = [entry for draft in reading.drafts for entry in draft.history]
    assert len(entries) == sum(event["issue_id"] in known for event in events)
    by_id = {record["id"]: draft for record, draft in zip(records, reading.drafts, strict=True)}
    first = by_id[events[0]["issue_id"]].history[0]
    assert (first.at, first.who, first.kind) == (1772118803.0, "mayor", "status_changed")
    assert json.loads(first.old) == {"status": "open"} and json.loads(first.new)["status"] == "hooked"
    for draft in reading.drafts:
        assert [entry.at for entry in draft.history] == sorted(entry.at for entry in draft.history)


def test_a_backup_names_the_file_of_a_bad_line() -> None:
    """Each of the five has its own line numbers."""
    files = {"issues": b'{"id":"a","title":"t"}', "labels": b'\n{"issue_id":"a"}', "events": b'{"issue_id":1}'}
    assert [(f.file, f.line, f.what) for f in backup.read(files).faults] == [
        ("labels", 2, "label is missing"), ("events", 1, "issue_id: text is wanted, not a whole number"),
    ]  # fmt: skip
    lost = backup.read({**files, "labels": b'{"issue_id":"zz","label":"x"}', "events": b""})
    assert lost.notes == ("labels: 1 about beads that are not on the board, left out",)


def test_sarif_samples_become_one_bead_a_finding() -> None:
    """What a viewer shows is a bead; what it hides is counted. The samples say of themselves which is which."""
    reading = sarif.read(shared.data("sarif", "Suppressions.sarif").read_bytes())
    assert len(reading.drafts) == 3 and all("visible" in title for title in _titles(reading))
    assert reading.skipped == ("suppressed results: 6",)
    (rule,) = sarif.read(shared.data("sarif", "RuleMetadata.sarif").read_bytes()).drafts
    assert _record(rule)["title"] == "TUT1001: The URI '//C:/code/dev' is invalid. (test.json:15)"
    assert _record(rule)["priority"] == 1 and rule.files == ("test.json",)
    (flow,) = sarif.read(shared.data("sarif", "CodeFlows.sarif").read_bytes()).drafts
    assert _record(flow)["priority"] == 2 and flow.files == ("collections/list.h",)
    assert "At collections/list.h:25" in _record(flow)["description"]


def _log(*results: dict[str, Any]) -> bytes:
    run = {"tool": {"driver": {"name": "T"}}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=1).encode()


def _result(rule: str, line: int, **more: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": "src/a%20b.py"}, "region": {"startLine": line}}
    return {"ruleId": rule, "message": {"text": "bad"}, "locations": [{"physicalLocation": place}], **more}


def test_a_finding_is_known_by_its_fingerprint_else_by_rule_and_place() -> None:
    """A fingerprint outlives a move in the file; two rules at one place, or of one fingerprint, are two findings."""
    here, moved = (_result("R1", n, partialFingerprints={"hash/v1": "abc"}) for n in (3, 9))
    assert sarif.read(_log(here)).drafts[0].origin == sarif.read(_log(moved)).drafts[0].origin
    found = sarif.read(_log(here, moved, _result("R2", 3, partialFingerprints={"hash/v1": "abc"})))
    assert len(found.drafts) == 2 and found.skipped == ("results with the fingerprint of another: 1",)
    plain = sarif.read(_log(_result("R1", 3), _result("R1", 4), _result("R2", 3), _result("R1", 3)))
    assert len(plain.drafts) == 3 and plain.drafts[0].files == ("src/a b.py",)
    levels = sarif.read(_log(*(_result(level, 1, level=level) for level in sarif.PRIORITIES)))
    assert [_record(draft)["priority"] for draft in levels.drafts] == [1, 2, 3, 4]


def test_a_sarif_log_that_is_none_says_where() -> None:
    """Broken JSON, another document, and a result of another shape."""
    assert sarif.read(b'{"runs":\n [}').faults[0][:2] == (2, 3)
    assert "no SARIF log" in sarif.read(b'{"version":"2.1.0"}').faults[0].what
    faults = sarif.read(_log(_result("R", 1), {"message": {"text": "x"}, "locations": 5})).faults
    assert len(faults) == 1 and "a list is wanted" in faults[0].what and faults[0].line > 5


def test_a_list_of_work_with_needs_by_title_key_and_number() -> None:
    """The articles' security_audit.json, and whatever else a model writes in its place."""
    items = [
        {"title": "A", "needs": ["B", "k", 4], "priority": "high", "files": ["a.py"], "zz": 1},
        {"title": "B", "priority": "P0"}, {"title": "C", "key": "k", "labels": ["x"]}, {"title": "D", "priority": 4},
    ]  # fmt: skip
    reading = lists.read(json.dumps(items, indent=1).encode())
    a, b, c, d = reading.drafts
    assert a.needs == (b.origin, c.origin, d.origin) and a.files == ("a.py",)
    assert _record(a) == {"title": "A", "priority": 1, "zz": 1}
    assert [_record(x)["priority"] for x in (b, c, d)] == [0, 2, 4] and _record(c)["labels"] == ["x"]
    assert [draft.line for draft in reading.drafts] == [2, 15, 19, 26]
    bad = lists.read(b'[{"title":"A"},\n 7, {"title":"B","priority":9},\n {"title":"C","files":[1]}, {}]')
    assert [(f.line, f.column) for f in bad.faults] == [(2, 2), (2, 29), (3, 23), (3, 29)]
    assert "item 2, item: one JSON object is wanted" in bad.faults[0].what and _titles(bad) == ["A"]


def test_github_issues() -> None:
    """As `gh issue list --json ...` prints them."""
    issue = {
        "number": 12, "title": "Crash", "body": "It does.", "labels": [{"name": "bug"}, {"name": "priority: high"}],
        "assignees": [{"login": "ada"}], "state": "CLOSED", "createdAt": "2026-01-01T00:00:00Z",
        "closedAt": "2026-01-02T00:00:00Z", "url": "https://github.com/o/r/issues/12",
    }  # fmt: skip
    reading = lists.read_github(json.dumps([issue, {"number": 3, "title": "Open", "state": "OPEN"}]).encode())
    one, two = map(_record, reading.drafts)
    assert one["external_ref"] == "gh-12" and one["status"] == "closed" and one["priority"] == 1
    assert (one["issue_type"], one["assignee"], one["created_at"]) == ("bug", "ada", "2026-01-01T00:00:00Z")
    assert two == {"title": "Open", "external_ref": "gh-3", "priority": 2, "issue_type": "task"}
    assert reading.drafts[0].origin == "gh:o/r#12"
    assert lists.read_github(b'[{"title":"x"}]').faults[0].what.startswith("item 1, number: ")


CHECKLIST = b"""# To do

- [ ] Build it
  with care
  - [x] Draw it
    1. [ ] Sharpen the pencil
- [ ] Build it
```
- [ ] an example
```
## Later
* [?] What
- [ ]
+ [X] Done
"""


def test_markdown_checklists_nest() -> None:
    """What is indented is part of what it stands under; code is no list."""
    reading = markdown.read(CHECKLIST)
    assert _titles(reading) == ["Build it", "Draw it", "Sharpen the pencil", "Build it", "Done"]
    build, draw, sharpen, again, done = reading.drafts
    assert (draw.parent, sharpen.parent, again.parent) == (build.origin, draw.origin, "")
    assert _record(build) == {"title": "Build it", "description": "with care", "labels": ["to-do"]}
    assert _record(draw)["status"] == _record(done)["status"] == "closed" and build.origin != again.origin
    assert [(f.line, f.column) for f in reading.faults] == [(12, 3), (13, 6)]


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("x.jsonl", b"", "beads"), ("a.SARIF", b"{}", "sarif"), ("a.sarif.json", b"{}", "sarif"),
        ("a.md", b"", "markdown"),
        ("-", b'\xef\xbb\xbf {"runs":[]}', "sarif"), ("-", b'{"title":"runs"}\n{"runs":1}', "beads"),
        ("x.json", b'[{"title":"a"}]', "json"), ("x.json", b'[{"number":1,"title":"a","url":"u"}]', "github"),
        ("-", b"Words\n\n  - [ ] item", "markdown"), ("-", b"[", "json"), ("-", b'{"runs": [', "sarif"),
    ],
)  # fmt: skip
def test_the_format_is_guessed(name: str, data: bytes, format: str) -> None:
    """By the name's end, else by how it begins."""
    assert guess(name, data) == format


@pytest.mark.parametrize("data", [b"", b"Just words", b"a,b\n1,2", b"\x7fELF\0\0"])
def test_what_cannot_be_told_is_refused(data: bytes) -> None:
    """Never a guess out of nothing."""
    with pytest.raises(Refused, match=r"cannot be told|not text"):
        guess("thing", data)


SHAPED = st.lists(st.dictionaries(st.sampled_from(
    ["id", "title", "priority", "needs", "labels", "number", "runs", "results", "message", "locations", "tool", "state"]
), JSON, max_size=6), max_size=4)  # fmt: skip


@given(SHAPED.map(json.dumps) | TEXT | JSON.map(json.dumps), st.sampled_from(sorted(READERS)), st.integers(0, 60))
@settings(max_examples=50)
def test_no_reader_falls_over(text: str, format: str, cut: int) -> None:
    """Whatever it is given, whole or cut: drafts or faults, each fault inside the text, each draft a record."""
    for data in (text, text[:cut], f'{{"runs":[{{"results":{text}}}]}}', f"[{text}", f"- [ ] {text}"):
        reading = READERS[format](data.encode("utf-8", "surrogatepass"))
        assert all(fault.what and 1 <= fault.line <= data.count("\n") + 1 + 30 for fault in reading.faults)
        assert all(isinstance(json.loads(draft.record).get("title"), str) for draft in reading.drafts)
