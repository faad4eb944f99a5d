"""Every command that asks or shows, against an engine of its own process with rehearsal agents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gastown_tui.cli import glance
from gastown_tui.engine.place import Place
from tests.cli.towns import Gt, gt
from tests.engine.towns import note, rehearse
from tests.support import rigs
from tests.support.waiting import until

BEADS: list[dict[str, Any]] = [
    {"key": "posts", "title": "Two posts", "description": rehearse(note("posts.txt")), "estimated_minutes": 5},
    {"key": "gate", "title": "The gate", "description": rehearse(note("gate.txt")), "needs": ["posts"]},
]
PLAN = {"title": "A gate", "beads": BEADS}


def landed(run: Gt, bead: str) -> Any:
    """Wait until a bead has landed and return its record."""

    def is_landed() -> Any:
        found = run("bead", "show", bead, "--json").json
        return found if found["column"] == "landed" else None

    return until(is_landed, f"{bead} landed")


def test_the_short_way_to_a_status_says_what_the_long_one_says(
    run: Gt, place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.root)

    def same() -> bool:
        """Passing notes come and go between the two."""
        assert glance.main(["status"]) == 0
        lines, long = capsys.readouterr().out.splitlines(), run("status").out.splitlines()
        heads = [line.split()[0] for line in long if line]
        return len(heads) >= 4 and [line.split()[0] for line in lines if line] == heads

    until(same, "both to say the same")
    assert glance.main(["status", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == run("status", "--json").json.keys() and document["engine"]["pid"] > 0
    assert glance.main(["status", "--at", "now"]) is None and glance.main([]) is None
    monkeypatch.chdir("/")
    assert glance.main(["status"]) is None and capsys.readouterr().out == ""


def test_beads_from_their_filing_to_their_end(run: Gt) -> None:
    first = run("bead", "create", "Rate-limit the login", "-p", "1", "-l", "auth", "-d", "Long\ntext", "--json").json
    bead = first["bead"]
    second = run("bead", "create", "And test it", "--needs", bead, "--json").json["bead"]
    shown = run("bead", "show", bead, "--json").json
    assert (shown["title"], shown["priority"], shown["labels"]) == ("Rate-limit the login", 1, ["auth"])
    assert f"waits for {bead}" in run("bead", "show", second).out
    listed = run("bead", "list", "--column", "ready", "--json").json
    assert bead in [b["id"] for b in listed] and second not in [b["id"] for b in listed]
    assert bead in run("ready").out and bead in [b["id"] for b in run("ready", "--json").json]
    assert run("bead", "update", bead, "-p", "0", "--set", "notes=Ask Ada", "--set", "estimated_minutes=30").code == 0
    shown = run("bead", "show", bead, "--json").json
    assert (shown["priority"], shown["notes"], shown["estimated_minutes"]) == (0, "Ask Ada", 30)
    assert "Notes:" in run("bead", "show", bead).out
    assert run("bead", "close", bead, "Not now").code == 0
    assert bead not in run("bead", "list").out and bead in run("bead", "list", "--all").out
    assert run("bead", "show", second, "--json").json["column"] == "ready"
    assert run("bead", "reopen", bead).code == 0
    run("bead", "close", bead), run("bead", "close", second)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["bead", "show", "td-none"], 1), (["bead", "list", "--column", "attic"], 2), (["bead", "create", " "], 2),
        (["bead", "update", "td-none"], 2), (["bead", "update", "td-none", "--set", "x"], 2),
        (["plan", "show", "p99"], 1),
        (["bead", "update", "td-none", "--set", "estimated_minutes=soon"], 2), (["convoy", "show", "c99"], 1),
        (["answer", "n99", "yes"], 1), (["peek", "nobody"], 1), (["nudge", "nobody", "hello"], 1),
        (["log", "td-none"], 1), (["attach", "nobody"], 2), (["done"], 1),
        (["plan", "submit", "/nowhere.json"], 2), (["sling", "td-none"], 1),
    ],
)  # fmt: skip
def test_refusals_have_their_code_and_say_what_to_do(run: Gt, words: list[str], code: int) -> None:
    said = run(*words, *([] if words[0] == "attach" else ["--json"]))
    assert said.code == code and said.out == "", said
    if words[0] != "attach":
        assert said.error["code"] == code and said.error["title"]


def test_a_plan_from_its_filing_to_landed_code(run: Gt, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN))
    filed = run("plan", "submit", str(file), "--json").json
    assert set(filed["beads"]) == {"posts", "gate"} and filed["revision"] == 1
    shown = run("plan", "show").out
    assert "wave 1" in shown and "wave 2" in shown and "after posts" in shown and "length unsure" in shown
    assert "waits for your yes" in run("status").out
    file.write_text(json.dumps({"title": "A gate", "beads": [{**b, "estimated_minutes": 7} for b in BEADS]}))
    edited = run("plan", "edit", "--file", str(file), "--json").json
    assert edited["plan"] == filed["plan"] and edited["revision"] == 2
    assert "14 minutes of work" in run("plan", "show", filed["plan"]).out
    approved = run("plan", "approve", "--json").json
    assert approved["beads"] == filed["beads"]
    landed(run, approved["beads"]["gate"])
    convoy = run("convoy", "show", approved["convoy"], "--json").json
    assert convoy["landed"] == 2 and "2 of 2 landed" in run("convoy", "list").out
    assert (place.root / "gate.txt").exists()
    assert rigs.git(place.root, "status", "--porcelain") == ""
    assert run("plan", "approve", filed["plan"]).code == 1


def test_a_plan_is_dropped_with_words(run: Gt, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({**PLAN, "title": "Another gate"}))
    filed = run("plan", "submit", str(file), "--json").json
    said = run("plan", "drop", "No", "more", "gates", "--json")
    assert said.json["plan"] == filed["plan"]
    assert run("plan", "show", filed["plan"], "--json").json["reason"] == "No more gates"
    assert "dropped" in run("plan", "show").out


def test_one_bead_without_the_mayor_and_everything_that_shows_it(run: Gt, place: Place) -> None:
    bead = run("do", rehearse(note("do.txt")), "--json").json["bead"]
    record = landed(run, bead)
    assert record["metadata"]["gt"]["landed"] in rigs.git(place.root, "log", "--format=%H")
    assert " landed as " in run("log", bead).out
    lines = [json.loads(line) for line in run("log", bead, "--json").out.splitlines()]
    kinds = [line["event"]["event"] for line in lines]
    assert kinds.index("slung") < kinds.index("submitted") < kinds.index("landed")
    polecat = next(line["event"]["lease"]["polecat"] for line in lines if line["event"]["event"] == "slung")
    feed = run("feed", "-n", "400").out
    assert f"[{polecat}] COMMIT" in feed and "[refinery] LANDED" in feed
    own = run("feed", "--agent", polecat, "--json").out.splitlines()
    assert {json.loads(line)["agent"] for line in own} == {polecat}
    screen = run("peek", polecat)
    assert screen.code == 0 and screen.out.strip() and "\x1b" not in screen.out
    assert run("peek", polecat, "--json").json["lines"]
    assert record["metadata"]["gt"]["cost_usd"] > 0 and run("status", "--json").json["cost_usd"] > 0


def test_no_land_leaves_the_branch(run: Gt, place: Place) -> None:
    tip = rigs.git(place.root, "rev-parse", "main")
    bead = run("do", "--no-land", rehearse(note("aside.txt")), "--json").json["bead"]
    until(lambda: run("bead", "show", bead, "--json").json["status"] == "closed", "it is set aside")
    assert rigs.git(place.root, "rev-parse", "main") == tip
    assert "aside.txt" in rigs.git(place.root, "log", "--all", "--name-only", "--format=")


def test_sling_says_what_would_start(run: Gt) -> None:
    bead = run("bead", "create", "Wait for me", "--json").json["bead"]
    said = run("sling", "--dry-run", "--json").json
    assert bead in said["would"] and said["slung"] == []
    assert bead in run("sling", "--dry-run").out
    assert run("bead", "show", bead, "--json").json["column"] == "ready"
    run("bead", "close", bead)


def test_a_question_is_answered_in_words_and_by_number(run: Gt, tmp_path: Path) -> None:
    told = tmp_path / "told"
    wait = f"run until test -e {told}; do sleep 0.05; done\n"
    script = f"gt escalate \"Which colour?\"\n{wait}{note('colour.txt')}"
    bead = run("do", rehearse(script), "--json").json["bead"]

    def asked() -> Any:
        return [n for n in run("status", "--json").json["needs_you"] if n["bead"] == bead]

    need = until(asked, "the question")[0]
    assert "Which colour?" in run("status").out
    whole = run("answer", need["id"])
    assert (whole.code, asked()) == (0, [need]) and "Which colour?" in whole.out, "shown, and not settled"
    assert run("answer", need["id"], "green", "please").code == 0
    assert not asked()
    told.touch()
    landed(run, bead)


def test_status_is_the_document_that_was_promised(run: Gt) -> None:
    found = run("status", "--json").json
    assert {"town", "seq", "engine", "beads", "agents", "queue", "needs_you", "cost_usd"} <= set(found)
    assert list(found["beads"]) == ["backlog", "ready", "working", "sheriff", "witness", "refinery", "landed"]
    assert found["engine"]["pid"] > 0 and "engine  pid" in run("status").out


def test_doctor_finds_a_sound_town_and_each_thing_missing(run: Gt, place: Place) -> None:
    said = run("doctor", "--json")
    assert said.code == 0 and said.json["bad"] == 0, said.out
    names = {finding["name"] for finding in said.json["findings"]}
    assert {"git", "python", "hooks", "locks", "engine", "door", "agent rehearsal"} <= names
    hook = place.hooks / "reference-transaction"
    kept = hook.read_bytes()
    hook.unlink()
    try:
        said = run("doctor", "--json")
        bad = [f for f in json.loads(said.out)["findings"] if f["state"] == "bad"]
        assert said.code == 1 and [f["name"] for f in bad] == ["hooks"] and bad[0]["fix"]
    finally:
        hook.write_bytes(kept)
        hook.chmod(0o755)


def test_what_agents_wrote_reaches_no_terminal_as_codes(run: Gt) -> None:
    evil = "Evil \x1b]52;c;SGk=\x07 \x9b31m \u202e title"
    bead = run("bead", "create", evil, "-d", evil, "--json").json["bead"]
    for words in (["bead", "list"], ["bead", "show", bead], ["ready"], ["log", bead], ["status"], ["convoy", "list"]):
        out = run(*words).out
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out), words
    run("bead", "close", bead)


def test_an_agents_gt_is_the_agents(run: Gt, place: Place) -> None:
    """A polecat files a bead through the `gt` on its PATH: it waits in Backlog, discovered from its own."""
    script = "gt bead create \"Found on the way\"\n" + note("found.txt")
    bead = run("do", rehearse(script), "--json").json["bead"]
    landed(run, bead)
    found = next(b for b in run("bead", "list", "--json").json if b["title"] == "Found on the way")
    assert found["column"] == "backlog" and found["dependencies"][0]["depends_on_id"] == bead
    assert found["dependencies"][0]["type"] == "discovered-from"
    run("bead", "close", found["id"])


def test_uninit_is_refused_while_the_engine_runs(run: Gt, place: Place) -> None:
    said = run("uninit", "--json")
    assert said.code == 1 and "gt down" in said.error["hint"] and place.there


def test_up_finds_the_engine_that_runs(place: Place) -> None:
    said = gt(place.root, "up", "--json")
    assert said.code == 0 and said.json["started"] is False
