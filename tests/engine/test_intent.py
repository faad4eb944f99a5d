"""A conflict goes back with what both sides meant: the beads whose landed lines are in the way."""

from __future__ import annotations

from pathlib import Path

from gastown_tui.engine.refinery.intent import intent
from gastown_tui.model import bead as beads
from gastown_tui.model.town import Town
from gastown_tui.rig.landings import Past, in_the_way, landings
from tests.support import rigs

WIDE = "".join(f"line {n}\n" for n in range(60))


def _land(root: Path, branch: str, bead: str) -> str:
    rigs.git(root, "merge", "-q", "--no-ff", "-m", f"Merge {bead}\n\nBead: {bead}@1", branch)
    return rigs.git(root, "rev-parse", "HEAD")


def _branch(root: Path, name: str, line: int) -> str:
    rigs.git(root, "checkout", "-q", "-b", name, "main")
    commit = rigs.commit(root, {"f": (root / "f").read_text().replace(f"line {line}\n", f"{name} {line}\n")}, name)
    rigs.git(root, "checkout", "-q", "main")
    return commit


def test_only_those_whose_lines_are_in_the_way_are_named(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", {"f": WIDE, "g": "g\n"})
    mine = _branch(root, "mine", 30)
    other = rigs.commit(root, {"g": "another file\n"}, "By hand")
    for name, line, bead in (("far", 5, "td-1"), ("near", 30, "td-2"), ("later", 50, "td-3")):
        _branch(root, name, line)
        _land(root, name, bead)
    tip = rigs.git(root, "rev-parse", "main")
    assert [past.bead for past in landings(root, other, tip)] == ["td-3", "td-2", "td-1"]
    assert [past.bead for past in in_the_way(root, tip, mine, ["f"])] == ["td-2"]
    assert in_the_way(root, tip, mine, ["g"]) == []
    town = Town()
    for id, title in (("td-2", "Limit the rate"), ("td-9", "Count the calls")):
        town = town.put(beads.make(id, title, "", description=f"{title}\nBecause of {id}."))
    said = intent(root, town, town.beads["td-9"], tip, mine, ["f"])
    landed = next(past for past in landings(root, other, tip) if past.bead == "td-2")
    assert isinstance(landed, Past)
    assert said == (
        "What your bead wants:\n- td-9: Count the calls\n  Because of td-9.\n"
        "What landed on the same lines wanted:\n"
        f"- td-2 (landed as {landed.commit[:9]}): Limit the rate\n  Because of td-2."
    )


def test_a_train_of_several_names_the_beads_in_it(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig", {"f": WIDE})
    mine = _branch(root, "mine", 30)
    tip = rigs.git(root, "rev-parse", "main")
    rigs.git(root, "checkout", "-q", "--detach")
    for name, line, bead in (("a", 29, "td-1"), ("b", 30, "td-2")):
        rigs.git(root, "checkout", "-q", "-b", name)
        rigs.commit(root, {"f": (root / "f").read_text().replace(f"line {line}\n", f"{name} {line}\n")}, name)
        rigs.git(root, "checkout", "-q", "--detach", "HEAD~1")
        _land(root, name, bead)
    last = rigs.git(root, "rev-parse", "HEAD")
    train = rigs.git(root, "commit-tree", f"{last}^{{tree}}", "-p", tip, "-p", last, "-m", "Land 2 beads: td-1, td-2")
    assert {past.bead for past in in_the_way(root, train, mine, ["f"])} >= {"td-2"}
