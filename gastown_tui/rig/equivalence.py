"""Whether what is about to land is the very change that was approved: by patch-id, else by an account of its lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git, trees
from gastown_tui.rig.memory import opened

_SHOWN = 20
_DIFF_BYTES = 6_000
_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
_Key = tuple[str, bytes]
"""What is counted: ("line", text), and as one more ("mode", octal) or ("blob", id) of a file without lines."""


class _Row(NamedTuple):
    old: str
    new: str
    modes: tuple[str, str]
    blobs: tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """How a change differs from the approved one: lines it lacks and lines nobody approved, and both as patches."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    paths: tuple[str, ...]
    approved: str
    landing: str

    @property
    def words(self) -> str:
        """What is wrong, then both patches, for whoever has to decide."""
        said = [f"- approved, and not landing: {line}" for line in self.missing[:_SHOWN]]
        said += [f"+ landing, and never approved: {line}" for line in self.extra[:_SHOWN]]
        said += [f"! changed by the landing alone: {path}" for path in self.paths[:_SHOWN]]
        left = sum(max(0, len(part) - _SHOWN) for part in (self.missing, self.extra, self.paths))
        said += [f"  and {left} more"] if left else []
        return "\n".join([*said, "", "What was approved:", self.approved, "What would land:", self.landing])


def patch_id(repo_path: Path, before: str, after: str) -> str:
    """`git patch-id --stable` of the change between two commits or trees; "" where it changes no text.

    It does not change with line numbers or white space (git-patch-id(1)). Raises GitFailed.
    """
    words = ["diff-tree", "-p", "-r", "--no-renames", "--full-index", *_DIFF, f"{before}^{{tree}}", f"{after}^{{tree}}"]
    text = git.run(words, repo_path).out
    return git.run(["patch-id", "--stable"], repo_path, input=text).text.split(" ")[0].strip() if text else ""


def check(repo_path: Path, *, fork: str, commit: str, onto: str, tree: str) -> Difference | None:
    """How the change from `onto` to `tree` differs from the approved one, from `fork` to `commit`; None: not at all.

    Equal patch-ids settle it. Where the target changed close by they differ by right, and the lines decide: each line
    the approved change adds or removes, the landing adds or removes as often, less what the target did alike itself.
    So a clean merge is never a false alarm.

    Raises:
        GasTownError: something cannot be read; nothing is known to be alike.
    """
    repo = opened(repo_path)
    try:
        read = trees.reading(repo)
        before, approved, stood, landing = (repo[name].peel(pygit2.Tree).id.raw for name in (fork, commit, onto, tree))
        # The same files, each as it was and each as it is: no line need be looked at.
        same = trees.differences(read, before, approved) == trees.differences(read, stood, landing)
        if not same and before != stood:
            plain = not _special(repo_path, fork, commit)
            same = plain and patch_id(repo_path, fork, commit) == patch_id(repo_path, onto, tree)
        return None if same else _accounted(repo, repo_path, fork, commit, onto, tree)
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        title = f"Cannot check that {commit[:12]} is what would land: {error}."
        raise GasTownError(title, "Nothing was landed. Try: git fsck") from error


def _accounted(
    repo: pygit2.Repository, repo_path: Path, fork: str, commit: str, onto: str, tree: str
) -> Difference | None:
    approved, landing, ours = (
        _rows(repo_path, fork, commit, True), _rows(repo_path, onto, tree, False), _rows(repo_path, fork, onto, True)
    )  # fmt: skip
    wanted, found = _net(repo, approved), _net(repo, landing)
    named = {path for row in approved for path in (row.old, row.new)}
    moved = {row.old: row.new for row in ours}
    added, removed = _gross(repo, [row for row in ours if named & {row.old, row.new}])
    short = {key: wanted[key] - found[key] for key in wanted.keys() | found.keys()}
    missing = [key for key, n in short.items() if n > added[key] and wanted[key] > 0]
    back = [key for key, n in short.items() if n < -removed[key] and wanted[key] < 0]
    extra = [key for key, n in short.items() if n < -removed[key] and wanted[key] >= 0]
    gone = [key for key, n in short.items() if n > added[key] and wanted[key] <= 0]
    allowed = named | {moved.get(path, path) for path in named}
    strange = sorted({path for row in landing for path in (row.old, row.new)} - allowed)
    if not (missing or back or extra or gone or strange):
        return None
    return Difference(
        (*_shown(missing, "+"), *_shown(back, "-")), (*_shown(extra, "+"), *_shown(gone, "-")),
        tuple(strange), _patch(repo_path, fork, commit), _patch(repo_path, onto, tree),
    )  # fmt: skip


