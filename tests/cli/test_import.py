"""`gt import` and `gt export`, with an engine and without one: what a person types, and what comes in and goes out."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gastown_tui.cli import sources
from gastown_tui.door.client import Client
from gastown_tui.engine.ledger.reading import read_town, records
from gastown_tui.engine.place import Place
from gastown_tui.model.events import BeadsImported, HistoryImported
from gastown_tui.rig.journal import Journal
from gastown_tui.world import DiskFiles
from tests.cli.towns import Gt, gt, served
from tests.engine.towns import founded
from tests.support import rigs, shared

TOKEN = "ghp_" + "a1B2c3D4e5" * 4


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A town no engine runs."""
    return founded(tmp_path)


def _write(place: Place, name: str, *lines: object) -> Path:
    path = place.root / name
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """The five files of the Gas Town board in a folder."""
    folder = tmp_path / "backup"
    folder.mkdir()
    for path in shared.data("beads").glob("gastown-backup.*"):
        os.symlink(path, folder / path.name)
    return folder


def test_a_board_comes_in_with_its_history_and_goes_out(run: Gt, place: Place, backup: Path) -> None:
    """Without an engine: journal and ledger are whole afterwards, git is sound, and a second import writes nothing."""
    done = run("import", str(backup)).out
    assert "677 beads, read as Beads JSONL" in done and "677 new" in done and "3667 steps of their history" in done
    again = run("import", str(backup), "--json").json
    assert (again["created"], again["updated"], again["unchanged"], again["history"]) == ([], [], 677, 0)
    found = list(records(place))
    assert [type(r.event) for r in found[1:3]] == [BeadsImported, HistoryImported]
    assert len(list(Journal(place.journal, DiskFiles(), readonly=True).replay(found[-1].seq))) == 0
    assert rigs.is_sound(place.root)
    shown = rigs.git(place.root, "show", "gt-ledger:town.json")
    assert f'"seq": {found[-1].seq}' in shown
    assert run("export", "all.jsonl").code == 0
    out = {json.loads(line)["id"]: json.loads(line) for line in (place.root / "all.jsonl").read_text().splitlines()}
    for line in shared.board("gastown-backup"):
        record = json.loads(line)
        assert {name: out[record["id"]][name] for name in record} == record


def test_a_board_goes_out_as_it_came(run: Gt, place: Place) -> None:
    """In by the command, out by the command: the same bytes, by id. Looking first changes nothing."""
    name = "agent-island"
    would = run("import", str(shared.data("beads", f"{name}.issues.jsonl")), "--dry-run", "--json").json
    assert len(would["created"]) == len(shared.board(name)) and read_town(place).seq == 1
    run("import", str(shared.data("beads", f"{name}.issues.jsonl")))
    assert run("export", "out.jsonl", "--json").json["beads"] == len(shared.board(name))
    lines = {json.loads(line)["id"]: line for line in shared.board(name)}
    assert (place.root / "out.jsonl").read_bytes() == b"".join(lines[id] + b"\n" for id in sorted(lines))


def test_a_bad_line_keeps_everything_out_unless_it_may_be_skipped(run: Gt, place: Place) -> None:
    """Its number and column stand in the refusal; nothing is imported by halves."""
    _write(place, "bad.jsonl", {"id": "a-1", "title": "t"}, '{"id":"a-2","title":5}', {"id": "a-3", "title": "t"})
    refused = run("import", "bad.jsonl")
    assert refused.code == 1 and "bad.jsonl:2:21: title: text is wanted, not a whole number" in refused.err
    assert "--skip-bad" in refused.err and not read_town(place).beads
    done = run("import", "bad.jsonl", "--skip-bad", "--json").json
    assert done["created"] == ["a-1", "a-3"] and done["bad"][0]["line"] == 2
    assert set(read_town(place).beads) == {"a-1", "a-3"}


