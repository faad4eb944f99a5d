"""Where commits part from a tip is what git says, however the tip moved on meanwhile."""

from __future__ import annotations

import itertools

import pygit2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.rig import ancestry
from gastown_tui.rig.ancestry import Ancestry, Parting
from gastown_tui.rig.objects.pack import commit_bytes
from tests.support import rigs

WHO = "Ada <ada@example.org> 1700000000 +0000"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    """A repository that many examples put commits into."""
    return pygit2.Repository(str(rigs.make(tmp_path_factory.mktemp("ancestry") / "rig")))


def commit(repo: pygit2.Repository, *parents: str) -> str:
    """A commit like no other; all are of the same second."""
    tree = str(repo.TreeBuilder().write())
    raw = commit_bytes(tree, list(parents), WHO, WHO, f"commit {next(_numbers)}\n")
    return str(repo.odb.write(pygit2.GIT_OBJECT_COMMIT, raw))


class History:
    """Commits by number, and what lies below each."""

    def __init__(self, repo: pygit2.Repository) -> None:
        self.repo = repo
        self.ids: list[str] = []
        self.below: dict[str, set[str]] = {}

    def add(self, *parents: int) -> str:
        """One more."""
        above = list(dict.fromkeys(self.ids[n % len(self.ids)] for n in parents)) if self.ids else []
        id = commit(self.repo, *above)
        self.ids.append(id)
        self.below[id] = {id}.union(*(self.below[parent] for parent in above))
        return id

    def right(self, found: Parting | None, tip: str, commit: str) -> bool:
        """Whether a parting is what it should be, by its definition."""
        common = self.below[tip] & self.below[commit]
        best = {one for one in common if not any(one in self.below[other] for other in common - {one})}
        return found is not None and found.fork in best and found.plain is (len(best) == 1) and (
            found.own == self.below[commit] - self.below[tip]
        )  # fmt: skip


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=2), min_size=3, max_size=14))
@pytest.mark.parametrize("seen", [ancestry.SEEN, 3], ids=["all of the history", "a part of it"])
@settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_partings_are_gits_own_while_the_tip_moves_on(
    repo: pygit2.Repository, seen: int, parents: list[list[int]]
) -> None:
    history = History(repo)
    for above in [[], *parents]:
        history.add(*above)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ancestry, "SEEN", seen)
        tip = history.ids[0]
        known = Ancestry(repo, tip)
        for new in history.ids:
            asked = history.ids[::2]
            for other in asked:
                assert history.right(known.parting(tip, other), tip, other)
            gained = known.since(new)
            if tip not in history.below[new]:
                assert gained is None
                continue
            # On top of the tip, as a candidate is: looked at before the tip moves there, and after.
            assert gained is not None and gained >= history.below[new] - history.below[tip]
            for other in asked:
                assert history.right(known.parting(new, other), new, other)
            known.advance(new)
            tip = new


def test_another_history_has_no_parting(repo: pygit2.Repository) -> None:
    known = Ancestry(repo, tip := commit(repo))
    assert known.parting(tip, commit(repo)) is None


def test_what_is_missing_is_an_error_and_no_parting(repo: pygit2.Repository) -> None:
    known = Ancestry(repo, tip := commit(repo))
    with pytest.raises((KeyError, pygit2.GitError, ValueError)):
        known.parting(tip, "1" * 40)


def test_a_tip_that_was_moved_aside_is_told(repo: pygit2.Repository) -> None:
    begin = commit(repo)
    known = Ancestry(repo, commit(repo, begin))
    assert known.since(commit(repo, begin)) is None
