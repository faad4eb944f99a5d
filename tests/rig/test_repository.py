"""A repository's refs move only as asked, and a person's checkout is never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import obstacles
from gastown_tui.rig.errors import GitFailed, InTheWay, Moved, NoSuchRef, NotARepository
from gastown_tui.rig.repository import Repository, Stat, create_bare
from tests.rig.conftest import Git


def _ahead(git: Git, files: dict[str, str | bytes | None], message: str = "ahead") -> str:
    """A commit on top of main that main does not have yet."""
    git("checkout", "--quiet", "-b", "ahead", "main")
    commit = git.commit(message, files)
    git("checkout", "--quiet", "main")
    return commit


def test_found_from_any_folder_and_from_a_worktree(git: Git, tmp_path: Path) -> None:
    git("worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "other")
    for place in (git.path, git.path / "src", tmp_path / "other"):
        repo = Repository.discover(place)
        assert (repo.root, repo.common_dir) == (git.path, git.path / ".git")


def test_separate_git_folder_and_bare(tmp_path: Path, person: dict[str, str]) -> None:
    (tmp_path / "work").mkdir()
    own = Git(tmp_path / "work", person)
    own("init", "--quiet", f"--separate-git-dir={tmp_path / 'store'}")
    repo = Repository(tmp_path / "work")
    assert (repo.root, repo.common_dir) == (tmp_path / "work", tmp_path / "store")
    create_bare(tmp_path / "bare.git")
    create_bare(tmp_path / "bare.git")
    assert Repository(tmp_path / "bare.git").common_dir == tmp_path / "bare.git"


def test_no_repository_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="not a git repository"):
        Repository(tmp_path)


@pytest.mark.parametrize("names", [("main",), ("master",), ("trunk",), ("main", "master")])
def test_default_branch(git: Git, repo: Repository, names: tuple[str, ...]) -> None:
    git("branch", "-m", names[0])
    for name in names[1:]:
        git("checkout", "--quiet", "-b", name)
    assert repo.default_branch() == names[-1]
    git("checkout", "--quiet", "-b", "feature")
    assert repo.default_branch() == (names[0] if names[0] != "trunk" else "feature")


def test_default_branch_without_a_commit(tmp_path: Path, person: dict[str, str]) -> None:
    (tmp_path / "empty").mkdir()
    Git(tmp_path / "empty", person)("init", "--quiet")
    with pytest.raises(NoSuchRef, match="first commit"):
        Repository(tmp_path / "empty").default_branch()


def test_refs_are_read_wherever_git_keeps_them(git: Git, repo: Repository) -> None:
    tip = git.tip("main")
    git("tag", "-a", "v1", "-m", "one")
    for packed in (False, True):
        if packed:
            git("pack-refs", "--all")
        assert {repo.tip(ref) for ref in ("main", "refs/heads/main", "HEAD", "refs/tags/v1", tip)} == {tip}
        assert not repo.exists("nothing") and not repo.exists("refs/heads/../x")
    with pytest.raises(NoSuchRef):
        repo.tip("nothing")
    with pytest.raises(NoSuchRef):
        repo.tip("0" * 39 + "1")


def test_move_is_a_compare_and_swap(git: Git, repo: Repository) -> None:
    old, new = git.tip("main"), _ahead(git, {"x": "x"})
    git("checkout", "--quiet", "--detach")
    with pytest.raises(Moved) as caught:
        repo.move("main", new, new)
    assert (caught.value.ref, caught.value.found) == ("refs/heads/main", old)
    repo.move("refs/heads/main", old, new)
    assert git.tip("main") == new
    with pytest.raises(Moved):
        repo.move("main", None, old)
    with pytest.raises(GitFailed):
        repo.move("main", new, "1" * 40)
    assert git.tip("main") == new


def test_branches_are_made_once_and_deleted_only_where_expected(git: Git, repo: Repository) -> None:
    tip = git.tip("main")
    repo.create_branch("polecat/jasper/b-1-e1", tip)
    with pytest.raises(Moved):
        repo.create_branch("polecat/jasper/b-1-e1", tip)
    with pytest.raises(GitFailed):
        repo.create_branch("bad..name", tip)
    with pytest.raises(Moved):
        repo.delete_branch("polecat/jasper/b-1-e1", "1" * 40)
    with pytest.raises(InTheWay):
        repo.delete_branch("main", tip)
    repo.delete_branch("polecat/jasper/b-1-e1", tip)
    assert not repo.exists("polecat/jasper/b-1-e1")


def test_checkouts_of_counts_a_rebase_under_way(git: Git, repo: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git("worktree", "add", "--quiet", str(other), "-b", "topic")
    git.commit("topic", {"src/app.py": "theirs\n"}, cwd=other)
    git.commit("main", {"src/app.py": "ours\n"})
    assert repo.checkouts_of("main") == [git.path]
    assert git("rebase", "main", cwd=other, check=False).returncode
    assert repo.checkouts_of("topic") == [other]
    with pytest.raises(InTheWay, match="under way"):
        repo.fast_forward(other, git.tip("main"))


def test_status_lists_what_a_person_changed(git: Git, repo: Repository) -> None:
    assert repo.status(git.path) == []
    (git.path / "README.md").write_text("changed\n")
    (git.path / "new ünd odd\nname").write_text("")
    git("mv", "src/app.py", "src/moved.py")
    git("config", "status.showUntrackedFiles", "no")
    assert sorted(repo.status(git.path)) == [" M README.md", "?? new ünd odd\nname", "A  src/moved.py", "D  src/app.py"]


def test_fast_forward_leaves_a_clean_checkout_clean(git: Git, repo: Repository) -> None:
    new = _ahead(git, {"x": "x", "README.md": None, "src/app.py": "a = 2\n"})
    repo.fast_forward(git.path, new)
    assert (git.tip("main"), git.tip("HEAD"), repo.status(git.path)) == (new, new, [])
    repo.fast_forward(git.path, new)
    assert repo.status(git.path) == []


def test_fast_forward_goes_past_edits_elsewhere(git: Git, repo: Repository) -> None:
    new = _ahead(git, {"x": "x"})
    (git.path / "README.md").write_text("mine\n")
    repo.fast_forward(git.path, new)
    assert repo.status(git.path) == [" M README.md"] and (git.path / "README.md").read_text() == "mine\n"


@pytest.mark.parametrize("autostash", ["false", "true"])
def test_edits_in_the_way_keep_everything_as_it_was(git: Git, repo: Repository, autostash: str) -> None:
    old, new = git.tip("main"), _ahead(git, {"README.md": "theirs\n", "src/app.py": "theirs\n"})
    git("config", "merge.autoStash", autostash)
    (git.path / "README.md").write_text("mine\n")
    with pytest.raises(InTheWay) as caught:
        repo.fast_forward(git.path, new)
    assert caught.value.paths == ("README.md",)
    assert git.tip("main") == old
    assert repo.status(git.path) == [" M README.md"] and (git.path / "README.md").read_text() == "mine\n"
    assert git.out("stash", "list") == ""


@pytest.mark.parametrize("ignored", [False, True])
def test_an_untracked_file_is_never_overwritten(git: Git, repo: Repository, ignored: bool) -> None:
    old, new = git.tip("main"), _ahead(git, {".env": "SECRET=theirs\n"})
    (git.path / ".env").write_text("SECRET=mine\n")
    if ignored:
        (git.path / ".git" / "info" / "exclude").write_text(".env\n")
    with pytest.raises(InTheWay) as caught:
        repo.fast_forward(git.path, new)
    assert caught.value.paths == (".env",)
    assert git.tip("main") == old and (git.path / ".env").read_text() == "SECRET=mine\n"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock", "refs/heads/main.lock"])
def test_a_lock_is_named_and_nothing_is_touched(
    git: Git, repo: Repository, monkeypatch: pytest.MonkeyPatch, name: str, late: bool
) -> None:
    """Also where it comes after our look: git moves the files before it looks at the lock of the branch."""
    old, new = git.tip("main"), _ahead(git, {"README.md": "theirs\n", "new.txt": "theirs\n"})
    (git.path / "src" / "app.py").write_text("mine\n")
    lock = git.path / ".git" / name
    lock.touch()
    if late:
        monkeypatch.setattr(obstacles, "check", lambda checkout, common: None)
    with pytest.raises(InTheWay, match=r"\.lock lies there") as caught:
        repo.fast_forward(git.path, new)
    assert (caught.value.lock, caught.value.paths) == (str(lock), ())
    assert git.tip("main") == old and repo.status(git.path) == [" M src/app.py"]
    lock.unlink()
    repo.fast_forward(git.path, new)
    assert repo.status(git.path) == [" M src/app.py"]


def _mine(git: Git, name: str, text: str = "mine\n") -> Path:
    path = git.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _merging(git: Git) -> None:
    git("checkout", "--quiet", "-b", "topic")
    git.commit("theirs", {"other": "theirs\n"})
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--no-commit", "topic")


_LANDS: dict[str, str | bytes | None] = {
    **dict.fromkeys(("README.md", "docs/new.md", "flat"), "theirs\n"),
    "src/app.py": None,
}
_STATES: dict[str, Callable[[Git], object]] = {
    "clean": lambda git: None,
    "an edit": lambda git: _mine(git, "README.md"),
    "a staged edit": lambda git: [_mine(git, "README.md"), git("add", "-A")],
    "an edit of what goes": lambda git: _mine(git, "src/app.py"),
    "deleted here too": lambda git: (git.path / "src" / "app.py").unlink(),
    "deleted and staged": lambda git: git("rm", "--quiet", "README.md"),
    "an edit elsewhere": lambda git: _mine(git, "untracked"),
    "untracked": lambda git: _mine(git, "flat"),
    "untracked in a folder": lambda git: _mine(git, "docs/new.md"),
    "others in that folder": lambda git: _mine(git, "docs/old.md"),
    "ignored": lambda git: [_mine(git, ".git/info/exclude", "flat\n"), _mine(git, "flat")],
    "a file for a folder": lambda git: _mine(git, "docs"),
    "a folder for a file": lambda git: _mine(git, "flat/mine"),
    "an ignored folder for a file": lambda git: [_mine(git, ".git/info/exclude", "flat\n"), _mine(git, "flat/mine")],
    "an empty folder for a file": lambda git: (git.path / "flat").mkdir(),
    "a merge": _merging,
    "no branch": lambda git: git("checkout", "--quiet", "--detach"),
    "a lock": lambda git: (git.path / ".git" / "index.lock").touch(),
}


@pytest.mark.parametrize("state", _STATES)
def test_what_is_in_the_way_is_known_before_git_is_asked(git: Git, repo: Repository, state: str) -> None:
    """What is found free is taken, what git refuses was found: else a train would be tried, and asked about, for ever.
    """
    tip = git.tip("main")
    new = _ahead(git, _LANDS)
    _STATES[state](git)
    assert git.tip("main") == tip
    found = obstacles.found(repo, git.path, tip, [new])
    try:
        repo.fast_forward(git.path, new)
    except InTheWay as error:
        assert found is not None and (found.lock, found.why) == (error.lock, error.why)
        assert not error.paths or sorted(found.paths) == sorted(error.paths)
    else:
        assert found is None


def test_an_unfinished_merge_is_in_the_way(git: Git, repo: Repository) -> None:
    git("checkout", "--quiet", "-b", "topic")
    git.commit("theirs", {"README.md": "theirs\n"})
    git("checkout", "--quiet", "main")
    git.commit("ours", {"README.md": "ours\n"})
    new = _ahead(git, {"x": "x"})
    assert git("merge", "topic", check=False).returncode
    with pytest.raises(InTheWay, match="unfinished"):
        repo.fast_forward(git.path, new)


def test_a_person_who_committed_meanwhile_is_noticed(git: Git, repo: Repository) -> None:
    new = _ahead(git, {"x": "x"})
    theirs = git.commit("mine", {"y": "y"})
    with pytest.raises(Moved) as caught:
        repo.fast_forward(git.path, new)
    assert caught.value.found == theirs and git.tip("main") == theirs


def test_a_failing_hook_of_the_person_does_not_make_a_landing_unsure(git: Git, repo: Repository) -> None:
    new = _ahead(git, {"x": "x"})
    hook = git.path / ".git" / "hooks" / "post-merge"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    repo.fast_forward(git.path, new)
    assert git.tip("main") == new


def test_what_lies_between(git: Git, repo: Repository) -> None:
    base = git.tip("main")
    head = _ahead(git, {"x": "1\n2\n", "README.md": None, "src/b.bin": b"\0\1"}, "one\n\nbody")
    after = git.commit("main goes on", {"elsewhere": "z\n"})
    assert repo.merge_base(after, head) == base
    assert repo.is_ancestor(base, head) and not repo.is_ancestor(head, after)
    assert repo.changed_paths(after, head) == ["README.md", "src/b.bin", "x"]
    assert repo.diff_stat(after, head) == Stat(3, 2, 1)
    assert [(c.id, c.subject, c.author) for c in repo.log(after, head)] == [(head, "one", "Pat Person")]
    assert len(repo.log(None, head)) == 2
    with pytest.raises(GitFailed):
        repo.is_ancestor(base, "1" * 40)


def test_a_diff_is_plain_whatever_the_person_configured(git: Git, repo: Repository) -> None:
    base, head = git.tip("main"), _ahead(git, {"x": "one\n"})
    for setting in ("color.ui=always", "diff.noprefix=true", "diff.external=false", "log.showSignature=true"):
        git("config", *setting.split("="))
    text = repo.diff(base, head)
    assert "diff --git a/x b/x" in text and "\n+one\n" in text and "\x1b" not in text
    short = repo.diff(base, head, 60)
    assert short.startswith("diff --git a/x b/x\n") and "more bytes" in short
    assert [c.id for c in repo.log(base, head)] == [head]


def test_ident_is_the_persons_or_says_what_to_set(git: Git, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    assert repo.ident() == ("Pat Person", "pat@example.com")
    git("config", "user.email", "")
    with pytest.raises(GasTownError, match=r"user\.email.*git config --global"):
        repo.ident()


@pytest.mark.parametrize("before", [b"# theirs\n*.log\n", b"*.log", b"", b"\n\n", b"*.log\r\n# \xff\n"])
def test_exclude_comes_and_goes_without_a_trace(git: Git, repo: Repository, before: bytes) -> None:
    path = git.path / ".git" / "info" / "exclude"
    path.write_bytes(before)
    repo.exclude([".gastown/"])
    once = path.read_bytes()
    repo.exclude([".gastown/"])
    assert path.read_bytes() == once and once.startswith(before)
    (git.path / ".gastown").mkdir()
    (git.path / ".gastown" / "x").touch()
    assert repo.status(git.path) == []
    repo.unexclude()
    assert path.read_bytes() == before
    repo.unexclude()
    assert path.read_bytes() == before


def test_lines_a_person_added_after_ours_stay(git: Git, repo: Repository) -> None:
    path = git.path / ".git" / "info" / "exclude"
    path.write_bytes(b"a")
    repo.exclude([".gastown/", "x"])
    path.write_bytes(path.read_bytes() + b"mine\n")
    repo.exclude([".gastown/"])
    assert b"mine\n" in path.read_bytes() and b"\nx\n" not in path.read_bytes()
    repo.unexclude()
    assert path.read_bytes() == b"a\nmine\n"


def test_nothing_tracked_changes(git: Git, repo: Repository) -> None:
    before = json.dumps(sorted(str(p) for p in git.path.rglob("*") if ".git" not in p.parts))
    repo.exclude([".gastown/"])
    assert json.dumps(sorted(str(p) for p in git.path.rglob("*") if ".git" not in p.parts)) == before
    assert git.out("status", "--porcelain") == ""
