"""The demo's figures come from records, and only what the records say is counted."""

from __future__ import annotations

from gastown_tui.cli.demo_summary import Figures, summarise
from gastown_tui.model import events as e
from gastown_tui.model.bead import Review
from gastown_tui.model.convoy import Convoy
from gastown_tui.model.merge import GateRun


def gated(ok: bool) -> e.Gated:
    return e.Gated("td-1", 1, "a" * 40, "b" * 40, "unittest", Review("refinery", ok, "c" * 40), 1.0)


def records(*events: e.AnyEvent) -> list[e.Record]:
    """Records a second apart."""
    return [e.Record(n, 100.0 + n, "x", event) for n, event in enumerate(events, 1)]


def test_nothing_happened() -> None:
    assert summarise([]) == Figures()


def test_each_figure() -> None:
    convoy = Convoy("c1", "A gate", ("td-1", "td-2"), 1.0)
    found = summarise(
        records(
            e.EngineStarted(1, 1, "0"), e.Said("overseer", "build"), e.Said("mayor", "yes"),
            e.PlanApproved("p1", convoy, {"a": "td-1", "b": "td-2"}), e.EngineStarted(2, 2, "0"),
            e.Reviewed("td-1", 1, Review("witness", False, "c" * 40, "no")),
            e.Reviewed("td-1", 1, Review("witness", True, "c" * 40)),
            e.Conflicted("td-2", 1, "a" * 40, ("x",), "both"), gated(True), gated(False),
            e.Landed("td-1", 1, "d" * 40), e.Landed("td-9", 1, "e" * 40),
            e.Spent("opal", "polecat", 0.25), e.Spent("opal", "polecat", 0.5), e.Spent("w", "witness", 0.125),
        )
    )  # fmt: skip
    assert found == Figures(
        planned=2, landed=1, rejected=1, conflicts=1, gate_failures=1, test_runs=2, restarts=1, seconds=10.0,
        cost_usd=0.875, cost_by_role={"polecat": 0.75, "witness": 0.125}, target_commit="e" * 40,
    )  # fmt: skip


def test_a_train_counts_each_of_its_beads_and_one_run() -> None:
    """The target is the train's commit, and a run of the gates is one, however many beads it tells of."""
    run = GateRun("b" * 40, "unittest", True, 1.0, beads=("td-1", "td-2"))
    train = e.TrainLanded("f" * 40, ("td-1", "td-2"))
    told = (e.RunEnded(run), gated(True), gated(True), e.Landed("td-1", 1, "d" * 40), e.Landed("td-2", 1, "e" * 40))
    found = summarise(records(e.PlanApproved("p1", Convoy("c1", "A", ("td-1", "td-2"), 1.0),
                                             {"a": "td-1", "b": "td-2"}), *told, train))  # fmt: skip
    assert (found.landed, found.test_runs, found.target_commit) == (2, 1, "f" * 40)


def test_a_bead_that_landed_twice_is_one_bead() -> None:
    convoy = Convoy("c1", "A gate", ("td-1",), 1.0)
    twice = (e.Landed("td-1", 1, "d" * 40), e.Landed("td-1", 1, "f" * 40))
    found = summarise(records(e.PlanApproved("p1", convoy, {"a": "td-1"}), *twice))
    assert (found.planned, found.landed) == (1, 1)
