"""Looking back from the command line: the log in words and as JSON, and a bead and the town as they were."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time

import pytest

from gastown_tui.cli import chronicle, words
from gastown_tui.engine.history.imported import CameIn, Entry
from gastown_tui.engine.place import Place
from gastown_tui.model import events as e
from tests.cli.towns import Gt, start, stop
from tests.engine.towns import founded, note, rehearse, running
from tests.support import rigs
from tests.support.environment import clean
from tests.support.waiting import PATIENCE


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, str]:
    """A town without an engine, and its one bead: sent back once, and landed."""
    place = founded(tmp_path_factory.mktemp("town"), sheriff=("test ! -e BAD || { echo the-reason; exit 3; }",))

    async def story() -> str:
        async with running(place) as town:
            mend = "run rm BAD\nwrite good <<END\nx\nEND\ncommit Mend\ndone Mended"
            bead = await town.do(rehearse(note("BAD"), mend))
            await town.landed(bead)
            return bead

    return place, asyncio.run(story())


@pytest.fixture(scope="module")
def place(told: tuple[Place, str]) -> Place:
    """That town."""
    return told[0]


def test_a_landing_is_one_line_unless_it_is_a_train_of_several(run: Gt, told: tuple[Place, str]) -> None:
    """For programs everything is there, and so it is for whoever asks for that kind."""
    for words_ in (("log",), ("log", told[1]), ("log", "--kind", "train_landed")):
        assert run(*words_).out.count(" landed as ") == 1
    kinds = [json.loads(line)["event"]["event"] for line in run("log", "--all", "--json").out.splitlines()]
    assert (kinds.count("landed"), kinds.count("train_landed")) == (1, 1)
    two = [e.Landed("a", 1, "c1"), e.Landed("b", 1, "c2"), e.TrainLanded("c3", ("a", "b")), e.TrainLanded("c4", ("x",))]
    entries = [Entry(n, 0.0, "refinery", "", event) for n, event in enumerate(two)]
    assert list(chronicle.once(entries)) == entries


def test_a_bead_is_told_as_a_story(run: Gt, told: tuple[Place, str]) -> None:
    bead = told[1]
    lines = run("log", bead).out.splitlines()
    said = [line.split("  ", 3)[-1].strip() for line in lines]
    assert said[0].endswith("was filed: Add a note") and any(line.startswith("was slung to") for line in said)
    back = next(line for line in lines if "the sheriff sent it back: " in line)
    assert "the-reason" in run("log", bead, "--full").out and " sheriff " in back
    assert any("+$" in line for line in lines) and not any(" spent $" in line for line in lines)
    assert next(n for n, line in enumerate(said) if line.startswith("landed as")) > lines.index(back)
    assert run("log", bead.removeprefix("rg-"), "--json").out == run("log", bead, "--json").out
    assert len(run("log", bead, "-n", "3").out.splitlines()) == 3


def test_the_log_is_narrowed_by_kind_author_and_time(run: Gt, told: tuple[Place, str]) -> None:
    everything = [json.loads(line) for line in run("log", "--all", "--json").out.splitlines()]
    assert [line["seq"] for line in everything] == list(range(1, len(everything) + 1))
    landed = [line for line in everything if line["event"]["event"] == "landed"]
    found = [json.loads(line) for line in run("log", "--kind", "landed", "--json", "--since", "1h").out.splitlines()]
    assert [line["seq"] for line in found] == [landed[0]["seq"]] and found[0]["said"].startswith(f"{told[1]} landed as")
    assert found[0]["when"].startswith(time.strftime("%Y-", time.localtime(found[0]["at"])))
    sheriff = run("log", "--who", "sheriff", "--json").out.splitlines()
    assert {json.loads(line)["who"] for line in sheriff} == {"sheriff"}
    spent = [json.loads(line) for line in run("log", "--kind", "spent", "--all", "--json").out.splitlines()]
    cost = run("bead", "show", told[1], "--json").json["metadata"]["gt"]["cost_usd"]
    usd = sum(json.loads(line)["usd"] for line in run("log", told[1], "--json").out.splitlines())
    assert spent and usd == pytest.approx(cost, abs=1e-5)
    half = everything[len(everything) // 2]
    early = run("log", "--until", f"@{half['at']!r}", "--json").out.splitlines()
    assert json.loads(early[-1])["seq"] >= half["seq"] > len(early) - 5
    nothing = run("log", "--since", "tomorrow")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "Nothing fits.\n")


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["log", "--kind", "lended"], 2, "Did you mean landed?"), (["log", "--since", "soon"], 2, "is no time"),
        (["log", "nobody"], 1, "Nothing is written"), (["status", "--at", "1971-01-01"], 1, "It began at"),
        (["status", "--at", "soon"], 2, "seq:812"), (["bead", "show", "none", "--at", "now"], 1, "no bead"),
        (["bead", "show", "obsidian", "--at", "now"], 1, "no bead"),
        (["log", "-f"], 4, "gt up"),
    ],
)  # fmt: skip
def test_what_is_refused(run: Gt, given: list[str], code: int, said: str) -> None:
    found = run(*given)
    assert found.code == code and said in found.err


def test_the_town_and_a_bead_as_they_were(run: Gt, told: tuple[Place, str]) -> None:
    bead = told[1]
    story = [json.loads(line) for line in run("log", bead, "--json").out.splitlines()]
    back = next(line for line in story if line["event"]["event"] == "checked")["seq"]
    then = run("bead", "show", bead, "--at", f"seq:{back}", "--json").json
    assert (then["column"], then["as_of"]["seq"], len(then["metadata"]["gt"]["returns"])) == ("working", back, 1)
    assert run("bead", "show", bead, "--at", f"seq:{back - 1}", "--json").json["column"] == "sheriff"
    shown = run("bead", "show", bead, "--at", f"seq:{back}").out
    assert shown.startswith("as of 20") and f"(seq {back} of " in shown and "sent back 1 by the sheriff" in shown
    status = run("status", "--at", f"seq:{back}", "--json").json
    assert status["beads"]["working"] == 1 and status["seq"] == back and status["engine"]["pid"]
    assert [agent["bead"] for agent in status["agents"]] == [bead]
    text = run("status", "--at", f"seq:{back}").out
    assert text.startswith("as of ") and "gt up" not in text and "gt answer" not in text
    assert "landed 1" in run("status", "--at", "now").out and "the latest" in run("status", "--at", "now").out
    early = run("bead", "show", bead, "--at", "seq:1")
    assert early.code == 1 and "was not there" in early.err and "It was filed at" in early.err
    head = rigs.git(told[0].root, "rev-parse", "--short", "gt-ledger")
    assert run("status", "--at", head, "--json").json["as_of"]["seq"] == status["as_of"]["last"]


def test_the_log_goes_on_as_it_happens_and_ends_quietly(told: tuple[Place, str]) -> None:
    """-f prints what is done meanwhile; a reader that leaves, as head does, ends it without a word."""
    place = told[0]
    process = start(place)
    command = [sys.executable, "-P", "-m", "gastown_tui", "log", "--all", "-f", "--json"]
    log = subprocess.Popen(command, cwd=place.root, env=clean(place.root.parent / "home"), stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert log.stdout is not None and log.stderr is not None
        seen = [json.loads(log.stdout.readline())["seq"]]
        create = [sys.executable, "-P", "-m", "gastown_tui", "bead", "create", "While it runs"]
        subprocess.run(create, cwd=place.root, env=clean(place.root.parent / "home"), check=True, timeout=240)
        while True:
            line = json.loads(log.stdout.readline())
            seen.append(line["seq"])
            if line["said"].endswith("While it runs"):
                break
        assert seen == list(range(1, len(seen) + 1))
        log.stdout.close()
        subprocess.run(create, cwd=place.root, env=clean(place.root.parent / "home"), check=True, timeout=240)
        assert log.wait(PATIENCE) == 0 and log.stderr.read() == ""
    finally:
        log.kill()
        log.wait()
        stop(place, process)


def test_sentences_for_what_came_in() -> None:
    """Steps of another board, with their fields; an import as one bead sees it."""
    old = json.dumps({"status": "open", "title": "T", "description": "long\ntext"})
    new = json.dumps({"status": "hooked", "assignee": "opal", "labels": [], "title": "T"})
    step = e.Entry(1.0, "ada", "status_changed", old, new)
    assert words.sentence(step) == "status is now hooked (was open), assignee is now opal, labels emptied"
    assert words.sentence(e.Entry(1.0, "ada", "closed", "", "no\x1b changes")) == "was closed: no\ufffd changes"
    assert words.sentence(e.Entry(1.0, "ada", "created")) == "was filed"
    assert words.sentence(e.Entry(1.0, "ada", "renamed", "a-1", "a-2")) == "renamed: a-1 is now a-2"
    assert words.sentence(e.Entry(1.0, "ada", "label_added", "", "", "Added label: x")) == "label added: Added label: x"
    assert words.sentence(e.Entry(1.0, "ada", "updated", "", "{broken")) == "{broken"
    assert words.sentence(CameIn("td-1", "board", "beads", 7)) == "td-1 came in from board (beads), one of 7"


def test_a_line_is_clipped_and_its_cost_is_not() -> None:
    line = chronicle.Line(Entry(1, 0.0, "overseer", "said", e.Said("overseer", "x" * 300)), 0.25)
    cut = line.text(3600.0, "", 80)
    assert len(cut) == 80 and cut.endswith("…  +$0.25") and "  1h  " in cut
    assert "x" * 300 in line.text(3600.0, "", 1000)
    assert line.text(40e6, "", 80)[:14].strip() == time.strftime("%Y-%m-%d", time.localtime(0.0)), "of another year"


def test_histories_that_came_in_together_are_one_line() -> None:
    step = e.Entry(1.0, "ada", "created")
    events = [e.BeadApproved("a"), *(e.HistoryImported(f"b{n}", (step, step)) for n in range(3)), e.BeadApproved("c"),
              e.HistoryImported("d", (step,))]  # fmt: skip
    entries = [Entry(n, float(n), "gastown/polecats/furiosa", "", event) for n, event in enumerate(events, 1)]
    found = list(chronicle.folded(entries))
    said = [words.sentence(line.entry.event) for line in found]
    together, alone = "3 beads brought their history: 6 steps", "d: its history of 1 step came in"
    assert said == ["a may go", together, "c may go", alone]
    assert " furiosa " in found[0].text(1.0, "", 100)


def test_costs_stand_on_the_line_of_who_spent_them() -> None:
    events = [
        e.Spent("opal", "polecat", 0.5, "td-1"), e.BeadApproved("td-2"), e.Spent("opal", "polecat", 0.25, "td-1"),
        e.AgentTurned("opal", "parked"), e.Spent("mayor", "mayor", 1.0), e.Spent("mayor", "mayor", 2.0),
    ]  # fmt: skip
    entries = [Entry(n, float(n), "engine", "", event) for n, event in enumerate(events, 1)]
    found = [(line.entry.seq, line.usd) for line in chronicle.folded(entries)]
    assert found == [(2, 0.0), (4, 0.75), (6, 0.0)]
    assert list(chronicle.folded(entries))[-1].entry.usd == 3.0
