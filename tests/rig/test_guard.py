"""What agents may touch with the real git: one test per case, refused and allowed (facts/guard.md)."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gastown_tui.rig import guard
from gastown_tui.rig.repository import Repository
from tests.rig.conftest import Git

BRANCH = "polecat/jasper/td-1-e1"


@dataclass(frozen=True)
class Town:
    """A person's checkout with a remote, two polecats' worktrees, and git as one of the polecats has it."""

    person: Git
    agent: Git
    temp: Path
    remote: Path
    other: Path
    hooks: Path

    def refs(self) -> str:
        """Every ref here and at the remote, and where both HEADs are."""
        heads = [self.person.out("rev-parse", "--symbolic-full-name", "HEAD"), self.person.tip("HEAD")]
        here = self.person.out("for-each-ref", "--format=%(refname) %(objectname)")
        there = self.person.out("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.remote)
        return "\n".join([*heads, here, there])


def _agent(town: Git, worktree: Path, temp: Path, hooks: Path, branch: str | None) -> Git:
    repo = Repository(town.path)
    env = guard.scrubbed(town.env)
    env |= guard.environment(
        hooks=hooks, common_dir=repo.common_dir, branch=branch, temp=temp, existing=town.env, worktree=worktree,
        pushurls=guard.pushurls(repo), remotes=guard.remotes(repo), identity=("jasper", "pat@example.com"),
    )
    return Git(worktree, env)


@pytest.fixture
def town(git: Git, tmp_path: Path) -> Town:
    remote, temp = tmp_path / "remote.git", tmp_path / "temp of jasper"
    temp.mkdir()
    git("init", "--quiet", "--bare", str(remote))
    git("remote", "add", "origin", str(remote))
    git("push", "--quiet", "-u", "origin", "main")
    Repository(git.path).exclude([".gastown/"])
    worktree, other = git.path / ".gastown/worktrees/jasper", git.path / ".gastown/worktrees/onyx"
    git("worktree", "add", "--quiet", "-b", BRANCH, str(worktree))
    git("worktree", "add", "--quiet", "-b", "polecat/onyx/td-2-e1", str(other))
    git("update-ref", "refs/heads/gt-ledger", git.tip("main"))
    git("update-ref", "refs/gt/wip/td-2/e1", git.tip("main"))
    git("tag", "v1")
    hooks = git.path / ".gastown/hooks"
    guard.install(hooks)
    agent = _agent(git, worktree, temp, hooks, BRANCH)
    agent.commit("work", {"work": "done\n"})
    return Town(git, agent, temp, remote, other, hooks)


def _refused(town: Town, what: str, agent: Git, *args: str, cwd: Path | None = None) -> None:
    before = town.refs()
    told = agent(*args, cwd=cwd, check=False)
    assert told.returncode != 0, told.stdout
    assert town.refs() == before
    assert what in told.stderr and "run gt done" in told.stderr.replace("-", " "), told.stderr


MOVES: dict[str, tuple[list[str], str]] = {
    "update-ref of main": (["update-ref", "refs/heads/main", BRANCH], "refs/heads/main"),
    "update-ref with the old value": (["update-ref", "refs/heads/gt-ledger", BRANCH, "main"], "refs/heads/gt-ledger"),
    "branch -f of the ledger": (["branch", "-f", "gt-ledger", BRANCH], "refs/heads/gt-ledger"),
    "deleting the ledger": (["branch", "-D", "gt-ledger"], "refs/heads/gt-ledger"),
    "deleting main by update-ref": (["update-ref", "-d", "refs/heads/main"], "refs/heads/main"),
    "another polecat's branch": (["update-ref", "refs/heads/polecat/onyx/td-2-e1", BRANCH], "polecat/onyx"),
    "a new branch": (["checkout", "-q", "-b", "mine"], "refs/heads/mine"),
    "renaming its own branch": (["branch", "-m", "mine"], "refs/heads"),
    "deleting its own branch": (["update-ref", "-d", f"refs/heads/{BRANCH}"], BRANCH),
    "a tag": (["tag", "v2"], "refs/tags/v2"),
    "moving a tag": (["tag", "-f", "v1"], "refs/tags/v1"),
    "saved work": (["update-ref", "-d", "refs/gt/wip/td-2/e1"], "refs/gt/wip/td-2/e1"),
    "a note": (["notes", "add", "-m", "x"], "refs/notes/commits"),
    "a replacement": (["replace", "HEAD", "HEAD~1"], "refs/replace"),
    "fetch into main": (["fetch", "-q", ".", f"{BRANCH}:refs/heads/gt-ledger"], "refs/heads/gt-ledger"),
    "a case-twisted main": (["update-ref", "refs/heads/MAIN", BRANCH], "refs/heads/MAIN"),
}


@pytest.mark.parametrize("case", MOVES)
def test_moves_of_what_is_not_its_own_are_refused(town: Town, case: str) -> None:
    args, what = MOVES[case]
    _refused(town, what, town.agent, *args)


def test_branch_f_of_main_from_where_nobody_has_it(town: Town) -> None:
    town.person("checkout", "--quiet", "--detach")
    _refused(town, "refs/heads/main", town.agent, "branch", "-f", "main", BRANCH)
    _refused(town, "refs/heads/main", town.agent, "branch", "-D", "main")


@pytest.mark.parametrize("no_verify", [[], ["--no-verify"]])
def test_commits_in_the_persons_checkout_are_refused(town: Town, no_verify: list[str]) -> None:
    (town.person.path / "README.md").write_text("agent was here\n")
    words = ["commit", "--quiet", "--all", "-m", "x", *no_verify]
    _refused(town, "refs/heads/main", town.agent, *words, cwd=town.person.path)


@pytest.mark.parametrize("words", [["merge"], ["merge", "--no-ff", "-m", "x"], ["rebase"], ["pull", "."]])
def test_merges_in_the_persons_checkout_are_refused(town: Town, words: list[str]) -> None:
    _refused(town, "refs/heads/main", town.agent, *words, BRANCH, cwd=town.person.path)
    assert not (town.person.path / "work").exists()


def test_a_detached_head_of_the_persons_is_not_moved(town: Town) -> None:
    town.person("checkout", "--quiet", "--detach")
    (town.person.path / "README.md").write_text("agent was here\n")
    _refused(town, "moving HEAD", town.agent, "commit", "-qam", "x", cwd=town.person.path)
    town.person("checkout", "--quiet", "--force", "main")
    _refused(town, "main is refused", town.agent, "checkout", "-q", "--detach", cwd=town.person.path)


def test_another_polecats_worktree_is_not_moved(town: Town) -> None:
    (town.other / "README.md").write_text("jasper was here\n")
    _refused(town, "polecat/onyx", town.agent, "commit", "-qam", "x", cwd=town.other)
    _refused(town, "polecat/onyx", town.agent, "checkout", "-q", "--detach", cwd=town.other)


def test_its_worktree_is_known_from_the_environment_too(town: Town) -> None:
    repo = Repository(town.person.path)
    env = guard.environment(
        hooks=town.hooks, common_dir=repo.common_dir, branch=BRANCH, temp=town.temp, pushurls=[], existing={}
    )
    agent = Git(town.agent.path, {**town.person.env, **env, "GT_WORKTREE": str(town.agent.path)})
    agent("checkout", "--quiet", "--detach")
    agent("checkout", "--quiet", BRANCH)
    town.person("checkout", "--quiet", "--detach", cwd=town.other)
    _refused(town, "moving HEAD", agent, "checkout", "-q", "--detach", "HEAD~0", cwd=town.other)
    _refused(town, "moving HEAD", agent, "commit", "-q", "--allow-empty", "-m", "x", cwd=town.other)


def test_a_commit_on_main_in_its_own_worktree_is_refused(town: Town) -> None:
    town.person("checkout", "--quiet", "--detach")
    town.agent("checkout", "--quiet", "main")
    (town.agent.path / "x").write_text("x")
    town.agent("add", "x")
    _refused(town, "refs/heads/main", town.agent, "commit", "-qm", "x")


def test_a_script_doing_the_same_is_refused(town: Town) -> None:
    script = (
        "import subprocess, sys\n"
        f"done = subprocess.run(['git', 'update-ref', 'refs/heads/main', '{BRANCH}'], cwd={str(town.person.path)!r})\n"
        "sys.exit(done.returncode)"
    )
    before = town.refs()
    words = [sys.executable, "-c", script]
    told = subprocess.run(words, env=town.agent.env, capture_output=True, text=True, check=False)
    assert told.returncode and town.refs() == before
    assert guard.refusal("moving refs/heads/main") in told.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["origin", f"{BRANCH}:main"], ["--no-verify", "origin", f"{BRANCH}:main"], ["--force", "--all", "origin"],
        ["--mirror", "origin"], ["--delete", "origin", "main"],
    ],
)
def test_pushes_are_refused(town: Town, args: list[str]) -> None:
    _refused(town, "pushing", town.agent, "push", "--quiet", *args)


def test_pushes_by_address_are_refused(town: Town) -> None:
    for url in (str(town.remote), f"file://{town.remote}", str(town.person.path), "."):
        spec = f"{BRANCH}:refs/heads/gt-ledger"
        _refused(town, "pushing", town.agent, "push", "-q", url, spec)


def test_a_remote_with_a_push_address_of_its_own_is_closed_too(town: Town) -> None:
    town.person("remote", "set-url", "--push", "origin", f"file://{town.remote}")
    agent = _agent(town.person, town.agent.path, town.temp, town.hooks, BRANCH)
    for extra in ([], ["--no-verify"]):
        words = ["push", "--quiet", *extra, "origin", f"{BRANCH}:main"]
        _refused(town, "pushing", agent, *words)
    agent("fetch", "--quiet", "origin")


def test_a_persons_own_rewriting_of_addresses_opens_nothing(town: Town) -> None:
    parent = f"{town.remote.parent}/"
    town.person("config", "--global", f"url.file://{parent}.pushInsteadOf", parent)
    agent = _agent(town.person, town.agent.path, town.temp, town.hooks, BRANCH)
    for extra in ([], ["--no-verify"]):
        words = ["push", "--quiet", *extra, "origin", f"{BRANCH}:main"]
        _refused(town, "pushing", agent, *words)
    _refused(town, "pushing", agent, "push", "-q", str(town.remote), f"{BRANCH}:main")


def test_the_mayor_moves_no_ref_at_all(town: Town, tmp_path: Path) -> None:
    path = town.person.path / ".gastown/worktrees/mayor"
    town.person("worktree", "add", "--quiet", "--detach", str(path))
    mayor = _agent(town.person, path, town.temp, town.hooks, None)
    (path / "README.md").write_text("planning\n")
    head = town.person.out("rev-parse", "HEAD", cwd=path)
    acts = (
        ["commit", "-qam", "x"], ["checkout", "-q", "-f", "--detach", BRANCH], ["reset", "-q", "--hard", BRANCH],
        ["stash"], ["branch", "x"], ["update-ref", "HEAD", BRANCH], ["merge", "-q", BRANCH],
        ["fetch", "-q", ".", "main:refs/remotes/x/y"], ["checkout", "-q", "--detach", "main~0"],
    )
    for words in acts:
        _refused(town, "is refused here", mayor, *words)
    assert town.person.out("rev-parse", "HEAD", cwd=path) == head
    for words in (["status"], ["log", "-1"], ["diff", "main"], ["show", "HEAD"], ["ls-files"], ["blame", "README.md"]):
        mayor(*words)
    mayor("checkout", "--", "README.md")


def test_ordinary_work_is_allowed(town: Town) -> None:
    agent, person = town.agent, town.person
    main = person.commit("main goes on", {"elsewhere": "x\n"})
    agent("merge", "--quiet", "--no-edit", "main")
    assert person.out("merge-base", BRANCH, "main") == main
    agent.commit("more", {"work": "more\n"})
    agent("commit", "--quiet", "--amend", "-m", "reworded")
    agent("reset", "--quiet", "--soft", "HEAD~1")
    agent("commit", "--quiet", "-m", "again", "--no-verify")
    agent("revert", "--no-edit", "HEAD")
    agent("reset", "--quiet", "--hard", "HEAD~1")
    agent("checkout", "--quiet", "--detach", "HEAD~1")
    agent("checkout", "--quiet", BRANCH)
    agent("update-ref", f"refs/heads/{BRANCH}", "HEAD")
    agent("fetch", "--quiet", "origin")
    agent("update-ref", "refs/heads/main", person.tip("main"))
    assert agent.out("status", "--porcelain") == "" and person.out("status", "--porcelain") == ""
    person.fsck()


def test_rebasing_its_own_branch_is_allowed_also_through_a_conflict(town: Town) -> None:
    town.person.commit("main goes on", {"work": "theirs\n", "z": "z\n"})
    assert town.agent("rebase", "main", check=False).returncode
    (town.agent.path / "work").write_text("both\n")
    town.agent("add", "work")
    town.agent("rebase", "--continue")
    assert town.agent.out("log", "--format=%s", "main..HEAD") == "work"
    assert town.agent.out("branch", "--show-current") == BRANCH
    town.agent("rebase", "--quiet", "-i", "--exec", "true", "HEAD~1")


def test_cherry_picks_and_bisection_are_allowed(town: Town) -> None:
    pick = town.person.commit("a fix", {"fix": "fix\n"})
    town.agent("cherry-pick", pick)
    town.agent("bisect", "start", "HEAD", "HEAD~2")
    town.agent("bisect", "good")
    town.agent("bisect", "reset")
    assert town.agent.out("branch", "--show-current") == BRANCH


def test_stashing_is_allowed_but_not_clearing_what_others_stashed(town: Town) -> None:
    def stash(git: Git, *words: str) -> subprocess.CompletedProcess[str]:
        (git.path / "README.md").write_text(f"{git.path.name}\n")
        return git("stash", "push", "--quiet", *words)

    stash(town.agent)
    town.agent("stash", "pop", "--quiet")
    town.agent("checkout", "--", "README.md")
    stash(town.person, "-m", "mine")
    stash(town.agent)
    _refused(town, "refs/stash", town.agent, "stash", "clear")
    assert len(town.person.out("stash", "list").split("\n")) == 2
    town.agent("stash", "drop", "--quiet")
    town.person("stash", "drop", "--quiet")
    stash(town.agent)
    town.agent("stash", "clear")


def test_fetch_brings_branches_and_leaves_tags(town: Town, tmp_path: Path) -> None:
    town.person("clone", "--quiet", str(town.remote), str(tmp_path / "elsewhere"))
    elsewhere = Git(tmp_path / "elsewhere", town.person.env)
    new = elsewhere.commit("theirs", {"theirs": "x\n"})
    elsewhere("tag", "v9")
    elsewhere("push", "--quiet", "--tags", "origin", "main")
    town.agent("fetch", "--quiet")
    assert town.person.tip("refs/remotes/origin/main") == new
    assert town.person("rev-parse", "--verify", "v9", check=False).returncode


def test_repositories_of_its_own_tests_are_free(town: Town) -> None:
    own = Git(town.temp / "own", town.agent.env)
    own.path.mkdir()
    own("init", "--quiet", "-b", "main")
    own("config", "user.name", "Test Author")
    own.commit("one", {"a": "a\n"})
    own("branch", "-f", "other")
    own("tag", "v1")
    own("branch", "-D", "other")
    own("checkout", "--quiet", "--detach")
    own("update-ref", "refs/heads/main", "HEAD")
    assert own.out("log", "-1", "--format=%an <%ae>") == "Test Author <pat@example.com>"
    own("clone", "--quiet", "--bare", str(own.path), str(town.temp / "bare.git"))
    own("clone", "--quiet", str(town.temp / "bare.git"), str(town.temp / "clone"))
    clone = Git(town.temp / "clone", town.agent.env)
    pushed = clone.commit("two", {"b": "b\n"})
    clone("push", "--quiet", "origin", "HEAD:main")
    clone("push", "--quiet", f"file://{town.temp / 'bare.git'}", "HEAD:again")
    assert own.out("rev-parse", "main", cwd=town.temp / "bare.git") == pushed
    clone("worktree", "add", "--quiet", "-b", "wt", str(town.temp / "wt"))
    clone("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(town.temp / "bare.git"), "sub")


def test_commits_carry_the_polecats_name_only_in_the_rig(town: Town) -> None:
    assert town.agent.out("log", "-1", "--format=%an <%ae> %cn") == "jasper <pat@example.com> jasper"
    assert town.person.out("log", "-1", "--format=%an") == "Pat Person"


def _hook(folder: Path, name: str, body: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("own", [None, "absolute", "relative"])
def test_the_repositorys_own_hooks_still_run(town: Town, tmp_path: Path, own: str | None) -> None:
    folders = {"absolute": tmp_path / "own", "relative": town.agent.path / ".husky"}
    folder = folders[own] if own else town.person.path / ".git/hooks"
    if own:
        town.person("config", "core.hooksPath", ".husky" if own == "relative" else str(folder))
    log = tmp_path / "log"
    for name in ("pre-commit", "commit-msg", "post-commit", "post-checkout", "reference-transaction"):
        arguments = " $1 $(cat | wc -l)" if name == "reference-transaction" else ""
        _hook(folder, name, f'echo "{name}{arguments}" >> {log}')
    town.agent("commit", "--quiet", "--allow-empty", "-m", "x")
    said = log.read_text().split("\n")
    assert [line for line in said if line and line[0] != "r"] == ["pre-commit", "commit-msg", "post-commit"]
    assert "reference-transaction prepared 2" in said and "reference-transaction committed 2" in said
    _hook(folder, "pre-commit", "exit 1")
    (town.agent.path / "y").write_text("y")
    town.agent("add", "y")
    assert town.agent("commit", "--quiet", "-m", "y", check=False).returncode
    town.agent("commit", "--quiet", "-m", "y", "--no-verify")
    _hook(folder, "reference-transaction", '[ "$1" != prepared ] || exit 1')
    assert town.agent("commit", "--quiet", "--allow-empty", "-m", "z", check=False).returncode


def test_hooks_get_what_git_sends_them(town: Town, tmp_path: Path) -> None:
    log = tmp_path / "log"
    _hook(town.temp / "own/.git/hooks", "pre-push", f'echo "$1 $2" >> {log}; cat >> {log}')
    own = Git(town.temp / "own", town.agent.env)
    own("init", "--quiet")
    own("init", "--quiet", "--bare", str(town.temp / "bare.git"))
    tip = own.commit("one", {"a": "a\n"})
    own("push", "--quiet", str(town.temp / "bare.git"), "main")
    bare = town.temp / "bare.git"
    assert log.read_text() == f"{bare} {bare}\nrefs/heads/main {tip} refs/heads/main {'0' * 40}\n"


def test_a_persons_git_configuration_by_environment_stays(town: Town) -> None:
    env = {**town.person.env, "GIT_CONFIG_COUNT": "1"}
    env |= {"GIT_CONFIG_KEY_0": "alias.hello", "GIT_CONFIG_VALUE_0": "log -1 --format=format:hi"}
    agent = _agent(Git(town.person.path, env), town.agent.path, town.temp, town.hooks, BRANCH)
    assert agent.out("hello") == "hi"
    _refused(town, "refs/heads/main", agent, "update-ref", "refs/heads/main", BRANCH)


def test_nothing_of_the_persons_configuration_is_written(town: Town, person: dict[str, str]) -> None:
    texts = [(Path(person["HOME"]) / ".gitconfig").read_text(), (town.person.path / ".git/config").read_text()]
    town.agent.commit("more", {"x": "x"})
    guard.install(town.hooks)
    _agent(town.person, town.agent.path, town.temp, town.hooks, BRANCH)
    assert texts == [(Path(person["HOME"]) / ".gitconfig").read_text(), (town.person.path / ".git/config").read_text()]
    assert town.person.out("status", "--porcelain") == ""


def test_hooks_are_installed_whole_and_mended(town: Town) -> None:
    hooks = [path for path in town.hooks.iterdir() if path.is_file()]
    names = sorted(path.name for path in hooks)
    assert names == sorted([*guard.CHAINED, "reference-transaction", "pre-push", "pre-rebase", "common.sh"])
    (town.hooks / "reference-transaction").write_text("#!/bin/sh\nexit 0\n")
    (town.hooks / "pre-commit").chmod(0o644)
    guard.install(town.hooks)
    _refused(town, "refs/heads/main", town.agent, "update-ref", "refs/heads/main", BRANCH)
    assert all(path.stat().st_mode & 0o111 for path in hooks)
    for path in hooks:
        assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_every_layer_says_the_same_sentence(town: Town) -> None:
    told = town.agent("update-ref", "refs/heads/main", BRANCH, check=False)
    assert guard.refusal("moving refs/heads/main") in told.stderr
    command = {"command": f"git update-ref refs/heads/main {BRANCH}"}
    said = guard.deny_reason("Bash", command, worktree=town.agent.path, branch=BRANCH, target="main")
    assert said == guard.refusal("moving refs/heads/main")
    assert "commit-and-run-gt-done" in town.agent("push", "origin", BRANCH, check=False).stderr
