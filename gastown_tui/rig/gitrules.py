"""Which git commands an agent may run, by whose folder they work on."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

LEDGER = "gt-ledger"


class Zone(enum.Enum):
    """Whose a folder is: the agent's worktree, the person's checkout (with everything below it), or neither."""

    OWN = "own"
    PERSON = "person"
    ELSEWHERE = "elsewhere"


_VALUED = frozenset({
    "-m", "--message", "-F", "--file", "--onto", "-s", "--strategy", "-X", "--strategy-option", "--author", "--date",
    "-S", "--reason", "--depth", "-C", "--reuse-message", "--cleanup", "-t", "--upload-pack", "--type", "--default",
})
"""Options whose value is the next word, in the commands judged here."""

_MAKES = frozenset({"-b", "-B", "-c", "-C", "--create", "--force-create", "--orphan"})
_BRANCH_READS = (
    "--list", "-l", "-a", "--all", "-r", "--remotes", "--contains", "--no-contains", "--merged", "--no-merged",
    "--points-at", "--show-current", "--sort", "--format", "-v", "-vv", "--verbose", "--column",
)
_BRANCH_WRITES = frozenset({
    "-d", "-D", "--delete", "-m", "-M", "--move", "-c", "-C", "--copy", "-f", "--force", "-u", "--unset-upstream",
    "--edit-description", "--set-upstream-to",
})
_TAG_READS = (
    "-l", "--list", "-n", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at", "-v", "--verify",
)
_CONFIG_READS = ("--get", "--list", "-l", "--show", "--name-only")
_CONFIG_FLAGS = frozenset({"--global", "--local", "--system", "--worktree", "-z", "--null", "--bool", "--int"})
_MOVES_HEAD = frozenset({
    "commit", "merge", "rebase", "reset", "cherry-pick", "revert", "am", "pull", "checkout", "switch", "stash", "fetch",
    "bisect",
})
_READS_OF = {
    "stash": ("list", "show"), "worktree": ("list",), "remote": ("show", "get-url", "-v", "--verbose", "update"),
    "reflog": ("show", "exists"), "notes": ("list", "show"), "replace": ("-l", "--list"),
    "bisect": ("log", "view", "visualize"),
}
_HOUSEKEEPING = frozenset({"gc", "prune", "pack-refs", "filter-branch", "filter-repo", "fast-import", "maintenance"})


def judge(verb: str, args: Sequence[str], zone: Zone, branch: str | None, target: str) -> str | None:
    """What is refused of `git <verb> <args>`, or None.

    Args:
        zone: whose the folder is it works on.
        branch: the one branch the agent may move, None for none.
        target: the branch only the Refinery moves.
    """
    if any(word in ("--help", "-h") for word in args):
        return None
    if verb == "config" and _writes_config(args) and {"--global", "--system"} & set(args):
        return "changing the person's git configuration"
    if zone is Zone.ELSEWHERE or not _changes(verb, args):
        return None
    if verb in ("push", "send-pack", "http-push") or (verb == "subtree" and "push" in args):
        return "pushing"
    if zone is Zone.PERSON:
        return f"`git {verb}` outside your own worktree"
    if branch is None:
        return f"moving a ref with `git {verb}`"
    rule = _RULES.get(verb)
    return rule(list(args), branch, target) if rule else None


def _changes(verb: str, args: Sequence[str]) -> bool:
    """Whether a command would move a ref or change what is shared; git's readers do not."""
    if verb == "branch":
        return bool(_BRANCH_WRITES & {word.split("=")[0] for word in args}) or bool(
            _plain(args) and not any(word.startswith(_BRANCH_READS) for word in args)
        )
    if verb == "tag":
        return bool(_plain(args)) and not any(word.startswith(_TAG_READS) for word in args)
    if verb == "config":
        return _writes_config(args)
    if verb == "checkout" and "--" in args:
        return False
    if verb == "symbolic-ref":
        return "-d" in args or "--delete" in args or len(_plain(args)) > 1
    if verb in _READS_OF:
        reads = _READS_OF[verb]
        return args[0] not in reads if args else verb in ("stash", "bisect")
    return verb in _MOVES_HEAD or verb in _RULES or verb in ("push", "send-pack", "http-push", "subtree")


def _plain(args: Sequence[str]) -> list[str]:
    """The words that are neither options nor their values."""
    out: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return out + rest
        if word in _VALUED and rest:
            rest.pop(0)
        elif not word.startswith("-") or word == "-":
            out.append(word)
    return out


def _writes_config(args: Sequence[str]) -> bool:
    elsewhere = {"-f", "--file", "--blob"} & {word.split("=")[0] for word in args}
    if elsewhere or any(word.startswith(_CONFIG_READS) for word in args):
        return False
    plain = _plain(args)
    if plain[:1] in (["get"], ["list"]):
        return False
    return len(plain) > 1 or any(word.startswith("-") and word not in _CONFIG_FLAGS for word in args)


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def _switch(args: list[str], branch: str, target: str) -> str | None:
    if made := [following for word, following in zip(args, [*args[1:], ""], strict=True) if word in _MAKES]:
        return None if made[0] == branch else f"making the branch {made[0]}"
    plain = _plain(args)
    if {"--detach", "-d", "-p", "--patch"} & set(args) or len(plain) != 1 or _short(plain[0]) not in (target, LEDGER):
        return None
    return f"switching to {plain[0]}"


def _rebase(args: list[str], branch: str, target: str) -> str | None:
    plain = _plain(args)
    return f"moving {plain[1]}" if len(plain) > 1 and _short(plain[1]) not in (branch, "HEAD") else None


def _update_ref(args: list[str], branch: str, target: str) -> str | None:
    plain = _plain(args)
    if "--stdin" in args:
        return "`git update-ref --stdin`"
    own = plain and plain[0] in ("HEAD", f"refs/heads/{branch}") and "-d" not in args
    return None if own or not plain else f"moving {plain[0]}"


def _fetch(args: list[str], branch: str, target: str) -> str | None:
    for spec in _plain(args)[1:]:
        _, colon, goal = spec.partition(":")
        if colon and goal and not goal.startswith("refs/remotes/") and _short(goal) != branch:
            return f"moving {goal}"
    return None


def _always(what: str) -> Callable[[list[str], str, str], str | None]:
    return lambda args, branch, target: what


_RULES: dict[str, Callable[[list[str], str, str], str | None]] = {
    "checkout": _switch, "switch": _switch, "rebase": _rebase, "update-ref": _update_ref,
    "fetch": _fetch, "pull": _fetch,
    "branch": _always("making, moving or deleting a branch"), "tag": _always("tagging"),
    "worktree": _always("changing worktrees"), "config": _always("changing the repository's git configuration"),
    "remote": _always("changing remotes"), "reflog": _always("rewriting the reflog"), "notes": _always("writing notes"),
    "symbolic-ref": _always("moving a symbolic ref"), "replace": _always("replacing objects"),
    **{verb: _always(f"`git {verb}` in the shared repository") for verb in _HOUSEKEEPING},
}