def test_a_secret_is_refused_or_taken_out_and_listed(run: Gt, place: Place) -> None:
    """Neither the journal nor the ledger ever has it; what stood around it, numbers too, stays as it was."""
    record = {"id": "a-2", "title": "t", "notes": f"use {TOKEN} here", "n": 1.50, "metadata": {"deep": [TOKEN]}}
    _write(place, "sec.jsonl", {"id": "a-1", "title": "t"}, json.dumps(record).replace("1.5", "1.50"))
    refused = run("import", "sec.jsonl")
    assert refused.code == 1 and "sec.jsonl, line 2: notes holds what looks like a GitHub token" in refused.err
    assert "metadata.deep.0" in refused.err and not read_town(place).beads
    assert run("import", "sec.jsonl", "--dry-run").code == 1
    done = run("import", "sec.jsonl", "--redact")
    assert "Redacted: line 2: notes" in done.out
    assert run("import", "sec.jsonl", "--redact", "--json").json["unchanged"] == 2
    run("export", "out.jsonl")
    line = (place.root / "out.jsonl").read_text().splitlines()[1]
    assert json.loads(line)["notes"] == "use [redacted: GitHub token] here" and '"n": 1.50' in line.replace(":1", ": 1")
    kept = [p for p in place.gastown.rglob("*") if p.is_file() and TOKEN.encode() in p.read_bytes()]
    assert not kept and TOKEN not in rigs.git(place.root, "log", "-p", "gt-ledger")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nowhere.jsonl",), 2, "There is no file nowhere.jsonl."),
        (("empty.jsonl",), 1, "There is nothing to import in empty.jsonl."),
        (("binary.jsonl",), 1, "binary.jsonl is not text."),
        (("huge.jsonl",), 1, "huge.jsonl is too large: 100 MB"),
        (("words.txt",), 1, "What words.txt holds cannot be told"),
        (("deep.json",), 1, "deep.json:1:101: this is nested more than 100 levels deep"),
        ((".",), 2, "There is no issues.jsonl in ."),
        ((str(shared.data("beads")),), 2, "There are 4 boards in"),
        (("pipe",), 1, "pipe is no file."),
        (("words.txt", "--format", "yaml"), 2, "'yaml' is not one of"),
    ],
)
def test_what_cannot_come_in_is_refused_in_words(
    run: Gt, place: Place, words: tuple[str, ...], code: int, says: str
) -> None:
    """Never a traceback, and never half of it."""
    (place.root / "binary.jsonl").write_bytes(os.urandom(100) + b"\0" * 9)
    _write(place, "empty.jsonl", "", "")
    _write(place, "words.txt", "Some words")
    _write(place, "deep.json", "[" * 200_000)
    os.mkfifo(place.root / "pipe")
    with (place.root / "huge.jsonl").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    said = run("import", *words)
    assert said.code == code and says in said.err and "Traceback" not in said.err
    assert not read_town(place).beads and sources.LARGEST < 100 * 1024 * 1024


def test_hostile_text_is_data(run: Gt, place: Place) -> None:
    """It comes back byte for byte, and no terminal sees a code of it."""
    record = {"id": "a-1", "title": "\x1b]52;c;SGk=\x07[/nope] \u202e =1+1", "assignee": "=cmd()", "ü\x9b": ["\x00"]}
    _write(place, "x.jsonl", record, '{"id":"a-2","title":"T","n":[1e400],"notes":"a token"}')
    assert run("import", "x.jsonl").code == 0
    run("export", "out.jsonl")
    first, second = (place.root / "out.jsonl").read_text().splitlines()
    assert json.loads(first) == record and second == '{"id":"a-2","title":"T","n":[1e400],"notes":"a token"}'
    assert "\x1b" not in run("bead", "show", "a-1").out
    run("export", "out.csv")
    rows = list(csv.DictReader(io.StringIO((place.root / "out.csv").read_text())))
    assert rows[0]["assignee"] == "'=cmd()" and rows[0]["id"] == "a-1" and len(rows) == 2
    run("export", "out.md")
    assert "\\[/nope\\]" in (place.root / "out.md").read_text()


def test_export_writes_over_nothing_unasked(run: Gt, place: Place) -> None:
    """--force does; what cannot be written leaves what was there."""
    _write(place, "x.jsonl", {"id": "a-1", "title": "T"})
    run("import", "x.jsonl")
    assert "--force" in run("export", "x.jsonl").err
    assert run("export", "x.jsonl", "--force").code == 0 and run("export", "no/such/folder.md").code == 6
    assert run("export", "--with-town").out.count('"gt":') == 1
    assert run("export").out == '{"id":"a-1","title":"T"}\n'
    assert run("export", "-", "--format", "markdown").out.startswith("# rig: 1 bead\n")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A town whose engine runs."""
    made = founded(tmp_path_factory.mktemp("town"))
    with served(made):
        yield made


def test_an_engine_imports_what_comes_through_a_pipe(live: Place) -> None:
    """Findings, GitHub's issues and a checklist, guessed and said; undone as one order."""
    log = shared.data("sarif", "Suppressions.sarif").read_text(encoding="utf-8")
    assert "3 beads, read as SARIF 2.1.0" in gt(live.root, "import", "-", stdin=log).out
    assert "3 as they were" in gt(live.root, "import", "-", stdin=log).out
    said = gt(live.root, "import", "-", "--json", stdin='[{"number":7,"title":"Crash","url":"https://x/o/r/issues/7"}]')
    assert said.json["format"] == "github" and said.json["guessed"]
    shown = gt(live.root, "bead", "show", said.json["created"][0], "--json").json
    assert shown["external_ref"] == "gh-7" and shown["column"] == "ready"
    assert Client.of(live).order("undo")["orders"][0]["title"] == "import 1 bead from standard input"
    assert "Crash" not in gt(live.root, "bead", "list").out
    assert "standard input is not text" in gt(live.root, "import", "-", stdin="\0\0").err
    assert gt(live.root, "import", "-", stdin="Words").code == 1


def test_adopt_says_what_becomes_of_the_branch(live: Place) -> None:
    """In words and as JSON; what cannot be adopted is a refusal."""
    rigs.git(live.root, "switch", "-q", "-c", "feature/hello")
    rigs.commit(live.root, {"hello.txt": "hello\n"}, "Say hello")
    rigs.git(live.root, "switch", "-q", "main")
    said = gt(live.root, "adopt", "feature/hello")
    assert said.code == 0 and "is feature/hello with 1 commit: Say hello" in said.out
    assert "feature/hello stays as it is; the town works on polecat/" in said.out
    assert gt(live.root, "adopt", "main", "--json").error["title"] == "main is the branch work lands on."
    assert gt(live.root, "adopt", "..").code == 1
