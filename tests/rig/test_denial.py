"""Tool calls judged before they run: what is refused, what must not be, and hostile command lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gastown_tui.rig import guard
from gastown_tui.rig.denial import deny_reason
from gastown_tui.rig.refusal import refusal
from gastown_tui.rig.shellwords import Bracket, Simple, steps

ROOT = Path("/home/pat/shop")
WORKTREE = ROOT / ".gastown/worktrees/shop/jasper-td-1-e1"
BRANCH = "polecat/jasper/td-1-e1"


def judge(command: str, branch: str | None = BRANCH, target: str = "main") -> str | None:
    return deny_reason("Bash", {"command": command}, worktree=WORKTREE, branch=branch, target=target)


REFUSED = {
    "git push": "pushing",
    "git push origin main": "pushing",
    "git push --no-verify -f origin HEAD:main": "pushing",
    "cd src && git push": "pushing",
    "git add -A; git commit -m done; git push": "pushing",
    "git status | cat; git push || true": "pushing",
    "git commit -m x &\ngit push": "pushing",
    "sh -c 'git push origin main'": "pushing",
    'bash -lc "cd src && git push"': "pushing",
    "sudo -u root env A=b nice -n 5 timeout 10 git push": "pushing",
    "/usr/bin/git --no-pager push": "pushing",
    "git -C src push": "pushing",
    "echo main | xargs git push origin": "pushing",
    "eval 'git push'": "pushing",
    'echo "$(git push 2>&1)"': "pushing",
    "x=`git push`": "pushing",
    "if true; then git push; fi": "pushing",
    "for b in a b; do git push origin $b; done": "pushing",
    "bash <<'EOF'\ngit push\nEOF": "pushing",
    "diff <(git push) x": "pushing",
    "GIT_TRACE=1 git push": "pushing",
    "git checkout main": "switching to main",
    "git checkout -q main && git merge polecat/x": "switching to main",
    "git switch main": "switching to main",
    "git switch gt-ledger": "switching to gt-ledger",
    "git checkout refs/heads/main": "switching to refs/heads/main",
    "git checkout -b feature": "making the branch feature",
    "git switch -c feature main": "making the branch feature",
    "git branch -f main HEAD": "making, moving or deleting a branch",
    "git branch -D other": "making, moving or deleting a branch",
    "git branch -M main": "making, moving or deleting a branch",
    "git branch new": "making, moving or deleting a branch",
    "git update-ref refs/heads/main HEAD": "moving refs/heads/main",
    "git update-ref -m why refs/heads/gt-ledger HEAD": "moving refs/heads/gt-ledger",
    "git update-ref -d refs/heads/main": "moving refs/heads/main",
    "git update-ref --stdin < moves": "`git update-ref --stdin`",
    "git symbolic-ref HEAD refs/heads/main": "moving a symbolic ref",
    "git fetch origin main:main": "moving main",
    "git fetch . HEAD:refs/heads/gt-ledger": "moving refs/heads/gt-ledger",
    "git rebase HEAD main": "moving main",
    "git worktree add ../x": "changing worktrees",
    "git worktree remove --force ../onyx": "changing worktrees",
    "git tag v2": "tagging",
    "git tag -d v1": "tagging",
    "git config --global user.name x": "changing the person's git configuration",
    "cd /tmp && git config --global --unset user.name": "changing the person's git configuration",
    "git config core.hooksPath /dev/null": "changing the repository's git configuration",
    "git config user.email a@b": "changing the repository's git configuration",
    "git remote add x y": "changing remotes",
    "git reflog expire --all --expire=now": "rewriting the reflog",
    "git gc --prune=now": "`git gc` in the shared repository",
    "env -u GIT_CONFIG_COUNT git update-ref refs/heads/main HEAD": "switching the guard off",
    "env -i git status": "switching the guard off",
    "unset GIT_CONFIG_COUNT": "switching the guard off",
    "export GIT_CONFIG_COUNT=0 && git commit": "switching the guard off",
    "GIT_CONFIG_COUNT=0 git commit -m x": "switching the guard off",
    "git -c core.hooksPath=/dev/null commit -m x": "switching the guard off",
    f"cd {ROOT} && git commit -am x": "`git commit` outside your own worktree",
    "cd ../../../.. && git merge polecat/jasper/td-1-e1": "`git merge` outside your own worktree",
    f"git -C {ROOT} reset --hard HEAD~1": "`git reset` outside your own worktree",
    f"git -C {ROOT} checkout main": "`git checkout` outside your own worktree",
    f"git --git-dir={ROOT}/.git update-ref refs/heads/main HEAD": "`git update-ref` outside your own worktree",
    f"GIT_DIR={ROOT}/.git git commit -m x": "`git commit` outside your own worktree",
    f"(cd {ROOT}; git pull)": "`git pull` outside your own worktree",
    "cd ../onyx-td-2-e1 && git commit -am x": "`git commit` outside your own worktree",
    f"echo 1234 > {ROOT}/.git/refs/heads/main": f"writing {ROOT}/.git/refs/heads/main",
    "cat x >.git/HEAD": "writing .git/HEAD",
    f"cd {ROOT} && echo x >> README.md": "writing README.md",
    "gh pr create --fill": "`gh pr create`",
    "gh pr merge 7 --squash": "`gh pr merge`",
}


@pytest.mark.parametrize("command", REFUSED)
def test_refused(command: str) -> None:
    said = judge(command)
    assert said is not None and refusal("").split("is refused")[1] in said
    assert said.startswith(f"gastown: {REFUSED[command]}")


ALLOWED = [
    "git merge main",
    "git merge --no-edit origin/main",
    "git rebase main",
    "git rebase -i HEAD~3",
    "git rebase --continue",
    "git rebase --onto main HEAD~2",
    'git commit -m "push fix"',
    "git commit -m 'git push is broken; git checkout main'",
    'echo "git push"',
    "echo git push",
    "grep -rn 'git push' .",
    "rg 'git (push|checkout main)' docs",
    "git log --oneline main",
    "git log -S 'git push'",
    "git diff main...HEAD -- src",
    "git stash",
    "git stash pop",
    "git stash list",
    "git show main:a.py",
    "git status --short",
    "git add -A && git commit -m x",
    "git commit --amend --no-edit",
    "git reset --hard HEAD~1",
    "git reset main -- file",
    "git checkout -- src/app.py",
    "git checkout main -- src/app.py",
    "git checkout main src/app.py",
    "git checkout --detach main",
    f"git checkout {BRANCH}",
    f"git switch {BRANCH}",
    "git restore --source main src",
    "git fetch",
    "git fetch origin",
    "git fetch origin main",
    "git pull --rebase origin main",
    "git cherry-pick abc123",
    "git revert HEAD",
    "git branch",
    "git branch -a",
    "git branch --show-current",
    "git branch --contains HEAD",
    "git branch -vv",
    "git tag",
    "git tag -l 'v*'",
    "git worktree list",
    "git remote -v",
    "git remote show origin",
    "git config user.name",
    "git config --get user.email",
    "git config --global --list",
    "git config -l",
    "git reflog",
    "git bisect start",
    f"git update-ref refs/heads/{BRANCH} HEAD",
    "git blame x",
    "git push --help",
    "git rev-parse HEAD",
    "git describe --tags",
    "gh pr view 7",
    "gh pr list",
    "git ls-files | xargs grep 'git push'",
    "git grep 'git push origin main'",
    "cat <<'EOF' > notes.md\nthen git push origin main\nEOF",
    "python - <<'EOF'\nprint('git push')\nEOF",
    "git commit -m \"$(cat <<'EOF'\nFix the push (don't git push here)\n\nCo-Authored-By: x\nEOF\n)\"",
    "# git push\nls",
    "ls # git push",
    "python -c \"print('git push')\"",
    "cd $(mktemp -d) && git init && git push ../o main",
    "cd /tmp/scratch && git init -q && git commit -m x && git push origin main",
    "git -C /tmp/fixture branch -D old",
    'git -C "$REPO" push',
    "npm run push",
    "gitk",
    "git-lfs version",
    "echo x > out.txt 2>&1",
    "make test > /dev/null 2>&1",
    f"cd {ROOT} && git log -3 && git status && git diff",
    f"git -C {ROOT} show HEAD",
    f"cat {ROOT}/README.md",
    f"cd {ROOT}; cd -; git commit -m x",
    f"(cd {ROOT} && ls); git commit -m x",
    f"cd {ROOT} && cd {WORKTREE} && git commit -m x",
    "GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git commit -m x",
    "env FOO=1 python -m pytest",
    "env -u FOO git status",
    'for f in *.py; do git add "$f"; done',
    "git log --format='%h (%an) <%ae>' | head",
    "echo $((1 << 4))",
    "",
    "   ",
    "&& ||",
]


@pytest.mark.parametrize("command", ALLOWED)
def test_allowed(command: str) -> None:
    assert judge(command) is None


MAYOR_REFUSED = [
    "git commit -m x",
    "git merge main",
    "git rebase main",
    "git reset --hard x",
    "git checkout main",
    "git stash",
    "git switch --detach x",
    "git branch x",
    "git pull",
    "git fetch",
    "git tag v1",
    "git push",
    "git cherry-pick x",
]
MAYOR_ALLOWED = [
    "git log",
    "git show main:x",
    "git diff a b",
    "git branch -a",
    "git status",
    "git checkout -- x",
    "git stash list",
    "git blame x",
    "git ls-tree main",
    "git tag",
    "git reflog",
    "cd /tmp/x && git commit -m x",
]


def test_the_mayor_moves_no_ref() -> None:
    assert [command for command in MAYOR_REFUSED if judge(command, None) is None] == []
    assert [command for command in MAYOR_ALLOWED if judge(command, None) is not None] == []


def test_the_target_is_the_towns() -> None:
    assert judge("git checkout master", target="main") is None
    assert judge("git checkout master", target="master") is not None


def test_writes_stay_in_the_worktree() -> None:
    def edit(path: str, tool: str = "Edit", key: str = "file_path", temp: Path | None = None) -> str | None:
        return deny_reason(tool, {key: path}, worktree=WORKTREE, branch=BRANCH, target="main", temp=temp)

    for path in ("src/app.py", f"{WORKTREE}/new/file.py", "./a/../b", ".github/workflows/x.yml", ".gitignore"):
        assert edit(path) is None and edit(path, "Write") is None
    outside = (
        f"{ROOT}/README.md",
        "../onyx-td-2-e1/x",
        "/etc/passwd",
        "~/.gitconfig",
        f"{WORKTREE}-2/x",
        "/tmp/x",
        "..",
    )
    for path in outside:
        assert "outside your worktree" in (edit(path) or ""), path
    for path in (".git", f"{WORKTREE}/.git", "sub/.git/config"):
        assert "git's own" in (edit(path, "Write") or ""), path
    assert edit(f"{ROOT}/x.ipynb", "NotebookEdit", "notebook_path") is not None
    assert edit(f"{ROOT}/x", "MultiEdit") is not None
    assert edit("/tmp/jasper/x", temp=Path("/tmp/jasper")) is None
    assert edit("/tmp/jasper2/x", temp=Path("/tmp/jasper")) is not None


def test_a_folder_reached_through_a_link_is_the_same_folder(tmp_path: Path) -> None:
    real, link = tmp_path / "real/worktree", tmp_path / "link"
    real.mkdir(parents=True)
    link.symlink_to(tmp_path / "real")
    tool = {"file_path": str(link / "worktree/x.py")}
    assert deny_reason("Write", tool, worktree=real, branch=BRANCH, target="main") is None


def test_what_is_not_judged() -> None:
    for tool, values in (
        ("Read", {"file_path": "/etc/passwd"}),
        ("Bash", {"command": 5}),
        ("Edit", {}),
        ("Task", {"command": "git push"}),
    ):
        assert deny_reason(tool, values, worktree=WORKTREE, branch=BRANCH, target="main") is None


def test_a_root_elsewhere_can_be_named() -> None:
    values = {"command": "cd /home/pat/shop && git commit -am x"}
    away = Path("/home/pat/.local/share/gastown/worktrees/shop-1/jasper")
    assert deny_reason("Bash", values, worktree=away, branch=BRANCH, target="main") is None
    assert deny_reason("Bash", values, worktree=away, branch=BRANCH, target="main", root=ROOT) is not None
    started = {"command": "git commit -am x"}
    assert deny_reason("Bash", started, worktree=WORKTREE, branch=BRANCH, target="main", cwd=ROOT) is not None


def _words(command: str) -> list[list[str]]:
    return [step.words for step in steps(command, {"HOME": "/h"}) if isinstance(step, Simple)]


def test_words_are_what_a_shell_would_make_of_them() -> None:
    assert _words(r"""a 'b c' "d \"e\"" f\ g 'it'"'"'s' "$HOME/x" ${HOME}""") == [
        ["a", "b c", 'd "e"', "f g", "it's", "/h/x", "/h"]
    ]
    assert _words("a\\\n b; c && d || e | f & g\nh") == [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"], ["h"]]
    assert _words("cat <<A <<-B && x\n1; y\nA\n2\n\tB\nz") == [["cat"], ["x"], ["z"]]
    written = [step.writes for step in steps("a >b 2>>c &>d >|e 2>&1 >&f <g >&-") if isinstance(step, Simple)]
    assert written == [["b", "c", "d", "e", "f"]]
    assert [type(step) for step in steps("(a; (b))")] == [Bracket, Simple, Bracket, Simple, Bracket, Bracket]


def test_endless_nesting_ends() -> None:
    for text in (
        "$(" * 5000,
        '"$(' * 5000,
        "(" * 50000,
        "`" * 999,
        "sh -c '" * 200,
        "eval " * 2000 + "git push",
        "<<A " * 2000,
    ):
        judge(text)


shellish = st.lists(
    st.sampled_from(
        [
            "git",
            " ",
            "push",
            "'",
            '"',
            "$(",
            ")",
            "(",
            "`",
            "\n",
            ";",
            "&&",
            "|",
            "<<EOF",
            "EOF",
            "\\",
            ">",
            "<",
            "#",
            "${",
            "}",
            "sh -c ",
            "cd ",
            "x",
            "&",
            "-C",
            "{",
            "$((",
            "\t",
            "env -u ",
            "A=b ",
            "\0",
            "é",
        ]
    ),
    max_size=40,
).map("".join)


@example(">\x00")
@given(st.one_of(shellish, st.text(max_size=200)))
def test_no_command_line_can_break_the_judge(command: str) -> None:
    said = judge(command)
    assert said is None or said.endswith("run gt done.")


def test_what_points_git_elsewhere_is_scrubbed() -> None:
    kept = {"GIT_SSH_COMMAND": "ssh -i key", "PATH": "/bin"}
    assert guard.scrubbed({"GIT_DIR": "/x", "GIT_AUTHOR_NAME": "x", "GIT_INDEX_FILE": "i", **kept}) == kept
