"""The worker in its terminal: prompts, keys, signals, hooks, and going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.agents.rehearsal.stage import Stage, alive, pending, reaped, script
from tests.agents.rehearsal.weave import git


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "stage")


def test_a_turn_is_shown_noted_and_handed_in(stage: Stage) -> None:
    worker = stage.open(script("think Reading first", "read README.md", "write notes/a.txt <<END", "text", "END",
                               "run echo ran; exit 3", "commit Add the thing", "done All done"))
    worker.expect("◐ rehearsal")
    for shown in ("Reading first", r"Read.*\(README.md\)", "1 lines", r"Bash.*\(echo ran; exit 3\)", "ran",
                  r"Bash.*\(gt done -m 'All done'\)", "Done: All done"):
        worker.expect(shown)
    pending(worker)
    assert stage.titles() == ["Add the thing", "Begin"]
    assert stage.asked(hooks=True) == ["hook SessionStart", "done -m All done", "hook Stop"]
    told = json.loads(stage.given("hook Stop"))
    assert told["hook_event_name"] == "Stop"
    assert told["last_assistant_message"] == "Done: All done"
    assert (told["session_id"], told["cwd"]) == ("s-1", str(stage.tree))
    assert told["transcript_path"] == str(stage.transcript)
    worker.kill(signal.SIGTERM)
    assert reaped(worker) == 143


def test_the_transcript_has_the_agents_shape(stage: Stage) -> None:
    stage.run(script("think First", "write a.txt <<END", "one", "END", "replace a.txt <<END", "one", "====", "two",
                     "END", "run false", "done It"))
    lines = stage.lines()
    assert lines[0]["type"] == "user"
    uses = [block for line in lines if line["type"] == "assistant" for block in line["message"]["content"]
            if block["type"] == "tool_use"]
    assert [use["name"] for use in uses] == ["Write", "Edit", "Bash", "Bash"]
    assert uses[1]["input"] == {"file_path": str(stage.tree / "a.txt"), "old_string": "one\n", "new_string": "two\n"}
    contents = [line["message"]["content"] for line in lines if line["type"] == "user"]
    results = {block["tool_use_id"]: block for blocks in contents if isinstance(blocks, list) for block in blocks}
    assert list(results) == [use["id"] for use in uses]
    assert results[uses[2]["id"]]["is_error"] is True
    messages = [line["message"] for line in lines if line["type"] == "assistant"]
    assert messages[0]["id"] == messages[1]["id"], "text and tool use are blocks of one message"
    usage = {message["id"]: message["usage"] for message in messages}
    assert lines[-1]["type"] == "cost-state"
    spent = lines[-1]["modelUsage"]["rehearsal"]
    assert spent["outputTokens"] == sum(one["output_tokens"] for one in usage.values())
    assert lines[-1]["totalCostUSD"] == spent["costUSD"] > 0


def test_prompts_typed_pasted_and_queued(stage: Stage) -> None:
    worker = stage.open()
    pending(worker)
    worker.send("\x1b[200~" + script("write pasted.txt <<END", "several", "lines", "END", "stall").replace("\n", "\r")
                + "\x1b[201~\r")
    worker.expect("lines\\]")
    worker.expect("Working")
    worker.send("one two\r")
    worker.send("\x1b")
    worker.expect("Interrupted by user")
    worker.expect("> ?\x1b.0m one two")
    worker.expect("Done: one two")
    pending(worker)
    assert (stage.tree / "pasted.txt").read_text() == "several\nlines\n"
    assert (stage.tree / "WORKLOG.md").read_text() == "- one two\n"
    assert stage.asked(hooks=True).count("hook Stop") == 1, "an interrupted turn fires no Stop"
    worker.send("\x03\x03")
    assert reaped(worker) == 0


def test_hostile_text_is_neither_obeyed_nor_echoed(stage: Stage) -> None:
    worker = stage.open("\x1b]0;owned\x07 \x1b[2J ‮ hi")
    pending(worker)
    shown = str(worker.before)
    for byte in range(256):
        os.write(worker.child_fd, bytes([byte]) if byte not in (3, 4, 13, 27) else b"x")
    worker.send("\x15\x1b[99;99;99~\x1b[<0;1;1M\r")
    worker.expect("Done: ")
    pending(worker)
    shown += str(worker.before)
    assert "owned\x07" not in shown
    assert "\x1b[2J" not in shown
    worker.send("\x03\x03")
    assert reaped(worker) == 0
    assert stage.run("\udc80 no text at all").returncode == 0


def test_hanging_up_ends_it_and_what_it_runs(stage: Stage) -> None:
    worker = stage.open(script("run echo $$ > pid; exec sleep 600"))
    worker.expect("Working")
    deadline = time.monotonic() + 90
    while not (stage.tree / "pid").exists() or not (stage.tree / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    own, child = int(worker.pid or 0), int((stage.tree / "pid").read_text())
    os.close(worker.child_fd)
    while alive(child) or alive(own):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.waitpid(own, 0)
    worker.closed = True


@pytest.mark.parametrize(("keys", "answer"), [("\x1b[A\r", "yes"), ("1", "yes"), ("\r", "no"), ("\x1b", "no")])
def test_a_question_has_no_selected(stage: Stage, keys: str, answer: str) -> None:
    worker = stage.open(script("ask May I?", "write answer <<END", "yes", "END"))
    worker.expect("May I\\?")
    worker.expect("   1. Yes")
    worker.expect(" ❯ 2. No")
    worker.expect("Enter to confirm")
    worker.send(keys)
    pending(worker)
    assert (stage.tree / "answer").exists() is (answer == "yes")
    assert "hook Notification" in stage.asked(hooks=True)


def test_a_limit_waits_and_goes_on(stage: Stage) -> None:
    worker = stage.open(script("limit", "write after <<END", "x", "END"))
    worker.expect("You've hit your usage limit · resets 3pm")
    pending(worker)
    assert stage.asked(hooks=True) == ["hook SessionStart", "hook StopFailure"]
    assert json.loads(stage.given("hook StopFailure"))["error"] == "rate_limit"
    worker.send("The limit is over, carry on.\r")
    worker.expect("Write")
    pending(worker)
    assert (stage.tree / "after").exists()


def test_killed_anywhere_it_goes_on_with_the_next_step(stage: Stage) -> None:
    rows = ["write a <<END", "a", "END", "commit First", "gt escalate one", "write b <<END", "b", "END",
            "commit Second", "once kill crash", "gt escalate two", "done Both"]
    assert stage.run(script(*rows)).returncode == -signal.SIGKILL
    with stage.transcript.open("a") as file:
        file.write('{"torn')
    assert stage.run("You were cut off; carry on.", resume=True).returncode == 0
    assert stage.titles() == ["Second", "First", "Begin"]
    assert stage.asked() == ["escalate one", "escalate two", "done -m Both"]
    assert stage.run("Please carry on.", resume=True).returncode == 0
    assert stage.asked() == ["escalate one", "escalate two", "done -m Both"], "nothing was left to do"


def test_resumed_without_words_it_goes_on_and_with_others_it_does_those(stage: Stage) -> None:
    stage.run(script("write a <<END", "a", "END", "once kill crash 9", "write b <<END", "b", "END"))
    assert not (stage.tree / "b").exists()
    stage.run("", resume=True)
    assert (stage.tree / "b").exists()
    again = script("once again crash 9", "write c <<END", "c", "END")
    assert stage.run(again, resume=True).returncode == 9
    carry = "Your session was cut off. Carry on with gt-1."
    stage.run(f"Something else\n\n{carry}", resume=True)
    assert not (stage.tree / "c").exists()
    assert (stage.tree / "WORKLOG.md").read_text() == "- Something else\n"


def test_an_engine_that_does_not_answer_is_asked_again(stage: Stage) -> None:
    stage.answers("done", codes="4 4")
    stage.run(script("done At last"))
    assert stage.asked() == ["done -m At last"] * 3
    stage.answers("done", codes="1")
    assert "could not hand in" in stage.run(script("done Refused")).stdout
    stage.run("carry on", resume=True)
    assert stage.asked()[3:] == ["done -m Refused"] * 2, "work that was not taken is handed in again"


def test_a_hook_may_ask_for_one_more_turn(stage: Stage) -> None:
    stage.answers("hook-Stop", json.dumps({"decision": "block", "reason": "One more thing"}))
    assert stage.run(script("say Finished")).stdout.count("One more thing") >= 2
    stops = [json.loads(given) for asked, given in stage.calls() if asked == "hook Stop"]
    assert [stop["stop_hook_active"] for stop in stops] == [False, True, True, True]


def test_a_command_can_be_refused_beforehand(stage: Stage) -> None:
    stage.environment["GT_REHEARSE_PRETOOL"] = "1"
    answer = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": "run gt done"}
    stage.answers("hook-PreToolUse", json.dumps({"hookSpecificOutput": answer}))
    assert "run gt done" in stage.run(script("run touch made")).stdout
    assert not (stage.tree / "made").exists()
    assert json.loads(stage.given("hook PreToolUse"))["tool_input"] == {"command": "touch made"}


def test_other_verbs(stage: Stage) -> None:
    done = stage.run(script("append README.md <<END", "more", "END", "append README.md <<END", "more", "END",
                            "loop 3 echo x >> count", "wait 0.01", "wait soon", "dance", "use no/part",
                            "replace README.md <<END", "nowhere", "====", "x", "END", "read nothing",
                            "write README.md/x <<END", "x", "END", "commit All", "move-main", "must run false",
                            "run touch not"))
    assert done.returncode == 0, done.stderr
    assert (stage.tree / "README.md").read_text() == "Hello\nmore\n"
    assert (stage.tree / "count").read_text() == "x\nx\nx\n"
    assert not (stage.tree / "not").exists()
    for said in ("I do not know how to `dance`", "There is no part called no/part", "I cannot `wait soon`",
                 "String to replace not found", "does not exist", "git push origin HEAD:main", "I stop here"):
        assert said in done.stdout, said
    assert stage.run(script("exit 5")).returncode == 5


def test_without_a_script_it_works_and_mends_keeping_both_sides(stage: Stage) -> None:
    git(stage.tree, "checkout", "-q", "-b", "work")
    stage.run("# Bead gt-1: Mine\ntarget: main\n")
    git(stage.tree, "checkout", "-q", "main")
    (stage.tree / "WORKLOG.md").write_text("- theirs\n")
    stage.commit("Theirs")
    git(stage.tree, "checkout", "-q", "work")
    back = "Sent back by the refinery (1 of 3).\n\nWORKLOG.md conflicts\n\ntarget: main\n"
    done = stage.run(f"{back}gates:\n- `grep -q Mine WORKLOG.md`\n", resume=True)
    assert "grep -q Mine WORKLOG.md" in done.stdout
    assert (stage.tree / "WORKLOG.md").read_text() == "- Mine\n- theirs\n"
    assert not git(stage.tree, "status", "--porcelain")
    assert not git(stage.tree, "rev-list", "work..main")
    assert stage.asked() == ["done -m Mine", "done -m Mend what the refinery sent back"]


def test_blocks_for_being_sent_back(stage: Stage) -> None:
    backs = "\n".join(f"```rehearse back{gate}\nrun echo {said}\n```\n"
                      for gate, said in (("", "first"), ("", "second"), (" witness", "witnessed")))
    stage.run(script("run echo begun") + backs)
    for gate, times, said in (("sheriff", 1, "first"), ("refinery", 2, "second"), ("sheriff", 3, "second"),
                              ("witness", 2, "witnessed")):
        shown = stage.run(f"Sent back by the {gate} ({times} of 3).\n\nWhy\n", resume=True).stdout
        assert f"(echo {said})" in shown
    assert stage.run("Sent back by the witness (1 of 3).\n\nWhy\n\nCarry on with gt-1.", resume=True).returncode == 0


def test_mistakes_in_the_command_line_are_refused(stage: Stage) -> None:
    words = stage.words("x")
    for wrong in (words[:4], [*words[:4], "--role", "cook", *words[6:]], [*words[:4], "--what", *words[4:]]):
        process = subprocess.run(wrong, env=stage.environment, cwd=stage.tree, capture_output=True, text=True)
        assert process.returncode == 2
        assert "usage:" in process.stderr
