"""What lands is what was approved: a clean merge is never a false alarm, and what was lost or slipped in is named."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import equivalence
from gastown_tui.rig.equivalence import Difference
from gastown_tui.rig.merging import Merged, merge
from tests.rig.conftest import Git
from tests.rig.test_merging import CLEAN, WIDE, _fork


def _check(git: Git, base: str, ours: str, theirs: str, tree: str) -> Difference | None:
    return equivalence.check(git.path, fork=base, commit=theirs, onto=ours, tree=tree)


@pytest.mark.parametrize("case", CLEAN)
def test_a_clean_merge_is_what_was_approved(git: Git, case: str) -> None:
    base, ours, theirs = _fork(git, *CLEAN[case])
    for one, two in ((ours, theirs), (theirs, ours)):
        found = merge(git.path, one, two)
        assert isinstance(found, Merged) and _check(git, base, one, two, found.tree) is None


def test_a_change_the_target_made_alike_is_no_difference(git: Git) -> None:
    theirs_too = WIDE.replace("line 5\n", "five\n").replace("line 20\n", "twenty\n")
    base, ours, theirs = _fork(git, {"f": WIDE}, {"f": WIDE.replace("line 5\n", "five\n")}, {"f": theirs_too})
    found = merge(git.path, ours, theirs)
    assert isinstance(found, Merged) and _check(git, base, ours, theirs, found.tree) is None
    assert equivalence.patch_id(git.path, base, theirs) != equivalence.patch_id(git.path, ours, found.tree)


def test_what_is_lost_and_what_slipped_in_is_named_with_both_patches(git: Git) -> None:
    mine, yours = WIDE.replace("line 5\n", "mine\n"), WIDE.replace("line 30\n", "yours\n").replace("line 31\n", "")
    base, ours, theirs = _fork(git, {"f": WIDE}, {"f": mine}, {"f": yours, "g": "new\n"})
    evil = mine.replace("line 30\n", "yours\nslipped in\n").replace("line 39\n", "")
    git("checkout", "--quiet", "--detach", ours)
    bad = git.commit("evil", {"f": evil, "other": "x\n"})
    found = _check(git, base, ours, theirs, git.tip(f"{bad}^{{tree}}"))
    assert found is not None and found.paths == ("other",)
    assert "+new" in found.missing and "-line 31" in found.missing
    assert "+slipped in" in found.extra and "-line 39" in found.extra
    words = found.words
    assert words.index("What was approved:") < words.index("+yours") < words.index("What would land:")
    assert "+ landing, and never approved: +slipped in" in words and "! changed by the landing alone: other" in words
    assert _check(git, base, ours, theirs, git.tip(f"{ours}^{{tree}}")) is not None, "a merge that keeps ours alone"


def test_modes_and_binary_content_count(git: Git) -> None:
    base, ours, theirs = _fork(git, {"f": "a\n", "b": b"\0\1"}, {"other": "o\n"}, {"b": b"\0\2"})
    assert _check(git, base, ours, theirs, git.tip(f"{ours}^{{tree}}")) is not None
    git("checkout", "--quiet", "--detach", base)
    (git.path / "f").chmod(0o755)
    flagged = git.commit("executable", {})
    found = merge(git.path, ours, flagged)
    assert isinstance(found, Merged) and _check(git, base, ours, flagged, found.tree) is None
    lost = _check(git, base, ours, flagged, git.tip(f"{ours}^{{tree}}"))
    assert lost is not None and lost.missing == ("+(mode 100755)", "-(mode 100644)")


def test_what_cannot_be_read_is_unsure(git: Git) -> None:
    base, ours, theirs = _fork(git, {"a": "1\n"}, {"b": "2\n"}, {"c": "3\n"})
    with pytest.raises(GasTownError, match="Cannot check"):
        _check(git, base, ours, theirs, "1" * 40)


def test_a_patch_id_is_gits_and_blind_to_line_numbers(git: Git) -> None:
    base, ours, theirs = _fork(git, {"f": WIDE}, {"f": "top\n" * 9 + WIDE}, {"f": WIDE.replace("line 20", "twenty")})
    found = merge(git.path, ours, theirs)
    assert isinstance(found, Merged)
    assert equivalence.patch_id(git.path, base, theirs) == equivalence.patch_id(git.path, ours, found.tree)
    assert equivalence.patch_id(git.path, base, base) == ""


rows = st.lists(st.sampled_from(["a", "b", "c", "d", "}", ""]), max_size=9)
lines = rows.map(lambda found: "".join(f"{row}\n" for row in found))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=lines, ours=lines, theirs=lines)
def test_no_clean_merge_is_a_false_alarm(git: Git, base: str, ours: str, theirs: str) -> None:
    start, one, two = _fork(git, {"f": base}, {"f": ours}, {"f": theirs})
    found = merge(git.path, one, two)
    if isinstance(found, Merged):
        told = _check(git, start, one, two, found.tree)
        assert told is None, told.words