def _shown(keys: list[_Key], sign: str) -> list[str]:
    texts = [text.decode("utf-8", "replace") if kind == "line" else f"({kind} {text.decode()})" for kind, text in keys]
    return sorted(f"{sign}{text}" for text in texts)


def _rows(repo_path: Path, before: str, after: str, renames: bool) -> list[_Row]:
    """The files that differ, as `git diff-tree --raw` has them."""
    words = ["diff-tree", "-r", "-z", "-M" if renames else "--no-renames", "--raw", "--no-abbrev"]
    fields = iter(git.run([*words, f"{before}^{{tree}}", f"{after}^{{tree}}"], repo_path).text.split("\0"))
    out = []
    for head in fields:
        if not head:
            break
        was, now, old_blob, new_blob, status = head.removeprefix(":").split(" ")
        old = next(fields)
        new = next(fields) if status[0] in "RC" else old
        out.append(_Row(old, new, (was, now), (old_blob, new_blob)))
    return out


def _special(repo_path: Path, before: str, after: str) -> bool:
    """Whether a change holds what a patch-id does not see: binary content, a mode, a submodule, an empty file."""
    words = ["diff-tree", "-r", "--no-renames", "--numstat", "--summary", f"{before}^{{tree}}", f"{after}^{{tree}}"]
    lines = git.run(words, repo_path).text.splitlines()
    return any(line.startswith(("-\t-\t", "0\t0\t", " mode change")) or "160000" in line for line in lines)


def _counted(repo: pygit2.Repository, mode: str, blob: str) -> Counter[_Key]:
    if not mode.strip("0"):
        return Counter()
    out: Counter[_Key] = Counter({("mode", mode.encode()): 1})
    found = repo.get(blob) if mode != "160000" else None
    if not isinstance(found, pygit2.Blob) or found.is_binary:
        out["blob", blob.encode()] += 1
    else:
        out.update(("line", text) for text in _lines(found.data))
    return out


def _lines(data: bytes) -> list[bytes]:
    return [line.rstrip(b"\r") for line in data.split(b"\n") if line.strip()]


def _net(repo: pygit2.Repository, found: list[_Row]) -> Counter[_Key]:
    """How many more of each there are after than before; negative where there are fewer."""
    out: Counter[_Key] = Counter()
    for row in found:
        out.update(_counted(repo, row.modes[1], row.blobs[1]))
        out.subtract(_counted(repo, row.modes[0], row.blobs[0]))
    return out


def _gross(repo: pygit2.Repository, found: list[_Row]) -> tuple[Counter[_Key], Counter[_Key]]:
    """What these rows add and what they remove, each by itself: a line that moved counts in both."""
    added: Counter[_Key] = Counter()
    removed: Counter[_Key] = Counter()
    for row in found:
        sides = tuple(zip(row.modes, row.blobs, strict=True))
        was, now = (repo.get(blob) if mode != "160000" else None for mode, blob in sides)
        before, after = (_counted(repo, mode, blob) for mode, blob in sides)
        if not (isinstance(was, pygit2.Blob) and isinstance(now, pygit2.Blob)) or was.is_binary or now.is_binary:
            added.update(after)
            removed.update(before)
            continue
        added.update(key for key in after if key[0] != "line")
        removed.update(key for key in before if key[0] != "line")
        for hunk in was.diff(now).hunks:
            for line in hunk.lines:
                counter = {"+": added, "-": removed}.get(line.origin)
                if counter is not None and line.raw_content.strip():
                    counter["line", line.raw_content.removesuffix(b"\n").rstrip(b"\r")] += 1
    return added, removed


def _patch(repo_path: Path, before: str, after: str) -> str:
    raw = git.run(["diff", "-M", *_DIFF, f"{before}^{{tree}}", f"{after}^{{tree}}"], repo_path).out
    text = raw[:_DIFF_BYTES].decode("utf-8", "replace")
    left = len(raw) - _DIFF_BYTES
    return text if left <= 0 else f"{text[: text.rfind(chr(10)) + 1]}[cut: {left} more bytes]\n"
