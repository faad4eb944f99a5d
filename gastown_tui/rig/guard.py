"""Keeps an agent's git to its own branch, by hooks and configuration in its environment (facts/guard.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from gastown_tui.rig import git
from gastown_tui.rig.denial import deny_reason
from gastown_tui.rig.errors import GitFailed, cannot_write
from gastown_tui.rig.refusal import REFUSAL, refusal
from gastown_tui.rig.repository import Repository
from gastown_tui.world import DiskFiles, Files

__all__ = [
    "REFUSAL", "Remote", "deny_reason", "environment", "install", "pushurls", "refusal", "remotes", "scrubbed",
]

NOWHERE = "/dev/null/pushing-is-refused-here-commit-and-run-gt-done/"
"""Where pushes are sent: a path that cannot exist, so that git fails at once and asks no name server."""

CHAINED = (
    "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg",
    "commit-msg", "post-commit", "post-checkout", "post-merge", "pre-receive", "update", "post-receive",
    "post-update", "pre-auto-gc", "post-rewrite", "sendemail-validate", "post-index-change",
)
"""Hooks of githooks(5) that only run the repository's own; push-to-checkout is left out: being there changes git."""

_OWN = ("reference-transaction", "pre-push", "pre-rebase", "common.sh")
_LOCAL = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_PREFIX", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG_PARAMETERS", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_CONFIG", "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION",
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR",
)


@dataclass(frozen=True)
class Remote:
    """A remote as its repository's configuration has it."""

    name: str
    urls: tuple[str, ...]
    pushurls: tuple[str, ...]


def install(hooks: Path, files: Files | None = None) -> None:
    """Write the town's hooks folder; repeating is harmless, and hooks that run meanwhile see the old or the new file.

    Raises:
        CannotWrite: the disk refused.
    """
    files = files or DiskFiles()
    source = resources("gastown_tui.rig") / "hooks"
    texts = {name: (source / name).read_bytes() for name in _OWN}
    texts |= dict.fromkeys(CHAINED, (source / "chain").read_bytes())
    try:
        hooks.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            if not _same(hooks / name, text):
                files.replace(hooks / name, text, 0o755)
    except OSError as error:
        raise cannot_write(f"The town's hooks in {hooks}", error) from error


def _same(path: Path, text: bytes) -> bool:
    try:
        return path.read_bytes() == text and os.access(path, os.X_OK)
    except FileNotFoundError:
        return False


def remotes(repo: Repository) -> list[Remote]:
    """The repository's remotes. Raises GitFailed when git cannot say."""
    words = ["config", "--null", "--get-regexp", r"^remote\..*\.(url|pushurl)$"]
    told = git.run(words, repo.root, check=False)
    if told.code not in (0, 1):
        raise GitFailed(words, told.code, told.said)
    found: dict[str, dict[str, list[str]]] = {}
    for row in told.text.split("\0"):
        key, _, value = row.partition("\n")
        name, _, kind = key.removeprefix("remote.").rpartition(".")
        if value:
            found.setdefault(name, {"url": [], "pushurl": []})[kind].append(value)
    return [Remote(name, tuple(kinds["url"]), tuple(kinds["pushurl"])) for name, kinds in found.items()]


def pushurls(repo: Repository) -> list[str]:
    """The addresses remotes push to past `pushInsteadOf`: their own `pushurl`s."""
    return sorted({url for remote in remotes(repo) for url in remote.pushurls})


def scrubbed(existing: Mapping[str, str]) -> dict[str, str]:
    """An environment without what would point git at another repository, or at another author, than its folder's."""
    return {key: value for key, value in existing.items() if key not in _LOCAL}


