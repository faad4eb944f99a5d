"""Text nobody vouches for, in every place a town can hold it: no screen dies of it and no control code gets out."""

from __future__ import annotations

import re

import pytest
from immutables import Map

from gastown_tui.cockpit.places import PANES
from gastown_tui.engine.feed import FeedLine
from gastown_tui.model.bead import Return
from gastown_tui.model.convoy import Draft, Plan, PlannedBead
from gastown_tui.model.events import Need, Said
from gastown_tui.model.state import Speech
from tests.cockpit.driving import Driven, drive
from tests.cockpit.fixtures import todo_app
from tests.cockpit.fixtures.links import FixtureLink

CODES = "\x1b]52;c;SGk=\x07 \x9b31m a\u202eb\u2066c \x00\x01\x7f\x85 \udcff\ud800"
MARKUP = "[/nope] [@click=app.bell]x[/] [red] # *a*\n- `b`\n```\nc ends in a backslash\\"
WIDE = "e\u0301\u0301\u0301 日本語 \U0001f469\u200d\U0001f4bb ﷽ "
PAYLOADS = (CODES, MARKUP, WIDE * 9, "x" * 100_000, "\n" * 10_000, "")
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def hostile(text: str) -> FixtureLink:
    """The picture's town with a payload in every text it holds."""
    link = todo_app.link()
    town = link.town
    for bead in list(town.beads.values()):
        name = text if bead.assignee else ""
        files = (text,) if bead.work.stage == "working" else ()
        back = tuple(Return(text or "x", text, r.at, r.epoch) for r in bead.work.returns)
        stored = text.encode("utf-8", "replace").decode()
        changed = bead.changed(
            title=text, assignee=name, labels=(text,), description=stored, acceptance_criteria=stored
        )
        town = town.put(changed.working(files=files, returns=back, convoy=text))
    agents = {}
    for agent in town.agents.values():
        named = f"{text}{agent.name}"
        agents[named] = type(agent)(
            named, agent.role, agent.session, agent.runtime, agent.bead, 1, agent.state if agent.pid % 2 else text,
            agent.since, agent.pid, 1, "", agent.spool,
        )  # fmt: skip
        link.feeds[named] = tuple(FeedLine(n, todo_app.NOW, named, text or "RUN", text, text) for n in range(5))
    plan = Plan(text, (PlannedBead("a", text, text, files=(text,)), PlannedBead("b", text, needs=("a",))))
    need = Need("n1", text, text, todo_app.NOW, text, (text, text), "td-5e2", text, text)
    queue = dict(town.queue.items())
    first = next(iter(queue))
    queue[first] = type(queue[first])(first, 1, "c", todo_app.NOW, 0, "waiting", text)
    link.town = town.with_(
        rig=text, target=text, tip=text, agents=Map(agents), running=Map(dict.fromkeys(agents)),
        drafts=Map({"p1": Draft("p1", plan, 1, text, todo_app.NOW)}),
        needs=Map({"n1": need}), chat=Map({1: Speech(todo_app.NOW, text, Said("mayor", text)),
                                           2: Speech(todo_app.NOW, text, Said("overseer", text))}),
        queue=Map(queue), holds=Map({"landing": text, text: text}),
    )  # fmt: skip
    link.notes.update(dispatch=text, refinery=text)
    return link


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_no_screen_dies_of_it_and_nothing_gets_out(size: tuple[int, int]) -> None:
    link = todo_app.link()

    async def look(it: Driven) -> None:
        await it.redraw()
        rows = it.rows()
        assert len(rows) == size[1]
        assert not any(FORBIDDEN.search(row) for row in rows)

    async def script(it: Driven) -> None:
        for text in PAYLOADS:
            bad = hostile(text)
            link.town, link.notes, link.feeds = bad.town, bad.notes, bad.feeds
            await it.redraw()
            for pane in PANES:
                it.screen.desk.focus_pane(pane)
                await look(it)
            for view, about in (("bead", "td-5b1"), ("needs", ""), ("plan", "p1"), ("palette", "")):
                it.screen.desk.open(view, about)
                await look(it)
                it.screen.end_prompt()
                it.screen.desk.back()
            assert len(it.screen.layers_open) == 0

    drive(link, script, size)
