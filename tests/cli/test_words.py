"""Every event has its sentence, in one clean line."""

from __future__ import annotations

from hypothesis import given

from gastown_tui.cli.words import sentence
from gastown_tui.model import events as e
from gastown_tui.text import clean
from tests.support import strategies


@given(strategies.of(e.AnyEvent))
def test_every_event_is_one_clean_line(event: e.AnyEvent) -> None:
    said = sentence(event)
    assert said and clean(said) == said and not set("\n\t\u2028\u2029") & set(said)
