"""Every event has its sentence, in one clean line."""

from __future__ import annotations

from hypothesis import given

from gastown_tui.cli import sling
from gastown_tui.cli.words import sentence
from gastown_tui.model import events as e
from gastown_tui.text import clean
from tests.support import strategies


@given(strategies.of(e.AnyEvent))
def test_every_event_is_one_clean_line(event: e.AnyEvent) -> None:
    said = sentence(event)
    assert said and clean(said) == said and not set("\n\t\u2028\u2029") & set(said)


def test_sling_says_who_changes_the_files_of_what_waits() -> None:
    why = "app/settings.py is being changed by obsidian (td-5tq)"
    meets = [{"bead": "td-1", "starts": True, "why": why}, {"bead": "td-3", "starts": False, "why": why}]
    answer = {"would": ["td-2", "td-1"], "holding": 1, "why": "2 polecats at most", "meets": meets}
    assert sling.said(answer, True).splitlines() == [
        "Would start: td-2, td-1  Holding 1: 2 polecats at most.",
        f"  td-1  starts though {why}", f"  td-3  waits: {why}",
    ]
    answer["meets"] = [{"bead": f"td-{n}", "starts": False, "why": why} for n in range(10)]
    assert sling.said(answer, True).splitlines()[-1] == "  and 2 more whose files are being changed"
