"""The subject of a ledger's commit: what matters most, in one clean line that fits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gastown_tui.engine.ledger.headline import WIDTH, headline
from gastown_tui.model import bead as beads
from gastown_tui.model import events as e
from gastown_tui.model.bead import Review
from gastown_tui.text import clean, width
from tests.support import strategies

NO, YES = Review("witness", False, "c", "why"), Review("witness", True, "c")
FILED = [e.BeadCreated(beads.make(f"td-{n}", "T", "")) for n in range(5)]
SPENT = e.Spent("opal", "polecat", 0.1, "td-1")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([SPENT, e.Gated("td-1", 1, "o", "t", "g", YES, 1.0), e.Landed("td-1", 1, "c"), FILED[2]],
         "td-1 landed; td-2 filed"),
        (FILED, "td-0, td-1 and 3 more filed"),
        (FILED[:2], "td-0 and td-1 filed"),
        ([e.Reviewed("td-1", 1, NO), e.AgentTurned("opal", "working"), e.Checked("td-2", 1, YES)],
         "td-1 sent back by the witness; td-2 passed by the sheriff"),
        ([SPENT], "money spent on td-1"),
        ([e.AgentEnded("opal", "killed", False)], "opal died"),
        ([e.AgentStarted("opal", "polecat", "s", "r", 1, 1, bead="td-1")], "opal started on td-1"),
        ([e.Escalated(e.Need("n1", "bead", "Which\n\x1b[31mcolour?", 1.0, bead="td-1")), SPENT],
         "needs you: Which \ufffd[31mcolour?"),
    ],
)  # fmt: skip
def test_what_is_said_first(events: list[e.AnyEvent], said: str) -> None:
    assert headline([e.Record(n, 1.0, "engine", event) for n, event in enumerate(events, 1)]) == said


@given(st.lists(strategies.of(e.AnyEvent), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_group_has_one_clean_line(events: list[e.AnyEvent]) -> None:
    said = headline([e.Record(n, 1.0, "engine", event) for n, event in enumerate(events, 1)])
    assert clean(said) == said and "\n" not in said and width(said) <= WIDTH