def environment(
    *,
    hooks: Path,
    common_dir: Path,
    branch: str | None,
    temp: Path,
    pushurls: Sequence[str],
    existing: Mapping[str, str],
    worktree: Path | None = None,
    identity: tuple[str, str] | None = None,
    remotes: Sequence[Remote] = (),
    files: Files | None = None,
) -> dict[str, str]:
    """Git configuration for an agent, as variables to put over its environment (`scrubbed(existing)`).

    Args:
        hooks: the folder `install` wrote.
        common_dir: the rig's; the hooks judge only there and elsewhere just run a repository's own.
        branch: the one branch that may move (without refs/heads/), or None: no ref at all (Mayor, Witness).
        temp: the agent's own temp folder: between repositories in it, pushes work.
        pushurls: of `pushurls(repo)`; fetching from exactly such an address is refused too.
        existing: the environment these go over; git configuration already in it is kept, ours comes after and wins.
        worktree: the agent's; without it the hooks go by GT_WORKTREE, and without that any linked worktree is its own.
        identity: (name, email) of commits made in this rig, and only in it: written to a file in `hooks`.
        remotes: of `remotes(repo)`: closes addresses a person's own `pushInsteadOf` would reopen, and keeps `fetch`
            from bringing tags (their creation is refused, and fetch would fail over them).

    Raises:
        CannotWrite: the identity's file cannot be written.
    """
    common, kept = os.path.realpath(common_dir), _kept(existing)
    rows = [("core.hooksPath", os.path.realpath(hooks)), ("gt.common", common), ("gt.branch", branch or "")]
    rows += [("gt.temp", os.path.realpath(temp)), ("gt.kept", str(kept))]
    # An agent's commit must not repack the person's repository behind its back.
    rows += [("gc.auto", "0"), ("maintenance.auto", "false")]
    if worktree is not None:
        rows.append(("gt.worktree", os.path.realpath(worktree)))
    if identity is not None:
        included = _identity(hooks, identity, files or DiskFiles())
        rows.append((f"includeIf.gitdir:{_literal(common)}/.path", str(included)))
    rows += [*_no_push(temp, pushurls, remotes), *((f"remote.{remote.name}.tagOpt", "--no-tags") for remote in remotes)]
    out = {"GIT_CONFIG_COUNT": str(kept + len(rows)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (key, value) in enumerate(rows, kept):
        out[f"GIT_CONFIG_KEY_{number}"] = key
        out[f"GIT_CONFIG_VALUE_{number}"] = value
    return out


def _no_push(temp: Path, pushurls: Sequence[str], remotes: Sequence[Remote]) -> Iterator[tuple[str, str]]:
    yield f"url.{NOWHERE}.pushInsteadOf", ""
    for url in sorted({url for remote in remotes for url in remote.urls}):
        yield f"url.{NOWHERE}.pushInsteadOf", url
    for url in pushurls:
        yield f"url.{NOWHERE}.insteadOf", url
    for folder in dict.fromkeys((os.path.abspath(temp), os.path.realpath(temp))):
        for prefix in (f"{folder}/", f"file://{folder}/"):
            yield f"url.{prefix}.pushInsteadOf", prefix


def _kept(existing: Mapping[str, str]) -> int:
    count = existing.get("GIT_CONFIG_COUNT", "")
    return int(count) if count.isdigit() else 0


def _literal(path: str) -> str:
    """A path as a pattern that matches only itself (wildmatch)."""
    return "".join(f"\\{c}" if c in "*?[\\" else c for c in path)


def _identity(hooks: Path, identity: tuple[str, str], files: Files) -> Path:
    """A configuration git includes for this rig alone: tests that make repositories of their own keep their authors."""
    name, email = (value.translate({ord(c): None for c in "\n\0<>"}) for value in identity)
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in (name, email)]
    # Without an editor of its own, `rebase --continue` would leave an agent in vi.
    text = f'[user]\n\tname = "{quoted[0]}"\n\temail = "{quoted[1]}"\n[core]\n\teditor = true\n'
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name) or "agent"
    path = Path(os.path.realpath(hooks)) / "identities" / f"{safe}.gitconfig"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            files.replace(path, text.encode(), 0o644)
    except OSError as error:
        raise cannot_write(f"The agent's identity in {path}", error) from error
    return path
