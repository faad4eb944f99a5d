"""Judges an agent's tool call before it runs, so that the model reads the reason instead of meeting a wall."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from gastown_tui.rig.gitrules import Zone, judge
from gastown_tui.rig.refusal import refusal
from gastown_tui.rig.shellwords import UNKNOWN, Bracket, Simple, steps

_EDITS = {"Edit": "file_path", "Write": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_PREFIXES: dict[str, frozenset[str]] = {
    **{name: frozenset[str]() for name in ("command", "builtin", "nohup", "setsid")},
    "exec": frozenset({"-a"}), "sudo": frozenset({"-u", "-g"}), "nice": frozenset({"-n"}),
    "env": frozenset({"-C", "-S"}),
    "ionice": frozenset({"-c", "-n"}), "stdbuf": frozenset({"-o", "-e", "-i"}), "timeout": frozenset({"-s", "-k"}),
    "xargs": frozenset({"-n", "-I", "-P", "-L"}),
}
"""Commands that run the rest of their words, with the options of theirs that take a value."""

_GUARD = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_CONFIG_PARAMETERS")
_VALUED = ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env")
_OFF = "switching the guard off"
_DEEPEST = 12


def deny_reason(
    tool: str,
    tool_input: Mapping[str, object],
    *,
    worktree: Path,
    branch: str | None,
    target: str,
    root: Path | None = None,
    temp: Path | None = None,
    cwd: Path | None = None,
) -> str | None:
    """Why a tool call is refused, or None when this layer has nothing against it (the hooks judge again).

    Args:
        tool: Claude Code's name of the tool; unknown tools are not judged.
        tool_input: the call's arguments as the PreToolUse hook got them.
        worktree: the agent's own, absolute.
        branch: the branch it may move; None for the Mayor and the Witness, who may move none.
        target: the branch only the Refinery moves.
        root: the person's checkout, if not to be seen from the worktree's path (`.../.gastown/worktrees/...`).
        temp: the agent's own temp folder, where it may write.
        cwd: where a shell command starts, if not in the worktree.
    """
    if key := _EDITS.get(tool):
        path = tool_input.get(key)
        return _edit(path.replace("\0", ""), worktree, temp) if isinstance(path, str) and path else None
    command = tool_input.get("command")
    if tool != "Bash" or not isinstance(command, str):
        return None
    # A shell leaves null bytes out of what it runs, and the system takes no path with one.
    command = command.replace("\0", "")
    what = _Shell(worktree, root or _root(worktree), branch, target, cwd or worktree).judge(command)
    return refusal(what) if what else None


def _root(worktree: Path) -> Path | None:
    parts = worktree.parts
    return Path(*parts[: parts.index(".gastown")]) if ".gastown" in parts else None


def _within(path: str, folder: Path) -> bool:
    """Whether a path lies in a folder, by name or (a link above both, as /tmp on macOS) in truth."""
    pairs = ((os.path.normpath(path), os.path.normpath(folder)), (os.path.realpath(path), os.path.realpath(folder)))
    return any(inner == outer or inner.startswith(outer.rstrip("/") + "/") for inner, outer in pairs)


def _edit(path: str, worktree: Path, temp: Path | None) -> str | None:
    full = os.path.normpath(os.path.join(worktree, os.path.expanduser(path)))
    if temp is not None and _within(full, temp):
        return None
    if not _within(full, worktree):
        return refusal(f"writing {path}, outside your worktree {worktree},")
    if ".git" in Path(os.path.relpath(full, worktree)).parts:
        return refusal(f"writing {path}, git's own file,")
    return None


class _Shell:
    """Follows a command line from folder to folder and asks the rules about every git call in it."""

    def __init__(self, worktree: Path, root: Path | None, branch: str | None, target: str, cwd: Path) -> None:
        self.worktree, self.root, self.branch, self.target = worktree, root, branch, target
        self.cwd: str | None = str(cwd)
        self.before: str | None = self.cwd

    def judge(self, command: str, depth: int = 0) -> str | None:
        """What is refused of a command line, or None."""
        if depth > _DEEPEST:
            return None
        outer: list[str | None] = []
        known = {"HOME": os.path.expanduser("~"), "PWD": self.cwd or UNKNOWN, "GT_WORKTREE": str(self.worktree)}
        for step in steps(command, known):
            if isinstance(step, Bracket):
                if step.opens:
                    outer.append(self.cwd)
                elif outer:
                    self.cwd = outer.pop()
            elif what := self._writes(step) or self._simple(step.words, step, depth):
                return what
        return None

    def zone(self, path: str | None) -> Zone:
        """Whose a folder is."""
        if path is None or UNKNOWN in path:
            return Zone.ELSEWHERE
        if _within(path, self.worktree):
            return Zone.OWN
        return Zone.PERSON if self.root is not None and _within(path, self.root) else Zone.ELSEWHERE

    def at(self, path: str) -> str | None:
        """A path as seen from the current folder; None when only running would tell."""
        path = os.path.expanduser(path)
        if UNKNOWN in path or (self.cwd is None and not os.path.isabs(path)):
            return None
        return os.path.normpath(os.path.join(self.cwd or "/", path))

    def _writes(self, step: Simple) -> str | None:
        for target in step.writes:
            path = self.at(target)
            if path is None or self.zone(path) is Zone.ELSEWHERE:
                continue
            if self.zone(path) is Zone.PERSON or ".git" in Path(os.path.relpath(path, self.worktree)).parts:
                return f"writing {target}"
        return None

    def _simple(self, words: Sequence[str], step: Simple, depth: int) -> str | None:
        rest = list(words)
        git_dir: str | None = None
        while rest:
            if found := _ASSIGNMENT.fullmatch(rest[0]):
                if found[1].startswith(_GUARD):
                    return _OFF
                if found[1] in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"):
                    git_dir = self.at(found[2])
                rest.pop(0)
            elif (name := os.path.basename(rest[0])) in _PREFIXES:
                if name == "env" and _drops_guard(rest):
                    return _OFF
                rest = _behind(rest, _PREFIXES[name], numbers=name in ("timeout",))
            else:
                break
        return self._command(rest, git_dir, step, depth) if rest else None

    def _command(self, words: list[str], git_dir: str | None, step: Simple, depth: int) -> str | None:
        name = os.path.basename(words[0])
        if name in ("cd", "pushd", "popd"):
            self._cd(name, words[1:])
        elif name in _SHELLS:
            return self._script(words[1:], step, depth)
        elif name == "eval":
            return self.judge(" ".join(words[1:]), depth + 1)
        elif name in ("unset", "export", "declare", "typeset") and any(w.startswith(_GUARD) for w in words[1:]):
            return _OFF
        elif name == "gh":
            return _github(words[1:])
        elif name == "git":
            return self._git(words[1:], git_dir)
        return None

    def _cd(self, name: str, words: list[str]) -> None:
        goal = next((word for word in words if word == "-" or not word.startswith("-")), "~")
        before = self.cwd
        self.cwd = self.before if goal == "-" or name == "popd" else self.at(goal)
        self.before = before

    def _script(self, words: list[str], step: Simple, depth: int) -> str | None:
        cwd = self.cwd
        script = step.stdin
        for place, word in enumerate(words):
            if word.startswith("-") and not word.startswith("--") and "c" in word:
                script = words[place + 1] if place + 1 < len(words) else ""
                break
        what = self.judge(script, depth + 1)
        self.cwd = cwd
        return what

    def _git(self, words: list[str], git_dir: str | None) -> str | None:
        folder = git_dir or self.cwd
        rest = list(words)
        while rest and rest[0].startswith("-"):
            option = rest.pop(0)
            name, _, value = option.partition("=")
            if option in _VALUED and rest:
                value = rest.pop(0)
            if name in ("-c", "--config-env") and value.lower().startswith("core.hookspath"):
                return _OFF
            if name in ("-C", "--git-dir", "--work-tree"):
                folder = self.at(value if folder is None or os.path.isabs(value) else os.path.join(folder, value))
        if not rest:
            return None
        return judge(rest[0], rest[1:], self.zone(folder), self.branch, self.target)


def _drops_guard(words: list[str]) -> bool:
    """Whether `env` runs git without the guard's variables."""
    drops = any(
        word in ("-i", "-", "--ignore-environment") or word.startswith(("-uGIT_", "--unset=GIT_"))
        or (word in ("-u", "--unset") and following.startswith("GIT_"))
        for word, following in zip(words, [*words[1:], ""], strict=True)
    )
    return drops and any(os.path.basename(word) in ("git", *_SHELLS) or "python" in word for word in words[1:])


def _behind(words: list[str], valued: frozenset[str], numbers: bool) -> list[str]:
    """The words after a prefix command and its own options."""
    rest = words[1:]
    while rest and rest[0].startswith("-"):
        rest = rest[2 if rest[0] in valued or rest[0] in ("-u", "--unset") else 1 :]
    return rest[1:] if numbers else rest


def _github(words: list[str]) -> str | None:
    """Publishing through the GitHub client goes past git: nothing leaves this machine unless the overseer chose it."""
    plain = [word for word in words if not word.startswith("-")][:2]
    reads = {"list", "view", "status", "diff", "checks", "checkout", "clone"}
    published = ("pr", "release", "repo", "issue")
    return f"`gh {' '.join(plain)}`" if len(plain) == 2 and plain[0] in published and plain[1] not in reads else None
