"""`gt gate` and `gt bisect` as a person uses them: what is printed, what it ends with, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gastown_tui.cli import main
from gastown_tui.config import Gate
from gastown_tui.engine import founding
from gastown_tui.engine.gating import kept
from gastown_tui.engine.place import Place
from gastown_tui.world import DiskFiles, SystemClock
from tests.cli.towns import Gt, served
from tests.engine.towns import founded, settings
from tests.support import rigs

LATE = "test ! -e bad || { printf '\\033[31mFAILED t.py::no_bad - bad is there\\033[0m\\n'; exit 1; }"
GATES = (Gate("any", "echo fine", paths=("docs/",)), Gate("late", LATE, phase=1, exclusive="db"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A town of four commits, the third of which broke a gate; its engine runs for the whole of this file."""
    root = rigs.make(tmp_path_factory.mktemp("town") / "rig")
    for name in ("a", "bad", "c"):
        rigs.commit(root, {name: "x\n"}, f"Add {name}")
    made = Place(root)
    founding.found(made, settings(gates=GATES), clock=SystemClock(), files=DiskFiles())
    with served(made):
        yield made


def test_a_gate_is_run_and_its_log_is_read(run: Gt) -> None:
    """What it prints is shown as it comes, without its colours; red ends with 1."""
    said = run("gate", "run", "any")
    assert said.code == 0 and said.out.splitlines()[0] == "fine"
    assert "any: green, ended with 0" in said.out and said.err.startswith("run ")
    said = run("gate", "run", "late")
    assert said.code == 1 and "FAILED t.py::no_bad - bad is there\n" in said.out and "\x1b" not in said.out
    assert "late: t.py::no_bad" in said.out
    whole = run("gate", "run", "--all", "--json")
    assert (whole.code, whole.json["ok"]) == (1, False)
    assert [(gate["gate"], gate["ok"]) for gate in whole.json["gates"]] == [("any", True), ("late", False)]
    number = str(whole.json["run"])
    said = run("gate", "log", number)
    assert said.out == "==> any\nfine\n==> late\nFAILED t.py::no_bad - bad is there\n"
    assert run("gate", "log", number, "--gate", "any").out == "==> any\nfine\n"
    assert run("gate", "log", number, "--json").json["logs"]["any"] == "fine\n"
    rows = run("gate", "log").out.splitlines()
    assert rows[0].split() == ["RUN", "KIND", "IS", "WHAT", "AGO", "OF"]
    assert any(row.split()[:3] == [number, "asked", "red"] for row in rows)


def test_the_gates_are_listed_with_how_they_ended(run: Gt) -> None:
    """In the order they run."""
    assert run("gate", "run", "late").code == 1
    found = run("gate", "list", "--json").json
    assert [(gate["name"], gate["phase"]) for gate in found] == [("any", 0), ("late", 1)]
    assert found[1]["last"]["first"] == "t.py::no_bad" and found[0]["paths"] == ["docs/"]
    said = run("gate", "list").out
    assert "red t.py::no_bad" in said and "alone: db" in said


def test_what_broke_a_gate_is_found(run: Gt, place: Path) -> None:
    """Said step by step; asked again it runs nothing."""
    said = run("bisect", "late")
    assert said.code == 0 and "broke late: Add bad (Ada Overseer; no bead)" in said.out
    assert "first: t.py::no_bad, run " in said.out and "green before it: " in said.out
    again = run("bisect", "late", "--json")
    assert (again.json["state"], again.json["first"], again.err) == ("found", "t.py::no_bad", "")
    assert run("bisect", "any").out.startswith("any is green at ")


def test_what_cannot_be_done_says_what_can(run: Gt) -> None:
    """An unknown gate, run or bead; nothing flaky yet."""
    for words, code, told in (
        (("gate", "run", "nope"), 1, "There are: any, late."), (("gate", "run"), 2, "any, late"),
        (("gate", "run", "any", "rg-none"), 1, "There is no bead rg-none"),
        (("gate", "run", "--all", "rg-a", "rg-b"), 2, "one bead"), (("bisect", "nope"), 1, "There is no gate nope"),
        (("gate", "log", "99999"), 1, "gt gate log"), (("gate", "log", "0"), 2, "0 is not"),
    ):  # fmt: skip
        said = run(*words)
        assert said.code == code and told in said.err, words
    assert run("gate", "flaky").out == "No test was red and then green on the same tree so far.\n"
    assert run("gate", "flaky", "--json").json == []


def test_without_an_engine_what_is_kept_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Running needs one."""
    made = founded(tmp_path)
    assert main.run(["-C", str(made.root), "gate", "run", "green"]) == 4
    assert main.run(["-C", str(made.root), "bisect", "green"]) == 4
    for verb in ("list", "log", "flaky"):
        assert main.run(["-C", str(made.root), "gate", verb]) == 0
    out = capsys.readouterr().out
    assert "never run" in out and "No run is kept yet" in out


def test_what_was_cut_off_has_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The engine was killed in the middle of a gate: no row would say that nothing was run."""
    made = founded(tmp_path)
    kept.write(made, kept.KeptRun(3, "train", gates=(kept.KeptGate("lint", ok=True, log="lint.log"),)))
    for name in ("lint", "unit"):
        (kept.folder(made) / "3" / f"{name}.log").write_text("begun\n")
    assert main.run(["-C", str(made.root), "gate", "log"]) == 0
    assert "3    train  cut off  unit came to no end" in capsys.readouterr().out
    assert main.run(["-C", str(made.root), "gate", "log", "3"]) == 0
    assert capsys.readouterr().out == "==> lint\nbegun\n==> unit (cut off)\nbegun\n"
    assert main.run(["-C", str(made.root), "gate", "log", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["cut"] == ["unit"]
