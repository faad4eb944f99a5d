"""Every event has its sentence, in one clean line."""

from __future__ import annotations

from hypothesis import given

from gastown_tui.cli.words import about, sentence
from gastown_tui.model import events as e
from gastown_tui.text import clean
from tests.support import strategies


@given(strategies.of(e.AnyEvent))
def test_every_event_is_one_clean_line(event: e.AnyEvent) -> None:
    said = sentence(event)
    assert said and clean(said) == said and not set("\n\t\u2028\u2029") & set(said)


def test_what_an_event_is_about() -> None:
    need = e.Need("n1", "bead", "What?", 1.0, bead="td-1", agent="opal")
    assert about(e.Escalated(need)) >= {"n1", "td-1", "opal"}
    assert about(e.Landed("td-1", 1, "c" * 40)) == {"td-1"}
    assert about(e.EngineStopped("gt down")) == set()
