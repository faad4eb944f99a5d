"""Worktrees are mended after a crash at any point, and unsaved work is never removed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig.errors import GitFailed, Unsaved
from gastown_tui.rig.repository import Repository
from gastown_tui.rig.worktree import Worktrees
from tests.rig.conftest import Git
from tests.support.waiting import until

T = TypeVar("T")
BRANCH, WIP = "polecat/jasper/td-1-e1", "refs/gt/wip/td-1/e1"


@pytest.fixture
def ours(git: Git, repo: Repository) -> Worktrees:
    repo.exclude([".gastown/"])
    return Worktrees(repo, git.path / ".gastown" / "worktrees")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _add(ours: Worktrees, name: str = "jasper-td-1-e1", branch: str = BRANCH) -> Path:
    return run(ours.add(name, branch, ours.repo.tip("main")))


def test_added_listed_and_invisible_to_the_person(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    git("worktree", "add", "--quiet", "-b", "mine", str(git.path.parent / "mine"))
    assert (path / "src/app.py").is_file() and git.out("branch", "--show-current", cwd=path) == BRANCH
    assert [(w.name, w.path, w.branch, w.gone) for w in run(ours.list())] == [(path.name, path, BRANCH, False)]
    assert git.out("status", "--porcelain") == ""


def test_an_existing_branch_is_used_where_it_stands(git: Git, ours: Worktrees) -> None:
    git("branch", BRANCH)
    git.commit("main goes on", {"x": "x"})
    assert git.out("rev-parse", "HEAD", cwd=_add(ours)) != git.tip("main")


def test_adding_again_keeps_what_the_agent_left(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    (path / "unsaved").write_text("work")
    (git.path / ".git/worktrees" / path.name / "index.lock").touch()
    git.commit("main goes on", {"x": "x"})
    assert _add(ours) == path
    assert (path / "unsaved").read_text() == "work"
    git("add", "--all", cwd=path)


def test_many_at_once(git: Git, ours: Worktrees) -> None:
    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for n in range(8):
                group.create_task(ours.add(f"p{n}", f"polecat/p{n}", ours.repo.tip("main")), name=f"p{n}")

    run(all_of_them())
    assert sorted(w.branch for w in run(ours.list())) == [f"polecat/p{n}" for n in range(8)]


def test_a_branch_checked_out_elsewhere_is_left_there(git: Git, ours: Worktrees) -> None:
    with pytest.raises(GasTownError, match="main is checked out"):
        run(ours.add("x", "main", git.tip("main")))
    assert not (ours.folder / "x").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".git"])
def test_names_that_lead_elsewhere_are_refused(ours: Worktrees, name: str) -> None:
    with pytest.raises(GasTownError, match="no name"):
        _add(ours, name)


def test_what_is_not_a_worktree_is_left_alone(git: Git, ours: Worktrees) -> None:
    (ours.folder / "x").mkdir(parents=True)
    (ours.folder / "x" / "precious").write_text("p")
    with pytest.raises(GasTownError, match="no worktree"):
        _add(ours, "x")
    mine = git.path.parent / "mine"
    git("worktree", "add", "--quiet", "-b", "mine", str(mine))
    for act in (ours.remove(mine), ours.reset(mine, git.tip("main")), ours.remove(git.path)):
        with pytest.raises(GasTownError, match="not one of the town's"):
            run(act)
    with pytest.raises(GasTownError, match="no worktree"):
        run(ours.remove(ours.folder / "x"))
    assert (ours.folder / "x" / "precious").read_text() == "p" and mine.is_dir()


def _no_folder(git: Git, path: Path) -> None:
    shutil.rmtree(path)


def _empty_folder(git: Git, path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


def _initializing(git: Git, path: Path) -> None:
    """As `git worktree add` leaves it when it is killed while it writes the files."""
    (git.path / ".git/worktrees" / path.name / "locked").write_text("initializing")
    (path / "README.md").unlink()
    (path / "src/app.py").write_text("half")
    (git.path / ".git/worktrees" / path.name / "index").unlink()


def _killed_in_the_middle_of_a_file(git: Git, path: Path) -> None:
    """The instant at which git itself then fails over every worktree: commondir is there and empty."""
    _initializing(git, path)
    (git.path / ".git/worktrees" / path.name / "commondir").write_text("")
    assert git("worktree", "list", check=False).returncode == 128


def _killed_at_once(git: Git, path: Path) -> None:
    record = git.path / ".git/worktrees" / path.name
    shutil.rmtree(path)
    shutil.rmtree(record)
    record.mkdir()
    (record / "locked").write_text("initializing")


def _initializing_no_folder(git: Git, path: Path) -> None:
    _initializing(git, path)
    shutil.rmtree(path)


def _record_gone_and_empty(git: Git, path: Path) -> None:
    shutil.rmtree(git.path / ".git/worktrees" / path.name)
    _empty_folder(git, path)


@pytest.mark.parametrize(
    "crash",
    [
        _no_folder, _empty_folder, _initializing, _initializing_no_folder, _record_gone_and_empty,
        _killed_in_the_middle_of_a_file, _killed_at_once,
    ],
)
def test_half_made_ones_are_mended(git: Git, ours: Worktrees, crash: Callable[[Git, Path], None]) -> None:
    other = _add(ours, "other", "polecat/other")
    gone = _add(ours, "away", "polecat/away")
    shutil.move(gone, gone.with_name("elsewhere"))
    path = _add(ours)
    crash(git, path)
    assert _add(ours) == path
    assert git.out("status", "--porcelain", cwd=path) == "" and (path / "README.md").is_file()
    assert git.out("branch", "--show-current", cwd=path) == BRANCH
    assert (other / "README.md").is_file()
    # Only our own path was mended: the one that is away for now is still known.
    assert (git.path / ".git/worktrees/away").is_dir()
    run(ours.remove(path))
    assert not path.exists() and not (git.path / ".git/worktrees" / path.name).exists()


def test_one_killed_at_the_wrong_instant_does_not_block_the_others(git: Git, ours: Worktrees) -> None:
    broken, whole = _add(ours, "broken", "polecat/broken"), _add(ours)
    (whole / "unsaved").write_text("work")
    _killed_in_the_middle_of_a_file(git, broken)
    assert _add(ours) == whole and (whole / "unsaved").exists()
    assert not broken.exists() and _add(ours, "broken", "polecat/broken") == broken


def test_a_moved_repository_is_repaired(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    (path / "unsaved").write_text("work")
    there = git.path.rename(git.path.with_name("moved"))
    again = Worktrees(Repository(there), there / ".gastown" / "worktrees")
    moved = _add(again)
    assert (moved / "unsaved").read_text() == "work"
    assert [line[:2] for line in again.repo.status(moved)] == ["??"]


_ADDER = """
import asyncio, sys
from pathlib import Path
from gastown_tui.rig.repository import Repository
from gastown_tui.rig.worktree import Worktrees
repo = Repository(Path(sys.argv[1]))
ours = Worktrees(repo, repo.root / ".gastown" / "worktrees")
asyncio.run(ours.add("jasper-td-1-e1", "polecat/jasper/td-1-e1", repo.tip("main")))
"""


def test_a_kill_while_adding_is_mended(git: Git, ours: Worktrees, person: dict[str, str]) -> None:
    git.commit("large", {f"d{n % 20}/f{n}": f"{n}\n" * 50 for n in range(600)})
    hook = git.path / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    records = git.path / ".git/worktrees"
    path = ours.folder / "jasper-td-1-e1"

    def recorded() -> bool:
        return records.is_dir() and any(records.iterdir())

    moments: list[Callable[[], bool]] = [recorded, (path / ".git").exists, (path / "d7").exists, lambda: False]
    for moment, git_too in itertools.product(moments, (True, False)):
        _kill_at(moment, git.path, person, git_too)
        assert _add(ours) == path
        assert ours.repo.status(path) == [] and len(list(path.glob("d*/*"))) == 600
        run(ours.remove(path))
        assert not path.exists() and not records.exists()
    git.fsck()


def _kill_at(moment: Callable[[], bool], repository: Path, env: dict[str, str], git_too: bool) -> None:
    """Kill an adder, and with `git_too` the git it started; that one has a session of its own and else lives on."""
    words = [sys.executable, "-c", _ADDER, str(repository)]
    process = subprocess.Popen(words, env=env, cwd=Path(__file__).parents[2])
    until(lambda: moment() or process.poll() is not None, "the worktree to get that far")
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.wait()
    if git_too:
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(family, timeout=90)


def test_a_detached_one_moves_but_not_over_edits(git: Git, ours: Worktrees) -> None:
    old = git.tip("main")
    path = run(ours.add_detached("mayor", old))
    new = git.commit("on", {"README.md": "new\n"})
    assert run(ours.add_detached("mayor", new)) == path
    assert git.out("rev-parse", "HEAD", cwd=path) == new and git.out("branch", "--show-current", cwd=path) == ""
    (path / "README.md").write_text("edited\n")
    with pytest.raises(GitFailed):
        run(ours.add_detached("mayor", old))
    assert (path / "README.md").read_text() == "edited\n"


def test_reset_leaves_exactly_the_commit_and_what_is_kept(git: Git, ours: Worktrees) -> None:
    (git.path / ".git/info/exclude").write_text(".gastown/\n*.log\nnode_modules/\nvendor/\n")
    old = git.tip("main")
    path = run(ours.add_detached("test", old))
    new = git.commit("on", {"README.md": "new\n", "src/app.py": None})
    (path / "README.md").write_text("dirty\n")
    for name in ("x.log", "build/deep/out", "node_modules/a/b", "vendor/c", "src/node_modules/d"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("x")
    git("init", "--quiet", "nested", cwd=path)
    (git.path / ".git/worktrees/test/index.lock").touch()
    run(ours.reset(path, new, keep=("node_modules", "vendor/")))
    left = sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file() and p.name != ".git")
    assert left == ["README.md", "node_modules/a/b", "vendor/c"]
    assert git.out("rev-parse", "HEAD", cwd=path) == new and (path / "README.md").read_text() == "new\n"


def test_reset_ends_a_merge_under_way(git: Git, ours: Worktrees) -> None:
    git("checkout", "--quiet", "-b", "topic")
    topic = git.commit("theirs", {"README.md": "theirs\n"})
    git("checkout", "--quiet", "main")
    tip = git.commit("ours", {"README.md": "ours\n"})
    path = run(ours.add_detached("test", tip))
    assert git("merge", topic, cwd=path, check=False).returncode
    run(ours.reset(path, tip))
    assert git.out("status", "--porcelain", cwd=path) == "" and (path / "README.md").read_text() == "ours\n"
    with pytest.raises(GitFailed):
        run(ours.reset(path, "1" * 40))


def _save(ours: Worktrees, path: Path, parent: str | None = None) -> str | None:
    return run(ours.save_wip(path, WIP, "Unsaved work of jasper", parent, when=1.7e9))


def test_wip_holds_everything_and_touches_nothing(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    assert _save(ours, path) is None and not ours.repo.exists(WIP)
    (path / "README.md").write_text("edited\n")
    (path / "staged").write_text("staged\n")
    git("add", "staged", cwd=path)
    (path / "staged").write_text("staged, then edited\n")
    (path / "new ü").write_bytes(b"\0\xff")
    (path / "src/app.py").unlink()
    os.symlink("README.md", path / "link")
    (path / "run.sh").write_text("#!/bin/sh\n")
    (path / "run.sh").chmod(0o755)
    before, index = git.out("status", "--porcelain", cwd=path), git.out("diff", "--cached", cwd=path)
    saved = _save(ours, path)
    assert saved is not None and git.tip(WIP) == saved
    assert git.out("status", "--porcelain", cwd=path) == before and git.out("diff", "--cached", cwd=path) == index
    rows = git.out("-c", "core.quotePath=false", "ls-tree", "-r", saved).split("\n")
    kept = dict(row.split("\t")[::-1] for row in rows)
    assert sorted(kept) == ["README.md", "link", "new ü", "run.sh", "staged"]
    assert kept["link"].startswith("120000") and kept["run.sh"].startswith("100755")
    assert git.out("show", f"{saved}:staged") == "staged, then edited"
    who = git.out("log", "-1", "--format=%P %an %ct %s", saved)
    assert who == f"{git.tip(BRANCH)} Gas Town 1700000000 Unsaved work of jasper"
    assert _save(ours, path) == saved
    git.fsck()


def test_what_was_saved_before_stays_reachable(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    (path / "one").write_text("1")
    first = _save(ours, path)
    (path / "one").write_text("2")
    second = _save(ours, path)
    assert first and second and first != second
    assert ours.repo.is_ancestor(first, second) and git.out("show", f"{second}:one") == "2"


def test_a_conflicted_merge_is_saved(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    git.commit("mine", {"README.md": "mine\n"}, cwd=path)
    git.commit("theirs", {"README.md": "theirs\n"})
    assert git("merge", "main", cwd=path, check=False).returncode
    saved = _save(ours, path)
    assert saved and "<<<<<<<" in git.out("show", f"{saved}:README.md")
    assert git.out("diff", "--name-only", "--diff-filter=U", cwd=path) == "README.md"


def test_commits_no_branch_holds_are_unsaved_too(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    git("checkout", "--quiet", "--detach", cwd=path)
    lone = git.commit("on no branch", {"x": "x"}, cwd=path)
    with pytest.raises(Unsaved, match="no branch holds"):
        run(ours.remove(path))
    assert _save(ours, path) == lone == git.tip(WIP)
    assert _save(ours, path) is None
    run(ours.remove(path))


def test_wip_takes_a_parent_of_the_callers(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    other = git.commit("elsewhere", {"e": "e"})
    (path / "x").write_text("x")
    saved = _save(ours, path, other)
    assert saved and git.out("log", "-1", "--format=%P", saved) == f"{other} {git.tip(BRANCH)}"


def test_what_cannot_be_saved_is_an_error_and_the_worktree_stays(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    git("init", "--quiet", "nested", cwd=path)
    with pytest.raises(GitFailed):
        _save(ours, path)
    with pytest.raises(GitFailed):
        run(ours.remove(path))
    assert path.is_dir()


@pytest.mark.parametrize("change", ["untracked", "edited", "staged", "deleted"])
def test_unsaved_work_is_never_removed(git: Git, ours: Worktrees, change: str) -> None:
    path = _add(ours)
    target = path / ("new" if change == "untracked" else "README.md")
    if change == "deleted":
        target.unlink()
    else:
        target.write_text("work\n")
    if change == "staged":
        git("add", "--all", cwd=path)
    with pytest.raises(Unsaved, match=target.name):
        run(ours.remove(path))
    saved = _save(ours, path)
    assert saved is not None
    (path / "later").write_text("more work")
    with pytest.raises(Unsaved, match="does not"):
        run(ours.remove(path, unsaved=WIP))
    assert (path / "later").is_file()
    (path / "later").unlink()
    run(ours.remove(path, unsaved=saved))
    assert not path.exists() and ours.repo.exists(BRANCH) and git.tip(WIP) == saved
    run(ours.remove(path))


def test_a_person_may_discard(git: Git, ours: Worktrees) -> None:
    path = _add(ours)
    (path / "x").write_text("x")
    run(ours.remove(path, unsaved="discard"))
    assert run(ours.list()) == []


def test_read_only_folders_and_locks_do_not_keep_a_worktree(git: Git, ours: Worktrees) -> None:
    (git.path / ".git/info/exclude").write_text(".gastown/\ncache/\n")
    path = _add(ours)
    (path / "cache/mod").mkdir(parents=True)
    (path / "cache/mod/file").write_text("x")
    (path / "cache/mod/file").chmod(0o444)
    (path / "cache/mod").chmod(0o555)
    git("worktree", "lock", str(path))
    run(ours.remove(path))
    assert not path.exists() and git.out("worktree", "list", "--porcelain").count("worktree ") == 1
