"""What an import does to a town: new beads, changed ones, and nothing at all the second time."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.errors import Illegal, Refused
from gastown_tui.model.folding_import import AT_REST
from gastown_tui.model.formats import backup, beads_jsonl, lists, markdown, sarif
from gastown_tui.model.formats.draft import Draft, Reading
from gastown_tui.model.importing import Outcome, outcome
from gastown_tui.model.town import Town
from tests.model.stories import lease
from tests.support import shared

NOW = 1_770_000_000.0


def _after(town: Town, *events: e.AnyEvent) -> Town:
    for event in events:
        town = town.after(e.Record(town.seq + 1, NOW, "overseer", event))
    return town


def _import(town: Town, reading: Reading) -> tuple[Town, Outcome]:
    found = outcome(town, reading.drafts, NOW)
    return _after(town, *found.events("a file", reading.format)), found


def _told(found: Outcome) -> tuple[int, int, int, int]:
    return len(found.created), len(found.updated), len(found.unchanged), len(found.kept)


def _lines(*records: dict[str, Any]) -> Reading:
    return beads_jsonl.read("\n".join(map(json.dumps, records)).encode())


TOWN = Town(rig="todo-app", prefix="td", tip="0")


@pytest.mark.parametrize("name", shared.BOARDS)
def test_a_board_imports_once(name: str) -> None:
    """All of it in one event; again, nothing; and out it goes as it came."""
    data = shared.data("beads", f"{name}.issues.jsonl").read_bytes()
    town, first = _import(TOWN, beads_jsonl.read(data))
    assert len(first.created) == data.count(b"\n") and town.seq == 1
    again, second = _import(town, beads_jsonl.read(data))
    assert again is town and len(second.unchanged) == data.count(b"\n")
    assert sorted(beads_jsonl.write(town.beads.values())) == sorted(line + b"\n" for line in shared.board(name))


def test_the_backup_brings_its_history_once() -> None:
    """An event a bead, with what happened to it; what is exported then has edges and labels inside."""
    files = {part: shared.data("beads", f"gastown-backup.{part}.jsonl").read_bytes() for part in backup.PARTS}
    reading = backup.read(files)
    town, found = _import(TOWN, reading)
    assert sum(map(len, found.history.values())) == sum(len(draft.history) for draft in reading.drafts) > 3000
    assert town.seq == 1 + len(found.history)
    again, second = _import(town, backup.read(files))
    assert again is town and not second.history and len(second.unchanged) == 677
    out = [json.loads(line) for line in beads_jsonl.write(town.beads.values())]
    assert out == sorted((json.loads(draft.record) for draft in reading.drafts), key=lambda record: record["id"])
    busy = next(id for id in found.history if len(found.history[id]) > 5)
    assert town.beads[busy].updated_at == json.loads(beads.written(town.beads[busy]))["updated_at"]


def test_a_changed_file_changes_what_changed() -> None:
    """By id; what the town knows of the bead stays."""
    town, _ = _import(TOWN, _lines({"id": "x-1", "title": "A", "n": 1}, {"id": "x-2", "title": "B"}))
    town = _after(town, e.Spent("m", "mayor", 2.0, bead="x-1"))
    town, found = _import(town, _lines({"id": "x-1", "title": "A2", "n": 2}, {"id": "x-2", "title": "B"}))
    assert _told(found) == (0, 1, 1, 0)
    bead = town.beads["x-1"]
    assert (bead.title, bead.cold("n"), bead.work.cost_usd, bead.work.approved) == ("A2", 2, 2.0, True)


def test_what_is_newer_here_or_in_work_or_landed_is_left_alone() -> None:
    """An import takes nothing from a polecat, undoes no landing, and does not turn time back."""
    old, new = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00+02:00"
    records = [{"id": f"x-{n}", "title": "A", "updated_at": new} for n in range(3)]
    town, _ = _import(TOWN, _lines(*records))
    town = _after(town, e.Slung("x-1", lease("x-1", 1)))
    landed = town.beads["x-2"].changed(status="closed").working(stage="landed", landed="c0ffee")
    town = town.put(landed)
    older = [{**record, "title": "Other", "updated_at": old} for record in records]
    later = [{**record, "title": "Other"} for record in records]
    _, found = _import(town, _lines(older[0], later[1], later[2]))
    assert not found.updated and [why.split(" ", 1)[0] for why in found.kept] == ["x-0", "x-1", "x-2"]
    assert "changed here" in found.kept[0] and "being worked on" in found.kept[1] and "landed" in found.kept[2]
    assert town.beads["x-1"].work.stage not in AT_REST
    for id in ("x-1", "x-2"):
        taken = beads.foreign(json.dumps({"id": id, "title": "T"}).encode())
        with pytest.raises(Illegal):
            _after(town, e.BeadsImported("f", "beads", (taken.changed(work=town.beads[id].work),)))


def test_what_a_person_decided_here_is_not_undone_by_a_source_that_says_no_time() -> None:
    """Two hundred findings were triaged; the next report of the same tool must not set them back."""
    first, second = ([{"title": "A", "priority": 3}, {"title": "B", "description": text}] for text in ("old", "new"))
    town, found = _import(TOWN, lists.read(json.dumps(first).encode()))
    a, b = (bead.id for bead in found.created)
    for id in (a, b):
        triaged = e.BeadChanged(id, {"priority": 0})
        town = town.after(e.Record(town.seq + 1, NOW + 60, "overseer", triaged))
    found = outcome(town, lists.read(json.dumps(second).encode()).drafts, NOW + 120)
    assert _told(found) == (0, 0, 1, 1) and found.kept[0].startswith(f"{b} changed here on 2026-02-02T02:41:00Z")
    plain, _ = _import(TOWN, _lines({"id": "x-1", "title": "A"}))
    changed = plain.after(e.Record(plain.seq + 1, NOW + 60, "overseer", e.BeadChanged("x-1", {"priority": 0})))
    again = _lines({"id": "x-1", "title": "A2"}).drafts
    assert _told(outcome(plain, again, NOW + 120)) == (0, 1, 0, 0)
    assert _told(outcome(changed, again, NOW + 120)) == (0, 0, 0, 1)


def test_nobodys_event_brings_in_a_bead_that_is_somebodys() -> None:
    """A forged record cannot make a bead landed or leased."""
    for work in (beads.Work(stage="landed", landed="x"), beads.Work(epoch=3), beads.Work(lease=lease("x-1", 1))):
        with pytest.raises(Illegal):
            _after(TOWN, e.BeadsImported("f", "beads", (beads.make("x-1", "T", "", work=work),)))


def test_records_without_ids_get_ids_by_beads_rule_and_keep_them() -> None:
    """The same record finds its bead again."""
    town, found = _import(TOWN, _lines({"title": "A"}, {"title": "A"}, {"title": "B"}))
    ids = [bead.id for bead in found.created]
    assert len(set(ids)) == 3 and all(len(id) == 6 and id.startswith("td-") for id in ids)
    assert _told(_import(town, _lines({"title": "B"}, {"title": "A"}, {"title": "A"}))[1]) == (0, 0, 3, 0)


def test_findings_lists_and_checklists_keep_what_the_town_did() -> None:
    """The same file changes nothing; a changed one what changed; closed here stays closed."""
    first = b'[{"title":"A","needs":["B"],"files":["a.py"]},{"title":"B"}]'
    town, found = _import(TOWN, lists.read(first))
    a, b = found.created
    assert a.needs == (b.id,) and a.work.files == ("a.py",) and a.created_at == a.updated_at == "2026-02-02T02:40:00Z"
    assert town.column(town.beads[a.id]) == "backlog" and town.column(town.beads[b.id]) == "ready"
    town = _after(town, e.BeadMoved(b.id, "close", "done"), e.BeadChanged(a.id, {"priority": 0}))
    assert _told(_import(town, lists.read(first))[1]) == (0, 0, 2, 0)
    town, found = _import(town, lists.read(first.replace(b'"B"}', b'"B","description":"more"}')))
    assert _told(found) == (0, 1, 1, 0)
    assert (town.beads[b.id].status, town.beads[b.id].description) == ("closed", "more")
    with pytest.raises(Refused, match="Line 1 needs nowhere-1"):
        _import(town, lists.read(b'[{"title":"C","needs":["nowhere-1"]}]'))
    _, found = _import(town, lists.read(json.dumps([{"title": "C", "needs": [a.id]}]).encode()))
    assert found.created[0].needs == (a.id,)


def test_checklists_become_parents_and_children() -> None:
    """Ids of children follow Beads: `parent.1`."""
    town, found = _import(TOWN, markdown.read(b"- [ ] A\n  - [x] B\n  - [ ] C\n    - [ ] D\n"))
    a, b, c, d = (bead.id for bead in found.created)
    assert (b, c, d) == (f"{a}.1", f"{a}.2", f"{a}.2.1")
    assert [(x.type, x.depends_on_id) for x in town.beads[d].dependencies] == [("parent-child", c)]
    assert town.beads[b].status == "closed" and town.beads[b].work.stage == "dropped"
    town, found = _import(town, markdown.read(b"- [x] A\n  - [x] B\n  - [ ] C\n    - [ ] D\n"))
    assert _told(found) == (0, 1, 3, 0) and town.beads[a].status == "closed"


def test_a_thousand_findings_and_a_thousand_again() -> None:
    """One bead each; the second time none."""
    results = [
        {"ruleId": f"R{n % 7}", "message": {"text": f"finding {n}"}, "partialFingerprints": {"h": str(n)}}
        for n in range(1000)
    ]
    data = json.dumps({"version": "2.1.0", "runs": [{"results": results}]}).encode()
    town, found = _import(TOWN, sarif.read(data))
    assert len(found.created) == len(town.beads) == 1000
    assert _told(_import(town, sarif.read(data))[1]) == (0, 0, 1000, 0)


def test_a_large_import_leaves_the_indexes_as_a_small_one() -> None:
    """Above some size they are built anew; the town is the same."""
    records = [{"id": f"x-{n}", "title": "T", "dependencies": [
        {"issue_id": f"x-{n}", "depends_on_id": f"x-{n - 1}", "type": "blocks"}]} for n in range(2100)]  # fmt: skip
    whole, found = _import(TOWN, _lines(*records))
    by_parts = TOWN
    for start in (0, 1000, 2000):
        by_parts = _after(by_parts, e.BeadsImported("f", "beads", tuple(found.created[start : start + 1000])))
    for name in ("beads", "columns", "open_needs", "dependants"):
        assert getattr(whole, name) == getattr(by_parts, name)


def test_a_draft_is_the_same_wherever_it_stands() -> None:
    """Its digest hangs on what it says, not on its line or its history."""
    draft = Draft('{"title":"T"}', 3, "title:x")
    moved = msgspec.structs.replace(draft, line=9, history=(e.Entry(1.0, "a", "b"),))
    assert draft.digest == moved.digest != msgspec.structs.replace(draft, files=("a",)).digest
