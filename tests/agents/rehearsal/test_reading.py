"""What the worker reads: keys from bytes, steps from prompts, and facts from a briefing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.agents import prompts
from gastown_tui.agents.rehearsal import briefing, files, script
from gastown_tui.agents.rehearsal.keyboard import Key, Keyboard, clean
from gastown_tui.agents.rehearsal.script import Step

TYPED = "añ€😀\x1b[A\x1b[200~pasted\rtext \x1b[31m\x1b[201~\r\x03\x1bOB\x1b[1;5Cz\x7f".encode()


def keys(chunks: list[bytes]) -> list[Key]:
    """The keys of these chunks, runs of text joined."""
    keyboard = Keyboard()
    found: list[Key] = []
    for chunk in chunks:
        for key in keyboard.feed(chunk):
            if found and key.name == found[-1].name == "text":
                found[-1] = Key("text", found[-1].text + key.text)
            else:
                found.append(key)
    return found


@given(st.sets(st.integers(1, len(TYPED) - 1)))
def test_keys_are_the_same_in_whatever_chunks_they_come(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(TYPED)]
    assert keys([TYPED[a:b] for a, b in pairwise(edges)]) == [
        Key("text", "añ€😀"), Key("up"), Key("paste", "pasted\ntext [31m"), Key("enter"), Key("ctrl-c"), Key("down"),
        Key("text", "z"), Key("backspace")]


@given(st.lists(st.binary()))
def test_any_bytes_are_read_and_never_hold_up_what_follows(chunks: list[bytes]) -> None:
    keyboard = Keyboard()
    for chunk in chunks:
        for key in keyboard.feed(chunk):
            assert clean(key.text) == key.text
        assert list(keyboard.settle()) is not None
    list(keyboard.feed(b"\x1b[201~"))
    list(keyboard.settle())
    assert Key("enter") in list(keyboard.feed(b"\r"))


def test_a_lone_escape_is_a_key_once_nothing_follows() -> None:
    keyboard = Keyboard()
    assert list(keyboard.feed(b"\x1b")) == []
    assert keyboard.undecided
    assert list(keyboard.settle()) == [Key("esc")]
    assert list(keyboard.feed(b"\x1b\x1b[A")) == [Key("esc"), Key("up")]


def test_steps_with_text_comments_and_indentation() -> None:
    read = script.parse("- do\n  ```rehearse\n  # a comment\n\n  write a <<END\n    x\n  ```not a fence\n  END\n"
                        "  run echo <<EOF\n  y\n  EOF\n  ```\n\n````rehearse back\nsay ```\n````\n")
    assert read.first == (Step("write", "a", "  x\n```not a fence\n"), Step("run", "echo", "y\n"))
    assert [back.steps for back in read.backs] == [(Step("say", "```"),)]
    assert script.parse("no block").first is None
    assert script.parse("```rehearse\n```").first == ()
    assert script.parse("```rehearse\nrun a").first == (Step("run", "a"),), "a fence that is not closed"


def test_a_used_part_brings_its_own_mending() -> None:
    read = script.parse("```rehearse\nuse todo/tokens\n```")
    assert read.first is not None
    assert read.first[-1].verb == "done"
    assert [back.gate for back in read.backs] == ["witness"]
    assert read.back("refinery", 1) is None


@given(st.text())
def test_any_prompt_can_be_read(text: str) -> None:
    script.parse(f"```rehearse\n{text}")
    for read in (briefing.title, briefing.sent_back, briefing.without_carrying_on):
        read(text)
    assert briefing.target([text])
    briefing.gates([text])


def test_what_the_prompts_of_the_engine_say() -> None:
    given_ = prompts.render(
        "polecat", name="jasper", rig="r", bead="gt-1", title="Do this", description="title: not this", files="",
        acceptance_criteria="", branch="polecat/x", target="trunk", worktree="/w", instructions="",
        gates="python -m unittest -q\nmake lint")
    back = prompts.render("sent_back", by="refinery", count="2", most="3", reason="It is red.\n\nfull log",
                          target="trunk", gates="make", bead="gt-1")
    assert briefing.title(given_) == "Do this"
    assert briefing.target([given_]) == briefing.target([given_, back]) == "trunk"
    assert briefing.gates([given_]) == ["python -m unittest -q", "make lint"]
    assert briefing.gates([given_, back]) == ["make"]
    assert briefing.gates([prompts.render("sent_back", by="a", count="1", most="3", reason="x", target="t", gates="",
                                          bead="b")]) == []
    assert briefing.sent_back(given_) is None
    assert briefing.sent_back(back) == briefing.SentBack("refinery", 2, "It is red.")
    carry = prompts.render("handoff", bead="gt-1", title="Do this")
    assert briefing.carries_on(carry)
    assert briefing.without_carrying_on(carry) == ""
    assert briefing.holds(back, briefing.without_carrying_on(f"{back}\n\n{carry}"))


def test_both_sides_of_a_conflict_are_kept() -> None:
    text = "a\n<<<<<<< HEAD\nsame\nours\n||||||| base\nold\n=======\nsame\ntheirs\n>>>>>>> main\nz\n"
    assert files.keep_both(text) == "a\nsame\nours\ntheirs\nz\n"
    assert files.keep_both("<<<<<<< x\na\n=======\na\n>>>>>>> y") == "a\n"
    assert files.keep_both("<<<<<<< x\n=======\nb\n>>>>>>> y\n") == "b\n"
    assert files.keep_both("plain\n=======\n") == "plain\n=======\n"
