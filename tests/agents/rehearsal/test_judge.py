"""The judge: each check on a real diff, and nothing approved that could not be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.agents.rehearsal import diffs, witness
from gastown_tui.agents.rehearsal.judge import judge
from tests.agents.rehearsal.stage import Stage
from tests.agents.rehearsal.weave import git


def changed(folder: Path, path: str, text: str) -> str:
    """The diff, as git prints it, that adds these rows between others."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("one\ntwo\nthree\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Begin")
    file.write_text(f"one\ntwo\n{text}\nthree\n")
    return git(folder, "diff")


@pytest.mark.parametrize(("row", "check"), [
    ("if signature == expected:", "secret-comparison"),
    ("    return _digest(text) != given", "secret-comparison"),
    ('SECRET = "hunter2-hunter2"', "secrets"),
    ('SECRET = "[redacted: secret]"', "secrets"),
    ('    api_key: str = "0123456789abcdef"', "secrets"),
    ('db.execute(f"SELECT * FROM users WHERE name = \'{name}\'")', "sql"),
    ('db.execute("DELETE FROM users WHERE name = \'%s\'" % name)', "sql"),
    ('db.execute("SELECT id FROM users WHERE name = " + name)', "sql") ,
    ("    print(user)", "leftovers"),
    ("breakpoint()", "leftovers"),
    ("pass  # TODO: think", "leftovers"),
])
def test_what_is_rejected_with_its_line(row: str, check: str, tmp_path: Path) -> None:
    judgement = judge(changed(tmp_path / "repo", "app/code.py", row))
    assert judgement.decision == "REJECT"
    assert [one.name for one in judgement.checks if one.verdict == "fail"] == [check]
    assert judgement.reason.startswith("app/code.py:3: ")
    assert judge(changed(tmp_path / "text", "notes.md", row)).decision == "APPROVE", "only code is judged"


@pytest.mark.parametrize("row", [
    "if not hmac.compare_digest(signature, expected):", 'if signature == "":', "if len(signature) == 32:",
    'secret = environment.get("TODO_SECRET")', 'secret: str = ""', 'db.execute("SELECT id FROM t WHERE a = ?", (a,))',
    "# the signature is checked: ==", 'if kind == "x" and hmac.compare_digest(a, b):', "token = read(header)",
    'raise HttpError(404, f"no update of {name} set")',
])
def test_what_is_not(row: str, tmp_path: Path) -> None:
    judgement = judge(changed(tmp_path / "repo", "app/code.py", row))
    assert judgement.decision == "APPROVE", judgement.reason
    assert {one.name: one.verdict for one in judgement.checks}["tests"] == "unsure"


def test_a_test_switched_off(tmp_path: Path) -> None:
    judgement = judge(changed(tmp_path / "repo", "tests/test_code.py", "    @unittest.skip('later')"))
    assert judgement.decision == "REJECT"
    assert judgement.reason.startswith("tests/test_code.py:3: ")
    assert judge(changed(tmp_path / "other", "tests/test_code.py", 'SECRET = "for the tests"')).decision == "APPROVE"


@pytest.mark.parametrize("diff", [None, "", "nonsense", "diff --git a/x b/x\n@@ -1,2 +1,2 @@\n one\n",
                                  "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n[cut: 9 more bytes]\n"])
def test_what_cannot_be_read_is_never_approved(diff: str | None) -> None:
    judgement = judge(diff)
    assert judgement.decision == "REJECT"
    assert {check.verdict for check in judgement.checks} == {"unsure"}


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    judge(f"diff --git a/x.py b/x.py\n{text}")
    assert judge(text).decision == "REJECT" or text.startswith("diff --git ")


@given(st.integers(1, 400))
def test_a_diff_cut_anywhere_is_whole_or_refused(cut: int) -> None:
    whole = ("diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n+\n"
             " three\n\\ No newline at end of file\ndiff --git a/b.py b/c.py\nsimilarity index 90%\nrename from b.py\n"
             "rename to c.py\n--- a/b.py\n+++ b/c.py\n@@ -7 +7,2 @@ def x():\n---x\n+++y\n+z\n")
    text = whole[:cut]
    try:
        files = diffs.parse(text)
    except diffs.Unreadable:
        return
    found = [(file.path, [added.number for added in file.added]) for file in files if file.added]
    assert found == [("a.py", [2, 3]), ("c.py", [7, 8])][:len(found)], "never half a hunk"
    assert len(found) == 2 or text != whole


def test_kinds_of_changes_git_prints(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    changed(root, "app/a.py", "x")
    (root / "old.py").write_text("gone = 1\n" * 9)
    (root / "gone.py").write_text("x\n")
    (root / "data.bin").write_bytes(b"\0\1" * 90)
    (root / "sp ace.py").write_text("x\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "More")
    (root / "old.py").rename(root / "new.py")
    (root / "gone.py").unlink()
    (root / "data.bin").write_bytes(b"\2\1" * 90)
    (root / "sp ace.py").write_text("y\n")
    (root / "empty.py").touch()
    git(root, "add", "-A")
    for more in ([], ["--binary"]):
        found = {file.path: len(file.added) for file in diffs.parse(git(root, "diff", "-M", *more, "HEAD"))}
        assert found == {"new.py": 0, "gone.py": 0, "data.bin": 0, "sp ace.py": 1, "empty.py": 0}


def test_the_last_fence_is_the_diffs_own() -> None:
    prompt = "```diff\nnot closed\n\n````diff\ndiff --git a/R b/R\n+```\n````\n"
    assert diffs.fenced(prompt) == "diff --git a/R b/R\n+```\n"
    assert diffs.fenced("```diff\nnot closed") is None
    assert diffs.fenced("nothing") is None


def test_the_witness_answers_by_gt(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage")
    diff = changed(tmp_path / "repo", "app/code.py", "if signature == expected:")
    done = stage.run(f"Review this.\n\n```diff\n{diff.rstrip()}\n```\n", role="witness")
    assert "REJECT" in done.stdout
    verdict = json.loads(stage.given("verdict -"))
    assert (verdict["bead"], verdict["epoch"], verdict["decision"]) == ("gt-1", 3, "REJECT")
    assert all(set(check) == {"name", "verdict", "note"} for check in verdict["checks"])
    stage.run("There is no verdict yet. Give it now.", role="witness", resume=True)
    assert json.loads(stage.given("verdict -")) == verdict, "it still knows the diff it was shown"
    assert "secret" not in stage.transcript.read_text().replace("secret-comparison", "").replace("secrets", "")


def test_without_a_lease_the_prompt_says_which_bead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GT_LEASE", raising=False)
    steps = witness.steps(['bead: gt-7\n\n      "epoch": 4,\n'])
    verdict = json.loads(steps[1].body)
    assert (verdict["bead"], verdict["epoch"], verdict["decision"]) == ("gt-7", 4, "REJECT")
